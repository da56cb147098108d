"""A scan anywhere is routed by what was scanned."""

from datetime import date

import pytest
from sqlalchemy import select

from domain.biobank.commands import CreateContainer, PlanSpecimen
from domain.biobank.numbers import check_character, grouped
from domain.biobank.records import PrimaryContainer, SpecimenType
from domain.checkup.report_commands import WriteReport
from domain.checkup.visit_commands import OpenVisit
from domain.kernel.errors import DomainError
from domain.people.idnumber import make_id
from domain.people.patient_commands import EditPatient, RegisterPatient
from domain.people.records import Patient, Sex
from domain.people.scanned import Scanned
from domain.people.scans import route_scan
from tests.fixtures.shared_number import GiveCard
from tests.readers.plans import plans_of, walked

TODAY = date(2026, 11, 23)
ID_NUMBER = make_id("110101", date(1980, 5, 1), 128)


@pytest.fixture
def scan(day, nurse):
    def route(text, actor=nurse):
        with day.store.read() as connection:
            return route_scan(connection, text, actor, today=TODAY)

    return route


@pytest.fixture
def made(day, nurse, technician, as_role, new_client):
    patient = new_client(id_number=ID_NUMBER, birth_date=date(1980, 5, 1))
    visit = day.run(OpenVisit(patient_id=patient), nurse).receipt
    kind = {"type": SpecimenType.SERUM, "container": PrimaryContainer.SERUM_SEPARATOR}
    tube = day.run(PlanSpecimen(visit_id=visit.visit_id, **kind), nurse).receipt
    report = day.run(WriteReport(visit_id=visit.visit_id, conclusion="x"), as_role("physician")).receipt
    box = day.run(CreateContainer(code="box-7a", name="7号盒"), technician).receipt
    day.run(EditPatient(patient_id=patient, card_no="VIP0042"), nurse)
    return {"patient": patient, "visit": visit, "tube": tube, "report": report, "box": box}


def test_each_kind_of_number_leads_to_its_record(scan, made):
    tube, visit, report = made["tube"], made["visit"], made["report"]
    assert scan(tube.number) == Scanned("specimen", tube.number, tube.specimen_id, f"标本 {tube.number}")
    assert scan(grouped(tube.number)).record_id == tube.specimen_id
    assert scan(f" {visit.number.lower()} ").record_id == visit.visit_id
    assert (scan(report.number).kind, scan(report.number).record_id) == ("report", report.report_id)
    assert (scan("box-7a").kind, scan("box-7a").record_id) == ("storage_container", made["box"])
    for number in (ID_NUMBER, ID_NUMBER.lower(), "VIP0042", "P1010000001"):
        assert (scan(number).kind, scan(number).record_id) == ("patient", made["patient"])


def test_numbers_of_nobody_are_told_apart(scan):
    assert scan(ID_NUMBER) == Scanned("id_number", ID_NUMBER)
    assert scan("6901234567892").kind == "unknown"
    assert scan("").kind == "unknown"
    assert scan("S2611230001X").kind in {"specimen", "unknown"}
    assert scan("S2611230001X").record_id is None


def test_a_tube_not_in_this_store_is_still_a_tube(scan, made, other_nurse):
    number = made["tube"].number
    assert scan(number, other_nurse) == Scanned("specimen", number, None, f"标本 {number}")
    assert scan(made["visit"].number, other_nurse).kind == "unknown"


def test_a_number_of_two_records_is_not_guessed(scan, made, day, nurse):
    day.run(GiveCard(patient_id=made["patient"], card_no=made["visit"].number), nurse)
    found = scan(made["visit"].number)
    assert (found.kind, found.record_id) == ("several", None)
    assert {(c.kind, c.record_id) for c in found.choices} == {
        ("visit", made["visit"].visit_id),
        ("patient", made["patient"]),
    }
    assert sorted(c.label for c in found.choices) == ["体检 " + made["visit"].number, "客户 P1010000001"]


def test_two_numbers_of_one_record_are_one_record(scan, made, day, nurse):
    day.run(EditPatient(patient_id=made["patient"], card_no="P1010000001"), nurse)
    assert scan("P1010000001").record_id == made["patient"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("6901234567892", "scan.product_code"),
        ("6901234567893", "scan.unknown"),
        ("101000000008", "scan.damaged_number"),
        ("1010 0000 0008", "scan.damaged_number"),
        ("110101198005011289", "scan.bad_id_number"),
        ("11010119800501128X", "scan.bad_id_number"),
        ("https://example.cn/x?A1", "scan.link"),
        ("HTTP://EXAMPLE.CN:A1", "scan.link"),
        ("V9990000001", "scan.unknown"),
        ("V999000000019", "scan.damaged_visit_number"),
        ("", "scan.unknown"),
    ],
)
def test_why_a_code_is_unknown_is_told(scan, text, reason):
    found = scan(text)
    assert (found.kind, found.reason, found.record_id) == ("unknown", reason, None)


