"""From ADT, ORM and OML to the commands that keep them; whose they are is settled there, by a person if need be."""

from domain.interop.order_records import PartnerRole
from domain.interop.person_commands import HospitalStay, OrderLine, ReceiveOrders, ReceivePerson
from domain.interop.study_commands import ReceiveStudy
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from server.interfaces.hl7.adt import PersonMessage, Stay, number_of
from server.interfaces.hl7.header import Header
from server.interfaces.hl7.requests import OrderMessage, StudyNotice
from server.interfaces.hl7.results import PatientIdentity, ResultMessage
from server.interfaces.intake import identity_of

SECTIONS = {
    "LAB": PartnerRole.LIS, "CT": PartnerRole.PACS, "US": PartnerRole.PACS, "RUS": PartnerRole.PACS,
    "RAD": PartnerRole.PACS, "MR": PartnerRole.PACS, "NMR": PartnerRole.PACS, "XRC": PartnerRole.PACS,
    "DX": PartnerRole.PACS, "EC": PartnerRole.ECG, "ECG": PartnerRole.ECG,
}  # fmt: skip
"""HL7 table 0074 (OBR-24) and DICOM modalities, and which system does such orders."""
KINDS = frozenset({"I", "O", "E"})


def person_of(message: PersonMessage, org_id: Id, role: PartnerRole | None) -> ReceivePerson:
    """Return the command that keeps a client; what a checkup system calls a visit is a checkup.

    Raises:
        DomainError: ``interface.name_missing``.
    """
    stay = message.stay
    checkup = role is PartnerRole.CHECKUP and stay is not None
    return ReceivePerson(
        message_id=_message_id(message.header), org_id=org_id, system=message.header.sender[:200],
        patient=identity_of(message.patient, message.address), number=message.number[:80] or None,
        prior_number=message.prior_number[:80] or None, merge=message.merge,
        visit_number=stay.number[:40] if stay is not None and checkup else None,
        visit_date=stay.started_at.date() if stay is not None and checkup and stay.started_at else None,
        hospital=None if stay is None or checkup or message.merge else _stay(stay),
    )  # fmt: skip


def orders_of(message: OrderMessage, org_id: Id) -> ReceiveOrders:
    """Return the command that keeps orders.

    Raises:
        DomainError: ``interface.name_missing``; ``interface.visit_number_missing``.
    """
    if not message.visit_number:
        raise DomainError("interface.visit_number_missing", "PV1-19", location="PV1^1^19")
    person = ReceivePerson(
        message_id=_message_id(message.header), org_id=org_id, system=message.header.sender[:200],
        patient=identity_of(message.patient), number=message.number[:80] or None,
        visit_number=message.visit_number[:40],
    )  # fmt: skip
    lines = [
        OrderLine(
            act=one.act[:2], number=one.number[:60], filler_number=one.filler_number[:60], code=one.code[:40],
            name=one.name[:120], role=SECTIONS.get(one.section.upper(), PartnerRole.LIS),
        )
        for one in message.items
    ]  # fmt: skip
    return ReceiveOrders(person=person, lines=lines)


def study_of(
    header: Header, patient: PatientIdentity, study: StudyNotice, numbers: list[str], org_id: Id
) -> ReceiveStudy:
    """Return the command that attaches a study; `numbers` lead to its visit, the best first.

    Raises:
        DomainError: ``interface.name_missing``.
    """
    return ReceiveStudy(
        message_id=_message_id(header), org_id=org_id, system=header.sender[:200], patient=identity_of(patient),
        number=number_of(patient)[:80] or None, visit_numbers=list(dict.fromkeys(n[:60] for n in numbers if n)),
        study_uid=study.study_uid, accession=study.accession or None, modality=study.modality or None,
        description=study.description or None, performed_at=study.performed_at,
    )  # fmt: skip


def numbers_of_results(message: ResultMessage) -> list[str]:
    """Return by what the visit of a report may be found."""
    return [*message.barcodes, message.visit_number]


def _stay(stay: Stay) -> HospitalStay:
    return HospitalStay(
        number=stay.number[:60], kind=stay.kind if stay.kind in KINDS else None,
        department=stay.department[:120] or None, diagnoses=stay.diagnoses, started_at=stay.started_at,
        ended_at=stay.ended_at,
    )  # fmt: skip


def _message_id(header: Header) -> str:
    return f"{header.sender}|{header.message_control_id}"[:200]
