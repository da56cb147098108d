"""What a person or an upgrade can do afterwards: send again, compare and repair, move fields to their columns."""

import hashlib
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import text

from domain.exchange.rules import Choice, decided_values, from_jsonable, jsonable, says_deleted
from domain.kernel.change_log import change_log
from domain.kernel.errors import DomainError
from domain.people.records import Patient
from sync.centre import BUNDLES_KEPT
from sync.extra import adopt_extra
from sync.local_tables import refused_record
from sync.protocol import Cursor
from sync.tus.handover import FinishedUpload


def test_a_refused_record_goes_again_when_what_stood_in_its_way_is_gone(world, north, north_too):
    theirs = north.add_patient("P1")
    mine = north_too.add_patient("P1")
    world.settle()
    assert world.centre.row("patient", mine) is None
    north.set("patient", theirs, number="P7")
    world.settle()
    assert north_too.sync.outbox.resend("patient", mine)
    world.settle()
    assert world.centre.row("patient", mine).number == "P1"
    assert north_too.all(refused_record) == []
    assert not north_too.sync.outbox.resend("patient", mine)
    assert world.differing(north) == world.differing(north_too) == []


def test_a_difference_is_found_and_repaired(world, north):
    patient = north.add_patient("P1", phone="1")
    north.add_patient("P2")
    world.settle()
    with north.store.write() as connection:
        connection.execute(Patient.__table__.update().values(phone="tampered"))
        connection.execute(Patient.__table__.delete().where(Patient.__table__.c.number == "P2"))
    assert north.sync.compare()[1] == ["patient"]
    log_before = len(north.all(change_log))
    north.sync.repair()
    assert north.sync.compare()[1] == []
    assert north.row("patient", patient).phone == "1"
    assert len(north.all(change_log)) == log_before


def test_old_bundles_are_removed_and_their_receipts_stay(world, north):
    north.add_patient("P1")
    packed = north.sync.outbox.next_bundle()
    north.exchange()
    assert world.sync.sweep() == 0
    world.clock.advance(timedelta(days=8))
    assert world.sync.sweep() == 1
    assert not world.sync.blobs.has(packed.bundle_id)
    assert world.sync.apply_bundle(north.device_id, packed.bundle_id).ack_seq == 1


def test_a_bundle_that_came_and_was_never_asked_for_goes_too(world, north, tmp_path):
    """Its branch packed otherwise; what it held would lie there for ever, legal erasure or not."""
    for kind in ("bundle", "blob"):
        path = tmp_path / kind
        path.write_bytes(kind.encode())
        sha256 = hashlib.sha256(kind.encode()).hexdigest()
        world.sync.accept_upload(
            FinishedUpload("1", "", len(kind), sha256, {"kind": kind}, path, sealed=False)
        )
    assert world.sync.sweep() == 0
    world.clock.advance(BUNDLES_KEPT + timedelta(hours=1))
    assert world.sync.sweep() == 1
    assert not world.sync.blobs.has(hashlib.sha256(b"bundle").hexdigest())
    assert world.sync.blobs.has(hashlib.sha256(b"blob").hexdigest()), (
        "a file is kept: its record may come later"
    )
    assert world.sync.sweep() == 0


def test_fields_move_to_their_columns_after_an_upgrade(world, north):
    patient = north.add_patient("P1")
    waiting = '{"phone": "139", "blood_group": 5, "nickname": "小王"}'
    with north.store.write() as connection:
        connection.execute(text("UPDATE patient SET extra = :extra"), {"extra": waiting})
        assert adopt_extra(connection) == 1
        assert adopt_extra(connection) == 0
    row = north.row("patient", patient)
    assert (row.phone, row.blood_group) == ("139", None)
    assert row.extra == {"blood_group": 5, "nickname": "小王"}


def test_a_lost_cursor_is_read_again_without_harm(world, north, north_too):
    patient = north_too.add_patient("P1")
    world.settle()
    north.set("patient", patient, phone="mine")
    from sync.identity import set_cursors

    with north.store.write() as connection:
        set_cursors(connection, [Cursor(north.org_id, 0), Cursor(uuid.UUID(int=0), 0)])
    world.settle()
    assert world.centre.row("patient", patient).phone == "mine"
    assert world.differing(north) == []


def test_what_a_decision_writes():
    assert decided_values(Choice.THEIRS, {"name": "乙"}, None) == {}
    assert decided_values(Choice.MINE, {"name": "乙"}, None) == {"name": "乙"}
    assert decided_values(Choice.MINE, {"_deleted": True}, None) == {}
    assert decided_values(Choice.OTHER, {"name": "乙"}, {"name": "丙"}) == {"name": "丙"}
    with pytest.raises(DomainError, match=r"conflict\.no_value"):
        decided_values(Choice.OTHER, {"name": "乙"}, None)
    with pytest.raises(DomainError, match=r"conflict\.other_field"):
        decided_values(Choice.OTHER, {"name": "乙"}, {"number": "1"})
    assert says_deleted({"_deleted": True})
    assert not says_deleted({"name": "乙"})


def test_wire_values_survive_as_json():
    value = {"a": b"\x00\xff", "b": [1, None, {"c": b""}], "d": "文"}
    assert from_jsonable(jsonable(value)) == value
