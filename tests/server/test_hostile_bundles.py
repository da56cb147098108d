"""Bundles that nobody honest sends: the right status, nothing written, and the next good one is applied."""

import os
import uuid

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync.bundle import MAGIC
from sync.device_auth import new_key
from sync.entries import SentTxn
from sync.protocol import Receipt
from tests.server.sync_station import Station, state_of

DEEP = bool(os.environ.get("AFTERCHECK_DEEP"))


@pytest.fixture(scope="module")
def station(server):
    return Station(server)


@pytest.fixture(scope="module")
def other(server):
    return Station(server, "B02")


@pytest.fixture
def unharmed(server, station, other):
    """Nothing is written while the test runs; afterwards both stations are still served."""
    before = state_of(server)
    yield before
    assert state_of(server) == before
    assert other.deliver(other.bundle(other.transaction(next_seq(other)), epoch=1)).status_code == 200


SEQ = {}


def next_seq(station):
    SEQ[station.device_id] = SEQ.get(station.device_id, 0) + 1
    return SEQ[station.device_id]


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_a_bundle_of_another_key_is_refused(unharmed, station):
    refused(
        station.deliver(station.bundle(station.transaction(1), key=new_key())), 422, "bundle.bad_signature"
    )


def test_a_bundle_of_one_workstation_is_nothing_in_the_hands_of_another(unharmed, station, other):
    data = station.bundle(station.transaction(1))
    refused(other.deliver(data), 422, "bundle.bad_signature")
    forged = other.bundle(station.transaction(1), device=str(station.device_id))
    refused(other.deliver(forged), 422, "bundle.bad_signature")
    refused(station.deliver(forged), 422, "bundle.bad_signature")


def test_a_workstation_cannot_speak_for_another(unharmed, station, other):
    name = station.upload(station.bundle(station.transaction(1)))
    answer = station.ask("POST", f"/sync/v1/bundles/{name}", device_id=other.device_id)
    refused(answer, 401, "auth.bad_signature")
    answer = station.ask("POST", f"/sync/v1/bundles/{name}", device_id=uuid.UUID(int=99))
    refused(answer, 403, "sync.device_unknown")


@pytest.mark.parametrize(
    ("header", "status", "code"),
    [({"epoch": 0}, 409, "sync.epoch_fork"), ({"epoch": 2}, 409, "sync.epoch_fork"),
     ({"epoch": 2**63}, 409, "sync.epoch_fork"), ({"epoch": -1}, 409, "sync.epoch_fork")],
)  # fmt: skip
def test_an_epoch_that_is_not_ours_is_refused(unharmed, station, header, status, code):
    refused(station.deliver(station.bundle(station.transaction(1), **header)), status, code)


@pytest.mark.parametrize("seq", [0, -1, 2, -(2**63), 2**63 - 1, 2**63, 2**64 - 1])
def test_a_number_out_of_turn_is_refused(unharmed, station, seq):
    answer = station.deliver(station.bundle(station.transaction(seq)))
    assert (answer.status_code, answer.json()["code"]) in {
        (409, "sync.gap"), (409, "sync.epoch_fork"), (422, "bundle.bad_transaction")
    }, answer.text  # fmt: skip


@pytest.mark.parametrize(
    "record",
    [b"\xc1", b"x", msgspec.msgpack.encode([1, b"short", 0, b""]), msgspec.msgpack.encode({"seq": 1}),
     msgspec.msgpack.encode(["1", bytes(16), 0, b""]), msgspec.msgpack.encode([1, bytes(16)])],
)  # fmt: skip
def test_a_record_that_is_no_transaction_is_refused(unharmed, station, record):
    refused(station.deliver(station.bundle(record)), 422, "bundle.bad_transaction")


def test_a_good_record_before_a_bad_one_does_not_pass_alone(unharmed, station):
    refused(station.deliver(station.bundle(station.transaction(1), b"\xc1")), 422, "bundle.bad_transaction")


def test_a_transaction_beyond_the_largest_is_refused(unharmed, station, monkeypatch):
    monkeypatch.setattr("sync.bundle_reader.MAX_TRANSACTION", 1 << 20)
    huge = SentTxn(1, uuid.uuid4().bytes, 0, os.urandom((1 << 20) + 1))
    answer = station.deliver(station.bundle(huge))
    assert answer.status_code == 422
    assert answer.json()["code"].startswith("bundle.")


def test_every_truncation_of_a_bundle_is_refused(unharmed, station):
    data = station.bundle(station.transaction(1))
    for length in range(1, len(data), 1 if DEEP else 23):
        answer = station.deliver(data[:length])
        assert answer.status_code == 422, (length, answer.text)
        assert answer.json()["code"].startswith("bundle.")


@settings(
    max_examples=2000 if DEEP else 60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # fmt: skip
@given(st.data())
def test_no_change_of_its_bytes_makes_a_bundle_pass(unharmed, station, data):
    good = station.bundle(SentTxn(1, bytes(16), 0, b"\xc1" * 40))
    at = data.draw(st.integers(0, len(good) - 1))
    cut = data.draw(st.integers(0, 40))
    put = data.draw(st.binary(max_size=40) | st.sampled_from([MAGIC, bytes(8), b"\xff" * 8, good[:80]]))
    changed = good[:at] + put + good[at + cut :]
    if changed == good:
        return
    answer = station.deliver(changed or b"x")
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"].startswith("bundle.")


@pytest.mark.parametrize(
    "name",
    ["..%2f..%2fcentre.key", "../../../centre.key", "%2e%2e%2fcentre.db", "..\\centre.key", "%00", "x" * 3000,
     "A" * 64, "g" * 64, "%E5%90%8D" * 20],
)  # fmt: skip
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/sync/v1/bundles/"), ("GET", "/sync/v1/blobs/"), ("GET", "/sync/v1/snapshots/x/"),
                         ("HEAD", "/sync/v1/uploads/"), ("PATCH", "/sync/v1/uploads/")]
)  # fmt: skip
def test_a_path_in_a_name_leads_nowhere(unharmed, server, station, method, path, name):
    headers = {
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": "0",
        "Content-Type": "application/offset+octet-stream",
    }
    answer = station.ask(method, path + name, headers=headers)
    assert 400 <= answer.status_code < 500, answer.text
    assert server.centre.identity.key.private_bytes_raw() not in answer.content


def test_a_bundle_delivered_again_gives_the_same_receipt_and_nothing_more(server, station):
    data = station.bundle(station.transaction(next_seq(station)))
    first = station.deliver(data)
    assert first.status_code == 200, first.text
    before = state_of(server)
    name = station.upload(data)
    for _ in range(3):
        assert station.apply(name).content == first.content
    assert msgspec.msgpack.decode(first.content, type=Receipt).outcomes == []
    assert state_of(server) == before


def test_a_transaction_packed_anew_is_taken_once(server, station):
    txn = station.transaction(next_seq(station))
    assert station.deliver(station.bundle(txn, first=txn.seq)).status_code == 200
    before = state_of(server)
    assert station.deliver(station.bundle(txn, first=txn.seq, prev_bundle="again")).status_code == 200
    after = state_of(server)
    assert (after.log, after.patients) == (before.log, before.patients)
