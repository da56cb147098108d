"""The front desk without a window: card to visit, readings, form, tubes, exit check."""

import dataclasses
import time
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select

from client.ports import Scanned
from client.stations.front_desk.viewmodel import ViewModel
from domain.checkup.records import CriticalValue, Finding, Observation, QuestionnaireResponse, Visit
from domain.checkup.visit_commands import OpenVisit
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Patient, Sex
from tests.client_stations.conftest import WANG, arrived, reading_set

ID = WANG.number


@pytest.fixture
def model(context_for, qtbot):
    made = ViewModel(context_for("nurse"))
    yield made
    made.close()


@pytest.fixture
def known(station_desk, nurse):
    """王美娜, registered before."""
    order = RegisterPatient(
        name="王美娜", sex=Sex.FEMALE, birth_date=date(1975, 8, 23), id_number=ID, phone="13800000000"
    )
    return station_desk.dispatcher.run(order, nurse).receipt


@pytest.fixture
def at_desk(model, known, qtbot):
    """Her visit is open and its labels are printed."""
    model.hub.card_read.emit(arrived(WANG, port="card"))
    qtbot.waitUntil(lambda: model.visit.encounter is not None and bool(model.visit.tubes.lines()))
    qtbot.waitUntil(lambda: all(line.printed for line in model.visit.tubes.lines()))
    qtbot.waitUntil(lambda: model.visit.form.is_open)
    return model


def rows(desk, record, *where):
    with desk.store.read() as connection:
        return connection.execute(select(record.__table__).where(*where)).all()


def values(desk):
    return {row.item: row.value_number for row in rows(desk, Observation)}


def pressure(**told):
    return reading_set(**({"SYSTOLIC": 128, "DIASTOLIC": 82, "HEART_RATE": 72} | told))


def test_a_card_of_a_known_client_opens_todays_visit_with_no_key(at_desk, station_desk):
    assert at_desk.visit.encounter.name == "王美娜"
    assert [v.state for v in rows(station_desk, Visit)] == ["arrived"]
    assert at_desk.visit.step == "form"


def test_the_visit_the_checkup_system_announced_is_the_one_that_opens(
    model, known, station_desk, nurse, qtbot
):
    order = OpenVisit(patient_id=known.patient_id, visit_date=date(2026, 11, 23), package="尊享套餐")
    announced = station_desk.dispatcher.run(order, nurse).receipt
    model.hub.card_read.emit(arrived(WANG, port="card"))
    qtbot.waitUntil(lambda: model.visit.encounter is not None)
    assert model.visit.encounter.visit_id == announced.visit_id
    qtbot.waitUntil(lambda: len(model.visit.tubes.lines()) == 4)
    assert [line.cap for line in model.visit.tubes.lines()] == ["浅蓝", "黄", "紫", "尿杯"]


def test_the_day_of_a_visit_is_the_clinics(model, known, station_desk, clock, qtbot):
    clock.advance(datetime(2026, 11, 23, 23, 30, tzinfo=clock().tzinfo) - clock())
    model.hub.card_read.emit(arrived(WANG, port="card"))
    qtbot.waitUntil(lambda: model.visit.encounter is not None)
    assert model.visit.encounter.day == date(2026, 11, 24)


def test_an_unknown_card_fills_the_form_and_one_key_registers(model, station_desk, qtbot):
    model.hub.card_read.emit(arrived(WANG, port="card"))
    qtbot.waitUntil(lambda: model.identity.registration is not None)
    fields = model.identity.registration.fields
    assert (fields["name"], fields["sex"], fields["birth_date"], fields["id_number"]) == (
        "王美娜",
        "2",
        "1975-08-23",
        ID,
    )
    model.submit_asked.connect(lambda _what: model.identity.register(fields))
    model.action_set.trigger("confirm")
    qtbot.waitUntil(lambda: model.visit.encounter is not None)
    assert rows(station_desk, Patient)[0].id_number == ID
    assert model.identity.registration is None


def test_a_card_that_was_read_once_only_asks_for_a_look_at_it(model, said, qtbot):
    told = said(model)
    card = dataclasses.replace(WANG, flags=frozenset({"read_once"}))
    model.hub.card_read.emit(arrived(card, port="card"))
    qtbot.waitUntil(lambda: model.identity.registration is not None)
    assert any("第二次读取" in text for _, text in told.messages)


