"""ORU^R01: what is read, what is kept as unmatched, what is refused."""

import base64
from datetime import date, datetime

import pytest
from hl7_cases import CLINIC, MSH, NOW, OBR, ORC, PID, SPM, catalog, message, obx, read

from domain.checkup.judge import judge
from domain.kernel.errors import DomainError
from domain.kernel.texts import Texts
from resources import folder
from server.interfaces.hl7.message import parse_message
from server.interfaces.hl7.oru import read_results
from tests.fixtures.paces import units


def only(text, **options):
    [found] = read(text, **options).observations
    return found


def test_a_whole_message():
    found = read(message(after=(SPM, "NTE|1||ignored place")))
    assert found.header.message_control_id == "M1"
    assert found.header.sender == "LIS|B01"
    assert found.patient.name == "王小明"
    assert found.patient.id_number == "440306198512120042"
    assert found.patient.identifiers[0].kind == "MR"
    assert found.patient.birth_date == date(1985, 12, 12)
    assert (found.patient.gender, found.patient.phones) == ("female", ("13800000000",))
    assert found.visit_barcode == "V0001"
    assert (found.barcodes, found.specimens) == (("V0001", "S0001"), ("S0001",))
    [report] = found.reports
    assert (report.filler_number, report.section, report.status) == ("L1", "LAB", "F")
    [one] = found.observations
    assert (one.item, one.number, one.unmatched, one.status) == ("hgb", 128.0, None, "F")
    assert (one.reported.low, one.reported.high) == (115, 150)
    assert one.observed_at == datetime(2026, 3, 14, 8, 20, tzinfo=CLINIC)


def test_the_barcode_comes_from_obr_orc_or_the_specimen():
    assert read(message(before=(ORC, OBR.replace("|V0001|", "||")))).visit_barcode == "V0001"
    assert read(message(before=(OBR.replace("|V0001|", "||"),))).visit_barcode == "S0001"
    assert read(message(before=(OBR.replace("|V0001|", "||"),), after=())).visit_barcode == ""


@pytest.mark.parametrize(
    ("segment", "item", "number", "comparator"),
    [
        (obx("WBC^白细胞^99LIS", "5.6", "10^9/L"), "wbc", 5.6, ""),
        (obx("6690-2^WBC^LN", "5.6", r"×10\S\9/L"), "wbc", 5.6, ""),
        (obx("X1^?^99LIS^14682-9^CREA^LN", "1.0", "mg/dL", limits="0.6-1.1"), "crea", 88.4, ""),
        (obx("14682-9^CREA^LN", "80", "\u03bcmol/L"), "crea", 80, ""),
        (obx("14682-9^CREA^LN", "80", "\u00b5mol/L"), "crea", 80, ""),
        (obx("30522-7^CRP^LN", "<0.5", "mg/L"), "hscrp", 0.5, "<"),
        (obx("30522-7^CRP^LN", ">^100", "mg/L", kind="SN"), "hscrp", 100, ">"),
        (obx("30522-7^CRP^LN", "^5.5", "mg/L", kind="SN"), "hscrp", 5.5, ""),
        (obx("20454-5^PRO^LN", "＋＋", "", kind="ST"), "u_pro", 2, ""),
        (obx("5195-3^HBsAg^LN", "NEG^阴性^99LIS", "", kind="CWE"), "hbsag", 0, ""),
        (obx("5803-2^pH^LN", "6.0", ""), "u_ph", 6, ""),
        (obx("8480-6^SBP^LN", "135", "mm[Hg]"), "sbp", 135, ""),
    ],
)
def test_codes_units_and_values_are_matched(segment, item, number, comparator):
    found = only(message(segment))
    assert (found.item, found.unmatched, found.comparator) == (item, None, comparator)
    assert found.number == pytest.approx(number)


