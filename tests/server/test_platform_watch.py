"""The centre looks at itself: what stays unwell for five minutes is told, a moment is not, and recovery ends it."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

import resources
from domain.alerts.content import load_rules
from domain.alerts.engine import AlertEngine
from domain.alerts.records import Alert
from domain.exchange.platform_commands import NotePlatform, Probe
from domain.exchange.platform_records import PlatformCheck
from domain.kernel.authority import system_actor
from domain.kernel.readers import Follower
from server.interfaces.inbox import InboxPlace
from server.platform_watch import PlatformWatch
from tests.conftest import BRANCH, DEVICE

SYSTEM = system_actor(BRANCH, DEVICE)
MINUTE = timedelta(minutes=1)


def rows(desk, record, **wanted):
    table = record.__table__
    with desk.store.read() as connection:
        return connection.execute(table.select().where(*(table.c[n] == v for n, v in wanted.items()))).all()


@pytest.fixture
def watch(desk, tmp_path):
    readers = SimpleNamespace(failing=dict)
    return PlatformWatch(
        desk, SYSTEM, data_dir=tmp_path, least_free_bytes=1, followers=[], readers=readers,
        inbox=InboxPlace(tmp_path / "none.db"),
    )  # fmt: skip


def test_everything_is_looked_at_and_written_when_it_turns(desk, watch, clock):
    assert watch.look() == 5
    assert {row.probe for row in rows(desk, PlatformCheck)} == {
        "answers",
        "disk",
        "readers",
        "outbox",
        "inbox",
    }
    assert {row.state for row in rows(desk, PlatformCheck)} == {"well"}
    assert watch.look() == 0, "nothing turned"
    watch._least_free_bytes = 1 << 60
    assert watch.look() == 1
    [disk] = rows(desk, PlatformCheck, probe="disk")
    assert (disk.state, disk.due_at - disk.state_since) == ("unwell", 5 * MINUTE)
    watch._readers = SimpleNamespace(failing=lambda: {"alerts": "store.full"})
    watch.look()
    [reading] = rows(desk, PlatformCheck, probe="readers")
    assert (reading.state, reading.value) == ("unwell", "alerts")
    clock.advance(timedelta(minutes=31))
    assert watch.look() == 5, "what was measured long ago is measured anew"


def test_what_stays_unwell_is_told_after_five_minutes_and_recovery_ends_it(desk, clock, authority):
    engine = AlertEngine(desk, load_rules(resources.folder("alerts"), authority.roles), SYSTEM)
    follower = Follower(desk.store, engine)

    def note(well):
        desk.run(NotePlatform(probes=[Probe("outbox", well, "40 min", "≤ 15 min")]), SYSTEM)
        follower.catch_up()
        engine.tick()
        follower.catch_up()
        return [(row.state, row.severity) for row in rows(desk, Alert, rule="A-126")]

    assert note(True) == []
    assert note(False) == []
    clock.advance(4 * MINUTE)
    assert note(False) == [], "not yet"
    clock.advance(MINUTE)
    assert note(False) == [("open", "urgent")]
    assert note(True)[0][0] == "closed"
