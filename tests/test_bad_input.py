"""Everything that goes wrong at a desk: a specific code, a whole Chinese sentence, and nothing written by half."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

import resources
from domain.biobank.commands import (
    CollectSpecimen,
    CreateContainer,
    PlanSpecimen,
    ProcessSpecimen,
    ReceiveSpecimen,
    StoreSpecimen,
)
from domain.biobank.records import PrimaryContainer, SpecimenType
from domain.catalog.content import load_catalog
from domain.checkup.records import CriticalValue, Observation, ResultStatus
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from server.interfaces.hl7.message import parse_message
from server.interfaces.hl7.oru import read_results
from server.interfaces.intake import order_of
from tests.conftest import BRANCH, DEVICE
from tests.fixtures.node_ids import problem_of_test
from tests.fixtures.refusals import TEXTS, refused

BORN = date(1975, 8, 23)
PERSON = {"name": "王美娜", "sex": Sex.FEMALE, "birth_date": BORN, "id_number": "32010219750823062X"}

HERE, ACCESS = "tests/test_bad_input.py::", "tests/test_bad_access.py::"

# Every kind of bad input and the tests that hold it; what cannot be made here is tested where its parts are.
ITEMS = {
    "malformed and truncated HL7": [HERE + "test_malformed_and_truncated_messages_are_refused"],
    "unknown codes and units": [
        HERE + "test_unknown_codes_units_and_impossible_results_are_kept_for_checking_never_judged",
        HERE + "test_impossible_measurements_are_refused_whole",
    ],
    "impossible values": [HERE + "test_impossible_measurements_are_refused_whole"],
    "a birth date in the future, a wrong check digit": [
        HERE + "test_a_person_who_cannot_be_is_not_registered"
    ],
    "the same client registered twice": [HERE + "test_the_same_client_twice_is_named"],
    "an unknown or foreign barcode": [HERE + "test_an_unknown_or_foreign_barcode_is_refused"],
    "a specimen out of order or by the wrong role": [
        HERE + "test_a_tube_out_of_order_or_by_the_wrong_role_is_refused"
    ],
    "a wrong password ten times": [ACCESS + "test_a_wrong_password_ten_times_locks_and_only_time_opens"],
    "an expired or reused enrolment code": [
        ACCESS + "test_an_expired_enrolment_code_is_refused",
        ACCESS + "test_an_enrolment_code_is_used_once",
    ],
    "printer out of paper": [
        "tests/devices_labels/test_label_printer.py::test_a_printer_in_error_gets_nothing_and_says_why",
        "tests/devices_labels/test_label_printer.py::test_paper_that_ends_in_a_batch_stops_at_the_label_boundary_and_resumes_there",
    ],
    "printer unreachable": [
        "tests/devices_labels/test_label_printer.py::test_nobody_at_the_address",
        "tests/client_stations/test_front_desk_labels.py::test_a_printer_that_is_not_there_says_what_to_look_at_and_the_tubes_can_still_be_collected",
        "tests/client_stations/test_bench_models.py::test_a_label_printer_that_is_not_there_is_told_and_the_aliquots_are_made",
    ],
    "an unknown barcode, told why": ["tests/readers/test_scan_routes.py::test_why_a_code_is_unknown_is_told"],
    "a second tube with a number in use": [
        "tests/domain/test_duplicate_tubes.py::test_no_step_is_taken_while_two_tubes_carry_one_number"
    ],
    "device unplugged in the middle of a frame": [
        "tests/devices/test_port_worker.py::test_unplugged_in_the_middle_of_a_frame_and_plugged_in_again",
        "tests/devices/test_session.py::test_a_lost_port_drops_the_partial_frame_and_never_shows_the_last_value_again",
    ],
    "a store with a wrong key": [
        "tests/test_store_faults.py::test_a_wrong_key_is_refused_and_the_file_left_alone"
    ],
    "a store with a flipped byte": [
        "tests/test_store_faults.py::test_a_flipped_byte_of_the_first_page_is_refused",
        "tests/test_store_faults.py::test_a_flipped_byte_of_a_later_page_is_told_when_it_is_read",
    ],
    "a full disk while saving": [
        "tests/test_store_faults.py::test_a_full_disk_refuses_whole_and_goes_on_when_there_is_room",
        "tests/sync_tus/test_tus_disk_full.py::test_a_full_disk_keeps_what_it_took_and_the_upload_goes_on_when_there_is_room",
    ],
    "malformed messages, in full": [
        "tests/server_hl7/test_hl7_message.py::test_malformed_messages_are_refused_with_their_reason",
        "tests/server_hl7/test_hl7_message.py::test_a_message_cut_anywhere_is_read_or_refused",
    ],
}
PRINTER_AND_DEVICE_CODES = [
    "printer.media_out",
    "printer.unreachable",
    "device.unplugged",
    "device.state.unplugged",
]


@pytest.fixture(scope="module")
def catalog():
    return load_catalog(resources.folder("catalog"))


@pytest.fixture
def day(desk, catalog, authority):
    desk.content |= {"catalog": catalog, "authority": authority}
    return desk


@pytest.fixture
def system():
    return system_actor(BRANCH, DEVICE)


@pytest.fixture
def visit_id(day, nurse):
    patient = day.run(RegisterPatient(**PERSON), nurse).receipt
    visit = day.run(OpenVisit(patient_id=patient.patient_id), nurse).receipt.visit_id
    day.run(Arrive(visit_id=visit), nurse)
    return visit


def count_of(day, kind):
    with day.store.read() as connection:
        return connection.execute(select(func.count()).select_from(kind.__table__)).scalar_one()


@pytest.mark.parametrize("item", ITEMS)
def test_every_kind_of_bad_input_has_its_test(item):
    assert [problem for node in ITEMS[item] if (problem := problem_of_test(node))] == []


@pytest.mark.parametrize("code", PRINTER_AND_DEVICE_CODES)
def test_printers_and_devices_say_what_to_do(code):
    sentence = TEXTS.say(code, port="COM3")
    assert "请" in sentence or "系统会自动" in sentence
    assert "?" not in sentence


MSH = "MSH|^~\\&|LIS|B01|AFTERCHECK|HQ|20261123083000||ORU^R01^ORU_R01|M1|P|2.5.1||||||UNICODE UTF-8"
PID = "PID|1||R1^^^HIS^MR~440306198512120042^^^GA^NI||王^小明||19851212|F|||||13800000000^PRN^CP"
OBR = "OBR|1|V0001|L1|TJ^体检检验^99LIS|||20261123080000|||||||||||||||20261123083000||LAB|F"
OBX = "OBX|1|NM|718-7^血红蛋白^LN||128|g/L|115-150|N|||F|||20261123082000"


def message(*segments):
    return "\r".join(segments) + "\r"


def take_in(day, data, system):
    """What the interface does with a message: read it, make the command, run it."""
    raw = data if isinstance(data, bytes) else data.encode()
    read = read_results(parse_message(raw), day.content["catalog"], zone=UTC, now=day.clock())
    return day.run(order_of(read, BRANCH, day.content["catalog"], TEXTS), system).receipt


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "hl7.empty"),
        (b"hello", "hl7.no_msh"),
        (message(MSH, PID, OBR, OBX).encode()[:-30], "hl7.status_missing"),
        (message(MSH, PID, OBR, OBX).encode() + b"OB", "hl7.segment_truncated"),
        (message(MSH, PID, OBR, OBX).encode()[:60], "hl7.field_missing"),
        (b"MS", "hl7.truncated"),
        (message(MSH.replace("^~\\&", "^^\\&"), PID, OBR, OBX), "hl7.bad_delimiters"),
        (message(MSH, PID, OBR, OBX).replace("\r", "\n"), "hl7.line_ends"),
        (message(MSH, PID, OBR, "O!X|1|NM"), "hl7.bad_segment"),
        (message(MSH, PID, OBR, OBX).encode("gbk"), "hl7.undecodable"),
        (message(MSH, PID, OBR, OBX.replace("128", "1\x0028")), "hl7.control_character"),
        (message(MSH, PID, OBR), "hl7.segment_missing"),
        (message(MSH, PID, PID, OBR, OBX), "hl7.several_patients"),
        (message(MSH, MSH, PID, OBR, OBX), "hl7.several_messages"),
        (message(MSH, PID.replace("19851212", "19851332"), OBR, OBX), "hl7.bad_time"),
        (message(MSH, PID.replace("19851212", "20271212"), OBR, OBX), "hl7.birth_in_future"),
        (message(MSH, PID, OBR, OBX.replace("|||F|", "||||")), "hl7.status_missing"),
        (message(MSH.replace("ORU^R01^ORU_R01", "ADT^A01"), PID, OBR, OBX), "hl7.type_unsupported"),
    ],
)
def test_malformed_and_truncated_messages_are_refused(day, system, data, code):
    found, _ = refused(day, lambda: take_in(day, data, system))
    assert found == code


@pytest.mark.parametrize(
    ("obx", "reason"),
    [
        (OBX.replace("718-7^血红蛋白^LN", "ZZ99^怪项目^99LIS"), "项目代码“ZZ99”"),
        (OBX.replace("g/L", "furlong"), "单位“furlong”"),
        (OBX.replace("|g/L|", "||"), "缺少单位"),
        (OBX.replace("|128|", "|abc|"), "不是数值"),
        (OBX.replace("|128|", "|99999|"), "超出可能范围"),
        (OBX.replace("|128|", "|-3|"), "超出可能范围"),
    ],
)
def test_unknown_codes_units_and_impossible_results_are_kept_for_checking_never_judged(
    day, system, obx, reason
):
    received = take_in(day, message(MSH, PID, OBR, obx), system)
    assert (received.stored, received.pending_check) == (1, 1)
    with day.store.read() as connection:
        row = connection.execute(select(Observation.__table__)).one()
        assert connection.execute(select(CriticalValue.id)).first() is None
    assert row.status == ResultStatus.PENDING_CHECK
    assert (row.value_number, row.flag, row.important_class) == (None, None, None) or row.flag == "N"
    assert reason in row.reason
    assert "?" not in row.reason


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ([("sbp", 400, "mm[Hg]"), ("dbp", 80, "mm[Hg]")], "checkup.value_implausible", "sbp"),
        ([("weight", -60, "kg")], "checkup.value_implausible", "weight"),
        ([("sbp", 80, "mm[Hg]"), ("dbp", 120, "mm[Hg]")], "checkup.pressure_reversed", "sbp"),
        ([("weight", float("nan"), "kg")], "checkup.value_implausible", "weight"),
        ([("weight", float("inf"), "kg")], "checkup.value_implausible", "weight"),
        ([("weight", 60, "furlong")], "catalog.unknown_unit", None),
        ([("weight", 60, "mm[Hg]")], "catalog.unit_mismatch", None),
        ([("charm", 60, "kg")], "catalog.unknown_code", None),
        ([], "input.missing", "values"),
    ],
)
def test_impossible_measurements_are_refused_whole(day, nurse, visit_id, values, code, field):
    good = Measured(item="pulse", value=70, unit="/min")
    measured = [good] * bool(values) + [Measured(item=i, value=v, unit=u) for i, v, u in values]
    found = refused(day, lambda: day.run(RecordMeasurement(visit_id=visit_id, values=measured), nurse))
    assert found[0] == code
    assert field is None or found[1] == field
    assert count_of(day, Observation) == 0


def test_a_measurement_from_the_future_is_refused(day, nurse, visit_id):
    order = RecordMeasurement(
        visit_id=visit_id, values=[Measured(item="pulse", value=70, unit="/min")],
        measured_at=day.clock() + timedelta(minutes=5),
    )  # fmt: skip
    assert refused(day, lambda: day.run(order, nurse)) == ("checkup.measured_in_future", "measured_at")


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"birth_date": date(2026, 11, 24), "id_number": None}, ("patient.birth_in_future", "birth_date")),
        ({"birth_date": date(1879, 1, 1), "id_number": None}, ("patient.birth_too_early", "birth_date")),
        ({"id_number": "320102197508230629"}, ("idcard.check_digit", "id_number")),
        ({"id_number": "32010219751323062X"}, (None, "id_number")),
        ({"id_number": "320102750823062"}, ("idcard.old_number", "id_number")),
        ({"id_number": "3201"}, ("idcard.length", "id_number")),
        ({"id_number": "ABCDEFGHIJKLMNOPQR"}, ("idcard.characters", "id_number")),
        ({"birth_date": date(1975, 8, 24)}, ("patient.birth_differs", "birth_date")),
        ({"sex": Sex.MALE}, ("patient.sex_differs", "sex")),
    ],
)
def test_a_person_who_cannot_be_is_not_registered(day, nurse, facts, expected):
    found = refused(day, lambda: day.run(RegisterPatient(**{**PERSON, **facts}), nurse))
    assert found[0] == expected[0] or expected[0] is None
    assert found[1] == expected[1]


def test_the_day_of_birth_may_be_today_at_the_clinic(day, nurse, clock):
    """At one in the morning in China the UTC day is still yesterday's: a birth today is no birth in the future."""
    clock.advance(timedelta(hours=16))
    assert clock() == datetime(2026, 11, 23, 17, 0, tzinfo=UTC)
    day.run(RegisterPatient(name="王新生", sex=Sex.MALE, birth_date=date(2026, 11, 24)), nurse)


