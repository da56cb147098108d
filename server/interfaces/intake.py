"""From an ORU^R01 to the command that keeps it: codes, units and words are settled here, nothing is dropped.

The text that is kept always belongs to the unit beside it: a result sent in another unit is written in the
catalogue's, and as received it stands in the observation's raw data.
"""

from datetime import datetime

import msgspec

from domain.catalog.content import Catalog
from domain.checkup.arrivals import Service
from domain.checkup.intake import ResultLine
from domain.checkup.result_commands import ReceiveResults
from domain.interop.waiting_results import Given
from domain.kernel.clock import CLINIC_TIME
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.texts import Texts
from domain.people.identity import Identity
from domain.people.records import Sex
from server.interfaces.hl7.requests import STUDY_UID
from server.interfaces.hl7.results import PatientIdentity, Report, ResultMessage, ResultObservation

SEX = {"male": Sex.MALE, "female": Sex.FEMALE, "unknown": Sex.UNKNOWN, "other": Sex.UNSTATED}
WITHDRAWN = frozenset("DWX")
"""OBX-11: deleted, wrong patient, cannot be obtained. A person has to look at what was sent before."""
NOT_YET = frozenset("INO")
"""OBX-11: specimen in the laboratory, not asked for, not detailed: without a value there is nothing to keep."""
STATUS = {"C": "C", "P": "P", "R": "P", "S": "P"}
MOST_REASON, MOST_CODE, MOST_LABEL, MOST_DEVICE, MOST_TEXT = 255, 60, 255, 120, 4000
MOST_NAME, MOST_NUMBER = 120, 40
NARRATIVE = frozenset({"TX", "FT", "ST"})


def order_of(
    message: ResultMessage, org_id: Id, catalog: Catalog, texts: Texts, *, narrates: bool = False
) -> ReceiveResults:
    """Return the command that keeps a message's results for a branch.

    Args:
        message: As `read_results` gives it.
        org_id: Branch that MSH-4 names.
        catalog: Catalogue the message was read with.
        texts: For the sentences that say why a result could not be matched.
        narrates: The sender's texts are reports for people (images, ECG): they are kept as they are.

    Raises:
        DomainError: ``interface.visit_number_missing`` where no order, specimen or visit number says whose visit it
            is; those of `identity_of`.
    """
    number = message.visit_barcode or message.visit_number
    if not number:
        raise DomainError("interface.visit_number_missing", "OBR-2", location="OBR^1^2")
    day = next((moment for report in message.reports if (moment := _sampled(report))), None)
    return ReceiveResults(
        message_id=f"{message.header.sender}|{message.header.message_control_id}"[:200],
        org_id=org_id,
        system=message.header.sender[:200],
        patient=identity_of(message.patient),
        visit_number=number,
        visit_date=day.astimezone(CLINIC_TIME).date() if day else None,
        services=[
            Service(
                placer_number=report.placer_number[:60],
                filler_number=report.filler_number[:60],
                code=report.service_code[:40],
                name=report.service_name[:120],
            )
            for report in message.reports
        ],
        lines=[
            line for report in message.reports for line in _lines(report, catalog, texts, narrates=narrates)
        ],
    )


def _lines(report: Report, catalog: Catalog, texts: Texts, *, narrates: bool) -> list[ResultLine]:
    """Return the lines of a report; a text that runs over several OBX of one code is one."""
    told: dict[str, ResultLine] = {}
    found: list[ResultLine] = []
    for one in report.observations:
        if not narrates or one.value_type not in NARRATIVE or one.unmatched != "hl7.unknown_code":
            if one.code != STUDY_UID and (one.text or one.status not in NOT_YET):
                found.append(_line(one, _sampled(report), catalog, texts))
        elif one.status not in WITHDRAWN:
            key = f"{one.code}|{one.sub_id}" if one.sub_id else one.code
            before = told.get(key)
            text = one.text if before is None else f"{before.text}\n{one.text}"
            told[key] = _narrative(one, report, text)
    return [*found, *(line for line in told.values() if line.text.strip())]


