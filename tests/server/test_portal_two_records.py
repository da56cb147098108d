"""A client with two records sees one on the phone: whichever of them WeChat was bound to, and nobody else does."""

import hashlib
import secrets
from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.care.exercise_records import ExerciseEntry
from domain.care.item_commands import AddItem
from domain.care.plan_commands import SignPlan, StartPlan
from domain.care.records import CareEvent, CareKind
from domain.checkup.form_commands import IssueForm
from domain.checkup.records import Observation
from domain.interop.joining_commands import JoinRecords, SeparateRecords
from domain.kernel.clock import clinic
from domain.messaging.commands import SendMessage
from domain.messaging.records import Channel, OutboxMessage
from domain.people.records import Patient
from tests.fixtures.patience import until
from tests.server.test_portal import WeChat, bound, rows, server, vendors  # noqa: F401
from tests.server.test_portal_consult import send


@pytest.fixture
def phone(server, vendors):  # noqa: F811
    return lambda: WeChat(server, vendors, f"o{secrets.token_hex(6)}")


def joined(server, stays, other):  # noqa: F811
    [row] = rows(server, Patient, id=other)
    return server.as_system(JoinRecords(patient_id=stays, other_number=row.number, basis="本人证件"))


def test_what_was_kept_for_either_record_is_on_the_page(server, vendors, phone):  # noqa: F811
    mine, first = bound(server, phone, "周同")
    old, second = bound(server, phone, "周同")
    vendors["oa"].known.add(old.openid)
    day = clinic(server.clock()).date()
    plan = server.as_system(StartPlan(patient_id=second, name="旧档计划", ends_on=day + timedelta(days=60)))
    kinds = {
        CareKind.EXERCISE: {"label": "旧档快走", "target_value": 30, "target_unit": "min"},
        CareKind.MONITORING: {"label": "体重", "watched": "weight"},
        CareKind.SUPPLEMENT: {"label": "维生素D"},
    }
    items = {
        kind: server.as_system(AddItem(care_plan_id=plan, kind=kind, times="07:00", **more))
        for kind, more in kinds.items()
    }
    server.as_system(SignPlan(care_plan_id=plan))
    task = server.as_system(IssueForm(patient_id=second, form="phq9", form_version="1.0.0"))
    order = SendMessage(patient_id=second, template="activity_week", channel=Channel.OFFICIAL_ACCOUNT)
    number = server.as_system(order)
    until(lambda: rows(server, OutboxMessage, id=number)[0].state == "accepted")
    assert send(old, "旧档里的问题", once=secrets.token_hex(8)).status_code == 303

    def pages():
        return {path: mine.get(path).text for path in ("", "/plan", "/exercise", "/supplements", "/consult")}

    before = pages()
    marks = {
        "": "未开始",
        "/plan": "旧档快走",
        "/exercise": "旧档快走",
        "/supplements": "维生素D",
        "/consult": "旧档里的问题",
    }
    assert not any(mark in before[path] for path, mark in marks.items())
    refused = mine.post("/plan", m="", item=items[CareKind.MONITORING].hex, value="70")
    assert refused.status_code == 422, "until they are one it is somebody else's"
    assert mine.get("/message", id=number.hex).status_code == 422

    link = joined(server, first, second)
    now = pages()
    assert [path for path, mark in marks.items() if mark not in now[path]] == []
    assert mine.post("/plan", m="", item=items[CareKind.MONITORING].hex, value="70").status_code == 303
    assert mine.post("/plan", m="", item=items[CareKind.SUPPLEMENT].hex, outcome="done").status_code == 303
    assert mine.post("/exercise", m="", activity="快走", minutes="30").status_code == 303
    assert mine.get("/message", id=number.hex).status_code == 200
    assert mine.post("/form", m="", task=task.hex).headers["location"].startswith("/p/")
    [value] = rows(server, Observation, patient_id=second, item="weight")
    assert value.value_number == 70
    [bout] = rows(server, ExerciseEntry, patient_id=first)
    assert bout.item_id == items[CareKind.EXERCISE], "it counts for the plan of the other record"
    with server.centre.store.read() as connection:
        query = select(CareEvent.item_id).where(CareEvent.patient_id == second)
        assert {items[CareKind.EXERCISE], items[CareKind.SUPPLEMENT]} <= set(
            connection.execute(query).scalars()
        )

    server.as_system(SeparateRecords(same_person_id=link, reason="看错"))
    parted = pages()
    assert not any(marks[path] in parted[path] for path in ("", "/plan", "/supplements", "/consult"))
    assert mine.get("/message", id=number.hex).status_code == 422


def test_a_stranger_sees_nothing_of_either(server, phone):  # noqa: F811
    _, first = bound(server, phone, "周双")
    old, second = bound(server, phone, "周双")
    stranger, _ = bound(server, phone, "周旁观")
    joined(server, first, second)
    token = hashlib.sha256(secrets.token_bytes(8)).hexdigest()[:20]
    assert send(old, f"只有本人可见{token}", once=token).status_code == 303
    task = server.as_system(IssueForm(patient_id=second, form="phq9", form_version="1.0.0"))
    assert token not in stranger.get("/consult").text
    assert stranger.post("/form", m="", task=task.hex).status_code == 422
