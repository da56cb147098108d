"""What visits must have brought by now and lack: questionnaires and tubes of the protocol, and results named for it.

A must-have is due once its time is over: a questionnaire by its own deadline, tubes at the end of the visit's day, a
result so many days after the visit began. A visit whose window closed and that never began lacks all of it at once.
One that was given up with a reason (`study.miss_visit`) or cancelled lacks nothing.
"""

import dataclasses
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from domain.checkup.records import Observation
from domain.kernel.clock import clinic
from domain.kernel.ids import Id
from domain.research.reading import COUNTS, LAB, TUBE
from domain.research.records import DataExemption, DataNeed
from domain.scales.records import FormTask
from domain.studies.records import ProtocolVisit, SpecimenRequirement
from domain.studies.subject_records import ExpectedSpecimen, StudySubject, SubjectVisit

FORM = "form"
GIVEN_UP = ("missed", "cancelled")
NOT_ASKED = ("lost", "withdrawn")
AT_ONCE = 400
MOST_TOLD = 20


@dataclasses.dataclass(frozen=True, slots=True)
class Want:
    """A must-have of one visit: variable, label, the day after which it is missing, and whether it is there."""

    variable: str
    label: str
    due_on: date
    present: bool


@dataclasses.dataclass(slots=True)
class Gaps:
    """What one visit comes to."""

    row: Any
    wants: list[Want]
    exempted: set[str]
    today: date

    @property
    def due(self) -> list[Want]:
        """Return what should be there by now."""
        return [one for one in self.wants if one.present or one.due_on < self.today]

    @property
    def present(self) -> int:
        """Return how much of it is there."""
        return sum(one.present for one in self.due)

    @property
    def lacking(self) -> list[tuple[str, str]]:
        """Return variables and labels of what is missing and has no reason on record."""
        return [
            (one.variable, one.label)
            for one in self.due
            if not one.present and one.variable not in self.exempted
        ]

    def told(self) -> dict[str, Any]:
        """Return it as `VisitData` keeps it."""
        lacking = self.lacking
        return {
            "wanted": len(self.due), "present": self.present, "missing": len(lacking),
            "exempted": len(self.due) - self.present - len(lacking),
            "lacking": [label for _name, label in lacking][:MOST_TOLD],
        }  # fmt: skip


def gaps_of(connection: Connection, now: datetime, visit_ids: Sequence[Id]) -> dict[Id, Gaps]:
    """Return what each of some visits lacks now; those of subjects who left lack nothing."""
    found: dict[Id, Gaps] = {}
    for start in range(0, len(visit_ids), AT_ONCE):
        found |= _some(connection, clinic(now).date(), visit_ids[start : start + AT_ONCE])
    return found


def _some(connection: Connection, today: date, ids: Sequence[Id]) -> dict[Id, Gaps]:
    v, s, p = (kind.__table__.c for kind in (SubjectVisit, StudySubject, ProtocolVisit))
    query = (
        select(*SubjectVisit.__table__.columns, s.number, s.state.label("subject_state"), p.forms)
        .join(StudySubject.__table__, s.id == v.subject_id)
        .join(ProtocolVisit.__table__, p.id == v.plan_id)
        .where(v.id.in_(ids))
    )
    gaps = {row.id: Gaps(row, [], set(), today) for row in connection.execute(query)}
    asked = [
        one.row
        for one in gaps.values()
        if one.row.state not in GIVEN_UP and one.row.subject_state != "withdrawn"
    ]
    e = DataExemption.__table__.c
    for own, variable in connection.execute(
        select(e.subject_visit_id, e.variable).where(e.subject_visit_id.in_(list(gaps)))
    ):
        gaps[own].exempted.add(variable)
    for rule in (_forms, _tubes, _results):
        for own, wants in rule(connection, asked).items():
            gaps[own].wants += wants
    return gaps


