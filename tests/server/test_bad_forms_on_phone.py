"""Whatever can be wrong with a form, as a client on the phone meets it: a sentence, nothing lost, no stop."""

import time

import pytest
from sqlalchemy import select

from domain.checkup.records import QuestionnaireResponse
from domain.links.records import PersonLink
from forms.questionnaire_reader import parse_form
from server.pages import links
from tests.forms.bad_forms import BROKEN, HOSTILE_CALCULATIONS, calculated
from tests.forms.building import HL7, item
from tests.server.phone import Phone, a_client, handed_over


def resource(*items):
    return {
        "resourceType": "Questionnaire", "url": "https://example.org/house", "version": "1.0.0",
        "title": "院内问卷", "status": "active", "item": list(items),
    }  # fmt: skip


@pytest.fixture
def house(monkeypatch):
    """Return a function that says what the form named ``house`` is from now on."""
    real, now = links.take, {}

    def take(connection, folder, name, *more):
        return (
            links.Taken(parse_form(now["form"])) if name == "house" else real(connection, folder, name, *more)
        )

    monkeypatch.setattr(links, "take", take)
    return lambda *items: now.update(form=resource(*items))


def rows(server, record, **wanted):
    conditions = [getattr(record, name) == value for name, value in wanted.items()]
    with server.centre.store.read() as connection:
        return connection.execute(select(record.__table__).where(*conditions)).all()


def opened(server, patient):
    token, link = handed_over(server, patient, form="house", version="1.0.0")
    phone = Phone(server, token)
    phone.open()
    phone.verify()
    phone.open()
    return phone, link


def test_a_form_that_cannot_be_used_says_why_and_keeps_what_was_answered(server, house):
    house(item("n"), item("m"))
    phone, link = opened(server, a_client(server))
    phone.answer("stay", n="7")
    for items, word in BROKEN.values():
        house(*items)
        answer = phone.open()
        assert 400 <= answer.status_code < 500
        assert word in phone.text()
        assert 400 <= phone.answer("stay", n="8").status_code < 500
    [kept] = rows(server, PersonLink, id=link)
    assert "7" in str(kept.draft)
    house(item("n"), item("m"))
    phone.open()
    assert 'value="7"' in phone.last.text, "mended, it goes on"


@pytest.mark.parametrize("hostile", HOSTILE_CALCULATIONS)
def test_a_hostile_expression_is_stopped_and_the_form_is_handed_in(server, house, hostile):
    house(item("n"), calculated("bad", HOSTILE_CALCULATIONS[hostile]))
    patient = a_client(server)
    began = time.monotonic()
    phone, _ = opened(server, patient)
    phone.answer("finish", n="7")
    assert time.monotonic() - began < 60, "unbounded, this takes hours"
    assert "已提交" in phone.text()
    assert len(rows(server, QuestionnaireResponse, patient_id=patient)) == 1


def test_an_answer_out_of_range_is_said_beside_it(server, house):
    limits = [{"url": HL7 + "minValue", "valueInteger": 0}, {"url": HL7 + "maxValue", "valueInteger": 20}]
    house(item("n", extension=limits))
    patient = a_client(server)
    phone, _ = opened(server, patient)
    for typed, word in (("21", "20"), ("-1", "0"), ("很多", "要填")):
        assert phone.answer("finish", n=typed).status_code == 422
        assert word in phone.text()
        assert typed == "很多" or f'value="{typed}"' in phone.last.text, (
            "what was typed stays to be put right"
        )
    assert rows(server, QuestionnaireResponse, patient_id=patient) == []
    phone.answer("finish", n="20")
    assert "已提交" in phone.text()
