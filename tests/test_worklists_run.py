"""Every list runs on both databases and shows nobody what they have no clearance for."""

import enum
import uuid
from datetime import date, datetime

import pytest

import resources
from domain.kernel.authority import Authority, system_actor
from domain.kernel.clock import ManualClock
from domain.kernel.columns import Sensitivity
from domain.kernel.errors import DomainError
from domain.kernel.masking import masked
from domain.kernel.record import Scope, column_info, record_classes
from domain.kernel.unit_of_work import UnitOfWork
from domain.kernel.worklists import Filter, Pages, records, worklists
from domain.people.organizations import subtree
from domain.people.records import Organization
from tests.conftest import DEVICE, HEAD_OFFICE, KEY, OTHER_BRANCH, START
from tests.fixtures.breadth import DEEP
from tests.fixtures.whole_day import NAME, PERSONAL, SENSITIVE, live_a_day

pytest_plugins = ["tests.fixtures.mariadb"]
LISTS = sorted(worklists())
ROLES = Authority.load(resources.folder("roles.yaml")).roles


def roles_cleared_for(clearance):
    """Return the roles of a clearance, new ones too."""
    return sorted(name for name, role in ROLES.items() if role.clearance == clearance)


DEPARTMENT = uuid.UUID(int=0xD0)


@pytest.fixture(scope="module")
def lived(tmp_path_factory, empty_store, authority):
    from sync.stores import open_branch_store

    path = tmp_path_factory.mktemp("lived") / "branch.db"
    path.write_bytes(empty_store.read_bytes())
    store = open_branch_store(path, KEY)
    yield live_a_day(store, authority, ManualClock(START), DEVICE)
    store.close()


@pytest.fixture
def lived_on_mariadb(mariadb_store, authority):
    return live_a_day(mariadb_store, authority, ManualClock(START), DEVICE)