def test_the_same_client_twice_is_named(day, nurse, other_nurse):
    number = day.run(RegisterPatient(**PERSON), nurse).receipt.number
    with pytest.raises(DomainError) as caught:
        day.run(RegisterPatient(**PERSON), nurse)
    assert caught.value.facts == {"number": number}
    assert refused(day, lambda: day.run(RegisterPatient(**PERSON), nurse)) == ("patient.exists", "id_number")
    alike = {**PERSON, "id_number": None}
    assert refused(day, lambda: day.run(RegisterPatient(**alike), nurse)) == ("patient.likely_same", "name")
    lower = {**PERSON, "id_number": " 32010219750823062x "}
    assert refused(day, lambda: day.run(RegisterPatient(**lower), nurse))[0] == "patient.exists"
    day.run(RegisterPatient(**alike, another_person=True), nurse)


@pytest.mark.parametrize(
    ("scan", "code"),
    [
        ("6901234567892", "specimen_number.length"),
        ("101000000003", None),
        ("10100000000I", "specimen_number.character"),
        ("V1010000001", "specimen_number.length"),
        ("", "input.missing"),
        ("https://example.cn/x", "specimen_number.length"),
    ],
)
def test_an_unknown_or_foreign_barcode_is_refused(day, technician, scan, code):
    found, field = refused(day, lambda: day.run(ReceiveSpecimen(number=scan), technician))
    assert found == code or (
        code is None and found in {"specimen.unknown", "specimen_number.check_character"}
    )
    assert field


