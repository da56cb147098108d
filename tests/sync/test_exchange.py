"""A branch and the centre exchange what changed, and end with the same rows."""

import hashlib
import threading
import uuid

import msgspec
import pytest

from domain.kernel.change_log import change_log
from domain.kernel.errors import DomainError
from domain.people.records import Patient, Sex
from sync.device_auth import new_key
from sync.identity import set_progress
from sync.local_tables import applied_txn
from tests.sync.world import NORTH, Write, WriteMany


def test_what_a_branch_registers_reaches_the_centre(world, north):
    patient = north.add_patient("P1")
    done = north.exchange()
    assert (done.sent, done.attention) == (1, 0)
    assert world.centre.row("patient", patient).name == "王美娜"
    assert world.centre.row("patient", patient).ver == 1
    assert north.row("patient", patient).ver == 1
    assert world.differing(north) == []


def test_it_reaches_the_other_workstation_of_the_branch_but_no_other_branch(world, north, north_too, south):
    patient = north.add_patient("P1")
    world.settle()
    assert north_too.row("patient", patient).name == "王美娜"
    assert south.row("patient", patient) is None
    assert south.row("organization", south.org_id).name == "S"
    assert [world.differing(b) for b in world.branches] == [[], [], []]


def test_an_exchange_with_nothing_new_changes_nothing(world, north):
    north.add_patient("P1")
    north.exchange()
    before = len(world.centre.all(change_log)), len(north.all(change_log))
    done = north.exchange()
    assert (done.sent, done.received) == (0, 0)
    assert (len(world.centre.all(change_log)), len(north.all(change_log))) == before
    assert len(world.centre.all(applied_txn)) == 1


def test_a_damaged_bundle_from_the_centre_changes_nothing(world, north, north_too):
    north.add_patient("P1")
    north.exchange()

    class Flipped:
        def __getattr__(self, name):
            return getattr(north_too.centre, name)

        def pull(self, request):
            reply = north_too.centre.pull(request)
            data = bytearray(reply.bundle)
            data[-70] ^= 1
            return msgspec.structs.replace(reply, bundle=bytes(data))

    north_too.sync.centre = Flipped()
    with pytest.raises(DomainError, match=r"bundle\.bad_"):
        north_too.exchange()
    assert north_too.rows("patient") == []
    north_too.sync.centre = north_too.centre
    north_too.exchange()
    assert len(north_too.rows("patient")) == 1


def test_a_bundle_of_another_key_is_refused(world, north):
    north.add_patient("P1")
    packed = north.sync.outbox.next_bundle()
    data = packed.data()[:-64] + new_key().sign(b"x")
    name = hashlib.sha256(data).hexdigest()
    world.sync.blobs.put([data], name)
    with pytest.raises(DomainError, match=r"bundle\.bad_signature"):
        world.sync.apply_bundle(north.device_id, name)
    assert world.centre.rows("patient") == []


def test_the_receipt_is_the_same_when_asked_again(world, north):
    north.add_patient("P1")
    packed = north.sync.outbox.next_bundle()
    cancel = threading.Event()
    first = north.centre.push(packed.data(), packed.bundle_id, lambda _d, _t: None, cancel)
    assert world.sync.apply_bundle(north.device_id, packed.bundle_id) == first
    north.sync.outbox.settle(packed, first)
    assert not packed.path.exists()


def test_a_gap_is_refused(world, north):
    for number in range(3):
        north.add_patient(f"P{number}")
    with north.store.write() as connection:
        set_progress(connection, acked_seq=1)
    with pytest.raises(DomainError, match=r"sync\.gap"):
        north.sync._send(lambda *_: None, threading.Event())


def test_what_the_centre_writes_reaches_the_branch(world, north):
    patient = world.centre.add("patient", org_id=NORTH, number="C1", name="李", sex=Sex.MALE)
    north.exchange()
    assert north.row("patient", patient).name == "李"
    world.centre.set("patient", patient, name="李二")
    north.set("patient", patient, phone="1")
    world.settle()
    assert (north.row("patient", patient).name, world.centre.row("patient", patient).phone) == ("李二", "1")
    world.centre.remove("patient", patient)
    north.set("patient", patient, phone="2")
    world.settle()
    assert world.centre.row("patient", patient).name == "李二", "the edit brought it back"
    assert len(world.centre.rows("conflict")) == 1
    assert world.differing(north) == []


def test_private_records_never_leave(world, north):
    north.run(WriteMany(orders=[
        Write(what="add", entity="patient", record_id=uuid.uuid4(),
              values={"number": "P1", "name": "王", "sex": Sex.MALE}),
        Write(what="add", entity="running_number", record_id=uuid.uuid4(), values={"purpose": "secret"}),
    ]))  # fmt: skip
    north.exchange()
    assert all(b"secret" not in row.body for row in world.centre.all(change_log))


def test_the_comparison_finds_one_different_value(world, north):
    patient = north.add_patient("P1")
    north.exchange()
    assert north.sync.compare() == (len(world.centre.all(change_log)), [])
    with north.store.write() as connection:
        connection.execute(Patient.__table__.update().values(phone="tampered"))
    assert north.sync.compare()[1] == ["patient"]
    north.set("patient", patient, phone="1")
    assert north.sync.compare() is None, "something is unsent"
