"""The operations page: what the centre sees of each workstation, written when worth telling, and the alerts of it."""

import uuid
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from domain.alerts.records import Alert
from domain.conversations.hours_commands import SetAnswerHours
from domain.exchange.commands import DecideConflict
from domain.exchange.node_records import Contact, SyncNode
from domain.exchange.rules import Choice
from domain.kernel.authority import system_actor
from domain.kernel.change_log import head_position
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.knowledge.commands import WriteEntry
from domain.knowledge.records import KnowledgeEntry, Shelf
from domain.people.enrolment_commands import RevokeWorkstation
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from server.nodes import NodeWatch
from sync.branch import BranchSync, enrolled_rows
from sync.local_centre import LocalCentre
from sync.local_tables import installation, parked_txn
from sync.parking import Parked, park
from sync.protocol import Hello
from tests.fixtures.conflicts import dispute


@pytest.fixture
def centre(server):
    return server.centre


@pytest.fixture
def watch(centre):
    found = NodeWatch(centre.dispatcher, system_actor(centre.identity.org_id, centre.identity.device_id))
    found.look()
    return found


@pytest.fixture
def branch(server, store, tmp_path):
    """A workstation of B01 with a store of its own, next to the running centre."""
    server._tokens.clear()  # the clock went on since the last test
    station = server.enrol()
    row = enrolled_rows(
        device_id=station.device_id, org_id=server.orgs["B01"], epoch=1, name="前台一", server=server.api.url,
        number_prefix=station.told["number_prefix"],
    )  # fmt: skip
    with store.write() as connection:
        connection.execute(installation.insert(), {**row, "server_key": station.told["server_key"]})
    line = LocalCentre(server.centre.sync, station.device_id)
    station.sync = BranchSync(
        store, line, station.key, tmp_path / "bundles", clock=server.clock, program="2.0"
    )
    station.desk = Dispatcher(
        store, clock=server.clock, content={"number_prefix": station.told["number_prefix"]}
    )
    station.actor = system_actor(server.orgs["B01"], station.device_id)
    return station


def tick(centre):
    """Let what fell due by the engine's timers be told."""
    next(f.reader for f in centre.followers if f.reader.name == "alerts").tick()


def node(centre, station):
    table = SyncNode.__table__
    with centre.store.read() as connection:
        return connection.execute(select(table).where(table.c.id == station.device_id)).first()


def alerts(centre, rule, station):
    for follower in centre.followers:
        follower.catch_up()
    table = Alert.__table__
    with centre.store.read() as connection:
        found = connection.execute(
            select(table.c.state).where(table.c.rule == rule, table.c.subject_id == station.device_id)
        )
        return list(found.scalars())


def register(station, name="王美娜"):
    order = RegisterPatient(name=name, sex=Sex.FEMALE, birth_date=date(1980, 5, 1), another_person=True)
    station.desk.run(order, station.actor)


def test_a_workstation_appears_when_it_is_enrolled_and_when_it_speaks(centre, watch, branch):
    watch.look()
    assert node(centre, branch).contact is Contact.NEVER
    branch.sync.exchange()
    watch.look()
    row = node(centre, branch)
    assert (row.contact, row.version, row.backlog, row.failures) == (Contact.ONLINE, "2.0", 0, 0)


def test_nothing_is_written_while_nothing_is_worth_telling(server, centre, watch, branch):
    branch.sync.exchange()  # takes in what ships
    branch.sync.exchange()
    watch.look()
    with centre.store.read() as connection:
        before = head_position(connection)
    server.clock.advance(timedelta(minutes=5))
    branch.sync.exchange()
    assert watch.look() == 0
    with centre.store.read() as connection:
        assert head_position(connection) == before
    server.clock.advance(timedelta(minutes=26))
    branch.sync.exchange()
    watch.look()
    assert node(centre, branch).last_contact == server.clock(), "it was half an hour old"


def test_silence_is_an_alert_that_ends_with_the_next_contact(server, centre, watch, branch):
    branch.sync.exchange()
    watch.look()
    server.clock.advance(timedelta(minutes=31))
    watch.look()
    assert node(centre, branch).contact is Contact.OFFLINE
    assert alerts(centre, "A-125", branch) == ["open"]
    branch.sync.exchange()
    watch.look()
    assert alerts(centre, "A-125", branch) == ["closed"]
    server.clock.advance(timedelta(minutes=40))
    watch.look()
    assert sorted(alerts(centre, "A-125", branch)) == ["closed", "open"], "another silence, another alert"


def test_a_program_that_was_closed_worries_nobody(server, centre, watch, branch):
    branch.sync.exchange()
    branch.sync.say_goodbye()
    watch.look()
    server.clock.advance(timedelta(hours=14))
    watch.look()
    assert node(centre, branch).contact is Contact.CLOSED
    assert alerts(centre, "A-125", branch) == []
    branch.sync.exchange()
    watch.look()
    assert node(centre, branch).contact is Contact.ONLINE