def test_a_tube_of_another_branch_is_unknown_here(day, nurse, as_role, visit_id):
    number = planned(day, nurse, visit_id)
    day.run(CollectSpecimen(number=number), nurse)
    stranger = as_role("biobank_technician", uuid.UUID(int=0xB2))
    assert refused(day, lambda: day.run(ReceiveSpecimen(number=number), stranger)) == (
        "specimen.unknown",
        "number",
    )


def planned(day, nurse, visit_id):
    plan = PlanSpecimen(
        visit_id=visit_id, type=SpecimenType.SERUM, container=PrimaryContainer.SERUM_SEPARATOR
    )
    return day.run(plan, nurse).receipt.number


def test_a_tube_out_of_order_or_by_the_wrong_role_is_refused(day, nurse, technician, as_role, visit_id):
    number = planned(day, nurse, visit_id)
    day.run(CreateContainer(code="BOX1", name="血清盒 1"), technician)
    early = [
        ReceiveSpecimen(number=number),
        ProcessSpecimen(number=number),
        StoreSpecimen(number=number, container="BOX1", position="A1"),
    ]
    for order in early:
        assert refused(day, lambda order=order: day.run(order, technician))[0] == "specimen.wrong_state"
    assert (
        refused(day, lambda: day.run(CollectSpecimen(number=number), as_role("receptionist")))[0]
        == "permission.denied"
    )
    day.run(CollectSpecimen(number=number), nurse)
    assert refused(day, lambda: day.run(CollectSpecimen(number=number), nurse))[0] == "specimen.wrong_state"
    assert refused(day, lambda: day.run(ReceiveSpecimen(number=number), nurse))[0] == "permission.denied"
    for order in early:
        day.run(order, technician)
