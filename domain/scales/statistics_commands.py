"""How many questionnaires came back, and what scales came to, by form, organisation, sex and age."""

import dataclasses
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from domain.kernel.clock import CLINIC_TIME
from domain.kernel.columns import Sensitivity
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from domain.scales.facts import SEXES
from domain.scales.records import FormTask, ScaleResult

FEW = 5
"""A number of people below which the count is not told to who may not see what is sensitive."""
AGES = ((0, 17), (18, 44), (45, 64), (65, 74), (75, 150))


@dataclasses.dataclass(frozen=True, slots=True)
class Returned:
    """Questionnaires of one form and version given out by one organisation; `rate` leaves out what was taken back."""

    form: str
    form_version: str
    org_id: Id
    issued: int
    handed_in: int
    lost: int
    overdue: int
    rate: float | None


@dataclasses.dataclass(frozen=True, slots=True)
class Spread:
    """How many people of a sex and age a scale put into a band; None for a few whom nobody may recognise."""

    scale: str
    scale_version: str
    band: str
    meaning: str
    sex: str
    ages: str
    people: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class FormStatistics:
    """What came back, and what scales came to."""

    returned: list[Returned]
    spread: list[Spread]


@command("form.statistics", "问卷统计", permission="form.view")
class CountForms:
    """Questionnaires and results of a time, both days included."""

    since: date = ask("起始日期", kind=Kind.DATE)
    until: date = ask("截止日期", kind=Kind.DATE)
    form: str | None = ask("问卷", kind=Kind.HIDDEN, default=None, max_length=120)


@handles(CountForms)
def count_forms(order: CountForms, work: UnitOfWork) -> FormStatistics:
    """Return counts within the scope of who asks.

    A result that was corrected gives way to its correction; a person counts once for each scale, with the latest
    result of the time.

    Raises:
        DomainError: ``form.period`` if the time ends before it begins (field ``until``).
    """
    if order.until < order.since:
        raise DomainError("form.period", field="until")
    begin = datetime.combine(order.since, time(), CLINIC_TIME)
    end = datetime.combine(order.until + timedelta(days=1), time(), CLINIC_TIME)
    return FormStatistics(_returned(order, work, begin, end), _spread(order, work, begin, end))


def _scope(work: UnitOfWork, column: InstrumentedAttribute[Id]) -> list[ColumnElement[bool]]:
    orgs = work.actor.orgs
    return [] if orgs is None else [column.in_(orgs)]


def _returned(order: CountForms, work: UnitOfWork, begin: datetime, end: datetime) -> list[Returned]:
    late = case(((FormTask.state == "issued") & (FormTask.due_at < work.now), 1), else_=0)
    query = (
        select(
            FormTask.form,
            FormTask.form_version,
            FormTask.org_id,
            FormTask.state,
            func.count(),
            func.sum(late),
        )
        .where(FormTask.issued_at >= begin, FormTask.issued_at < end, *_scope(work, FormTask.org_id))
        .group_by(FormTask.form, FormTask.form_version, FormTask.org_id, FormTask.state)
    )
    if order.form is not None:
        query = query.where(FormTask.form == order.form)
    found: dict[tuple[str, str, Id], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for form, version, org_id, state, count, overdue in work.connection.execute(query):
        counted = found[form, version, org_id]
        counted[state] += count
        counted["overdue"] += int(overdue or 0)
    return [_rate(*key, counted) for key, counted in sorted(found.items(), key=lambda one: str(one[0]))]


def _rate(form: str, version: str, org_id: Id, counted: dict[str, int]) -> Returned:
    wanted = sum(counted[state] for state in ("issued", "handed_in", "lost"))
    rate = round(counted["handed_in"] / wanted, 4) if wanted else None
    return Returned(
        form, version, org_id, wanted + counted["withdrawn"], counted["handed_in"], counted["lost"],
        counted["overdue"], rate,
    )  # fmt: skip


def _spread(order: CountForms, work: UnitOfWork, begin: datetime, end: datetime) -> list[Spread]:
    later = aliased(ScaleResult)
    newer = (later.scored_at > ScaleResult.scored_at) | (
        (later.scored_at == ScaleResult.scored_at) & (later.id > ScaleResult.id)
    )
    superseded = (
        select(later.id)
        .where(
            later.patient_id == ScaleResult.patient_id, later.scale == ScaleResult.scale,
            later.status == "computed", later.scored_at < end, newer,
        )
        .exists()
    )  # fmt: skip
    query = (
        select(
            ScaleResult.scale, ScaleResult.scale_version, ScaleResult.band, ScaleResult.meaning, Patient.sex,
            Patient.birth_date, func.count(),
        )
        .join(Patient, Patient.id == ScaleResult.patient_id)
        .where(
            ScaleResult.scored_at >= begin, ScaleResult.scored_at < end, ScaleResult.status == "computed",
            ~superseded, *_scope(work, ScaleResult.org_id),
        )
        .group_by(
            ScaleResult.scale, ScaleResult.scale_version, ScaleResult.band, ScaleResult.meaning, Patient.sex,
            Patient.birth_date,
        )
    )  # fmt: skip
    if order.form is not None:
        query = query.where(ScaleResult.scale == order.form)
    return list(_grouped(work.connection.execute(query), order.until, work.actor.clearance))


def _grouped(rows: Iterable[Any], day: date, clearance: Sensitivity) -> Iterable[Spread]:
    found: dict[tuple[str, str, str, str, str, str], int] = defaultdict(int)
    for scale, version, band, meaning, sex, birth_date, count in rows:
        key = (scale, version, band or "", meaning or "", SEXES.get(sex, ""), _ages(birth_date, day))
        found[key] += count
    for told, people in sorted(found.items()):
        hidden = clearance < Sensitivity.SENSITIVE and people < FEW
        yield Spread(*told, None if hidden else people)


def _ages(birth_date: date | None, day: date) -> str:
    if birth_date is None:
        return ""
    age = day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))
    return next(
        (f"{low}–{high}" if high < 150 else f"{low}+" for low, high in AGES if low <= age <= high), ""
    )
