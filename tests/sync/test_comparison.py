"""The daily comparison: digests by bucket, rows taken over where they differ, nothing that stood there is lost."""

from datetime import timedelta

import pytest

from domain.kernel.change_log import change_log, decode_body
from domain.people.records import Patient
from sync.digest import BUCKETS, bucket_digests, bucket_of, store_digest
from sync.local_tables import pull_state
from sync.worker import BUSY_MOST, SyncWorker

PATIENTS = Patient.__table__


@pytest.fixture
def spoiled(world, north):
    """A branch with one value changed behind everybody's back, one row gone and one that nobody knows."""
    ids = [north.add_patient(f"P{number}", phone=str(number)) for number in range(6)]
    world.settle()
    stranger = ids[0].__class__(int=ids[0].int ^ 0xFF)
    with north.store.write() as connection:
        connection.execute(PATIENTS.update().where(PATIENTS.c.id == ids[0]).values(phone="spoiled"))
        connection.execute(PATIENTS.delete().where(PATIENTS.c.id == ids[1]))
        row = dict(connection.execute(PATIENTS.select().where(PATIENTS.c.id == ids[2])).one()._mapping)
        connection.execute(PATIENTS.insert(), {**row, "id": stranger, "number": "P99", "phone": "unknown"})
    return ids


def test_buckets_make_up_the_whole(world, north):
    for number in range(20):
        north.add_patient(f"P{number}")
    with north.store.read() as connection:
        parts = bucket_digests(connection, "patient", [north.org_id])
        count, digest = store_digest(connection, [north.org_id])["patient"]
    assert len(parts) == BUCKETS
    assert sum(one for one, _ in parts) == count == 20
    total = 0
    for _, part in parts:
        total ^= int(part, 16)
    assert f"{total:016x}" == digest
    assert bucket_of(bytes(15) + b"\x7f") == 0x7F


def test_what_differs_is_put_right_and_what_stood_there_is_kept(world, north, spoiled):
    asked = []
    rows = north.sync.centre.rows
    north.sync.centre.rows = lambda request: asked.append(request) or rows(request)
    done = north.sync.mend()
    assert (done.entities, done.records) == (["patient"], 3)
    assert len(asked) == 1
    assert len(asked[0].buckets) <= 3, "the rest of the rows stays where it is"
    world.settle()
    assert world.differing(north) == []
    assert north.row("patient", spoiled[0]).phone == "0"
    entry = next(b for r in north.all(change_log) if (b := decode_body(r.body)).command == "sync.mend")
    assert sorted(change.op for change in entry.changes) == ["del", "ins", "upd"]
    told = next(b for r in world.centre.all(change_log) if (b := decode_body(r.body)).command == "sync.mend")
    had = [one["had"].get("phone") for one in told.note["mended"]]
    assert {"spoiled", "unknown"} <= set(had), "the centre's log keeps what stood at the branch"


def test_nothing_is_said_while_something_is_on_its_way(world, north, spoiled):
    north.add_patient("P7")
    assert north.sync.mend() is None
    assert north.row("patient", spoiled[0]).phone == "spoiled"


def test_what_concerns_others_does_not_put_it_off(world, north, south, spoiled):
    south.add_patient("S1")
    south.exchange()
    assert north.sync.mend().records == 3


def test_a_refused_record_is_not_taken_away(world, north, north_too):
    north.add_patient("P1")
    mine = north_too.add_patient("P1")
    world.settle()
    north_too.exchange()
    assert north_too.sync.mend() is None, "the centre's row waits for a person's answer"
    assert north_too.row("patient", mine) is not None


def test_it_is_due_once_a_day_whatever_the_clock_does(world, north):
    world.settle()
    assert north.sync.comparison_due()
    north.sync.mend()
    assert not north.sync.comparison_due()
    north.clock.offset = timedelta(hours=25)
    assert north.sync.comparison_due()
    north.clock.offset = timedelta(days=-3650)
    assert north.sync.comparison_due(), "a clock that went back does not put it off for years"
    assert len(north.all(pull_state)) == 1


def test_the_worker_does_it_when_nothing_else_is_to_do(world, north, spoiled):
    worker = SyncWorker(north.sync)
    worker._exchange(worker._records)
    assert world.differing(north) == []


def test_a_copy_that_sends_again_at_every_turn_is_compared_too(world, north, spoiled, tmp_path):
    """Copies of one disk that take turns renew the identity each time; the one that wrote more sends again then."""
    north.backup(tmp_path / "image.db")
    copy = north.restored(tmp_path / "image.db", "copy")
    for number in ("P8", "P9"):
        north.add_patient(number)
    worker, moved = SyncWorker(north.sync), []
    exchange = north.sync.exchange
    north.sync.exchange = lambda *told: moved.append(exchange(*told)) or moved[-1]
    for _ in range(BUSY_MOST):
        assert north.row("patient", spoiled[0]).phone == "spoiled"
        worker._exchange(worker._records)
        copy.exchange()
    assert all(done.sent for done in moved), "or there is nothing to show"
    assert north.row("patient", spoiled[0]).phone == "0"
    copy.store.close()


def test_a_busy_desk_compares_no_more_often_than_is_due(world, north, north_too):
    asked = []
    mend, north.sync.mend = north.sync.mend, lambda: asked.append(1) or mend()
    worker = SyncWorker(north.sync)
    for number in range(BUSY_MOST * 3):
        north.add_patient(f"P{number}")
        worker._exchange(worker._records)
        assert len(asked) == (number + 1 >= BUSY_MOST)
