"""A person is erased by law: nothing about them is left at centre or branch, and the audit says that it was done."""

import shutil
import threading
import uuid
from datetime import UTC, date, datetime

import pytest

from domain.audit.chain import AuditReader
from domain.audit.verification import Tampering, verify
from domain.kernel.change_log import change_log, decode_body
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower
from domain.people.erasure import ErasePatient
from sync.erasing import Eraser
from sync.local_tables import (
    audit_entry,
    audit_subject,
    erased_record,
    parked_txn,
    push_outcome,
    refused_record,
)
from sync.search import SearchIndex

SECRET = "赵不存"
AT = datetime(2026, 11, 2, tzinfo=UTC)
VISIT = {"visit_date": date(2026, 11, 2), "state": "registered", "state_since": AT}


class Readers:
    """The readers of every place, as their processes run them."""

    def __init__(self, *places):
        self.places = places
        self.forgotten = []
        self.index = SearchIndex()
        for place in places:
            self.index.prepare(place.store)

    def run(self):
        for place in self.places:
            for reader in (AuditReader(), Eraser(self.forgotten.append), self.index):
                Follower(place.store, reader).catch_up()


@pytest.fixture
def person(world, north, north_too):
    """A person known everywhere, with a visit, a file and another client beside them."""
    readers = Readers(world.centre, north, north_too)
    patient = north.add_patient("P1", name=SECRET, phone="13800001111")
    north.add_patient("P2", name="李留下")
    visit = north.add("visit", patient_id=patient, number="V1", **VISIT)
    north.add(
        "attachment", subject="patient", subject_id=patient, sha256="ab" * 32, name=f"{SECRET}.pdf",
        media_type="application/pdf", size=3, added_at=AT,
    )  # fmt: skip
    world.settle()
    readers.run()
    return patient, visit, readers


def erase(world, patient, number="P1"):
    world.centre.run(ErasePatient(patient_id=patient, basis="撤回同意", confirm_number=number))


def everything(place):
    """Return every byte a store holds, as far as SQL shows it."""
    with place.store.read() as connection:
        tables = (
            connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
        )
        found = [
            repr(connection.exec_driver_sql(f"SELECT * FROM {t}").all())
            for t in tables
            if "search_index" not in t
        ]
    return "".join(found)


def holds(place):
    text = everything(place)
    return SECRET in text or repr(SECRET.encode())[2:-1] in text or "13800001111" in text


def test_nothing_is_left_anywhere_and_the_audit_says_so(world, north, north_too, person):
    patient, _visit_id, readers = person
    assert [holds(place) for place in (world.centre, north, north_too)] == [True] * 3
    erase(world, patient)
    world.settle()
    readers.run()
    assert [holds(place) for place in (world.centre, north, north_too)] == [False] * 3
    for place in (world.centre, north, north_too):
        assert [row.number for row in place.rows("patient")] == ["P2"]
        assert place.rows("visit") == place.rows("attachment") == []
        done = [row.number for row in place.all(audit_entry, audit_entry.c.command == "patient.erase")]
        assert patient in {
            row.record_id for row in place.all(audit_subject, audit_subject.c.number.in_(done))
        }
        with place.store.read() as connection:
            assert verify(connection) is None
        assert len(place.all(erased_record)) == 3
    assert set(readers.forgotten) == {"ab" * 32}
    assert [world.differing(station) for station in world.branches] == [[], []]


def test_a_branch_that_did_not_know_changes_nothing(world, north, north_too, person):
    patient, visit, readers = person
    erase(world, patient)
    readers.run()
    north_too.set("patient", patient, name=f"{SECRET}二")
    north_too.add("visit", patient_id=patient, number="V2", **VISIT)
    north_too.set("visit", visit, package="B")
    north_too.add_patient("P3", name="无关")
    world.settle()
    readers.run()
    world.settle()
    readers.run()
    assert world.centre.all(parked_txn) == [], "refused and not kept"
    assert {row.code for row in north_too.all(push_outcome)} == {"sync.erased"}
    assert north_too.all(refused_record) == []
    assert [holds(place) for place in (world.centre, north, north_too)] == [False] * 3
    assert sorted(row.number for row in world.centre.rows("patient")) == ["P2", "P3"]
    assert [world.differing(station) for station in world.branches] == [[], []]


def test_an_erasure_that_the_centre_lost_with_a_restored_backup_is_done_again(
    world, north, north_too, person, tmp_path
):
    patient, _visit_id, readers = person
    with world.centre.store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copyfile(tmp_path / "centre.db", tmp_path / "night.db")
    erase(world, patient)
    world.settle()
    readers.run()
    world.put_centre(tmp_path / "night.db")
    assert holds(world.centre)
    for _ in range(2):
        for station in world.branches:
            station.exchange()
            station.sync.mend()
    world.settle()
    readers.run()
    assert [holds(place) for place in (world.centre, north, north_too)] == [False] * 3
    assert [row.number for row in world.centre.rows("patient")] == ["P2"]
    assert [world.differing(station) for station in world.branches] == [[], []]


def test_search_finds_them_no_more(world, north, person):
    patient, _, readers = person
    with north.store.read() as connection:
        before = connection.exec_driver_sql("SELECT count(*) FROM search_row").scalar_one()
    erase(world, patient)
    world.settle()
    readers.run()
    with north.store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM search_row").scalar_one() == before - 1


def test_another_number_erases_nobody(world, person):
    patient, _, _ = person
    with pytest.raises(DomainError, match=r"patient\.erase_other"):
        erase(world, patient, "P2")
    assert len(world.centre.rows("patient")) == 2


def test_an_erasure_is_no_cover_for_a_forgery(world, north, person):
    """Only what stands in the chain as an erasure may have emptied an entry."""
    patient, _, readers = person
    erase(world, patient)
    readers.run()
    place = world.centre
    row = max(place.all(change_log, change_log.c.outcome == "done"), key=lambda r: r.position)
    from sync.local_tables import scrubbed_entry

    forged = b"\x97" + bytes(7)
    with place.store.write() as connection:
        from domain.audit.chain import entry_digest

        connection.execute(change_log.update().where(change_log.c.position == 1).values(body=forged))
        one = connection.execute(change_log.select().where(change_log.c.position == 1)).one()
        digest = entry_digest(one.txn_id.bytes, one.at, one.outcome, forged)
        connection.execute(
            scrubbed_entry.insert(), {"position": 1, "by_position": 2, "content_sha256": digest}
        )
    with place.store.read() as connection:
        assert verify(connection).kind is Tampering.LOG_CHANGED
    assert decode_body(row.body).command == "patient.erase"
    assert uuid.UUID(bytes=decode_body(row.body).changes[0].record_id)


def test_what_is_pending_keeps_nobody_who_was_erased(world, north_too, person):
    """A deletion gives way to an edit that is on its way; an erasure by law does not."""
    patient, _visit, readers = person
    north_too.set("patient", patient, address="新住址")
    erase(world, patient)
    readers.run()
    north_too.sync.inbox.pull(north_too.centre, lambda _done, _total: None, threading.Event())
    assert north_too.row("patient", patient) is None
    world.settle()
    readers.run()
    assert north_too.row("patient", patient) is None
    assert SECRET not in everything(north_too)