def test_a_backlog_is_told_with_its_age_and_is_overdue_after_a_day(server, centre, watch, branch):
    branch.sync.exchange()
    watch.look()
    register(branch)
    register(branch, "李四光")
    for _ in range(50):  # it is in contact all the time, and nothing goes up
        server.clock.advance(timedelta(minutes=30))
        branch.sync._greet()
        watch.look()
    row = node(centre, branch)
    assert (row.backlog, row.contact) == (2, Contact.ONLINE)
    assert row.waits_s > 24 * 3600
    assert row.backlog_bytes > 100
    assert alerts(centre, "A-130", branch) == ["open"]
    branch.sync.exchange()
    branch.sync.exchange()
    watch.look()
    assert node(centre, branch).backlog == 0
    assert alerts(centre, "A-130", branch) == ["closed"]


@pytest.mark.parametrize("farewell", ["silent", "closed", "watch away"])
def test_a_branch_that_returns_and_sends_at_once_is_not_called_overdue(
    server, centre, watch, branch, farewell
):
    branch.sync.exchange()
    watch.look()
    register(branch)
    if farewell == "closed":
        branch.sync.say_goodbye()
    if farewell != "watch away":
        server.clock.advance(timedelta(minutes=31))
        watch.look()
    server.clock.advance(timedelta(hours=25))
    branch.sync._greet()
    watch.look()
    row = node(centre, branch)
    assert (row.contact, row.backlog) == (Contact.RETURNED, 1)
    assert row.waits_s >= 25 * 3600, "the page tells the truth meanwhile"
    assert alerts(centre, "A-130", branch) == alerts(centre, "A-125", branch)[1:] == []
    branch.sync.exchange()
    branch.sync.exchange()
    watch.look()
    assert (node(centre, branch).contact, node(centre, branch).waits_s) == (Contact.ONLINE, 0)
    assert alerts(centre, "A-130", branch) == []


def test_a_branch_that_returns_and_does_not_send_is_overdue_after_its_grace(server, centre, watch, branch):
    branch.sync.exchange()
    watch.look()
    register(branch)
    server.clock.advance(timedelta(hours=25))
    for minutes, expected in ((0, []), (29, []), (29, []), (2, ["open"])):
        server.clock.advance(timedelta(minutes=minutes))
        branch.sync._greet()
        watch.look()
        assert alerts(centre, "A-130", branch) == expected


def test_uploads_that_fail_again_and_again_are_told(centre, watch, branch):
    branch.sync.exchange()
    register(branch)
    push, branch.sync.centre.push = branch.sync.centre.push, refusing
    for _ in range(3):
        with pytest.raises(DomainError):
            branch.sync.exchange()
    branch.sync._greet()
    watch.look()
    assert node(centre, branch).failures == 3
    assert alerts(centre, "A-131", branch) == ["open"]
    branch.sync.centre.push = push
    branch.sync.exchange()
    branch.sync.exchange()
    watch.look()
    assert alerts(centre, "A-131", branch) == ["closed"]


def refusing(*_):
    raise DomainError("bundle.damaged")


def test_what_was_refused_whole_and_what_waits_is_counted(centre, watch, branch):
    branch.sync.exchange()
    with centre.store.write() as connection:
        kept = [
            Parked(
                txn_id=bytes(15) + bytes([number + 1]), device_id=branch.device_id.bytes, dev_seq=number,
                position=0, reason=reason, waits_for=None, at=0, payload=b"",
            )
            for number, reason in enumerate(["sync.bad_value", "sync.waits_for_record"])
        ]  # fmt: skip
        park(connection, kept)
    watch.look()
    row = node(centre, branch)
    assert (row.rejected, row.parked, row.trouble) == (1, 1, 2)
    assert alerts(centre, "A-132", branch) == ["open"]
    assert alerts(centre, "A-129", branch) == ["open"]
    with centre.store.write() as connection:
        connection.execute(parked_txn.delete())
    watch.look()
    assert alerts(centre, "A-129", branch) == ["closed"]


def test_greetings_refused_again_and_again_are_told(centre, watch, branch):
    branch.sync.exchange()
    old = Hello(
        device_id=branch.device_id, epoch=1, last_seq=0, acked_seq=0, nonce="", schema_ver=1, at=0, proto_min=90,
        proto_max=99,
    )  # fmt: skip
    for _ in range(3):
        with pytest.raises(DomainError, match=r"sync\.proto_unsupported"):
            centre.sync.hello(branch.device_id, old)
    watch.look()
    assert alerts(centre, "A-124", branch) == ["open"]


