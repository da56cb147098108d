"""Results that wait because nobody here knows their code or unit: listed by code, read again when somebody says.

What the sender wrote stands in the observation's raw data, so that a result is read from what was sent and never
from what was made of it.
"""

import re
from typing import Any

import msgspec
from sqlalchemy import select

from domain.catalog.content import Catalog
from domain.catalog.definitions import ObservationDefinition
from domain.catalog.ranges import read_range, scale
from domain.checkup.arrivals import Arrived, on_results
from domain.checkup.differing import Known, compare
from domain.checkup.intake import Person, ResultLine, take_in
from domain.checkup.limits import catalog_for
from domain.checkup.records import Observation, ResultStatus
from domain.checkup.result_keeping import keep
from domain.interop.code_records import UnmappedCode
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient, Sex

REASONS = frozenset({"hl7.unknown_code", "hl7.unit_missing", "hl7.unknown_unit", "hl7.unit_mismatch"})
"""Why a result waits that saying what its code means can end."""
MOST = 20_000
_NUMBER = re.compile(r"(<=|>=|<|>|≤|≥|＜|＞)?\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+))", re.ASCII)
_LESS = frozenset({"<", "＜"})
_MORE = frozenset({">", "＞"})


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """One result as its sender wrote it; `why` is the text code of what could not be made of it."""

    text: str
    unit: str = ""
    range_text: str = ""
    name: str = ""
    status: str = "F"
    why: str = ""


def code_id_of(system: str, code: str) -> Id:
    """Return the id of a code of a system, of its meaning and of its place in the list alike."""
    return stable_id("partner_code", system, code)


def given_of(raw: bytes | None) -> Given | None:
    """Return what the sender wrote; None where that was not kept."""
    if not raw:
        return None
    try:
        return msgspec.json.decode(raw, type=Given)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        return None


@on_results
def list_unmapped(work: UnitOfWork, came: Arrived) -> None:
    """Count what waits for its code, in the transaction that keeps it."""
    for row in came.kept:
        given = given_of(row.raw) if row.status is ResultStatus.PENDING_CHECK else None
        if given is None or given.why not in REASONS or row.system is None:
            continue
        waiting = work.get(UnmappedCode, code_id_of(row.system, row.item))
        if waiting is None:
            waiting = work.add(
                UnmappedCode(
                    id=code_id_of(row.system, row.item), org_id=row.org_id, system=row.system, code=row.item,
                    why=given.why.partition(".")[2], waiting=0, first_at=work.now, last_at=work.now,
                )
            )  # fmt: skip
        waiting.name, waiting.unit = given.name[:255] or None, given.unit[:60] or None
        waiting.example, waiting.last_at = given.text[:255], work.now
        waiting.waiting += 1


def take_waiting(
    work: UnitOfWork, system: str, code: str, item: ObservationDefinition, unit: str
) -> tuple[int, int]:
    """Read every result that waits under a code, as the item it means; returns (taken, left).

    Each becomes a result of its own that corrects the waiting one, with its finding, its critical value and its
    comparison with other systems; a critical value the laboratory called so itself was raised when it came. What
    still cannot be read (words where a number should be) goes on waiting.
    """
    o = Observation
    later = select(o.amends).where(o.amends.is_not(None))
    rows = work.list(
        select(o)
        .where(o.status == ResultStatus.PENDING_CHECK, o.system == system, o.item == code, o.id.not_in(later))
        .order_by(o.id)
        .limit(MOST)
    )
    taken = 0
    for row in rows:
        given = given_of(row.raw)
        line = None if given is None else read_again(given, row, work.content["catalog"], item, unit)
        if line is not None:
            _take(work, row, line)
            taken += 1
    return taken, len(rows) - taken


def read_again(
    given: Given, row: Observation, catalog: Catalog, item: ObservationDefinition, unit: str
) -> ResultLine | None:
    """Return a waiting result as a result of `item`; None where its words or unit cannot be."""
    facts: dict[str, Any] = {
        "item": item.key, "code": row.item, "label": item.name, "ucum": item.ucum, "status": given.status,
        "at": row.effective_at, "device": row.device, "raw": row.raw, "sender_flag": row.flag,
        "range_text": given.range_text or None,
    }  # fmt: skip
    if item.kind == "presence":
        grade = catalog.grade(given.text)
        return None if grade is None else ResultLine(text=given.text, number=grade, **facts)
    found = _NUMBER.fullmatch(given.text)
    if found is None:
        return None
    used = given.unit if catalog.units.find(given.unit) is not None else unit or given.unit
    try:
        factor, offset = catalog.units.factors(item, used)
        value = float(found[2]) * factor + offset
        item.require_plausible(value)
    except DomainError:
        return None
    reported = read_range(given.range_text) if given.range_text else None
    converted = (factor, offset) != (1.0, 0.0)
    if reported is not None and converted:
        reported = scale(reported, factor, offset)
    mark = found[1] or ""
    least = 10.0 ** -(item.decimals + 3)
    judged = value - least if mark in _LESS else value + least if mark in _MORE else None
    text = f"{mark}{value:.{item.decimals}f}" if converted else given.text
    return ResultLine(
        text=text, number=value, judged=judged, reported=None if converted else reported, **facts
    )


def _take(work: UnitOfWork, row: Observation, line: ResultLine) -> None:
    patient = work.get(Patient, row.patient_id)
    person = Person(
        row.patient_id, patient.sex if patient else Sex.UNKNOWN, patient.birth_date if patient else None
    )
    judged = take_in(
        line, person, catalog_for(work, row.org_id), visit_id=row.visit_id, source=row.source, now=work.now,
        org_id=row.org_id,
    )  # fmt: skip
    judged.observation.system = row.system
    kept = keep(work, judged, row.org_id, amends=row, raise_critical=not row.critical_level)
    if row.visit_id is not None:
        there = work.list(
            select(Observation).where(Observation.visit_id == row.visit_id).order_by(Observation.id)
        )
        compare(work, kept, row, Known(there).elsewhere(kept))