@pytest.mark.parametrize(
    ("segment", "reason"),
    [
        (obx("9999-9^Something^LN"), "hl7.unknown_code"),
        (obx("ABC^本院项目^99LIS"), "hl7.unknown_code"),
        (obx(unit="stone"), "hl7.unknown_unit"),
        (obx(unit=""), "hl7.unit_missing"),
        (obx(unit="mmol/L"), "hl7.unit_mismatch"),
        (obx(value="标本溶血", kind="ST"), "hl7.value_not_numeric"),
        (obx(value="128~130"), "hl7.value_not_numeric"),
        (obx(value="１２８e3"), "hl7.value_not_numeric"),
        (obx(value=""), "hl7.value_missing"),
        (obx(value="-5"), "hl7.value_implausible"),
        (obx("8480-6^SBP^LN", "400", "mmHg"), "hl7.value_implausible"),
        (obx("20454-5^PRO^LN", "大概有", "", kind="ST"), "hl7.unknown_word"),
        (obx("14771-0^GLU^LN", "900", "mmol/L"), "hl7.value_implausible"),
    ],
)
def test_what_cannot_be_matched_is_kept_with_its_reason(segment, reason):
    found = only(message(segment))
    assert (found.unmatched, found.number) == (reason, None)
    assert found.code
    sentence = Texts.load(folder("texts") / "zh").say(reason, **found.facts())
    assert sentence.startswith("待核对")


def test_own_codes_of_an_endpoint_go_first():
    assert only(message(obx("HGB^尿隐血^99LIS", "++", "", kind="ST")), codes={"HGB": "u_bld"}).item == "u_bld"


def test_a_cancelled_result_needs_no_value():
    found = only(message(obx(value="", status="X")))
    assert (found.unmatched, found.number, found.status) == (None, None, "X")


def test_reported_ranges_and_bounds_follow_the_unit():
    found = only(message(obx("14682-9^CREA^LN", "1.3", "mg/dL", limits="0.6-1.1")))
    assert (found.reported.low, found.reported.high) == (pytest.approx(53.04), pytest.approx(97.24))
    glucose = only(message(obx("14771-0^GLU^LN", "<2.8", "mmol/L", limits="")))
    item = catalog().observation("fpg")
    assert judge(item, glucose.number_to_judge, "male", 40).critical == 1


@pytest.mark.parametrize(
    ("flag", "critical"),
    [
        ("HH", True),
        ("危急值", True),
        ("PH", True),
        ("!", True),
        ("H~AA", True),
        ("↑", False),
        ("N", False),
        ("", False),
    ],
)
def test_critical_flags_of_senders(flag, critical):
    assert only(message(obx(flag=flag))).critical_by_sender is critical


def test_notes_stay_with_what_they_follow():
    found = read(
        message(
            obx(),
            "NTE|1||标本轻度溶血\\.br\\已复查",
            obx("2823-3^K^LN", "4.1", "mmol/L", number=2),
            pid=PID + "\rNTE|1||空腹",
            before=(ORC, "NTE|1||加急", OBR, "NTE|1||体检"),
        )
    )
    assert found.notes == ("空腹",)
    assert found.reports[0].notes == ("加急", "体检")
    assert [one.notes for one in found.observations] == [("标本轻度溶血\n已复查",), ()]


def test_several_orders_keep_their_results_apart():
    second = OBR.replace("V0001", "V0002").replace("L1", "L2")
    found = read(
        message(obx(), "ORC|RE|V0002", "NTE|1||x", second, obx("2823-3^K^LN", "4.1", "mmol/L"), after=())
    )
    assert [report.filler_number for report in found.reports] == ["L1", "L2"]
    assert [len(report.observations) for report in found.reports] == [1, 1]
    assert found.barcodes == ("V0001", "V0002")
    assert found.observations[0].notes == ()


def test_attachments_are_decoded():
    pdf = b"%PDF-1.7 " + bytes(range(256)) * 50
    value = f"LIS^application^pdf^Base64^{base64.b64encode(pdf).decode()}"
    found = read(message(obx(), obx("PDF^报告^99LIS", value, "", kind="ED", number=2)))
    [one] = found.attachments
    assert (one.data, one.content_type, one.name) == (pdf, "application/pdf", "报告")
    assert len(found.observations) == 1


def test_two_hundred_results():
    results = [obx("718-7^HGB^LN", str(100 + n % 60), number=n + 1) for n in range(200)]
    assert [one.number for one in read(message(*results)).observations] == [
        100.0 + n % 60 for n in range(200)
    ]