def test_likely_the_same_person_is_shown_and_one_digit_takes_it(model, station_desk, nurse, qtbot):
    order = RegisterPatient(name="王美娜", sex=Sex.FEMALE, birth_date=date(1975, 8, 23))
    alike = station_desk.dispatcher.run(order, nurse).receipt
    model.hub.card_read.emit(arrived(WANG, port="card"))
    qtbot.waitUntil(lambda: model.identity.registration is not None)
    assert [p.number for p in model.identity.registration.likely] == [alike.number]
    assert model.identity.choose(1)
    qtbot.waitUntil(lambda: model.visit.encounter is not None)
    assert model.visit.encounter.patient_id == alike.patient_id
    assert len(rows(station_desk, Patient)) == 1


def test_who_was_shown_and_not_taken_is_another_person(model, station_desk, nurse, qtbot):
    order = RegisterPatient(name="王美娜", sex=Sex.FEMALE, birth_date=date(1975, 8, 23))
    station_desk.dispatcher.run(order, nurse)
    model.hub.card_read.emit(arrived(WANG, port="card"))
    qtbot.waitUntil(lambda: model.identity.registration is not None)
    model.identity.register(model.identity.registration.fields)
    qtbot.waitUntil(lambda: model.visit.encounter is not None)
    assert len(rows(station_desk, Patient)) == 2


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"birth_date": "1975-08-24"}, "birth_date"),
        ({"id_number": "320102197508230620"}, "id_number"),
        ({"birth_date": "昨天"}, "birth_date"),
    ],
)
def test_a_wrong_field_is_named_beside_it(model, station_desk, qtbot, wrong, field):
    model.identity.begin()
    right = {"name": "王美娜", "sex": "2", "birth_date": "19750823", "id_number": ID}
    with qtbot.waitSignal(model.identity.field_error, check_params_cb=lambda f, _s: bool(f)) as refused:
        model.identity.register(right | wrong)
    assert refused.args[0] == field
    assert refused.args[1]
    assert not rows(station_desk, Patient)


def test_a_reading_arrives_without_a_key_and_one_key_keeps_the_set(at_desk, station_desk, qtbot):
    at_desk.hub.measured.emit(arrived(pressure()))
    (pending,) = at_desk.visit.vitals.pending.values()
    assert [(v.item, v.text) for v in pending.values] == [("sbp", "128"), ("dbp", "82"), ("pulse", "72")]
    assert not values(station_desk)
    at_desk.action_set.trigger("confirm")
    qtbot.waitUntil(lambda: at_desk.visit.encounter.has("sbp", "dbp", "pulse"))
    assert values(station_desk) == {"sbp": 128, "dbp": 82, "pulse": 72}
    assert rows(station_desk, Observation)[0].device.startswith("A&D TM-2657")
    assert not at_desk.visit.vitals.pending


def test_weight_and_height_bring_the_body_mass_index(at_desk, station_desk, qtbot):
    at_desk.hub.measured.emit(arrived(reading_set(BODY_WEIGHT="65.3", BODY_HEIGHT="165.0"), port="scale"))
    at_desk.action_set.trigger("confirm")
    qtbot.waitUntil(lambda: at_desk.visit.encounter.has("height", "weight"))
    assert values(station_desk)["bmi"] == pytest.approx(24.0)
    assert at_desk.visit.encounter.value("bmi").flag == "H"


def test_a_reading_begun_before_the_client_was_opened_is_asked_about(at_desk, station_desk, qtbot):
    at_desk.hub.measured.emit(arrived(pressure(), first_s=time.monotonic() - 60))
    assert "王美娜" in at_desk.visit.vitals.doubt.sentence
    assert not at_desk.visit.vitals.pending
    at_desk.action_set.trigger("back")
    assert at_desk.visit.vitals.doubt is None
    assert not at_desk.visit.vitals.pending
    at_desk.hub.measured.emit(arrived(pressure(), first_s=time.monotonic() - 60))
    at_desk.action_set.trigger("confirm")
    assert at_desk.visit.vitals.pending
    assert not values(station_desk)


def test_a_reading_while_nobody_is_open_is_offered_to_the_next_client(model, known, said, qtbot):
    told = said(model)
    model.hub.measured.emit(arrived(pressure()))
    assert told.last[0] == "warning"
    model.hub.card_read.emit(arrived(WANG, port="card"))
    qtbot.waitUntil(lambda: model.visit.vitals.doubt is not None)
    assert "128" in model.visit.vitals.doubt.sentence


def test_a_reading_told_another_number_at_the_device_is_refused(at_desk, said):
    told = said(at_desk)
    at_desk.hub.measured.emit(arrived(reading_set("P999", SYSTOLIC=128, DIASTOLIC=82)))
    assert told.last[0] == "danger"
    assert not at_desk.visit.vitals.pending


