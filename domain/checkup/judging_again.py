"""Judging results again when it turns out who they are of: reference ranges follow sex and age.

A result is never changed: one that is judged otherwise now is kept anew and amends the old one. An interval that came
with the result stays its measure; only our own ranges are chosen anew. A critical value that was raised is not raised
twice, and none is taken back: a person closes it.
"""

import dataclasses
import math
from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from domain.catalog.content import Catalog
from domain.catalog.definitions import Interval
from domain.catalog.ranges import read_range
from domain.checkup.identity_holding import NOBODY
from domain.checkup.intake import GENDER, Judged, Person
from domain.checkup.judge import Judgement, judge
from domain.checkup.limits import catalog_for
from domain.checkup.records import (
    CriticalValue,
    HeldResult,
    Observation,
    Report,
    ResultStatus,
    Visit,
)
from domain.checkup.result_keeping import keep
from domain.kernel.clock import clinic
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import OWN_COLUMNS, UnitOfWork, all_columns

REASON = "身份更正后重新判定"
_STEP = {"<": -math.inf, ">": math.inf}


@dataclasses.dataclass(frozen=True, slots=True)
class JudgedAgain:
    """How many results were kept anew, and how many signed reports stay as they were signed."""

    results: int
    issued_reports: int


def judge_again(
    work: UnitOfWork,
    before: Person,
    after: Person,
    waiting: Id | None = None,
    let_go: list[Observation] | None = None,
) -> JudgedAgain:
    """Judge a client's results for who they are now, and let go those that waited for it.

    Args:
        work: The unit of work; needs the catalogue in its content.
        before: The person as the results were judged.
        after: The person as they are known now.
        waiting: Identity check whose results are this client's after all.
        let_go: Takes the results that waited, as they count now.
    """
    work.flush()
    rows = _standing(work.list(select(Observation).where(Observation.patient_id == after.patient_id)))
    held = _held(work, waiting)
    signed = select(Report.visit_id).where(
        Report.patient_id == after.patient_id, Report.state.in_(("signed", "issued"))
    )
    issued = set(work.connection.execute(signed).scalars())
    kept = 0
    for row in rows:
        if row.id not in held and (row.status is ResultStatus.IDENTITY or row.visit_id in issued):
            continue  # another doubt about it is not settled yet, or it was signed as it is
        again = _judged(row, before, after, catalog_for(work, row.org_id))
        if row.id in held or _differs(row, again.observation):
            _keep(work, row, again, held.get(row.id, row.status))
            kept += 1
            if let_go is not None and row.id in held:
                let_go.append(again.observation)
    return JudgedAgain(kept, len(issued))


def give_to(
    work: UnitOfWork, waiting: Id, visit: Visit, person: Person, let_go: list[Observation] | None = None
) -> int:
    """Give the results that wait under nobody, or under another client, to a visit; returns how many."""
    held = _held(work, waiting)
    rows = work.list(select(Observation).where(Observation.id.in_(held)))
    others = [row for row in rows if row.patient_id != person.patient_id]
    for row in others:
        again = _judged(row, NOBODY, person, catalog_for(work, visit.org_id))
        again.observation.visit_id = visit.id
        keep(work, again, visit.org_id, amends=row)
        again.observation.status = held[row.id]
        if let_go is not None:
            let_go.append(again.observation)
    return len(others)


def _held(work: UnitOfWork, waiting: Id | None) -> dict[Id, ResultStatus]:
    """Return the results that wait for a check, each with the status it will have."""
    table = HeldResult.__table__.c
    found = select(table.observation_id, table.status).where(table.check_id == waiting)
    return {row.observation_id: ResultStatus(row.status) for row in work.connection.execute(found)}


def _standing(rows: Iterable[Observation]) -> list[Observation]:
    found = list(rows)
    amended = {row.amends for row in found}
    return [row for row in found if row.id not in amended]


def _keep(work: UnitOfWork, row: Observation, again: Judged, status: ResultStatus) -> None:
    observation = again.observation
    level, known = observation.critical_level, work.find(CriticalValue, observation_id=row.id)
    raised = known is not None and (level is None or known.level <= level)
    keep(work, again, row.org_id, amends=row, raise_critical=not raised)
    observation.status = status


def _differs(row: Observation, other: Observation) -> bool:
    return any(
        getattr(row, name) != getattr(other, name)
        for name in ("flag", "range_text", "important_class", "critical_level", "unverified")
    )


def _judged(row: Observation, before: Person, after: Person, catalog: Catalog) -> Judged:
    """Return a result as it stands for `after`; `before` is whom it was judged for."""
    copy = {name: getattr(row, name) for name in all_columns(Observation) if name not in OWN_COLUMNS}
    copy |= {"patient_id": after.patient_id, "amends": row.id, "reason": REASON}
    item = catalog.observations.get(row.item)
    if item is None or row.value_number is None or row.status is ResultStatus.PENDING_CHECK:
        copy["reason"] = row.reason
        return Judged(Observation(**copy), None)
    value = _measure(row)
    day = clinic(row.effective_at).date()

    def judged(person: Person, reported: Interval | None) -> Judgement:
        return judge(
            item, value, GENDER.get(person.sex), person.age_on(day), reported=reported,
            reported_text=row.range_text or "",
        )  # fmt: skip

    own_range = judged(before, None).range_text == (row.range_text or "")
    reported = None if own_range else read_range(row.range_text or "")
    called = row.critical_level if judged(before, reported).critical is None else None
    found = judged(after, reported)
    copy |= {
        "flag": found.flag, "range_text": found.range_text, "important_class": found.important,
        "unverified": found.unverified,
        "critical_level": found.critical if found.critical is not None else called,
    }  # fmt: skip
    return Judged(Observation(**copy), found)


def _measure(row: Any) -> float:
    """Return the number to judge by: just beyond it where the result is only a bound (``<0.1``)."""
    sign = row.value_text[:1]
    if sign in _STEP and row.value_text[1:2] != "=":
        return math.nextafter(row.value_number, _STEP[sign])
    return float(row.value_number)