def test_a_revoked_one_is_no_longer_missed(server, centre, watch, branch):
    branch.sync.exchange()
    server.as_system(RevokeWorkstation(workstation_id=branch.device_id, reason="丢失"))
    server.clock.advance(timedelta(hours=2))
    watch.look()
    assert node(centre, branch).contact is Contact.REVOKED
    assert alerts(centre, "A-125", branch) == []


def test_the_page_is_a_worklist_for_those_who_watch(server, centre, watch, branch):
    branch.sync.exchange()
    watch.look()
    server._tokens.clear()
    answer = server.api.get("/api/worklists/sync.nodes", token=server.token("it"))
    assert answer.status_code == 200, answer.text
    assert server.api.get("/api/worklists/sync.nodes", token=server.token("nurse")).status_code == 403


def told_of_conflicts(centre):
    for follower in centre.followers:
        follower.catch_up()
    table = Alert.__table__
    with centre.store.read() as connection:
        return list(connection.execute(select(table.c.state).where(table.c.rule == "A-911")).scalars())


def test_a_conflict_that_waits_too_long_is_told_and_a_decision_ends_it(server, centre, watch, branch):
    actor = system_actor(server.orgs["B01"], centre.identity.device_id)
    conflict = dispute(centre.dispatcher, actor, "patient", uuid.uuid4(), "allergy", "甲", "乙")
    watch.look()
    server.clock.advance(timedelta(hours=72))
    watch.look()
    assert told_of_conflicts(centre) == []
    server.clock.advance(timedelta(minutes=1))
    watch.look()
    assert told_of_conflicts(centre) == ["open"]
    centre.dispatcher.run(DecideConflict(conflict_id=conflict, choice=Choice.THEIRS), actor)
    watch.look()
    assert told_of_conflicts(centre) == ["closed"]


def test_settings_that_a_workstation_has_not_taken_in_are_told_until_it_has(server, centre, watch, branch):
    branch.sync.exchange()
    watch.look()
    assert node(centre, branch).settings_since is None
    boss = system_actor(centre.identity.org_id, centre.identity.device_id)
    order = SetAnswerHours(monday="08:00-12:00", reason="作息")
    centre.dispatcher.run(order, boss)
    server.clock.advance(timedelta(minutes=1))
    watch.look()
    row = node(centre, branch)
    assert (row.settings_behind, row.settings_since) == (1, server.clock())
    assert alerts(centre, "A-056", branch) == []
    server.clock.advance(timedelta(minutes=29))
    watch.look()
    tick(centre)
    assert alerts(centre, "A-056", branch) == []
    server.clock.advance(timedelta(minutes=1))
    tick(centre)
    assert alerts(centre, "A-056", branch) == ["open"]
    branch.sync.exchange()  # takes them in
    branch.sync.exchange()  # and says so
    watch.look()
    assert node(centre, branch).settings_behind == 0
    assert alerts(centre, "A-056", branch) == ["closed"]


def test_knowledge_flows_to_the_branch_and_one_that_has_not_taken_it_in_for_a_day_is_told(
    server, centre, watch, branch, store
):
    boss = system_actor(centre.identity.org_id, centre.identity.device_id)
    branch.sync.exchange()  # takes in what ships
    branch.sync.exchange()  # and says so
    watch.look()
    assert (node(centre, branch).knowledge_behind, node(centre, branch).knowledge_since) == (0, None)
    order = WriteEntry(
        kind=Shelf.DIET,
        code="dash_outline",
        title="减盐膳食",
        points="少盐",
        source="本院规定",
        reason="修订",
    )
    centre.dispatcher.run(order, boss)
    server.clock.advance(timedelta(minutes=1))
    watch.look()
    row = node(centre, branch)
    assert (row.knowledge_behind, row.knowledge_since) == (1, server.clock())
    server.clock.advance(timedelta(hours=24) - timedelta(minutes=1))
    tick(centre)
    assert alerts(centre, "A-128", branch) == []
    server.clock.advance(timedelta(minutes=1))
    tick(centre)
    assert alerts(centre, "A-128", branch) == ["open"]
    branch.sync.exchange()
    with store.read() as connection:
        kept = KnowledgeEntry.__table__
        mine = select(kept.c.title).where(kept.c.code == "dash_outline")
        assert connection.execute(mine).scalar() == "减盐膳食"
    branch.sync.exchange()
    watch.look()
    tick(centre)
    assert (node(centre, branch).knowledge_behind, node(centre, branch).knowledge_since) == (0, None)
    assert alerts(centre, "A-128", branch) == ["closed"]


def test_a_workstation_that_is_switched_off_has_time_from_its_return(server, centre, watch, branch):
    branch.sync.exchange()
    branch.sync.say_goodbye()
    order = SetAnswerHours(monday="08:00-12:00", reason="作息")
    centre.dispatcher.run(order, system_actor(centre.identity.org_id, centre.identity.device_id))
    server.clock.advance(timedelta(hours=9))
    watch.look()
    assert node(centre, branch).settings_behind == 0
