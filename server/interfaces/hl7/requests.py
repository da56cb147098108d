"""ORM^O01 and OML^O21: orders made elsewhere; and, where a study's UID is in it, images that are ready (IHE ZDS)."""

from collections.abc import Iterator
from datetime import datetime, tzinfo

import msgspec

from domain.kernel.errors import DomainError
from server.interfaces.hl7.adt import number_of
from server.interfaces.hl7.header import Header
from server.interfaces.hl7.message import Message, Segment
from server.interfaces.hl7.patient import read_patient
from server.interfaces.hl7.results import PatientIdentity
from server.interfaces.hl7.times import read_time

ORDER_EVENTS = {"ORM": "O01", "OML": "O21"}
STUDY_UID = "113014"
"""DICOM code of a study's UID in an OBX."""


class OrderItem(msgspec.Struct, frozen=True, kw_only=True):
    """One ORC with its OBR; `act` is ORC-1."""

    act: str
    number: str
    filler_number: str
    group_number: str
    code: str
    name: str
    section: str


class StudyNotice(msgspec.Struct, frozen=True, kw_only=True):
    """A study of images that is ready."""

    study_uid: str
    accession: str
    modality: str
    description: str
    performed_at: datetime | None


class OrderMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A whole message; `study` is given where it tells of images."""

    header: Header
    patient: PatientIdentity
    number: str
    visit_number: str
    items: tuple[OrderItem, ...]
    study: StudyNotice | None


def read_orders(message: Message, header: Header, *, zone: tzinfo, now: datetime) -> OrderMessage:
    """Return what an ORM^O01 or OML^O21 says.

    Raises:
        DomainError: ``hl7.event_unsupported``, ``hl7.segment_missing``, ``hl7.several_patients``,
            ``hl7.field_missing``, ``hl7.bad_time``, ``hl7.birth_in_future``.
    """
    if ORDER_EVENTS.get(header.message_code) != header.trigger_event:
        raise DomainError("hl7.event_unsupported", "MSH-9", location="MSH^1^9^2", event=header.trigger_event)
    pids = list(message.all("PID"))
    if len(pids) != 1:
        if not pids:
            raise DomainError("hl7.segment_missing", "PID", location="PID", name="PID")
        raise DomainError("hl7.several_patients", "PID", location="PID^2", count=len(pids))
    patient = read_patient(pids[0], now.astimezone(zone).date())
    pv1 = message.first("PV1")
    items = tuple(_items(message))
    if not items:
        raise DomainError("hl7.segment_missing", "ORC", location="ORC", name="ORC")
    groups = next((one.group_number for one in items if one.group_number), "")
    return OrderMessage(
        header=header, patient=patient, number=number_of(patient),
        visit_number=(pv1.text(19) if pv1 is not None else "") or groups, items=items,
        study=read_study(message, zone),
    )  # fmt: skip


def read_study(message: Message, zone: tzinfo) -> StudyNotice | None:
    """Return the study a message names: ZDS-1, or an OBX with the DICOM code of a study's UID; None for neither."""
    zds = message.first("ZDS")
    uid = zds.text(1) if zds is not None else ""
    if not uid:
        for obx in message.all("OBX"):
            if obx.text(3) == STUDY_UID:
                uid = obx.text(5)
    obr = message.first("OBR")
    if not uid or obr is None:
        return None
    return StudyNotice(
        study_uid=uid[:64], accession=(obr.text(18) or obr.text(3))[:60], modality=obr.text(24)[:16],
        description=(obr.text(4, 2) or obr.text(4))[:255],
        performed_at=read_time(obr.text(22) or obr.text(7), zone, "OBR^1^22"),
    )  # fmt: skip


def _items(message: Message) -> Iterator[OrderItem]:
    """Yield each order: an ORC with the OBR that follows; an OBR alone is a new one."""
    orc: Segment | None = None
    for number, segment in enumerate(s for s in message.segments if s.name in ("ORC", "OBR")):
        if segment.name == "ORC":
            if orc is not None:
                yield _item(orc, None, number)
            orc = segment
        else:
            yield _item(orc, segment, number)
            orc = None
    if orc is not None:
        yield _item(orc, None, 0)


def _item(orc: Segment | None, obr: Segment | None, number: int) -> OrderItem:
    placer = (orc.text(2) if orc else "") or (obr.text(2) if obr else "")
    if not placer:
        raise DomainError("hl7.field_missing", "ORC-2", location=f"ORC^{number}^2", name="ORC-2")
    return OrderItem(
        act=(orc.text(1) if orc else "") or "NW", number=placer,
        filler_number=(orc.text(3) if orc else "") or (obr.text(3) if obr else ""),
        group_number=orc.text(4) if orc else "", code=obr.text(4) if obr else "",
        name=obr.text(4, 2) if obr else "", section=obr.text(24) if obr else "",
    )  # fmt: skip
