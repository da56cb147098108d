"""What both sides' readers did by themselves is settled without a word to people, and stands in the centre's log."""

import dataclasses
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from domain.alerts.commands import TakeAlert
from domain.alerts.engine_commands import ClearAlert, EscalateAlert, OpenAlert, RunAlerts
from domain.alerts.records import Severity
from domain.kernel.change_log import change_log, decode_body
from sync.local_tables import push_outcome
from tests.sync.world import NORTH

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
ALERT = uuid.UUID(int=0xA1)


def opened(summary="待处理"):
    return OpenAlert(
        alert_id=ALERT, rule="A-1", rule_version=1, name="超时", org_id=NORTH, subject="patient", subject_id=ALERT,
        summary=summary, facts={}, severity=Severity.GENERAL, receivers=["nurse"], opened_at=NOW,
        due_at=NOW + timedelta(hours=1),
    )  # fmt: skip


def escalated(step, minutes=0):
    return EscalateAlert(
        alert_id=ALERT, step=step, severity=Severity.URGENT, receivers=["physician"],
        due_at=NOW + timedelta(hours=2, minutes=minutes),
    )  # fmt: skip


def engine(place, *orders):
    actor = dataclasses.replace(place.actor, org_id=NORTH)
    return place.desk.run(RunAlerts(orders=list(orders)), actor)


def outcomes(branch):
    return [(o.outcome, o.code) for o in branch.all(push_outcome)]


@pytest.fixture
def both(world, north):
    """An alert that both noticed before they spoke with each other."""
    engine(world.centre, opened("待处理（总院）"))
    engine(north, opened())
    world.settle()
    assert outcomes(north) == []
    return world


def test_the_alert_both_raised_and_moved_on_is_no_refusal_of_anybody(both, north):
    engine(both.centre, escalated(2))
    done = engine(north, escalated(1, minutes=7))
    both.settle()
    assert outcomes(north) == [], "nothing a person could act on"
    for place in (both.centre, north):
        assert place.row("alert", ALERT).step == 2
    [entry] = both.centre.all(change_log, change_log.c.txn_id == done.txn_id)
    [kept] = decode_body(entry.body).note["refused"]
    assert kept, "what the desk's reader wanted can be looked up"
    assert both.differing(north) == []


def test_one_that_the_centre_had_closed_is_none_either(both, north):
    engine(both.centre, ClearAlert(alert_id=ALERT))
    engine(north, escalated(1))
    both.settle()
    assert outcomes(north) == []
    assert north.row("alert", ALERT).state == both.centre.row("alert", ALERT).state == "closed"


def test_what_a_person_did_is_told_as_ever(both, north):
    engine(both.centre, ClearAlert(alert_id=ALERT))
    person = dataclasses.replace(north.actor, staff_id=uuid.UUID(int=5), name="李")
    north.desk.run(TakeAlert(alert_id=ALERT), person)
    both.settle()
    [(outcome, code)] = outcomes(north)
    assert (outcome, code) == ("merged", "sync.stale_state")
