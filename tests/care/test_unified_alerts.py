"""One way of telling for all five kinds: thresholds of the house, channels to client and staff, several at once."""

import pytest
from sqlalchemy import select

import resources
from domain.alerts.commands import HandleSeveral
from domain.alerts.records import Alert, AlertEvent
from domain.alerts.rule_commands import ChangeRule
from domain.care.records import CareKind
from domain.kernel.readers import Follower
from domain.messaging.alerting import AlertMessenger
from domain.messaging.records import Channel, ContactAddress, OutboxMessage
from domain.messaging.templates import TEMPLATES, load_templates
from domain.people.records import Patient
from tests.care.conftest import SYSTEM

K = CareKind


@pytest.fixture
def messenger(care):
    care.desk.content[TEMPLATES] = load_templates(resources.folder("messages"))
    book = care.engine.book
    reader = AlertMessenger(care.desk, SYSTEM, book.channels_of, book.client_message_of)
    return Follower(care.desk.store, reader)


def messages(care):
    with care.desk.store.read() as connection:
        return connection.execute(select(OutboxMessage.__table__)).all()


@pytest.mark.parametrize("kind", list(K))
def test_every_kind_that_is_missed_is_told_by_its_own_rule(care, kind):
    care.signed(kind)
    care.later(days=4)
    care.later(days=4)
    told = {
        K.DIET: "A-013",
        K.EXERCISE: "A-015",
        K.MEDICATION: "A-011",
        K.SUPPLEMENT: "A-017",
        K.MONITORING: "A-024",
    }
    assert told[kind] in {rule for rule, _ in care.alerts()}
    assert "A-028" not in {rule for rule, _ in care.alerts()}


def test_the_house_sets_how_many_kinds_make_a_card(care, as_role):
    order = ChangeRule(rule="A-028", text="thresholds: {overdue_kinds: 3}", reason="先看三类")
    care.run(order, as_role("administrator"))
    _, items = care.signed(K.MEDICATION, K.SUPPLEMENT, K.MONITORING)
    care.note(items[K.MONITORING])
    care.later(days=1)
    assert "A-028" not in {rule for rule, _ in care.alerts()}
    care.later(days=1)
    assert ("A-028", "open") in care.alerts()


def test_the_client_is_told_once_a_day_by_what_reaches_them(care, messenger):
    care.signed(K.SUPPLEMENT)
    patient = care.one(Patient)
    with care.desk.store.write() as connection:
        from domain.kernel.unit_of_work import UnitOfWork

        work = UnitOfWork(connection, SYSTEM, now=care.clock(), new_id=care.desk.ids)
        work.add(
            ContactAddress(
                patient_id=patient.id, channel=Channel.WECOM_CLIENT, address="wm123", bound_at=care.clock()
            )
        )
        work.commit_entry("test.address", txn_id=care.desk.ids())
        work.close()
    care.later(days=1)
    messenger.catch_up()
    [message] = messages(care)
    assert (message.template, message.channel, message.patient_id) == (
        "care_reminder", Channel.WECOM_CLIENT, patient.id
    )  # fmt: skip
    assert "王建军" not in message.text
    messenger.catch_up()
    assert len(messages(care)) == 1


def test_a_client_nobody_can_reach_stops_nothing(care, messenger):
    care.signed(K.SUPPLEMENT)
    care.later(days=1)
    messenger.catch_up()
    assert messages(care) == []
    assert ("A-017", "open") in care.alerts()


def test_several_are_settled_at_once_and_every_step_is_kept(care):
    care.signed(K.MEDICATION)
    care.later(days=4)
    care.later(days=4)
    alerts = [a for a in care.rows(Alert) if a.state == "open"]
    assert len(alerts) >= 2
    order = HandleSeveral(alert_ids=[a.id for a in alerts], act="handle", note="已电话核对，客户停药就诊")
    assert care.run(order, care.doctor).done == len(alerts)
    kept = care.rows(AlertEvent)
    assert {(e.alert_id, e.kind) for e in kept} >= {(a.id, k) for a in alerts for k in ("opened", "handled")}