def read_every_way(day, listing, *, every=1, both=DEEP):
    """Read a list page by page, sorted by its columns (both ways, or by turns), filtered by its first value.

    `every` reads only each n-th column, beginning elsewhere from list to list.
    """
    pages, actor = Pages(day.desk.store), system_actor(day.org_id, DEVICE)
    whole = pages.page(listing, actor, limit=500).rows
    assert pages.count(listing, actor) == len(whole)
    step = max(2, len(whole) // 4)  # a long list is read in few pages: it is their seams that can go wrong
    for index, column in list(enumerate(listing.columns))[len(listing.name) % every :: every]:
        ways = (column.name, f"-{column.name}")
        for order in ways if both else ways[index % 2 :][:1]:
            found, key = [], None
            while True:
                page = pages.page(listing, actor, order=order, after=key, limit=step)
                found += page.rows
                key = page.next_key
                if key is None:
                    break
            assert sorted(r.id for r in found) == sorted(r.id for r in whole), order
            check_places(pages, listing, actor, order, found, step + 1)
        value = next((r.values[index] for r in whole if r.values[index] is not None), None)
        if isinstance(value, str | int | float | date | datetime | enum.Enum):
            same = pages.page(listing, actor, filters=[Filter(column.name, "eq", value)], limit=500).rows
            assert [r.id for r in same] == [r.id for r in whole if r.values[index] == value]
    return whole


def check_places(pages, listing, actor, order, rows, every):
    """See that marks, spans and ids in order all tell the same of where the rows are."""
    ids = [r.id for r in rows]
    assert pages.ids_in_order(listing, actor, order=order) == b"".join(i.bytes for i in ids), order
    marks = pages.marks(listing, actor, order=order, every=every)
    assert sum(m.rows for m in marks) == len(rows), order
    at, before = 0, None
    for mark in marks:
        part = pages.page(listing, actor, order=order, after=before, until=mark.key, limit=500).rows
        assert [r.id for r in part] == ids[at : at + mark.rows], order
        assert part[-1].key == mark.key
        within = pages.marks(listing, actor, order=order, after=before, until=mark.key, every=every - 1)
        assert sum(m.rows for m in within) == mark.rows
        at, before = at + mark.rows, mark.key
    again = {r.id: r.key for r in pages.rows_of(listing, actor, ids[:5], order=order)}
    assert again == {r.id: r.key for r in rows[:5]}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_runs_on_sqlite(lived, name):
    read_every_way(lived, worklists()[name])


@pytest.mark.mariadb
def test_every_list_runs_on_mariadb_and_shows_the_same(lived_on_mariadb, lived):
    here = system_actor(lived.org_id, DEVICE)
    for name in LISTS:
        there = read_every_way(lived_on_mariadb, worklists()[name], every=1 if DEEP else 12)
        assert len(there) == Pages(lived.desk.store).count(worklists()[name], here), name


FILLED = {
    "alert.open", "alert.trail", "checkup.differences", "checkup.findings", "checkup.held", "checkup.omissions",
    "checkup.to_check",
    "checkup.visits", "conflict.decided", "conflict.lead", "conflict.open", "critical.open", "document.outgoing",
    "form.responses", "form.results", "form.tasks", "link.open", "people.clients", "people.identity_changes",
    "people.identity_checks", "report.chief_queue", "risk.assessments", "risk.changes", "risk.levels", "risk.rules",
    "specimen.events", "specimen.stored", "specimen.waiting", "staff.accounts",
}  # fmt: skip


def test_the_day_fills_its_lists(lived):
    """Reading an empty list proves nothing: these at least have rows here; other features fill theirs themselves."""
    pages, actor = Pages(lived.desk.store), system_actor(lived.org_id, DEVICE)
    assert {name for name in FILLED if pages.count(worklists()[name], actor) == 0} == set()


def shown_to(role, day):
    """Return all that a role can read: each list it may open, and each record."""
    actor = day.people[role]
    pages = Pages(day.desk.store)
    found = []
    for name in LISTS:
        if not actor.may(worklists()[name].permission):
            with pytest.raises(DomainError, match=r"permission\.denied"):
                pages.page(worklists()[name], actor)
            continue
        found += [(name, str(r.values)) for r in pages.page(worklists()[name], actor, limit=500).rows]
    with day.desk.store.read() as connection:
        for entity, kind in record_classes().items():
            if entity != "conflict":
                found += [(entity, str(row.as_dict())) for row in records(connection, actor, kind)]
    return found


@pytest.mark.parametrize("role", roles_cleared_for("public"))
def test_without_clearance_nobody_reads_who_it_is(lived, role):
    assert lived.people[role].clearance is Sensitivity.PUBLIC
    told = [
        (where, value)
        for where, text in shown_to(role, lived)
        for value in PERSONAL + SENSITIVE
        if value in text
    ]
    assert told == []


@pytest.mark.parametrize("role", roles_cleared_for("personal"))
def test_with_personal_clearance_nobody_reads_what_they_have(lived, role):
    assert lived.people[role].clearance is Sensitivity.PERSONAL
    texts = shown_to(role, lived)
    assert [(where, value) for where, text in texts for value in SENSITIVE if value in text] == []
    assert any(NAME in text for _, text in texts), "the test would see a name if it were shown"


@pytest.mark.parametrize("role", ["nurse", "physician"])
def test_with_clearance_everything_is_read(lived, role):
    texts = [text for _, text in shown_to(role, lived)]
    for value in SENSITIVE:
        assert any(value in text for text in texts), value


@pytest.mark.parametrize("name", LISTS)
def test_another_branch_sees_no_row(lived, authority, name):
    listing = worklists()[name]
    if listing.record.record_info.scope is Scope.CATALOGUE:
        pytest.skip("what is in the catalogue is everybody's")
    for role in authority.roles:
        stranger = authority.actor(
            staff_id=None, name="外院", role=role, org_id=OTHER_BRANCH, device_id=DEVICE, subtree=()
        )
        if stranger.may(listing.permission):
            assert Pages(lived.desk.store).page(listing, stranger).rows == ()


def test_the_head_office_sees_the_branches_below_it_and_a_sister_branch_does_not(lived, authority):
    with lived.desk.store.write() as connection:
        tree = [
            ("A0", HEAD_OFFICE, None),
            ("B02", OTHER_BRANCH, HEAD_OFFICE),
            ("D1", DEPARTMENT, OTHER_BRANCH),
        ]
        work = UnitOfWork(connection, system_actor(HEAD_OFFICE, DEVICE), now=START, new_id=lived.desk.ids)
        for code, own, parent in tree:
            work.add(Organization(id=own, org_id=own, code=code, name=code, parent_id=parent))
        work.get(Organization, lived.org_id).parent_id = HEAD_OFFICE
        work.commit_entry("test.tree", txn_id=lived.desk.ids())
        work.close()
    with lived.desk.store.read() as connection:
        assert subtree(connection, HEAD_OFFICE) == {HEAD_OFFICE, OTHER_BRANCH, DEPARTMENT, lived.org_id}
        assert subtree(connection, OTHER_BRANCH) == {OTHER_BRANCH, DEPARTMENT}
        below = {org: subtree(connection, org) for org in (HEAD_OFFICE, OTHER_BRANCH)}
    listing = worklists()["report.chief_queue"]
    seen = {}
    for org, orgs in below.items():
        chief = authority.actor(
            staff_id=None, name="李", role="chief_physician", org_id=org, device_id=DEVICE, subtree=orgs
        )
        seen[org] = len(Pages(lived.desk.store).page(listing, chief).rows)
    assert seen == {HEAD_OFFICE: 1, OTHER_BRANCH: 0}


def test_the_history_of_tubes_names_who_what_and_when(lived):
    pages, actor = Pages(lived.desk.store), lived.people["biobank_technician"]
    listing = worklists()["specimen.events"]
    names = [c.name for c in listing.columns]
    rows = [dict(zip(names, r.values, strict=True)) for r in pages.page(listing, actor, limit=500).rows]
    assert {r["kind"] for r in rows} == {"collected", "received", "processed", "aliquoted", "stored"}
    for row in rows:
        assert (row["staff_name"], row["occurred_at"]) == ("周建国", START)
    assert [r["condition"] for r in rows if r["kind"] == "received"] == ["good"]
    assert [r["place"] for r in rows if r["kind"] == "stored"] == ["血清盒 1 A1"]
    assert sum(r["produced_ul"] or 0 for r in rows) == sum(r["consumed_ul"] or 0 for r in rows) == 500


@pytest.mark.parametrize("clearance", Sensitivity)
def test_masking_follows_the_column_and_the_clearance(clearance):
    for kind in record_classes().values():
        for column in kind.__table__.columns:
            info = column_info(column)
            if info is not None:
                clear = masked(info, "欧阳娜娜 13987651234", clearance) == "欧阳娜娜 13987651234"
                assert clear is (info.sensitivity <= clearance)


@pytest.mark.parametrize("role", roles_cleared_for("public"))
def test_what_is_masked_tells_nothing_by_its_order_or_a_range_of_it(lived, role):
    actor, pages, tried = lived.people[role], Pages(lived.desk.store), 0
    for listing in (w for w in worklists().values() if actor.may(w.permission)):
        for column in listing.columns:
            if column.info is None or column.info.sensitivity <= actor.clearance:
                continue
            tried += 1
            ranges = [{"filters": [Filter(column.name, op, "1")]} for op in ("ge", "starts", "ne")]
            for asked in ({"order": column.name}, {"order": f"-{column.name}"}, *ranges):
                for read in (pages.page, pages.marks, pages.ids_in_order):
                    with pytest.raises(DomainError, match=r"worklist\.masked_column"):
                        read(listing, actor, **asked)
    assert tried or not any(actor.may(w.permission) for w in worklists().values())
