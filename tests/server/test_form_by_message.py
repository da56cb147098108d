"""A questionnaire given to a list and sent by message: its link opens the questionnaire, and is over when that is."""

import hashlib
import secrets

from sqlalchemy import select

from domain.checkup.form_commands import WithdrawForm
from domain.links.giving_commands import GiveOutForms, RemindForm
from domain.links.message_commands import OfferMessage
from domain.messaging.commands import BindAddress
from domain.messaging.records import Channel, OutboxMessage
from domain.scales.records import FormGap, FormTask
from tests.server.phone import Phone, a_client


def rows(server, record, **wanted):
    conditions = [getattr(record, name) == value for name, value in wanted.items()]
    with server.centre.store.read() as connection:
        return connection.execute(select(record.__table__).where(*conditions)).all()


def link_of(server, message):
    token = secrets.token_urlsafe(16)
    digest = hashlib.sha256(token.encode()).hexdigest()
    server.as_system(OfferMessage(message_id=message.id, token_sha256=digest))
    return Phone(server, token)


def given(server):
    patient = a_client(server)
    server.as_system(BindAddress(patient_id=patient, channel=Channel.OFFICIAL_ACCOUNT, address="openid-1"))
    order = GiveOutForms(patient_ids=[patient], form="phq9", form_version="1.0.0", send=True)
    assert server.as_system(order).queued == 1
    [task], [message] = (
        rows(server, FormTask, patient_id=patient),
        rows(server, OutboxMessage, patient_id=patient),
    )
    return patient, task, message


def test_the_link_opens_the_questionnaire_and_a_page_turned_with_gaps_is_noted(server):
    patient, _task, message = given(server)
    phone = link_of(server, message)
    phone.open()
    assert "出生日期" in phone.text()
    phone.verify()
    phone.open()
    assert phone.asked()
    phone.answer("finish")
    [gap] = rows(server, FormGap, patient_id=patient)
    assert (gap.gaps > 0, gap.source) == (True, "client")


def test_a_reminder_closes_the_earlier_link_and_a_withdrawn_form_closes_all(server):
    patient, task, message = given(server)
    first = link_of(server, message)
    server.as_system(RemindForm(task_id=task.id))
    again = next(one for one in rows(server, OutboxMessage, patient_id=patient) if one.id != message.id)
    second = link_of(server, again)
    first.open()
    assert "已作废" in first.text()
    second.open()
    assert "出生日期" in second.text()
    server.as_system(WithdrawForm(task_id=task.id, reason="不再需要"))
    second.open()
    assert "已作废" in second.text()
