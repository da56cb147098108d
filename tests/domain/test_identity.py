"""Who somebody is: numbers added and corrected with a reason, doubts held until settled, results judged again."""

from datetime import date

import pytest
from sqlalchemy import select

import resources
from domain.catalog.content import load_catalog
from domain.checkup.intake import ResultLine
from domain.checkup.records import CriticalValue, HeldResult, Observation, Report, Visit
from domain.checkup.report_commands import SignReport, SubmitReport, WriteReport
from domain.checkup.report_content import standing
from domain.checkup.result_commands import Measured, ReceiveResults, RecordMeasurement
from domain.checkup.visit_commands import OpenVisit
from domain.kernel.authority import system_actor
from domain.kernel.change_log import entries_after
from domain.kernel.errors import DomainError
from domain.kernel.worklists import Pages, worklists
from domain.people.identity import Identity
from domain.people.identity_commands import VerifyIdentity
from domain.people.identity_records import IdentityChange, IdentityCheck
from domain.people.patient_commands import EditPatient, RegisterPatient
from domain.people.records import Patient, Sex
from tests.conftest import BRANCH, DEVICE

WOMAN, WRONG_DIGIT, MAN = "32010219750823062X", "320102197508230621", "110101199003074530"
BORN = date(1975, 8, 23)
OTHER_WOMAN = "440306198512120042"


@pytest.fixture
def day(desk):
    desk.content["catalog"] = load_catalog(resources.folder("catalog"))
    return desk


@pytest.fixture
def client(day, nurse):
    order = RegisterPatient(name="王美娜", sex=Sex.FEMALE, birth_date=BORN)
    return day.run(order, nurse).receipt.patient_id


def refused(day, order, actor):
    with pytest.raises(DomainError) as found:
        day.run(order, actor)
    return found.value.code, found.value.field


def rows(day, kind, *where):
    with day.store.read() as connection:
        return connection.execute(select(kind.__table__).where(*where).order_by(kind.__table__.c.id)).all()


def message(control="M1", *, visit="T1", name="王美娜", sex=Sex.FEMALE, born=BORN, number=WOMAN, value=128.0):
    line = ResultLine(item="hgb", code="hgb", label="血红蛋白", text=f"{value:g}", number=value, ucum="g/L")
    return ReceiveResults(
        message_id=control, org_id=BRANCH, visit_number=visit, lines=[line],
        patient=Identity(name=name, sex=sex, birth_date=born, id_number=number),
    )  # fmt: skip


def receive(day, order):
    return day.run(order, system_actor(BRANCH, DEVICE)).receipt


def verify(check, **values):
    facts = {
        "visit_number": check.visit_number,
        "sex": Sex.FEMALE,
        "birth_date": BORN,
        "basis": "已核对身份证原件",
    }
    return VerifyIdentity(check_id=check.id, **facts | values)


# A number in the record


def test_a_number_is_added_with_a_reason_and_keeps_its_history(day, nurse, client):
    assert refused(day, EditPatient(patient_id=client, id_number=WOMAN), nurse) == (
        "patient.reason_missing",
        "reason",
    )
    assert rows(day, IdentityChange) == []
    order = EditPatient(patient_id=client, id_number="32010219750823062x", reason="补录身份证")
    assert day.run(order, nurse).receipt.identity
    assert rows(day, Patient)[0].id_number == WOMAN
    [change] = rows(day, IdentityChange)
    assert (change.summary, change.reason) == (f"证件号码：空 → {WOMAN}", "补录身份证")
    assert not day.run(order, nurse).receipt.identity, "the same again changes nothing"
    assert len(rows(day, IdentityChange)) == 1


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"id_number": WRONG_DIGIT}, ("idcard.check_digit", "id_number")),
        ({"id_number": "3201021975082306"}, ("idcard.length", "id_number")),
        ({"id_number": MAN}, ("patient.identity_differs", "birth_date")),
        ({"birth_date": date(2030, 1, 1)}, ("patient.birth_in_future", "birth_date")),
        ({"birth_date": date(1870, 1, 1)}, ("patient.birth_too_early", "birth_date")),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(day, nurse, client, facts, expected):
    assert refused(day, EditPatient(patient_id=client, reason="更正", **facts), nurse) == expected
    assert rows(day, Patient)[0].id_number is None
    assert rows(day, IdentityChange) == []


def test_a_difference_is_named_and_may_be_confirmed(day, nurse, client):
    order = EditPatient(patient_id=client, id_number=MAN, reason="证件所载即如此")
    with pytest.raises(DomainError) as found:
        day.run(order, nurse)
    assert "出生日期 1975-08-23 与证件上的 1990-03-07 不一致" in found.value.facts["difference"]
    assert "性别与证件不一致（证件为男）" in found.value.facts["difference"]
    day.run(
        EditPatient(patient_id=client, id_number=MAN, reason="证件所载即如此", difference_confirmed=True),
        nurse,
    )
    assert rows(day, IdentityChange)[0].difference.startswith("出生日期")