@pytest.mark.parametrize(
    ("text", "code", "location"),
    [
        (message(msh=MSH.replace("|M1|", "||")), "hl7.field_missing", "MSH^1^10"),
        (message(msh=MSH.replace("ORU^R01^ORU_R01", "")), "hl7.field_missing", "MSH^1^9"),
        (message(msh=MSH.replace("|2.5.1|", "||")), "hl7.field_missing", "MSH^1^12"),
        (message(msh=MSH.replace("|2.5.1|", "|3.0|")), "hl7.version_unsupported", "MSH^1^12"),
        (message(msh=MSH.replace("|P|", "|T|")), "hl7.not_production", "MSH^1^11"),
        (message(msh=MSH.replace("ORU^R01", "ADT^A04")), "hl7.type_unsupported", "MSH^1^9"),
        (message(msh=MSH.replace("ORU^R01", "ORU^R30")), "hl7.event_unsupported", "MSH^1^9^2"),
        (message(msh=MSH.replace("20260314083000", "20260230083000")), "hl7.bad_time", "MSH^1^7"),
        (message(pid=""), "hl7.segment_missing", "PID"),
        (message(pid=PID + "\r" + PID), "hl7.several_patients", "PID^2"),
        (message(pid=PID.replace("19851212", "19851312")), "hl7.bad_time", "PID^1^7"),
        (message(pid=PID.replace("19851212", "20260315")), "hl7.birth_in_future", "PID^1^7"),
        (message(before=()), "hl7.segment_missing", "OBR"),
        (message(before=(ORC,)), "hl7.segment_missing", "OBR"),
        (message("ZZZ|1"), "hl7.segment_missing", "OBX"),
        (message(obx(), obx(status="")), "hl7.status_missing", "OBX^2^11"),
        (message(obx(status="Q")), "hl7.status_unknown", "OBX^1^11"),
        (message(obx().replace("20260314082000", "20261314")), "hl7.bad_time", "OBX^1^14"),
        (message(obx("PDF", "^application^pdf^Base64^QUJ", kind="ED")), "hl7.attachment_damaged", "OBX^1^5"),
        (message(obx("PDF", "^application^pdf^Base64^", kind="ED")), "hl7.attachment_damaged", "OBX^1^5"),
    ],
)
def test_messages_that_break_the_standard_are_refused_with_their_place(text, code, location):
    with pytest.raises(DomainError) as caught:
        read(text)
    assert (caught.value.code, caught.value.facts["location"]) == (code, location)
    sentence = Texts.load(folder("texts") / "zh").explain(caught.value)
    assert sentence != code
    assert "?" not in sentence


def test_a_test_message_is_read_on_a_test_port():
    assert read(message(msh=MSH.replace("|P|", "|T|")), production=False).header.processing_id == "T"


@pytest.mark.parametrize(
    ("sent", "gender"),
    [("M", "male"), ("f", "female"), ("男", "male"), ("2", "female"), ("", "unknown"), ("O", "other")],
)
def test_sexes(sent, gender):
    assert read(message(pid=PID.replace("|F|", f"|{sent}|"))).patient.gender == gender


def test_names_in_other_scripts():
    pid = PID.replace("王^小明", "Wang^Xiaoming^^^^^L^A~王^小明^^^^^L^I")
    assert read(message(pid=pid)).patient.name == "王小明"
    assert read(message(pid=PID.replace("王^小明", "Wang^Xiaoming"))).patient.name == "Xiaoming Wang"
    assert read(message(pid=PID.replace("王^小明", "王小明"))).patient.name == "王小明"


def test_ten_results_are_read_fast():
    codes = ("718-7", "718-7", "718-7", "718-7", "718-7", "718-7", "718-7", "718-7", "718-7", "718-7")
    data = message(*(obx(f"{code}^血红蛋白^LN", number=n) for n, code in enumerate(codes, 1))).encode()
    cost = units(lambda: read_results(parse_message(data), catalog(), zone=CLINIC, now=NOW))
    assert cost < 8  # 2 is usual
