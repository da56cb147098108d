"""From an ORU^R01 to the command that keeps it: codes, units and words are settled here, nothing is dropped."""

from datetime import datetime

from domain.catalog.content import Catalog
from domain.checkup.intake import ResultLine
from domain.checkup.result_commands import Identity, ReceiveResults
from domain.kernel.clock import CLINIC_TIME
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.texts import Texts
from domain.people.records import Sex
from server.interfaces.hl7.results import ResultMessage, ResultObservation

SEX = {"male": Sex.MALE, "female": Sex.FEMALE, "unknown": Sex.UNKNOWN, "other": Sex.UNSTATED}
WITHDRAWN = frozenset("DWX")
"""OBX-11: deleted, wrong patient, cannot be obtained: there is no result to keep."""


def order_of(message: ResultMessage, org_id: Id, catalog: Catalog, texts: Texts) -> ReceiveResults:
    """Return the command that keeps a message's results for a branch.

    Args:
        message: As `read_results` gives it.
        org_id: Branch that MSH-4 names.
        catalog: Catalogue the message was read with.
        texts: For the sentences that say why a result could not be matched.

    Raises:
        DomainError: ``hl7.no_visit_barcode`` where no order or specimen number says whose visit it is.
    """
    if not message.visit_barcode:
        raise DomainError("hl7.no_visit_barcode", "OBR-2", location="OBR-2")
    patient = message.patient
    sampled = next((r.collected_at for r in message.reports if r.collected_at), None)
    return ReceiveResults(
        message_id=f"{message.header.sender} {message.header.message_control_id}"[:200],
        org_id=org_id,
        patient=Identity(
            name=patient.name,
            sex=SEX[patient.gender],
            birth_date=patient.birth_date,
            id_number=patient.id_number or None,
            phone=patient.phones[0] if patient.phones else None,
        ),
        visit_number=message.visit_barcode,
        visit_date=sampled.astimezone(CLINIC_TIME).date() if sampled else None,
        lines=[
            _line(one, sampled, catalog, texts) for one in message.observations if one.status not in WITHDRAWN
        ],
    )


def _line(one: ResultObservation, sampled: datetime | None, catalog: Catalog, texts: Texts) -> ResultLine:
    at = one.observed_at or sampled
    flag = one.meanings[0] if one.meanings else None
    if one.unmatched is not None or one.item is None:
        return ResultLine(
            item=None,
            code=one.code[:60] or "?",
            label=one.name or one.code or "?",
            text=f"{one.text} {one.unit}".strip(),
            range_text=one.range_text or None,
            sender_flag=flag,
            status=one.status,
            at=at,
            reason=texts.say(one.unmatched or "hl7.unknown_code", **one.facts()),
        )
    item = catalog.observation(one.item)
    converted = bool(one.unit) and catalog.units.find(one.unit) != item.ucum
    text = one.text
    if converted and one.number is not None:
        text = f"{one.comparator}{one.number:.{item.decimals}f}"
    return ResultLine(
        item=item.key,
        code=one.code[:60],
        label=item.name,
        text=text,
        number=one.number,
        judged=one.number_to_judge,
        ucum=item.ucum,
        range_text=one.range_text or None,
        reported=None if converted else one.reported,
        sender_flag="AA" if one.critical_by_sender else flag,
        status=one.status,
        at=at,
        device=one.device or None,
        raw=f"{one.text} {one.unit}".encode() if converted else None,
    )
