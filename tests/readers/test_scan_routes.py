"""A scan anywhere is routed by what was scanned."""

from datetime import date

import pytest

from domain.biobank.commands import CreateContainer, PlanSpecimen
from domain.biobank.numbers import grouped
from domain.biobank.records import PrimaryContainer, SpecimenType
from domain.checkup.report_commands import WriteReport
from domain.checkup.visit_commands import OpenVisit
from domain.kernel.errors import DomainError
from domain.people.idnumber import make_id
from domain.people.patient_commands import EditPatient
from domain.people.scans import ScanTarget, route_scan
from tests.readers.plans import plans_of, walked

ID_NUMBER = make_id("110101", date(1980, 5, 1), 128)


@pytest.fixture
def scan(day, nurse):
    def route(text, actor=nurse):
        with day.store.read() as connection:
            return route_scan(connection, text, actor)

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
    assert scan(tube.number) == ScanTarget("specimen", tube.number, tube.specimen_id, "标本")
    assert scan(grouped(tube.number)).record_id == tube.specimen_id
    assert scan(f" {visit.number.lower()} ").record_id == visit.visit_id
    assert (scan(report.number).kind, scan(report.number).record_id) == ("report", report.report_id)
    assert (scan("box-7a").kind, scan("box-7a").record_id) == ("storage_container", made["box"])
    for number in (ID_NUMBER, ID_NUMBER.lower(), "VIP0042", "P1010000001"):
        assert (scan(number).kind, scan(number).record_id) == ("patient", made["patient"])


def test_numbers_of_nobody_are_told_apart(scan):
    assert scan(ID_NUMBER) == ScanTarget("id_number", ID_NUMBER)
    assert scan("6901234567892").kind == "unknown"
    assert scan("").kind == "unknown"
    assert scan("S2611230001X").kind in {"specimen", "unknown"}
    assert scan("S2611230001X").record_id is None


def test_a_tube_not_in_this_store_is_still_a_tube(scan, made, other_nurse):
    number = made["tube"].number
    assert scan(number, other_nurse) == ScanTarget("specimen", number, None, "标本")
    assert scan(made["visit"].number, other_nurse).kind == "unknown"


def test_a_number_of_two_records_is_not_guessed(scan, made, day, nurse):
    day.run(EditPatient(patient_id=made["patient"], card_no=made["visit"].number), nurse)
    with pytest.raises(DomainError) as refused:
        scan(made["visit"].number)
    assert (refused.value.code, refused.value.facts["kinds"]) == ("scan.several", "体检、客户")


def test_a_scan_looks_into_indexes_only(scan, made, day):
    plans = plans_of(day.store, lambda: scan("6901234567892"))
    assert len(plans) >= 8
    assert not walked(plans)