def test_a_number_of_another_client_names_them(day, nurse, client):
    other = RegisterPatient(name="李红", sex=Sex.FEMALE, birth_date=date(1985, 12, 12), id_number=OTHER_WOMAN)
    number = day.run(other, nurse).receipt.number
    with pytest.raises(DomainError) as found:
        day.run(EditPatient(patient_id=client, id_number=OTHER_WOMAN, reason="补录"), nurse)
    assert (found.value.code, found.value.field) == ("patient.exists", "id_number")
    assert found.value.facts == {"number": number}


def test_two_records_of_one_number_are_listed_together(day, nurse, client):
    receive(day, message(number=WOMAN, visit="T9", name="王美娜"))
    day.run(EditPatient(patient_id=rows(day, Patient)[0].id, phone="13800000000"), nurse)
    with day.store.write() as connection:  # as two branches that were apart would have made it
        connection.exec_driver_sql("UPDATE patient SET id_number = ?", (WOMAN,))
    page = Pages(day.store).page(worklists()["people.same_number"], nurse)
    assert len(page.rows) == 2


def test_another_sex_judges_the_results_again(day, nurse, client):
    visit = day.run(OpenVisit(patient_id=client), nurse).receipt.visit_id
    taken = RecordMeasurement(visit_id=visit, values=[Measured(item="hgb", value=122, unit="g/L")])
    day.run(taken, nurse)
    assert [o.flag for o in rows(day, Observation)] == ["N"]
    done = day.run(EditPatient(patient_id=client, sex=Sex.MALE, reason="登记时选错"), nurse).receipt
    first, again = rows(day, Observation)
    assert (done.results, again.amends, again.flag, again.value_number) == (1, first.id, "L", 122)
    assert (again.range_text, again.status) != (first.range_text, None)
    assert [o.id for o in standing(rows(day, Observation))] == [again.id]
    back = day.run(EditPatient(patient_id=client, phone="13800000001"), nurse).receipt
    assert (back.results, len(rows(day, Observation))) == (0, 2), (
        "only another sex or birth date judges again"
    )


def test_an_interval_that_came_with_the_result_stays_its_measure(day, nurse):
    from domain.catalog.ranges import read_range

    line = ResultLine(
        item="hgb", code="hgb", label="血红蛋白", text="122", number=122.0, ucum="g/L", range_text="115-150",
        reported=read_range("115-150"),
    )  # fmt: skip
    order = ReceiveResults(
        message_id="M1", org_id=BRANCH, visit_number="T1", lines=[line],
        patient=Identity(name="王美娜", sex=Sex.FEMALE, birth_date=BORN, id_number=WOMAN),
    )  # fmt: skip
    patient = receive(day, order).patient_id
    day.run(EditPatient(patient_id=patient, sex=Sex.MALE, reason="更正", difference_confirmed=True), nurse)
    assert [(o.flag, o.range_text) for o in rows(day, Observation)] == [("N", "115-150")]


def test_a_critical_value_is_not_raised_twice(day, nurse, client):
    visit = day.run(OpenVisit(patient_id=client), nurse).receipt.visit_id
    day.run(RecordMeasurement(visit_id=visit, values=[Measured(item="hgb", value=45, unit="g/L")]), nurse)
    day.run(EditPatient(patient_id=client, sex=Sex.MALE, reason="登记时选错"), nurse)
    assert len(rows(day, Observation)) == 2
    assert len(rows(day, CriticalValue)) == len({c.observation_id for c in rows(day, CriticalValue)}) == 1


# A number in a message


def test_a_wrong_check_digit_holds_the_results_and_nothing_is_lost(day, nurse):
    received = receive(day, message(number=WRONG_DIGIT))
    assert (received.stored, received.pending_check) == (1, 1)
    [observation], [check], [held] = rows(day, Observation), rows(day, IdentityCheck), rows(day, HeldResult)
    assert (observation.status, observation.value_number, observation.patient_id) == (
        "identity_pending", 128, received.patient_id,
    )  # fmt: skip
    assert (check.state, check.reason, check.said_id_number) == ("pending", "证件号码校验位有误", WRONG_DIGIT)
    assert held.observation_id == observation.id
    assert rows(day, Patient)[0].id_number is None, "a number that cannot be is nobody's"
    assert standing(rows(day, Observation)) == []
    waiting = Pages(day.store).page(worklists()["people.identity_checks"], nurse)
    assert len(waiting.rows) == len(Pages(day.store).page(worklists()["checkup.held"], nurse).rows) == 1


def test_a_settled_identity_lets_the_results_count(day, nurse):
    receive(day, message(number=WRONG_DIGIT))
    [check] = rows(day, IdentityCheck)
    done = day.run(verify(check, id_number=WOMAN), nurse).receipt
    assert done.results == 1
    with day.store.read() as connection:
        changed = [(c.entity, c.record_id) for c in entries_after(connection, 0, 100)[-1].body.changes]
    assert len(changed) == len(set(changed)), "each record once in the log"
    [counted] = standing(rows(day, Observation))
    assert (counted.status, counted.flag, counted.value_number) == ("F", "N", 128)
    [check] = rows(day, IdentityCheck)
    assert (check.state, check.basis, check.due_at) == ("verified", "已核对身份证原件", None)
    assert rows(day, Patient)[0].id_number == WOMAN
    assert len(rows(day, IdentityChange)) == 1
    assert refused(day, verify(check), nurse)[0] == "identity_check.wrong_state"


