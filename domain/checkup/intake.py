"""Results on their way in: one line of a message, a device or a form, judged and turned into an observation."""

import dataclasses
from datetime import date, datetime
from typing import Any

import msgspec

from domain.catalog.content import Catalog
from domain.catalog.definitions import Interval
from domain.catalog.units import shown_unit
from domain.checkup.judge import Judgement, judge
from domain.checkup.records import Observation, ResultSource, ResultStatus
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.people.records import Sex

GENDER = {Sex.MALE: "male", Sex.FEMALE: "female"}


class ResultLine(msgspec.Struct, frozen=True, kw_only=True):
    """One result as its source has it.

    `item` is the catalogue's key, or None if the code is not known: then `reason` says why and the line is kept
    as text for checking. `number` and `text` are in the catalogue's unit `ucum`; where the source used another,
    `raw` holds what it sent. `judged` is the number to judge by where the result is only a bound (``<0.1``).
    `reported` is the source's own interval, which goes before ours. `narrative` is text of a report (images, ECG):
    it is read by people and stands under the sender's own code.
    """

    item: str | None
    code: str
    label: str
    text: str
    number: float | None = None
    judged: float | None = None
    ucum: str | None = None
    range_text: str | None = None
    reported: Interval | None = None
    sender_flag: str | None = None
    status: str = "F"
    at: datetime | None = None
    reason: str | None = None
    device: str | None = None
    raw: bytes | None = None
    narrative: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """Whom a result belongs to, as far as judging needs it."""

    patient_id: Id | None
    sex: Sex
    birth_date: date | None

    def age_on(self, day: date) -> int | None:
        """Return completed years on `day`."""
        born = self.birth_date
        if born is None:
            return None
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


@dataclasses.dataclass(frozen=True, slots=True)
class Judged:
    """An observation to keep and what was found in it."""

    observation: Observation
    judgement: Judgement | None


def take_in(
    line: ResultLine,
    person: Person,
    catalog: Catalog,
    *,
    visit_id: Id | None,
    source: ResultSource,
    now: datetime,
    org_id: Id | None = None,
) -> Judged:
    """Return the observation of a line, judged for the person; of the acting organisation unless `org_id` says.

    Raises:
        DomainError: ``checkup.value_implausible``: no living person has such a value; the field is the item.
    """
    at = line.at or now
    judgement = None
    status = ResultStatus.FINAL
    if (line.item is None and not line.narrative) or line.reason is not None:
        status = ResultStatus.PENDING_CHECK
    elif line.number is not None and line.item is not None:
        item = catalog.observation(line.item)
        judgement = judge(
            item,
            line.number if line.judged is None else line.judged,
            GENDER.get(person.sex),
            person.age_on(clinic(at).date()),
            reported=line.reported,
            reported_text=line.range_text or "",
        )
    if status is ResultStatus.FINAL and line.status in {"C", "P"}:
        status = ResultStatus(line.status)
    observation = Observation(
        org_id=org_id,
        visit_id=visit_id,
        patient_id=person.patient_id,
        item=line.item or line.code,
        label=line.label,
        loinc=catalog.observation(line.item).loinc if line.item else None,
        value_number=line.number,
        value_text=line.text,
        ucum=line.ucum,
        status=status,
        reason=line.reason,
        effective_at=at,
        source=source,
        device=line.device,
        raw=line.raw,
        **_judged_columns(judgement, line),
    )
    return Judged(observation, judgement)


def _judged_columns(judgement: Judgement | None, line: ResultLine) -> dict[str, Any]:
    called_critical = line.sender_flag in {"HH", "LL", "AA"}
    if judgement is None:
        return {
            "flag": line.sender_flag,
            "range_text": line.range_text,
            "unverified": False,
            "critical_level": 1 if called_critical else None,
        }
    # The laboratory knows its own critical limits: what it calls critical stays so.
    level = judgement.critical if judgement.critical is not None else 2 if called_critical else None
    return {
        "flag": judgement.flag,
        "range_text": judgement.range_text,
        "important_class": judgement.important,
        "unverified": judgement.unverified,
        "critical_level": level,
    }


def finding_sentence(label: str, text: str, ucum: str | None, range_text: str | None) -> str:
    """Return the sentence that a finding is shown with."""
    unit = f" {shown_unit(ucum)}" if shown_unit(ucum) else ""
    against = f"（参考 {range_text}）" if range_text else ""
    return f"{label} {text}{unit}{against}"


def parse_number(text: str) -> float | None:
    """Return the number of a plain ASCII decimal, None for anything else (``>100``, ``----``, ``１２``)."""
    plain = text.strip()
    body = plain[1:] if plain[:1] in {"-", "+"} else plain
    whole, _, fraction = body.partition(".")
    digits = (whole + fraction).isascii() and whole.isdigit() and (fraction.isdigit() or "." not in body)
    return float(plain) if digits else None


def line_for(
    catalog: Catalog, item: str, value: float, unit: str, *, field: str = "value", **facts: object
) -> ResultLine:
    """Return the line of a measured or typed value, converted to the catalogue's unit and checked.

    Raises:
        DomainError: Unknown item or unit, or ``checkup.value_implausible``.
    """
    definition = catalog.observation(item)
    number = catalog.units.convert(definition, value, unit)
    try:
        definition.require_plausible(number)
    except DomainError as error:
        raise DomainError(error.code, field=field, **error.facts) from error
    text = f"{number:.{definition.decimals}f}"
    return ResultLine(
        item=item,
        code=item,
        label=definition.name,
        text=text,
        number=number,
        ucum=definition.ucum,
        **facts,  # type: ignore[arg-type]
    )