def test_unconfirmed_values_keep_the_client_at_the_desk(at_desk, said, station_desk, nurse, qtbot):
    told = said(at_desk)
    at_desk.hub.measured.emit(arrived(pressure()))
    other = station_desk.dispatcher.run(
        RegisterPatient(name="李强", sex=Sex.MALE, birth_date=date(1980, 1, 1)), nurse
    ).receipt
    at_desk.open_person(other.patient_id)
    assert at_desk.visit.encounter.name == "王美娜"
    assert "王美娜" in told.last[1]
    at_desk.action_set.trigger("back")
    at_desk.open_person(other.patient_id)
    qtbot.waitUntil(lambda: at_desk.visit.encounter.name == "李强")


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"sbp": "400", "dbp": "80"}, "sbp"),
        ({"sbp": "80", "dbp": "120"}, "sbp"),
        ({"sbp": "１２０a", "dbp": "80"}, "sbp"),
        ({"sbp": "120"}, "dbp"),
        ({"sbp": "120", "dbp": "80", "pulse": "3"}, "pulse"),
    ],
)
def test_typed_values_are_refused_beside_their_field(at_desk, station_desk, qtbot, typed, field):
    vitals = at_desk.visit.vitals
    with qtbot.waitSignal(vitals.field_error, check_params_cb=lambda f, _s: bool(f)) as refused:
        vitals.enter("pressure", typed)
    assert refused.args[0] == field
    assert not values(station_desk)


def test_a_pressure_of_class_a_is_seen_at_once_with_its_sentence(at_desk, station_desk, qtbot):
    with qtbot.waitSignal(at_desk.visit.alarm_raised) as raised:
        at_desk.visit.vitals.enter("pressure", {"sbp": "186", "dbp": "112", "pulse": "80"})
    assert "186" in raised.args[0]
    (first, *_rest) = at_desk.visit.encounter.alarms
    assert first.level == "A"
    assert "acute_symptoms_or_repeated_at_rest" in first.conditions
    assert len(rows(station_desk, Finding)) == 2
    assert not rows(station_desk, CriticalValue)


def test_the_last_values_stand_beside_todays(model, known, station_desk, nurse, clock, qtbot):
    from domain.checkup.result_commands import Measured, RecordMeasurement

    before = station_desk.dispatcher.run(
        OpenVisit(patient_id=known.patient_id, visit_date=date(2025, 11, 20)), nurse
    )
    order = RecordMeasurement(
        visit_id=before.receipt.visit_id, values=[Measured(item="sbp", value=118, unit="mm[Hg]"),
                                                  Measured(item="dbp", value=76, unit="mm[Hg]")],
        measured_at=clock() - timedelta(days=368),
    )  # fmt: skip
    station_desk.dispatcher.run(order, nurse)
    model.hub.card_read.emit(arrived(WANG, port="card"))
    qtbot.waitUntil(lambda: model.visit.encounter is not None)
    model.hub.measured.emit(arrived(pressure(SYSTOLIC=146)))
    (pending,) = model.visit.vitals.pending.values()
    assert (pending.values[0].flag, pending.values[0].last.text) == ("H", "118")
    model.action_set.trigger("confirm")
    qtbot.waitUntil(lambda: model.visit.encounter.has("sbp"))
    assert model.visit.encounter.value("sbp").last_text == "118"


def answer_everything(form):
    """Answer by number keys and texts, as a nurse who wants to be quick."""
    inputs = 0
    while (question := form.question()) is not None:
        inputs += 1
        if question.kind == "choice":
            form.pick(2 if len(question.choices) == 2 else 1)
        elif question.kind in {"choices", "open"}:
            form.pick(1)
            inputs += 1
            assert form.next()
        elif question.required:
            assert form.type("3" if "每周" in question.text else "10")
        else:
            assert form.next()
        assert inputs < 60
    return inputs


def test_the_form_is_answered_by_number_keys_and_handed_in(at_desk, station_desk, qtbot):
    form = at_desk.visit.form
    assert answer_everything(form) <= 20
    assert not form.missing()
    at_desk.visit.go("form")
    at_desk.action_set.trigger("confirm")
    qtbot.waitUntil(lambda: at_desk.visit.encounter.answered)
    (kept,) = rows(station_desk, QuestionnaireResponse)
    assert (kept.form, kept.form_version) == ("pre_visit", "1.0.0")
    assert kept.answers["status"] == "completed"
    assert at_desk.visit.step == "pressure"
    qtbot.waitUntil(lambda: not list((station_desk.home.folder / "drafts").glob("*.draft")))


