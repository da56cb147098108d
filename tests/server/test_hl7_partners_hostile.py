"""R5.2.1: messages of partners that break the standard, or try more than it allows, are answered with the reason."""

from datetime import date

import pytest

from domain.checkup.records import Visit
from domain.interop.code_records import UnmappedCode
from domain.interop.order_records import ServiceRequest
from domain.interop.partner_records import PartnerRole
from domain.people.identity_commands import VerifyIdentity
from domain.people.identity_records import IdentityCheck
from domain.people.records import Sex
from tests.server.test_hl7_partners import adt, apply, ear, house, one
from tests.server.test_hl7_reception import oru, rows, said, take

__all__ = ["ear", "house"]


@pytest.mark.parametrize(
    ("data", "code", "reason"),
    [
        (adt("A99", "E1"), "AR", "hl7.event_unsupported"),
        (adt("A40", "E1"), "AE", "hl7.segment_missing"),
        (adt("A40", "E1", more=["MRG|"]), "AE", "hl7.field_missing"),
        (adt("A04", "E1", name=""), "AE", "interface.name_missing"),
        (adt("A04", "E1", birth="20991212"), "AE", "hl7.birth_in_future"),
        (adt("A04", "E1", more=["PID|2||X^^^HIS^MR||李^四"]), "AE", "hl7.several_patients"),
        (adt("A04", "E1").split(b"\rPID")[0] + b"\r", "AE", "hl7.segment_missing"),
        (adt("X", "E1").replace(b"ADT^X", b"ORM^O01"), "AE", "hl7.segment_missing"),
        (adt("X", "E1", more=["ORC|NW", "OBR|1||F|GLU"]).replace(b"ADT^X", b"ORM^O01"), "AE", "hl7.field_missing"),
        (adt("X", "E1", more=["ORC|NW|R1"]).replace(b"ADT^X", b"ORM^O01"), "AE", "interface.visit_number_missing"),
        (adt("X", "E1", more=["ORC|NW|R1"]).replace(b"ADT^X", b"OML^O33"), "AR", "hl7.event_unsupported"),
        (adt("A04", "E1", number="9" * 500), "AA", ""),
        (adt("A04", "E1", name="王\\X0D\\^" + "明" * 400), "AE", "input"),
    ],
)  # fmt: skip
def test_hostile_messages_are_answered_with_their_reason_and_nothing_is_written(
    ear, house, data, code, reason
):
    answer = said(take(ear, data).answer)
    assert answer[0] == code, answer
    assert reason in answer[1]
    if code != "AA":
        assert ear.inbox.status(0).by_state == {}


def test_results_of_a_doubtful_person_answer_their_order_and_show_their_codes_once_it_is_settled(ear, house):
    house.partner(PartnerRole.LIS, "LIS", host="127.0.0.1", port=9, tls=False, orders=True)
    house.partner(PartnerRole.CHECKUP, "PEIS")
    ordered = adt(
        "X", "A1", app="PEIS", more=["PV1|1|O" + "|" * 17 + "T1", "ORC|NW|R77", "OBR|1|R77||GLU^血糖^L"]
    ).replace(b"ADT^X", b"ORM^O01")
    apply(ear, ordered)
    [request] = rows(ear, ServiceRequest)
    lines = ("NM|718-7^血红蛋白^LN||128|g/L|||||F", "NM|K+^血钾^99LIS||4.2|mmol/L|||||F")
    apply(ear, oru("M1", *lines, visit=request.number, name="张^三丰"))
    assert {row.state for row in rows(ear, ServiceRequest)} == {"ordered"}
    assert rows(ear, UnmappedCode) == []
    [check] = rows(ear, IdentityCheck)
    house.run(
        VerifyIdentity(
            check_id=check.id, visit_number=request.number, sex=Sex.FEMALE, birth_date=date(1985, 12, 12),
            basis="看过证件",
        )
    )  # fmt: skip
    assert len(rows(ear, Visit)) == 1, "the order's number leads to its visit"
    assert {row.state for row in rows(ear, ServiceRequest)} == {"resulted"}
    assert one(ear, UnmappedCode).waiting == 1
