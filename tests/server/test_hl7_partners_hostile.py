"""R5.2.1: messages of partners that break the standard, or try more than it allows, are answered with the reason."""

import pytest

from tests.server.test_hl7_partners import adt, ear, house
from tests.server.test_hl7_reception import said, take

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