@pytest.mark.parametrize("card", ["BENCH.RECEIVE", "bench.count.4", "POS.A5", "BOX1:A5", "ＢＥＮＣＨ.STORE"])
def test_a_card_of_the_bench_is_one_everywhere(scan, card):
    assert scan(card).kind == "bench_card"


def test_a_box_never_takes_a_number_that_means_something_else(day, technician, made):
    visit, tube = made["visit"].number, made["tube"].number
    for code, told in (
        (visit, "container.code_taken"),
        (made["report"].number, "container.code_taken"),
        ("VIP0042", "container.code_taken"),
        (tube, "container.code_is_tube"),
        ("101000000008", "container.code_is_tube"),
        ("BENCH.STORE", "container.code_is_card"),
        ("A:B", "container.code_is_card"),
        ("box-7a", "container.exists"),
    ):
        with pytest.raises(DomainError) as refused:
            day.run(CreateContainer(code=code, name="盒"), technician)
        assert (refused.value.code, refused.value.field) == (told, "code"), code


def test_a_card_never_takes_a_number_that_is_somebody_elses(day, nurse, made, new_client):
    other = new_client(name="李静")
    visit, tube, report = made["visit"].number, made["tube"].number, made["report"].number
    for card, holder, what in (
        (visit, f"体检 {visit}", "体检号"),
        (f" {visit.lower()} ", f"体检 {visit}", "体检号"),
        (grouped(tube), f"标本 {tube}", "标本编号"),
        (report, f"体检报告 {report}", "报告号"),
        ("VIP0042", "客户 P1010000001", "会员卡号"),
        ("vip-0042", "客户 P1010000001", "会员卡号"),
        ("P1010000001", "客户 P1010000001", "档案号"),
        (ID_NUMBER, "客户 P1010000001", "证件号码"),
        ("box-7a", "冻存容器 box-7a", "容器条码"),
    ):
        with pytest.raises(DomainError) as refused:
            day.run(EditPatient(patient_id=other, card_no=card), nurse)
        assert (refused.value.code, refused.value.field) == ("number.taken", "card_no"), card
        told = refused.value.facts
        assert (told["label"], told["value"], told["what"]) == ("会员卡号", card, what)
        assert told["holder"] == holder
    with pytest.raises(DomainError) as refused:
        day.run(EditPatient(patient_id=other, card_no="S2611230001" + check_character("S2611230001")), nurse)
    assert (refused.value.code, refused.value.field) == ("number.like_tube", "card_no")
    day.run(EditPatient(patient_id=other, card_no="VIP0043", phone="13900000000"), nurse)
    day.run(EditPatient(patient_id=other, card_no="VIP0043", phone="13900000001"), nurse)


def test_nothing_of_an_edit_is_kept_when_its_card_is_refused(day, nurse, made, new_client, scan):
    other = new_client(name="李静")
    with pytest.raises(DomainError):
        day.run(EditPatient(patient_id=other, phone="13912345678", card_no="VIP0042"), nurse)
    with day.store.read() as connection:
        kept = connection.execute(select(Patient.phone, Patient.card_no).where(Patient.id == other)).one()
    assert tuple(kept) == (None, None)
    assert scan("VIP0042").record_id == made["patient"]


def test_an_identity_number_is_refused_where_it_is_somebodys_card(day, nurse, made, new_client):
    number = make_id("110101", date(1980, 5, 1), 130)
    day.run(EditPatient(patient_id=made["patient"], card_no=number), nurse)
    other = new_client(name="李静", birth_date=date(1980, 5, 1))
    new = {"name": "王芳", "sex": Sex.FEMALE, "birth_date": date(1980, 5, 1), "id_number": number.lower()}
    for order in (
        RegisterPatient(**new),
        EditPatient(patient_id=other, id_number=number, reason="补录", difference_confirmed=True),
    ):
        with pytest.raises(DomainError) as refused:
            day.run(order, nurse)
        assert (refused.value.code, refused.value.field) == ("number.taken", "id_number")
        assert (refused.value.facts["what"], refused.value.facts["value"]) == ("会员卡号", number)
    day.run(EditPatient(patient_id=made["patient"], card_no="VIP0042"), nurse)
    day.run(RegisterPatient(**new), nurse)


def test_a_scan_looks_into_indexes_only(scan, made, day):
    plans = plans_of(day.store, lambda: scan("6901234567892"))
    assert len(plans) >= 8
    assert not walked(plans)
