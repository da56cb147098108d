"""What an ORU^R01 says, as plain frozen values; nothing here is stored yet."""

import math
from datetime import date, datetime
from typing import Any, Literal

import msgspec

from domain.catalog.definitions import Flag, Interval
from server.interfaces.hl7.header import Header

Gender = Literal["male", "female", "other", "unknown"]
ResultStatus = Literal["B", "C", "D", "F", "I", "N", "O", "P", "R", "S", "U", "V", "W", "X"]
CRITICAL_FLAGS = ("HH", "LL", "AA")


class Identifier(msgspec.Struct, frozen=True):
    """An identifier of PID-3: `kind` is of HL7 table 0203 (``MR`` record number, ``NI`` identity card)."""

    value: str
    kind: str = ""
    authority: str = ""


class PatientIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Who the sender says it is; never enough to attach a result by name alone."""

    identifiers: tuple[Identifier, ...]
    name: str
    birth_date: date | None
    gender: Gender
    phones: tuple[str, ...] = ()

    @property
    def id_number(self) -> str:
        """The identity card number as sent, empty where there is none."""
        return next((one.value for one in self.identifiers if one.kind in ("NI", "NNCHN")), "")


class ResultObservation(msgspec.Struct, frozen=True, kw_only=True):
    """One OBX. Where `unmatched` is None, `item` and `number` (in the item's catalogue unit, or the grade) are given.

    Otherwise `unmatched` is the text code of the reason (``hl7.unknown_code``, ``hl7.unknown_unit``, ...) and the
    result has to be kept as text until a person has matched it. `text`, `unit` and `range_text` are as sent.
    """

    set_id: str
    code: str
    name: str
    system: str
    sub_id: str
    value_type: str
    text: str
    unit: str
    range_text: str
    flags: tuple[str, ...]
    status: ResultStatus
    observed_at: datetime | None
    method: str = ""
    device: str = ""
    item: str | None = None
    number: float | None = None
    comparator: Literal["", "<", "<=", ">", ">="] = ""
    reported: Interval | None = None
    meanings: tuple[Flag, ...] = ()
    unmatched: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def critical_by_sender(self) -> bool:
        """Whether the sender itself calls the value critical."""
        return any(flag in CRITICAL_FLAGS for flag in self.meanings)

    @property
    def number_to_judge(self) -> float | None:
        """The number, moved by the least step where it is only a bound (``<0.1`` is below 0.1)."""
        if self.number is None or self.comparator not in ("<", ">"):
            return self.number
        return math.nextafter(self.number, -math.inf if self.comparator == "<" else math.inf)

    def facts(self) -> dict[str, Any]:
        """Return the values that the sentence of `unmatched` names."""
        return {"given": self.code, "name": self.name, "unit": self.unit, "value": self.text}


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A document sent inside the message (OBX-2 ``ED``), decoded."""

    code: str
    name: str
    content_type: str
    data: bytes
    status: ResultStatus


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One OBR with what follows it; `status` is OBR-25, `section` OBR-24."""

    placer_number: str
    filler_number: str
    service_code: str
    service_name: str
    status: str
    section: str
    collected_at: datetime | None
    reported_at: datetime | None
    specimens: tuple[str, ...]
    observations: tuple[ResultObservation, ...]
    attachments: tuple[Attachment, ...]
    notes: tuple[str, ...] = ()


class ResultMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A whole ORU^R01; `barcodes` are the order and specimen numbers by which a visit is found, best first."""

    header: Header
    patient: PatientIdentity
    visit_number: str
    barcodes: tuple[str, ...]
    specimens: tuple[str, ...]
    reports: tuple[Report, ...]
    notes: tuple[str, ...] = ()

    @property
    def visit_barcode(self) -> str:
        """The number to find the visit by: OBR-2, else ORC-2, else SPM-2; empty where there is none."""
        return self.barcodes[0] if self.barcodes else ""

    @property
    def observations(self) -> tuple[ResultObservation, ...]:
        """The observations of all reports, in order."""
        return tuple(one for report in self.reports for one in report.observations)

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """The documents of all reports, in order."""
        return tuple(one for report in self.reports for one in report.attachments)
