"""Checking a report as it is handed in, and keeping what came of it."""

import dataclasses
from typing import Any

from sqlalchemy import select

from domain.checkup.records import Observation, Report, Visit
from domain.kernel.unit_of_work import UnitOfWork
from domain.linting.case import Remark
from domain.linting.checks import lint, score
from domain.linting.definitions import LINTING, Rules
from domain.linting.reading import facts_of
from domain.linting.records import ReportCheck
from domain.people.records import Patient


@dataclasses.dataclass(frozen=True, slots=True)
class Checked:
    """What a check came to; `enough` tells whether the report may go on by it."""

    score: int
    threshold: int
    remarks: tuple[Remark, ...]

    @property
    def enough(self) -> bool:
        return self.score >= self.threshold


def check_report(work: UnitOfWork, report: Report) -> Checked | None:
    """Return what the rules say of a report's text as it stands; None where this place has no rules."""
    rules: Rules | None = work.content.get(LINTING)
    if rules is None:
        return None
    patient = work.require(Patient, report.patient_id)
    visit = work.require(Visit, report.visit_id)
    observation = Observation.__table__
    rows = work.connection.execute(
        select(observation).where(observation.c.visit_id == visit.id).order_by(observation.c.id)
    ).all()
    facts = facts_of(work.connection, patient, visit, work.content["catalog"], rules, rows)
    remarks = lint(facts, report.conclusion, report.advice, rules)
    return Checked(score(remarks, rules), rules.threshold, tuple(remarks))


def keep_check(
    work: UnitOfWork, report: Report, checked: Checked, *, returned: bool, reason: str | None
) -> None:
    """Keep a check with the revision it is of; the report carries the last score."""
    report.quality = checked.score
    work.add(
        ReportCheck(
            org_id=report.org_id, report_id=report.id, revision=report.revision, score=checked.score,
            threshold=checked.threshold, count=len(checked.remarks), returned=returned, reason=reason,
            remarks=[_kept(remark) for remark in checked.remarks], rules_version=work.content[LINTING].version,
            author_id=work.actor.staff_id, author_name=work.actor.name, checked_at=work.now,
        )
    )  # fmt: skip


def _kept(remark: Remark) -> dict[str, Any]:
    return {
        "kind": remark.kind, "field": remark.field, "start": remark.start, "end": remark.end,
        "facts": dict(remark.facts),
    }  # fmt: skip
