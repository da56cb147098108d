"""Older and newer programs on either side: golden files of each protocol version, unknown members, what is parked."""

import threading

import msgspec
import pytest

from domain.kernel.change_log import change_log, decode_body
from domain.kernel.errors import DomainError
from domain.kernel.record import record_classes
from sync.device_auth import public_text
from sync.identity import set_identity
from sync.local_tables import applied_txn, parked_txn
from sync.protocol import PROTO_MAX, PROTO_MIN, Hello, PullReply, PullRequest, Welcome, encode
from tests.fixtures.golden_bundles import CENTRE_KEY, DEVICE, DEVICE_KEY, FOLDER, ORG, record
from tests.sync.world import NORTH

VERSIONS = range(PROTO_MIN, PROTO_MAX + 1)


def golden(version, name):
    return (FOLDER / f"{version}-{name}").read_bytes()


def test_every_version_that_is_spoken_has_its_golden_files():
    for version in VERSIONS:
        for name in ("branch.csb", "centre.csb", "hello.msgpack"):
            assert 0 < len(golden(version, name)) < 20_000


@pytest.fixture
def station(world):
    assert ORG == NORTH
    world.centre.add(
        "workstation", DEVICE, org_id=ORG, name="旧站", public_key=public_text(DEVICE_KEY), epoch=1,
        enrolled_at=world.clock(), number_prefix="901",
    )  # fmt: skip
    return DEVICE


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_branch_of_that_version_sent_is_applied(world, station, version):
    hello = msgspec.msgpack.decode(golden(version, "hello.msgpack"), type=Hello)
    assert world.sync.hello(station, hello).proto == version
    name = world.sync.blobs.put([golden(version, "branch.csb")])
    receipt = world.sync.apply_bundle(station, name)
    assert receipt.ack_seq == 6
    assert [(o.seq, o.outcome, o.code) for o in receipt.outcomes] == [
        (4, "parked", "sync.unknown_entity"),
        (5, "deferred", "sync.waits_for_record"),
    ]
    [row] = world.centre.rows("patient")
    assert (row.id.bytes, row.name, row.phone) == (record(1), "王美娜", "13800001111")
    bodies = [decode_body(r.body) for r in world.centre.all(change_log)]
    made = next(c for b in bodies for c in b.changes if c.record_id == record(2) and c.op == "ins")
    assert made.fields["nickname"] == "小王", "a field this program does not know travels on"
    assert len(world.centre.all(parked_txn)) == 2
    assert len(world.centre.all(applied_txn)) == 6


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_centre_of_that_version_sent_is_taken_in(world, north, version):
    with north.store.write() as connection:
        set_identity(connection, server_key=public_text(CENTRE_KEY))
    north.sync.inbox.follow([NORTH])
    data = golden(version, "centre.csb")

    class Old:
        """A centre that says nothing this version did not say."""

        def pull(self, request):
            return PullReply(bundle=data, cursors=[], head=4, more=False)

    def cursors(reply, request):
        return msgspec.structs.replace(
            reply, cursors=[msgspec.structs.replace(c, position=4) for c in request.cursors]
        )

    old = Old()
    north.sync.inbox.pull(
        type("Line", (), {"pull": lambda _, request: cursors(old.pull(request), request)})(),
        lambda *_: None, threading.Event(),
    )  # fmt: skip
    rows = {row.id.bytes: row for row in north.rows("patient")}
    assert rows[record(1)].phone == "13800001111"
    assert rows[record(2)].extra == {"nickname": "小王"}
    assert [row.reason for row in north.all(parked_txn)] == ["sync.unknown_entity"]


def test_messages_of_a_newer_program_are_read(world, north):
    """What a newer side adds to a message is passed over."""
    hello = msgspec.msgpack.decode(golden(1, "hello.msgpack"))
    newer = msgspec.msgpack.encode({**hello, "proto_max": 7, "weather": {"rain": [1, 2]}})
    asked = msgspec.msgpack.decode(newer, type=Hello)
    assert asked.proto_max == 7
    told = msgspec.msgpack.decode(encode(PullRequest(cursors=[])))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode({**told, "more": 1}), type=PullRequest).limit == 2000


def test_the_newest_protocol_both_speak_is_chosen_and_none_is_a_refusal(world, north):
    def greet(low, high):
        return world.sync.hello(
            north.device_id,
            Hello(
                device_id=north.device_id, epoch=1, last_seq=0, acked_seq=0, nonce="", schema_ver=1, at=0,
                proto_min=low, proto_max=high,
            ),
        )  # fmt: skip

    assert greet(1, PROTO_MAX + 5).proto == PROTO_MAX
    for low, high in ((PROTO_MAX + 1, PROTO_MAX + 2), (0, PROTO_MIN - 1)):
        with pytest.raises(DomainError, match=r"sync\.proto_unsupported"):
            greet(low, high)


def test_an_older_centre_that_knows_no_life_of_its_log_is_spoken_to(world, north, north_too):
    """A centre that was not upgraded yet: its answers lack what was added since."""
    north.add_patient("P1")
    north.exchange()

    class Old:
        def __init__(self, centre):
            self._centre = centre

        def __getattr__(self, name):
            return getattr(self._centre, name)

        def hello(self, hello):
            told = msgspec.to_builtins(self._centre.hello(hello))
            for added in ("life", "common", "current", "mark"):
                told.pop(added)
            return msgspec.convert(told, Welcome)

        def pull(self, request):
            reply = self._centre.pull(msgspec.structs.replace(request, life=""))
            return msgspec.structs.replace(reply, mark=None)

    north_too.sync.centre = Old(north_too.sync.centre)
    north_too.exchange()
    assert north_too.row("patient", north.rows("patient")[0].id).number == "P1"
    north_too.add_patient("P2")
    world.settle()
    assert sorted(row.number for row in world.centre.rows("patient")) == ["P1", "P2"]
    assert world.differing(north_too) == []


def test_what_waits_for_an_upgrade_is_read_once_and_taken_in_after_it(world, north, north_too, monkeypatch):
    """A branch older than its centre may have thousands of entries waiting: they make no piece dearer."""
    from sync import parking, shapes

    for number in range(5):
        north.add_patient(f"P{number}")
    north.exchange()
    known = shapes._known_shape

    def older(entity):
        if entity == "patient":
            raise KeyError(entity)
        return known(entity)

    with monkeypatch.context() as before_the_upgrade:
        before_the_upgrade.setattr(shapes, "_known_shape", older)
        before_the_upgrade.setattr(shapes, "_kind", lambda entity: older(entity) and record_classes()[entity])
        read = []
        decode = parking.decode_pulled
        before_the_upgrade.setattr(parking, "decode_pulled", lambda data: read.append(data) or decode(data))
        north_too.exchange()
        assert [row.reason for row in north_too.all(parked_txn)] == ["sync.unknown_entity"] * 5
        assert len(read) == 5
        for number in range(3):
            world.centre.set("organization", NORTH, name=f"北{number}")
            north_too.exchange()
        assert len(read) == 5, "what waits is not read again for each piece"
        assert north_too.sync.inbox._waiting.hopeful == []
    north_too.sync.inbox._waiting = parking.Waiting()  # the program was started anew
    world.centre.set("organization", NORTH, name="北")
    north_too.exchange()
    assert north_too.all(parked_txn) == []
    assert len(north_too.rows("patient")) == 5
    assert world.differing(north_too) == []
