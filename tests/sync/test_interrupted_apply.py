"""A crash between slices, a deadlock, a line cut after the commit: taken again, applied once."""

import pytest
from sqlalchemy.exc import OperationalError

from domain.kernel.change_log import change_log
from domain.kernel.errors import UnavailableError
from sync import centre, intake
from sync.apply import Applier
from sync.local_tables import outbound_bundle
from sync.retry import ATTEMPTS, retried
from tests.sync.test_snapshot_sealed import NAME, clear_of, telling


def test_a_crash_between_slices_is_mended_by_sending_again(world, north, monkeypatch):
    monkeypatch.setattr(intake, "SLICE", 2)
    made = [north.add_patient(f"P{number}") for number in range(5)]
    apply, calls = Applier.apply, []

    def failing(self, sender, txns):
        calls.append(len(txns))
        if len(calls) == 2:
            raise UnavailableError("store.unreachable")
        return apply(self, sender, txns)

    monkeypatch.setattr(Applier, "apply", failing)
    with pytest.raises(UnavailableError):
        north.exchange()
    assert len(world.centre.rows("patient")) == 2
    north.exchange()
    assert calls == [2, 2, 2, 2, 1]
    assert [row.id for row in world.centre.rows("patient")] == sorted(made)
    positions = [row.position for row in world.centre.all(change_log)]
    assert sorted(positions) == list(range(1, len(positions) + 1))
    assert world.differing(north) == []


def a_failure(code):
    return OperationalError("UPDATE", {}, Exception(code, "said the database"))


@pytest.mark.parametrize("code", [1020, 1205, 1213])
def test_a_lost_race_is_run_again(code):
    left = [a_failure(code), a_failure(code)]

    def work():
        if left:
            raise left.pop()
        return "done"

    assert retried(work) == "done"


def test_it_is_not_run_for_ever():
    calls = []

    def work():
        calls.append(1)
        raise a_failure(1213)

    with pytest.raises(OperationalError):
        retried(work)
    assert len(calls) == ATTEMPTS


def test_other_failures_are_not_repeated():
    calls = []

    def work():
        calls.append(1)
        raise a_failure(1064)

    with pytest.raises(OperationalError):
        retried(work)
    assert len(calls) == 1


def test_an_outbox_survives_a_lost_bundle_file(world, north):
    north.add_patient("P1")
    north.sync.outbox.next_bundle().path.unlink()
    north.exchange()
    assert len(world.centre.rows("patient")) == 1


@pytest.mark.parametrize("bad", [b"", b"x" * 400])
def test_an_outbox_survives_a_damaged_bundle_file(world, north, bad):
    north.add_patient("P1")
    north.sync.outbox.next_bundle().path.write_bytes(bad)
    with pytest.raises(UnavailableError, match=r"blob\.damaged"):
        north.exchange()
    north.exchange()
    assert len(world.centre.rows("patient")) == 1


def test_what_waits_to_be_sent_tells_nobody_a_name(world, north):
    north.add_patient("P1", name=NAME)
    packed = north.sync.outbox.next_bundle()
    assert telling(packed.path.parent) == []
    assert any(NAME.encode() in some for some in clear_of(packed.data())), "the search itself works"


def test_a_bundle_that_an_earlier_program_packed_is_sent(world, north):
    north.add_patient("P1")
    packed = north.sync.outbox.next_bundle()
    packed.path.write_bytes(packed.data())
    with north.store.write() as connection:
        connection.execute(outbound_bundle.update().values(file_key=None))
    assert north.sync.outbox.next_bundle().data() == packed.path.read_bytes()
    north.exchange()
    assert len(world.centre.rows("patient")) == 1


def test_leftover_bundle_files_are_removed(north):
    north.add_patient("P1")
    packed = north.sync.outbox.next_bundle()
    stray = packed.path.with_name("stray.csb")
    stray.write_bytes(b"x")
    north.sync.outbox.sweep()
    assert (packed.path.exists(), stray.exists()) == (True, False)


def test_a_bundle_too_large_to_be_kept_is_read_again_to_be_applied(world, north, monkeypatch):
    monkeypatch.setattr(centre, "KEPT_BYTES", 300)
    for number in range(5):
        north.add_patient(f"P{number}")
    north.exchange()
    assert len(world.centre.rows("patient")) == 5
    assert world.differing(north) == []
