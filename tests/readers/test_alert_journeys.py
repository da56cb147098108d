"""Whole stories of alerts: a critical value at a branch without a line, and a month that comes back at once."""

import json
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from domain.alerts.commands import HandleSeveral
from domain.alerts.receivers import receiver_table
from domain.alerts.records import Alert
from domain.checkup.critical_commands import HandleCritical, ReceiveCritical
from domain.checkup.records import CriticalValue
from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from tests.readers import test_alert_storms as storms
from tests.readers.conftest import CENTRE_DEVICE, Watch
from tests.readers.logs import carry

MINUTE = timedelta(minutes=1)
overdue = storms.overdue


@pytest.fixture
def centre_watch(centre, book, catalog):
    centre.content["catalog"] = catalog
    return Watch(centre, book, system_actor(uuid.UUID(int=0xA0), CENTRE_DEVICE))


def told(alert):
    return set(alert.receivers if isinstance(alert.receivers, list) else json.loads(alert.receivers))


def test_a_critical_value_at_a_branch_without_a_line(world, watch, centre_watch, clock):
    """Potassium 6.8 at half past eight; the line is down until noon, and nobody at the branch has noticed that."""
    world.potassium()
    watch.look()
    [alert] = watch.alerts("A-085")
    assert (alert.state, alert.severity, alert.step) == ("open", "urgent", 0)
    assert alert.opened_at == clock(), "at once, not at the next tick"
    assert not {"department_head", "administrator"} & told(alert)

    for _ in range(3):  # nobody looks: it is told again and again
        clock.advance(9 * MINUTE)
        watch.look()
    [alert] = watch.alerts("A-085")
    assert watch.events(alert.id, "reminded"), "repeated while it waits"
    assert not {"department_head", "administrator"} & told(alert), "27 minutes"
    clock.advance(4 * MINUTE)
    watch.look()
    [alert] = watch.alerts("A-085")
    assert {"department_head", "administrator"} <= told(alert), "after half an hour, without any line"

    value = world.one(CriticalValue)
    with pytest.raises(DomainError, match=r"critical\.read_back"):
        world.desk.run(ReceiveCritical(critical_id=value.id, read_back="6.3"), world.nurse)
    shown = value.value_text.split()[0]
    world.desk.run(ReceiveCritical(critical_id=value.id, read_back=shown), world.nurse)
    world.desk.run(HandleCritical(critical_id=value.id, outcome="已复查并转急诊"), world.nurse)
    watch.look()
    [alert] = watch.alerts("A-085")
    assert alert.state == "closed"
    trail = [(event.kind, event.staff_name) for event in watch.events(alert.id)]
    assert [kind for kind, _ in trail][:1] == ["opened"]
    assert {"reminded", "escalated", "cleared"} <= {kind for kind, _ in trail}

    clock.advance(3 * 60 * MINUTE)  # noon: the line is back
    carry(watch.desk.store, centre_watch.desk.store)
    centre_watch.look()
    assert [(a.id, a.state) for a in centre_watch.alerts("A-085")] == [(alert.id, "closed")], "one, and over"
    ids = {event.id for event in centre_watch.events(alert.id)}
    assert {event.id for event in watch.events(alert.id)} <= ids, "with its whole trail"


def story_of_a_month(watch, overdue, nurse, world, count):
    """What was due in a month off is told by one card, handled by one note, and then nothing waits."""
    overdue(count)
    watch.look()
    watch.look()
    table = receiver_table()
    with watch.desk.store.read() as connection:
        interrupting = connection.execute(
            select(func.count(func.distinct(table.c.alert_id))).where(table.c.role == "nurse")
        ).scalar()
        rows = connection.execute(
            select(Alert.id, Alert.digest_id).where(Alert.rule == "A-062", Alert.state == "open")
        ).all()
    cards = [row.id for row in rows if row.digest_id is None]
    assert len(rows) == count + 1
    assert (len(cards), interrupting) == (1, 1), "one card, whatever their number"
    inside = [row.id for row in rows if row.digest_id is not None]
    for start in range(0, len(inside), 200):
        some = inside[start : start + 200]
        watch.desk.run(HandleSeveral(alert_ids=some, act="handle", note="离线期间，已逐一核对"), nurse)
    watch.look()
    left = [alert for alert in watch.alerts("A-062") if alert.state in ("open", "in_hand")]
    assert left == [], "the card is gone with the last of them"


def test_a_few_hundred_after_a_month_without_a_line(watch, overdue, nurse, world):
    story_of_a_month(watch, overdue, nurse, world, 300)


@pytest.mark.deep
def test_ten_thousand_after_a_month_without_a_line(watch, overdue, nurse, world):
    story_of_a_month(watch, overdue, nurse, world, 10_000)