def _end_of(row: Any, days: int = 0) -> date:
    """Return the last day of a visit (of its window, where it never began), or so many days later."""
    return (row.window_until if row.begun_at is None else clinic(row.begun_at).date()) + timedelta(days=days)


def _forms(connection: Connection, rows: Sequence[Any]) -> dict[Id, list[Want]]:
    t = FormTask.__table__.c
    of = {(row.patient_id, f"{row.number} {row.name}"): row for row in rows}
    tasks: dict[Id, dict[str, Any]] = defaultdict(dict)
    query = select(t.patient_id, t.purpose, t.form, t.state, t.due_at).where(
        t.patient_id.in_([r.patient_id for r in rows])
    )
    for one in connection.execute(query):
        visit = of.get((one.patient_id, one.purpose))
        if visit is not None:
            tasks[visit.id][one.form] = one
    made: dict[Id, list[Want]] = {}
    for row in rows:
        wants = []
        for written in row.forms or ():
            form = str(written).partition("@")[0]
            task = tasks[row.id].get(form)
            if task is not None and task.state in NOT_ASKED:
                continue  # lost with a reason, or taken back
            due = _end_of(row) if task is None or task.due_at is None else clinic(task.due_at).date()
            done = task is not None and task.state == "handed_in"
            wants.append(Want(f"{FORM}.{form}", f"问卷 {form}", due, done))
        made[row.id] = wants
    return made


def _tubes(connection: Connection, rows: Sequence[Any]) -> dict[Id, list[Want]]:
    x, r = ExpectedSpecimen.__table__.c, SpecimenRequirement.__table__.c
    made: dict[Id, list[Want]] = defaultdict(list)
    begun = {row.id: row for row in rows if row.begun_at is not None}
    expected = select(x.subject_visit_id, x.name, x.expected, x.collected, x.cause).where(
        x.subject_visit_id.in_(list(begun))
    )
    for one in connection.execute(expected):
        # A tube given up has its cause on record: that is a reason, not a gap.
        there = one.collected >= one.expected or one.cause is not None
        made[one.subject_visit_id].append(
            Want(f"{TUBE}.{one.name}", f"标本 {one.name}", _end_of(begun[one.subject_visit_id]), there)
        )
    never = [row for row in rows if row.begun_at is None]
    wanted = select(r.plan_id, r.name).where(
        r.plan_id.in_({row.plan_id for row in never}), r.retired_at.is_(None)
    )
    by_plan: dict[Id, list[str]] = defaultdict(list)
    for plan_id, name in connection.execute(wanted):
        by_plan[plan_id].append(name)
    for row in never:
        made[row.id] += [
            Want(f"{TUBE}.{name}", f"标本 {name}", _end_of(row), present=False)
            for name in by_plan[row.plan_id]
        ]
    return made


def _results(connection: Connection, rows: Sequence[Any]) -> dict[Id, list[Want]]:
    n, o = DataNeed.__table__.c, Observation.__table__.c
    needs: dict[Id, list[Any]] = defaultdict(list)
    query = select(n.plan_id, n.variable, n.label, n.within_days).where(
        n.plan_id.in_({row.plan_id for row in rows}), n.retired_at.is_(None)
    )
    for need in connection.execute(query.order_by(n.variable)):
        needs[need.plan_id].append(need)
    if not needs:
        return {}
    items = {need.variable.partition(".")[2] for some in needs.values() for need in some}
    checkups = {row.visit_id: row.id for row in rows if row.visit_id is not None and row.plan_id in needs}
    there = {
        (checkups[visit_id], f"{LAB}.{item}")
        for visit_id, item in connection.execute(
            select(o.visit_id, o.item).where(
                o.visit_id.in_(list(checkups)), o.item.in_(items), o.status.in_(COUNTS)
            )
        )
    }
    return {
        row.id: [
            Want(need.variable, need.label, _end_of(row, need.within_days), (row.id, need.variable) in there)
            for need in needs[row.plan_id]
        ]
        for row in rows
        if row.plan_id in needs
    }