def _narrative(one: ResultObservation, report: Report, text: str) -> ResultLine:
    """Return the line of a text that people read; it stands under the service and the sender's code of the part."""
    service = report.service_code or report.service_name
    label = " ".join(part for part in (report.service_name or service, one.name or one.code) if part)
    return ResultLine(
        item=None, code=f"{service}/{one.code}"[:MOST_CODE], label=label[:MOST_LABEL], text=text[:MOST_TEXT],
        status=STATUS.get(one.status, "F"), sender_flag=_flag(one), at=one.observed_at or _sampled(report),
        narrative=True,
    )  # fmt: skip


def _sampled(report: Report) -> datetime | None:
    return report.collected_at or report.reported_at


def identity_of(patient: PatientIdentity, address: str = "") -> Identity:
    """Return who a message says it is about.

    Raises:
        DomainError: ``interface.name_missing``; ``input.too_long`` and ``input.control`` for what no name or number
            can be.
    """
    if not patient.name:
        raise DomainError("interface.name_missing", "PID-5", location="PID^1^5")
    phone = patient.phones[0] if patient.phones else ""
    for field, label, value, most in (
        ("PID-5", "姓名", patient.name, MOST_NAME), ("PID-3", "证件号码", patient.id_number, MOST_NUMBER),
        ("PID-13", "手机号", phone, MOST_NUMBER),
    ):  # fmt: skip
        location = field.replace("-", "^1^")
        if len(value) > most:
            raise DomainError(
                "input.too_long", field, label=label, limit=most, length=len(value), location=location
            )
        if not value.isprintable():
            raise DomainError("input.control", field, label=label, location=location)
    return Identity(
        name=patient.name, sex=SEX[patient.gender], birth_date=patient.birth_date,
        id_number=patient.id_number or None, phone=phone or None, address=address or None,
    )  # fmt: skip


def _line(one: ResultObservation, sampled: datetime | None, catalog: Catalog, texts: Texts) -> ResultLine:
    code = one.unmatched or ("hl7.unknown_code" if one.item is None else None)
    if one.status in WITHDRAWN:
        code = "interface.withdrawn"
    if code is not None or one.item is None:
        return _to_check(one, sampled, code or "", texts)
    item = catalog.observation(one.item)
    converted = (
        item.kind != "presence" and bool(one.unit) and catalog.units.factors(item, one.unit) != (1.0, 0.0)
    )
    text = one.text
    if converted and one.number is not None:
        text = f"{one.comparator}{one.number:.{item.decimals}f}"
    return ResultLine(
        item=item.key,
        code=one.code[:MOST_CODE],
        label=item.name,
        text=text,
        number=one.number,
        judged=one.number_to_judge,
        ucum=item.ucum,
        range_text=one.range_text[:MOST_DEVICE] or None,
        reported=None if converted else one.reported,
        sender_flag=_flag(one),
        status=STATUS.get(one.status, "F"),
        at=one.observed_at or sampled,
        device=one.device[:MOST_DEVICE] or None,
        raw=f"{one.text} {one.unit}".encode() if converted else None,
    )


def _to_check(one: ResultObservation, sampled: datetime | None, why: str, texts: Texts) -> ResultLine:
    """Return the line of a result that a person has to match: as text, with the reason, and as it was sent."""
    given = Given(
        text=one.text, unit=one.unit, range_text=one.range_text, name=one.name, status=STATUS.get(one.status, "F"),
        why=why,
    )  # fmt: skip
    return ResultLine(
        item=None,
        code=one.code[:MOST_CODE] or "?",
        label=(one.name or one.code or "?")[:MOST_LABEL],
        text=f"{one.text} {one.unit}".strip() or "—",
        range_text=one.range_text[:MOST_DEVICE] or None,
        sender_flag=_flag(one),
        at=one.observed_at or sampled,
        reason=texts.say(why, **_facts(one))[:MOST_REASON],
        raw=msgspec.json.encode(given),
        device=one.device[:MOST_DEVICE] or None,
    )


def _facts(one: ResultObservation) -> dict[str, str]:
    return {**one.facts(), "given": one.code, "status": one.status}


def _flag(one: ResultObservation) -> str | None:
    if one.critical_by_sender:
        return "AA"
    return one.meanings[0] if one.meanings else None