def test_a_form_with_gaps_leads_to_the_first_gap(at_desk, station_desk, qtbot):
    form = at_desk.visit.form
    first = form.question().link_id
    answer_everything(form)
    form._session.set_answer(first)
    at_desk.visit.go("form")
    at_desk.action_set.trigger("confirm")
    assert form.question().link_id == first
    assert not rows(station_desk, QuestionnaireResponse)


def test_guidance_comes_up_with_the_answer_that_needs_it(at_desk):
    form = at_desk.visit.form
    assert form.question().link_id == "fasting-hours"
    assert form.type("3")
    assert any("空腹不足 8 小时" in note for note in form.question().notes)
    form.back()
    assert form.type("10")
    assert not form.question().notes


def test_every_answer_is_on_disk_and_a_crash_goes_on_where_it_was(at_desk, context_for, station_desk, qtbot):
    form = at_desk.visit.form
    assert form.type("9")
    form.pick(2)
    here = form.question().link_id
    qtbot.waitUntil(lambda: form.kept_at is not None)
    (draft,) = (station_desk.home.folder / "drafts").glob("*.draft")
    assert b"fasting" not in draft.read_bytes()
    again = ViewModel(context_for("nurse"))
    again.open_visit(at_desk.visit.encounter.visit_id)
    qtbot.waitUntil(lambda: again.visit.form.is_open)
    assert again.visit.form.question().link_id == here
    again.close()


def test_a_damaged_draft_is_moved_aside_and_the_form_begins_anew(at_desk, station_desk, said, qtbot):
    form = at_desk.visit.form
    form.type("9")
    qtbot.waitUntil(lambda: form.kept_at is not None)
    (draft,) = (station_desk.home.folder / "drafts").glob("*.draft")
    draft.write_bytes(draft.read_bytes()[:-1] + b"\0")
    visit_id = at_desk.visit.encounter.visit_id
    told = said(at_desk)
    at_desk.close_visit()
    at_desk.open_visit(visit_id)
    qtbot.waitUntil(lambda: at_desk.visit.form.is_open)
    assert told.last[0] == "warning"
    assert at_desk.visit.form.question().link_id == "fasting-hours"
    assert list((station_desk.home.folder / "drafts").glob("*.damaged"))


def test_a_whole_visit_takes_at_most_fifteen_inputs_beside_the_form(at_desk, station_desk, qtbot):
    inputs = 1
    answer_everything(at_desk.visit.form)
    at_desk.visit.go("form")
    at_desk.action_set.trigger("confirm")
    qtbot.waitUntil(lambda: at_desk.visit.encounter.answered)
    for event, port in ((pressure(), "nibp"), (reading_set(BODY_WEIGHT="58", BODY_HEIGHT="165"), "scale")):
        at_desk.hub.measured.emit(arrived(event, port=port))
        at_desk.action_set.trigger("confirm")
        inputs += 1
    qtbot.waitUntil(lambda: at_desk.visit.step == "collect")
    for line in at_desk.visit.tubes.lines():
        at_desk.on_scan(Scanned("specimen", line.number))
        inputs += 1
        qtbot.waitUntil(
            lambda n=line.number: any(x.number == n and x.collected for x in at_desk.visit.tubes.lines())
        )
    assert at_desk.visit.step == "leave"
    assert not at_desk.visit.missing()
    at_desk.action_set.trigger("confirm")
    inputs += 1
    qtbot.waitUntil(lambda: at_desk.visit.encounter is None)
    assert rows(station_desk, Visit)[0].state == "finished"
    assert inputs + 1 <= 15


def test_what_another_desk_does_appears(at_desk, station_desk, nurse, qtbot):
    from domain.checkup.result_commands import Measured, RecordMeasurement

    order = RecordMeasurement(
        visit_id=at_desk.visit.encounter.visit_id, values=[Measured(item="k", value=6.8, unit="mmol/L")]
    )
    station_desk.dispatcher.run(order, nurse)
    qtbot.waitUntil(lambda: any(a.level == "critical" for a in at_desk.visit.encounter.alarms))


def test_a_receptionist_registers_and_sees_no_results(context_for, station_desk, qtbot, said):
    model = ViewModel(context_for("receptionist"))
    told = said(model)
    model.identity.begin()
    model.identity.register({"name": "李强", "sex": "1", "birth_date": "19800101"})
    qtbot.waitUntil(lambda: bool(told.messages))
    assert len(rows(station_desk, Patient)) == 1
    assert "没有此项权限" in told.last[1]
    assert model.visit.encounter is None
    model.close()