def test_a_sex_that_contradicts_the_number_is_judged_by_the_widest_interval_until_settled(day, nurse):
    receive(day, message(sex=Sex.MALE, value=122.0))  # low for a man, good for a woman
    [waiting], [patient], [check] = rows(day, Observation), rows(day, Patient), rows(day, IdentityCheck)
    assert (waiting.flag, patient.sex, check.said_sex) == ("N", Sex.UNKNOWN, Sex.MALE)
    assert "性别与证件不一致" in check.reason
    day.run(verify(check, sex=Sex.MALE, id_number=WOMAN, difference_confirmed=True), nurse)
    [counted] = standing(rows(day, Observation))
    assert counted.flag == "L"


def test_the_age_that_was_settled_chooses_the_range(day, nurse):
    wrong = message(born=date(1975, 8, 24))
    receive(day, wrong)
    [check] = rows(day, IdentityCheck)
    assert check.reason == "出生日期 1975-08-24 与证件上的 1975-08-23 不一致"
    day.run(verify(check, id_number=WOMAN), nurse)
    assert rows(day, Patient)[0].birth_date == BORN
    assert len(standing(rows(day, Observation))) == 1


def test_a_second_message_waits_with_the_first_and_one_after_the_decision_does_not(day, nurse):
    receive(day, message(number=WRONG_DIGIT))
    receive(day, message("M2", number=WRONG_DIGIT, value=131.0))
    [check] = rows(day, IdentityCheck)
    assert len(rows(day, HeldResult)) == 2
    assert len(rows(day, Patient)) == len(rows(day, Visit)) == 1
    day.run(verify(check, id_number=WOMAN), nurse)
    receive(day, message("M3", number=WRONG_DIGIT, value=133.0))
    assert len(rows(day, IdentityCheck)) == 1, "what a person settled is not doubted again"
    assert [o.value_number for o in standing(rows(day, Observation))][-1] == 133


def test_results_under_another_persons_visit_number_belong_to_nobody_until_they_are_given(day, nurse):
    receive(day, message())
    other = RegisterPatient(name="李红", sex=Sex.FEMALE, birth_date=date(1985, 12, 12), id_number=OTHER_WOMAN)
    patient = day.run(other, nurse).receipt
    visit = day.run(OpenVisit(patient_id=patient.patient_id), nurse).receipt
    stray = message("M2", name="李红", born=date(1985, 12, 12), number=OTHER_WOMAN, value=45.0)
    received = receive(day, stray)
    assert (received.patient_id, received.visit_id, received.pending_check) == (None, None, 1)
    [check] = rows(day, IdentityCheck)
    assert (check.other_person, check.urgent) == (True, True)
    assert check.reason == "姓名、出生日期、证件号码与体检号不符"
    unknown = verify(check, visit_number="T404", birth_date=date(1985, 12, 12))
    assert refused(day, unknown, nurse) == ("people.visit_unknown", "visit_number")
    order = verify(check, visit_number=visit.number, birth_date=date(1985, 12, 12))
    assert day.run(order, nurse).receipt.results == 1
    given = [o for o in standing(rows(day, Observation)) if o.patient_id == patient.patient_id]
    assert [(o.value_number, o.visit_id) for o in given] == [(45.0, visit.visit_id)]
    assert [c.patient_id for c in rows(day, CriticalValue)] == [patient.patient_id]


def test_a_doubt_that_comes_late_keeps_the_report_from_being_signed(day, nurse, as_role):
    received = receive(day, message())
    doctor = as_role("physician")
    written = day.run(WriteReport(visit_id=received.visit_id, conclusion="未见异常"), doctor).receipt
    day.run(SubmitReport(report_id=written.report_id), doctor)
    receive(day, message("M2", name="李红", value=99.0))
    signing = SignReport(
        report_id=written.report_id, digest="0" * 64, signature="x", public_key="x", document="d", seal="x",
        signed_at="2026-11-23T01:00:00+00:00", document_sha256="0" * 64, document_size=1,
    )  # fmt: skip
    assert refused(day, signing, as_role("chief_physician"))[0] == "report.identity_pending"


def test_a_report_waits_for_the_identity(day, nurse, as_role):
    received = receive(day, message(number=WRONG_DIGIT))
    doctor = as_role("physician")
    written = day.run(WriteReport(visit_id=received.visit_id, conclusion="未见异常"), doctor).receipt
    assert refused(day, SubmitReport(report_id=written.report_id), doctor)[0] == "report.identity_pending"
    [check] = rows(day, IdentityCheck)
    day.run(verify(check, id_number=WOMAN), nurse)
    day.run(SubmitReport(report_id=written.report_id), doctor)
    assert rows(day, Report)[0].state == "first_review"
