"""What the centre does not take: the branch is told, comes back to the centre's state, and others go on."""

import dataclasses
import uuid
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from domain.kernel.change_log import Body, Change, encode_body
from sync.entries import SentTxn
from sync.local_tables import applied_txn, parked_txn, push_outcome, refused_record
from tests.sync.world import NORTH, SOUTH, Write, WriteMany

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def a_specimen(number, patient, **values):
    return {
        "number": number, "type": "SER", "container": "SST", "patient_id": patient, "state": "collected",
        "state_since": NOON, **values,
    }  # fmt: skip


def event_of(specimen, **values):
    return {"specimen_id": specimen, "kind": "stored", "occurred_at": NOON, "staff_name": "张", **values}


@pytest.fixture
def specimens(world, north, north_too):
    made = [north.add("specimen", **a_specimen(f"S{i}", uuid.UUID(int=9))) for i in (1, 2)]
    world.settle()
    return made


def outcomes(branch):
    return {o.dev_seq: (o.outcome, o.code) for o in branch.all(push_outcome)}


def test_a_stale_transition_is_refused_and_its_event_stays(world, north, north_too, specimens):
    first, _ = specimens
    north.set("specimen", first, state="stored", state_since=NOON, slot="A1")
    world.settle(north)
    event = uuid.uuid4()
    north_too.run(WriteMany(orders=[
        Write(what="set", entity="specimen", record_id=first, values={"state": "discarded"}),
        Write(what="add", entity="specimen_event", record_id=event, values=event_of(first)),
    ]))  # fmt: skip
    assert north_too.row("specimen", first).state == "discarded"
    world.settle()
    assert list(outcomes(north_too).values()) == [("merged", "sync.stale_state")]
    facts = msgspec.json.decode(north_too.all(push_outcome)[0].facts)
    assert facts["now"] == "已入库"
    for place in (north, north_too, world.centre):
        assert place.row("specimen", first).state == "stored"
        assert place.row("specimen_event", event) is not None
    assert world.differing(north) == world.differing(north_too) == []


@pytest.mark.parametrize("by_program", [True, False])
def test_a_state_both_came_to_is_told_only_to_a_person_who_did_it(
    world, north, north_too, specimens, by_program
):
    first, _ = specimens
    north.set("specimen", first, state="stored", state_since=NOON)
    world.settle(north)
    if not by_program:
        north_too.actor = dataclasses.replace(north_too.actor, staff_id=uuid.uuid4())
    north_too.set("specimen", first, state="stored", state_since=NOON + timedelta(minutes=5))
    world.settle()
    told = [] if by_program else [("rejected", "sync.stale_state")]
    assert list(outcomes(north_too).values()) == told
    for place in (north, north_too, world.centre):
        assert place.row("specimen", first).state_since == NOON
    assert world.differing(north) == world.differing(north_too) == []


def test_a_slot_somebody_else_has_is_refused_and_the_event_stays(world, north, north_too, specimens):
    first, second = specimens
    north.set("specimen", first, slot="A1")
    event = uuid.uuid4()
    north_too.run(WriteMany(orders=[
        Write(what="set", entity="specimen", record_id=second, values={"slot": "A1"}),
        Write(what="add", entity="specimen_event", record_id=event, values=event_of(second)),
    ]))  # fmt: skip
    world.settle()
    assert list(outcomes(north_too).values()) == [("merged", "sync.duplicate")]
    for place in (north, north_too, world.centre):
        assert place.row("specimen", first).slot == "A1"
        assert place.row("specimen", second).slot is None
        assert place.row("specimen_event", event) is not None
    assert north_too.all(parked_txn) == []
    assert world.differing(north) == world.differing(north_too) == []


def test_a_new_record_with_a_number_somebody_else_has_is_refused_and_others_go_on(world, north, north_too):
    north.add_patient("P1", name="甲")
    mine = north_too.add_patient("P1", name="乙")
    other = north_too.add_patient("P2", name="丙")
    world.settle()
    assert world.centre.row("patient", mine) is None
    assert world.centre.row("patient", other) is not None
    assert list(outcomes(north_too).values()) == [("rejected", "sync.duplicate")]
    assert [r.record_id for r in north_too.all(refused_record)] == [mine]
    assert north_too.row("patient", mine).name == "乙", "what was typed is still here"
    assert world.differing(north) == []


def test_a_refused_record_is_sent_whole_once_it_is_mended(world, north, north_too):
    theirs = north.add_patient("P1", name="甲")
    mine = north_too.add_patient("P1", name="乙")
    north_too.set("patient", mine, phone="1")
    world.settle()
    north_too.set("patient", mine, number="P9")
    world.settle()
    for place in (north, north_too, world.centre):
        assert place.row("patient", mine).number == "P9"
        assert place.row("patient", mine).phone == "1"
        assert place.row("patient", theirs).number == "P1"
    assert north_too.all(refused_record) == []
    assert north_too.all(parked_txn) == []
    assert world.centre.all(parked_txn, parked_txn.c.waits_for.is_not(None)) == []
    assert world.differing(north) == world.differing(north_too) == []


def bundle_of(branch, *changes, seq=1, body=None):
    body = body or encode_body(Body("test", None, "nurse", branch.org_id.bytes, 1, list(changes)))
    return SentTxn(seq, uuid.uuid4().bytes, 0, body)


