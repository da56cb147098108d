"""Loading parts of a snapshot: the index in them, and what stands in the way of the quick way."""

import hashlib
import threading

import pytest
from sqlcipher3 import dbapi2 as sqlcipher

from domain.kernel.errors import UnavailableError
from domain.people.search_terms import patient_terms
from sync import search_ready, snapshot_rows
from sync.bootstrap import FromCentre
from sync.local_tables import snapshot_part
from sync.search import INDEX, SearchIndex
from sync.snapshots import manifest_of
from tests.sync.test_bootstrap import QUIET, full, numbers, stick_of  # noqa: F401 (a fixture)
from tests.sync.test_snapshot_forms import (  # noqa: F401 (a fixture)
    EVERYBODY,
    forged,
    indexed,
    made_anew,
    part_of_old_clients,
    signed,
    statement,
    stick,
)
from tests.sync.world import NORTH


def test_what_a_part_brings_of_the_index_is_what_the_store_would_have_made(full, monkeypatch):  # noqa: F811
    """The hot clients' index is taken whole, the others' terms as text; nothing is worked out here."""
    station = full.add_branch(NORTH)
    full.sync.snapshots.make([NORTH, EVERYBODY])
    station.sync._greet()
    monkeypatch.setattr(SearchIndex, "renew", None)
    station.sync.bootstrap.run(FromCentre(station.sync.centre), *QUIET)
    monkeypatch.undo()
    found = indexed(station.store)
    assert len({record_id for record_id, _ in found}) == 40
    assert found == made_anew(station.store)


def rules_of_others(monkeypatch, full, station, folder):  # noqa: F811
    monkeypatch.setattr(search_ready, "RULES", search_ready.RULES + 1)


def an_index_that_is_not_empty(monkeypatch, full, station, folder):  # noqa: F811
    station.add_patient("N1", name="李雷")
    SearchIndex().rebuild(station.store)


def an_index_that_does_not_hold_together(monkeypatch, full, station, folder):  # noqa: F811
    at = next(n for n, part in enumerate(manifest_of(folder).parts) if part.hot and not part.rows)
    forged(
        full, folder, at, statement("UPDATE search_data SET block = zeroblob(length(block)) WHERE id > 10")
    )


def an_index_of_others(monkeypatch, full, station, folder):  # noqa: F811
    at = next(n for n, part in enumerate(manifest_of(folder).parts) if part.hot and not part.rows)
    forged(full, folder, at, statement("DELETE FROM search_docsize WHERE id = 1"))


@pytest.mark.parametrize(
    "hindrance",
    [
        rules_of_others,
        an_index_that_is_not_empty,
        an_index_that_does_not_hold_together,
        an_index_of_others,
    ],
)
def test_where_that_does_not_fit_the_store_makes_its_own(full, stick, monkeypatch, hindrance):  # noqa: F811
    folder, station = stick
    hindrance(monkeypatch, full, station, folder)
    before = len(numbers(station))
    station.sync.bootstrap.run(stick_of(full.sync._key, folder), *QUIET)
    assert len(numbers(station)) == 40 + before
    found = indexed(station.store)
    assert len({record_id for record_id, _ in found}) == 40 + before
    assert found == made_anew(station.store)
    assert full.differing(station) == ([] if not before else ["patient"])


def test_a_snapshot_that_goes_before_its_index_has_come_leaves_nobody_who_is_not_found(full, stick):  # noqa: F811
    folder, station = stick
    at = next(n for n, part in enumerate(manifest_of(folder).parts) if part.hot and not part.rows)
    (folder / manifest_of(folder).parts[at].name).unlink()
    with pytest.raises(UnavailableError, match=r"snapshot\.not_on_media"):
        station.sync.bootstrap.run(stick_of(full.sync._key, folder), *QUIET)
    assert numbers(station)
    signed(full, folder, [part for part in manifest_of(folder).parts if not part.hot])
    station.sync.bootstrap.forget()
    station.sync.bootstrap.run(stick_of(full.sync._key, folder), *QUIET)
    assert len(numbers(station)) == 40
    assert indexed(station.store) == made_anew(station.store)


def test_a_full_disk_at_the_centre_is_said_and_leaves_nothing(full, monkeypatch):  # noqa: F811
    def full_up(*_given):
        raise sqlcipher.OperationalError("database or disk is full")

    monkeypatch.setattr("sync.snapshots.index", full_up)
    before = list(full.sync.snapshots.folder.glob("*"))
    with pytest.raises(UnavailableError, match=r"store\.disk_full"):
        full.sync.snapshots.make([NORTH, EVERYBODY])
    assert list(full.sync.snapshots.folder.iterdir()) == before
    monkeypatch.undo()
    full.sync.snapshots.make([NORTH, EVERYBODY])


def test_a_store_filled_before_its_first_start_does_not_make_its_index_again(full, stick):  # noqa: F811
    folder, station = stick
    station.sync.bootstrap.run(stick_of(full.sync._key, folder), *QUIET)
    assert SearchIndex().prepare(station.store) is False


def test_who_changes_what_a_client_is_found_by_says_so():
    """The digest belongs to the number: an index made by other rules must not be taken over."""
    terms = patient_terms(
        name="单于 Anna 旅", phone="138-0000 1111", id_number="11010119800501001x", birth_date=None, org="b1"
    )
    told = hashlib.sha256("\n".join([INDEX, *terms]).encode()).hexdigest()[:16]
    assert (search_ready.RULES, told) == (1, "9d1fcdc529c2551d")


# What stands in the way of the quick way


def test_the_guard_stands_again_after_a_part(full, stick, monkeypatch):  # noqa: F811
    monkeypatch.setattr(snapshot_rows, "_MANY", 1)
    folder, station = stick

    def guards():
        with station.store.read() as connection:
            return connection.exec_driver_sql(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            ).all()

    before = sorted(tuple(row) for row in guards())
    seen = []
    station.sync.bootstrap.run(
        stick_of(full.sync._key, folder), *QUIET, between=lambda: seen.append(sorted(map(tuple, guards())))
    )
    assert seen
    assert all(one == before for one in [*seen, sorted(map(tuple, guards()))])


def test_what_is_changed_here_stays_while_the_rest_comes(full, stick):  # noqa: F811
    """A client that was edited here comes again and is left alone, and it is found as edited."""
    folder, station = stick
    stop = threading.Event()

    def between():
        if sum(row.state == "loaded" for row in station.all(snapshot_part)) > part_of_old_clients(folder):
            stop.set()

    with pytest.raises(UnavailableError, match=r"snapshot\.stopped"):
        station.sync.bootstrap.run(stick_of(full.sync._key, folder), QUIET[0], stop, between=between)
    row = next(r for r in station.rows("patient") if r.number == "P1")
    station.set("patient", row.id, name="欧阳", phone="13912345678")
    station.sync.bootstrap.forget()
    station.sync.bootstrap.run(stick_of(full.sync._key, folder), *QUIET)
    assert station.row("patient", row.id).name == "欧阳"
    assert len(numbers(station)) == 40
    assert indexed(station.store) == made_anew(station.store)
    full.settle(station)
    assert full.centre.row("patient", row.id).name == "欧阳"
    assert full.differing(station) == []
