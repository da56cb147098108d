"""Signed messages and uploads that no program of ours sends, over a real line: never a crash, nothing written."""

import os
from typing import get_type_hints
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync import protocol
from tests.server.sync_station import Station, state_of

DEEP = bool(os.environ.get("AFTERCHECK_DEEP"))
MESSAGES = {
    "hello": protocol.Hello, "pull": protocol.PullRequest, "digest": protocol.DigestRequest,
    "rows": protocol.RowsRequest, "snapshot": protocol.SnapshotAsk, "blobs/lacking": protocol.BlobList,
    "fork": protocol.Fork,
}  # fmt: skip
NUMBERS = st.sampled_from([0, 1, -1, 2**31, 2**53, 2**63 - 1, 2**63, 2**64 - 1, -(2**63), 10**6])
"""Offsets and counters at their limits and beyond."""


@pytest.fixture(scope="module")
def station(server):
    return Station(server)


def strange(kind, station):
    """Return a strategy for messages of a kind: right members of the right types, with values nobody sends."""
    ids = st.sampled_from(
        [str(station.device_id), str(station.org_id), "0" * 32, str(station.server.orgs["B02"])]
    )
    texts = st.sampled_from(
        ["", "patient", "organization", "no_such", "installation", "x" * 300, "名", "\x00", "..", "a" * 64]
    )
    anything = NUMBERS | texts | ids | st.none() | st.booleans() | st.floats() | st.binary(max_size=40)
    cursor = st.fixed_dictionaries({"org_id": ids, "position": NUMBERS}) | st.tuples(ids, NUMBERS).map(list)
    fitting = {
        "device_id": st.just(str(station.device_id)), "scopes": st.lists(ids, max_size=3), "entity": texts,
        "cursors": st.lists(cursor, max_size=3), "marks": st.lists(st.tuples(NUMBERS, ids).map(list), max_size=3),
        "buckets": st.lists(st.integers(-5, 300) | NUMBERS, max_size=4), "nonce": texts, "life": texts,
        "sha256": st.lists(texts, max_size=3), "program": texts,
        "report": st.none() | st.lists(NUMBERS, max_size=7) | st.lists(NUMBERS | texts, max_size=9),
    }  # fmt: skip
    return st.fixed_dictionaries(
        {}, optional={name: fitting.get(name, NUMBERS) | anything for name in get_type_hints(kind)}
    ) | st.fixed_dictionaries({name: fitting.get(name, NUMBERS) for name in get_type_hints(kind)})


def body_of(value):
    return msgspec.msgpack.encode(value)


@pytest.mark.parametrize("path", MESSAGES)
def test_no_message_is_a_crash_or_moves_the_log(server, path):
    station = Station(server)  # of its own: some messages are understood, and a fork renews it
    before = state_of(server)

    @settings(
        max_examples=3000 if DEEP else 60, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )  # fmt: skip
    @given(body=strange(MESSAGES[path], station).map(body_of) | st.binary(max_size=60))
    def ask(body):
        answer = station.ask("POST", f"/sync/v1/{path}", body)
        told = answer.headers["Content-Type"].startswith("application/problem+json") and answer.json()["code"]
        assert answer.status_code < 500 or told == "snapshot.making", (answer.status_code, answer.text[:300])

    ask()
    if path != "fork":
        assert state_of(server) == before


@pytest.mark.parametrize("position", ["-1", str(2**63), str(10**30), "1e3", "x", "", "٣", "nan"])
def test_a_position_that_cannot_be_is_refused(server, station, position):
    answer = station.ask("GET", f"/sync/v1/wait?position={quote(position)}&longest_s=0")
    assert answer.status_code == 422


@pytest.mark.parametrize("longest", ["-1", "nan", "inf", "61", "1e300", "x"])
def test_a_wait_of_no_or_endless_length_is_refused(server, station, longest):
    assert station.ask("GET", f"/sync/v1/wait?position=0&longest_s={longest}").status_code == 422


@pytest.mark.parametrize(
    "asked", ["bytes=-1", "bytes=5-2", "bytes=999999999999999999999-", "bytes=a-b", "bytes=0-0,5-9", "x"]
)
def test_a_range_that_is_none_of_a_files_is_no_crash(server, station, asked):
    data = os.urandom(3000)
    name = station.upload(data, kind="blob")
    answer = station.ask("GET", f"/sync/v1/blobs/{name}", headers={"Range": asked})
    assert (answer.status_code, answer.json()["code"]) == (422, "blob.not_visible"), (
        "nobody's record names it"
    )