def apply(world, branch, *txns):
    from sync.apply import Applier, Sender
    from sync.devices import orgs_of

    with world.centre.store.write() as connection:
        applier = Applier(connection, world.centre.device_id, lambda d: orgs_of(connection, d), 1)
        sender = Sender(branch.device_id, 1, orgs_of(connection, branch.device_id))
        told = {o.seq: (o.outcome, o.code) for o in applier.apply(sender, txns)}
        return [told.get(txn.seq, ("applied", "")) for txn in txns]


def an_insert(org=NORTH, entity="patient", **fields):
    values = {"number": uuid.uuid4().hex[:8], "name": "王", "sex": "2", "id_type": "01", **fields}
    return Change(entity, uuid.uuid4().bytes, org.bytes, "ins", 0, values, {})


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (an_insert(SOUTH), "sync.out_of_scope"),
        (an_insert(entity="workstation"), "sync.not_shared"),
        (an_insert(name=5), "sync.bad_value"),
        (an_insert(name=None), "sync.bad_value"),
        (an_insert(name="王" * 300), "sync.bad_value"),
        (Change("patient", uuid.uuid4().bytes, NORTH.bytes, "truncate", 0, {}, {}), "sync.unknown_operation"),
        (
            Change("patient", uuid.uuid4().bytes, NORTH.bytes, "ins", 0, {"name": "王"}, {}),
            "sync.missing_value",
        ),
    ],
)
def test_a_poisoned_transaction_is_rejected_and_its_neighbours_are_applied(world, north, change, code):
    good = [bundle_of(north, an_insert(), seq=s) for s in (1, 3)]
    bad = bundle_of(north, an_insert(), change, seq=2)
    assert apply(world, north, good[0], bad, good[1]) == [
        ("applied", ""),
        ("rejected", code),
        ("applied", ""),
    ]
    assert len(world.centre.rows("patient")) == 2, "nothing of the bad one is left"
    assert [p.reason for p in world.centre.all(parked_txn)] == [code]


def test_an_unreadable_transaction_is_rejected(world, north):
    assert apply(world, north, bundle_of(north, body=b"\xc1rubbish")) == [("rejected", "sync.unreadable")]


def test_the_same_appended_row_twice_is_taken_once(world, north):
    fields = {"specimen_id": uuid.UUID(int=1).bytes, "kind": "stored", "occurred_at": 5, "staff_name": "张"}
    row = Change("specimen_event", uuid.uuid4().bytes, NORTH.bytes, "ins", 0, fields, {})
    other = msgspec.structs.replace(row, fields={**fields, "staff_name": "李"})
    assert apply(world, north, bundle_of(north, row)) == [("applied", "")]
    assert apply(world, north, bundle_of(north, row)) == [("applied", "")]
    assert apply(world, north, bundle_of(north, other)) == [("rejected", "sync.immutable")]
    assert [r.staff_name for r in world.centre.rows("specimen_event")] == ["张"]


def test_a_transaction_is_applied_once(world, north):
    txn = bundle_of(north, an_insert())
    assert apply(world, north, txn) == apply(world, north, txn) == [("applied", "")]
    assert len(world.centre.rows("patient")) == len(world.centre.all(applied_txn)) == 1


def test_a_change_waits_for_its_record(world, north, north_too):
    record = an_insert()
    edit = Change("patient", record.record_id, NORTH.bytes, "upd", 1, {"phone": "5"}, {"phone": None})
    assert apply(world, north_too, bundle_of(north_too, edit)) == [("deferred", "sync.waits_for_record")]
    assert apply(world, north, bundle_of(north, record)) == [("applied", "")]
    [row] = world.centre.rows("patient")
    assert row.phone == "5"
    assert world.centre.all(parked_txn) == []


def test_a_newer_programs_record_is_parked_whole_and_dealt_with_after_the_upgrade(world, north, monkeypatch):
    from sync import parking, verdicts

    strange = Change("hologram", uuid.uuid4().bytes, NORTH.bytes, "ins", 0, {"depth": 3}, {})
    patient = an_insert()
    txn = bundle_of(north, patient, strange)
    assert apply(world, north, txn) == [("parked", "sync.unknown_entity")]
    assert world.centre.rows("patient") == []
    assert world.sync.retry_parked() == 0
    [row] = world.centre.all(parked_txn)
    assert row.reason == parking.UNKNOWN
    known = msgspec.structs.replace(strange, entity="visit")
    del known
    monkeypatch.setattr(verdicts, "is_private", lambda entity: entity == "hologram")
    assert world.sync.retry_parked() == 1
    assert world.centre.all(applied_txn)[0].code == "sync.not_shared"


def test_fields_of_a_newer_program_are_kept_and_sent_on(world, north, north_too):
    record = an_insert(nickname="小王", badge=b"\x00\xff")
    apply(world, north, bundle_of(north, record))
    world.settle()
    assert world.centre.rows("patient")[0].extra["nickname"] == "小王"
    assert north_too.rows("patient")[0].extra == world.centre.rows("patient")[0].extra
    edit = Change(
        "patient", record.record_id, NORTH.bytes, "upd", 1, {"nickname": "大王"}, {"nickname": "小王"}
    )
    apply(world, north, bundle_of(north, edit))
    world.settle()
    assert north_too.rows("patient")[0].extra["nickname"] == "大王"
    assert "badge" in north_too.rows("patient")[0].extra
