"""How reports fare: how long they take, who signs them, what each physician did, and who is quick."""

import dataclasses
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, case, func, select, type_coerce

from domain.checkup.records import Report, ReportRevision, ReportSignature, ReviewAction, ReviewStep
from domain.checkup.workflow import HEAD_OFFICE, LEVELS
from domain.kernel.clock import CLINIC_TIME
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import UnitOfWork
from domain.linting.definitions import LINTING
from domain.linting.records import ReportCheck

HOUR_US = 3_600_000_000


@dataclasses.dataclass(frozen=True, slots=True)
class PhysicianReports:
    """What one person did with reports; times in hours from the step before, None without any.

    `rank` is by that time among those who acted at least `LEAST_ACTS` times, 1 the quickest; None for the others.
    """

    staff: str
    submitted: int
    first_reviews: int
    second_reviews: int
    signed: int
    returned: int
    """How often this person sent a report back."""
    sent_back: int
    """How often the check sent a report of this person's back."""
    mean_score: float | None
    mean_hours: float | None
    rank: int | None


@dataclasses.dataclass(frozen=True, slots=True)
class ReportFigures:
    """Reports issued in a time; hours from the first submission to the issue, and by level from the step before."""

    issued: int
    mean_hours: float | None
    level_hours: dict[str, float]
    level_late: dict[str, float]
    """Share of what was done at a level after its time, 0 to 1; of acts since that time is kept with them."""
    senior_signed: int
    senior_rate: float | None
    """Share signed by a senior title (`senior_titles` of the rules), 0 to 1."""
    checks: int
    mean_score: float | None
    physicians: list[PhysicianReports]


LEAST_ACTS = 5


@command("report.count", "统计报告质量与时效", permission="report.view")
class CountReports:
    """What became of reports in a time, both days included."""

    since: date = ask("起始日期", kind=Kind.DATE)
    until: date = ask("截止日期", kind=Kind.DATE)


@handles(CountReports)
def count_reports(order: CountReports, work: UnitOfWork) -> ReportFigures:
    """Return the figures within the scope of who asks, counted by the store over ranges of indexes.

    Raises:
        DomainError: ``report.bad_span`` (``until``) for an end before the beginning.
    """
    if order.until < order.since:
        raise DomainError("report.bad_span", field="until")
    begin = datetime.combine(order.since, time(), CLINIC_TIME)
    end = datetime.combine(order.until, time(), CLINIC_TIME) + timedelta(days=1)
    issued, mean_hours = _issued(work, begin, end)
    senior, signed = _senior(work, begin, end)
    physicians, levels = _physicians(work, begin, end)
    c = ReportCheck.__table__.c
    checks, score = work.connection.execute(
        select(func.count(), func.avg(c.score)).where(*_within(work, c, c.checked_at, begin, end))
    ).one()
    return ReportFigures(
        issued=issued, mean_hours=mean_hours, level_hours=levels, level_late=_late(work, begin, end),
        senior_signed=senior, senior_rate=senior / signed if signed else None, checks=checks,
        mean_score=round(float(score), 1) if checks else None, physicians=physicians,
    )  # fmt: skip


def _within(work: UnitOfWork, c: Any, at: Any, begin: datetime, end: datetime) -> list[ColumnElement[bool]]:
    scope = [] if work.actor.orgs is None else [c.org_id.in_(work.actor.orgs)]
    return [at >= begin, at < end, *scope]


def _us(column: Any) -> ColumnElement[int]:
    return type_coerce(column, BigInteger)


def _hours(mean_us: Any) -> float | None:
    return None if mean_us is None else round(float(mean_us) / HOUR_US, 1)


def _issued(work: UnitOfWork, begin: datetime, end: datetime) -> tuple[int, float | None]:
    r, v = Report.__table__.c, ReportRevision.__table__.c
    first = select(func.min(_us(v.written_at))).where(v.report_id == r.id).scalar_subquery()
    query = select(func.count(), func.avg(_us(r.issued_at) - first))
    count, mean = work.connection.execute(query.where(*_within(work, r, r.issued_at, begin, end))).one()
    return count, _hours(mean)


def _senior(work: UnitOfWork, begin: datetime, end: datetime) -> tuple[int, int]:
    s, rules = ReportSignature.__table__.c, work.content.get(LINTING)
    titles = rules.senior_titles if rules is not None else ()
    senior = func.coalesce(func.sum(case((s.staff_title.in_(titles), 1), else_=0)), 0)
    query = select(senior, func.count()).where(*_within(work, s, s.signed_at, begin, end))
    found, all_of_them = work.connection.execute(query).one()
    return int(found), all_of_them


def _physicians(
    work: UnitOfWork, begin: datetime, end: datetime
) -> tuple[list[PhysicianReports], dict[str, float]]:
    """Return what each person did, the quickest first, and the mean hours of each level."""
    s, before = ReviewStep.__table__.c, ReviewStep.__table__.alias("earlier")
    last = (
        select(func.max(_us(before.c.acted_at)))
        .where(before.c.report_id == s.report_id, _us(before.c.acted_at) < _us(s.acted_at))
        .scalar_subquery()
    )
    steps = (
        select(s.staff_id, s.staff_name, s.level, s.action, (_us(s.acted_at) - last).label("took"))
        .where(*_within(work, s, s.acted_at, begin, end))
        .subquery()
    )
    query = select(
        steps.c.staff_id, func.max(steps.c.staff_name), steps.c.level, steps.c.action, func.count(),
        func.count(steps.c.took), func.sum(steps.c.took),
    ).group_by(steps.c.staff_id, steps.c.level, steps.c.action)  # fmt: skip
    people: dict[Any, _Person] = {}
    levels: dict[str, list[float]] = {}
    for staff_id, name, level, action, count, timed, took in work.connection.execute(query):
        person = people.setdefault(staff_id, _Person(str(name)))
        person.add(str(action), level, count)
        if level in LEVELS:
            person.acts, person.took = person.acts + timed, person.took + float(took or 0)
            done = levels.setdefault(level, [0.0, 0.0])
            done[0], done[1] = done[0] + timed, done[1] + float(took or 0)
    _checked(work, begin, end, people)
    ranked = sorted((p for p in people.values() if p.acts >= LEAST_ACTS), key=lambda p: p.took / p.acts)
    for place, person in enumerate(ranked, start=1):
        person.rank = place
    rest = sorted((p for p in people.values() if p.rank is None), key=lambda p: p.name)
    hours = {level: round(took / acts / HOUR_US, 1) for level, (acts, took) in levels.items() if acts}
    return [person.figures() for person in (*ranked, *rest)], hours


def hours_of_levels(work: UnitOfWork, begin: datetime, end: datetime) -> dict[str, float]:
    """Return the mean hours a report was at each level, of what was done in a time."""
    return _physicians(work, begin, end)[1]


def _late(work: UnitOfWork, begin: datetime, end: datetime) -> dict[str, float]:
    s = ReviewStep.__table__.c
    query = (
        select(s.level, func.count(), func.sum(case((_us(s.acted_at) > _us(s.due_at), 1), else_=0)))
        .where(*_within(work, s, s.acted_at, begin, end), s.due_at.is_not(None))
        .group_by(s.level)
    )
    found = {level: int(late) / count for level, count, late in work.connection.execute(query)}
    return {level: found[level] for level in ("drafting", *LEVELS, "returned") if level in found}


def _checked(work: UnitOfWork, begin: datetime, end: datetime, people: "dict[Any, _Person]") -> None:
    c = ReportCheck.__table__.c
    query = select(
        c.author_id, func.max(c.author_name), func.avg(c.score), func.sum(case((c.returned, 1), else_=0))
    ).group_by(c.author_id)  # fmt: skip
    for author_id, name, mean, sent_back in work.connection.execute(
        query.where(*_within(work, c, c.checked_at, begin, end))
    ):
        person = people.setdefault(author_id, _Person(str(name)))
        person.score, person.sent_back = round(float(mean), 1), int(sent_back)


@dataclasses.dataclass(slots=True)
class _Person:
    name: str
    counts: dict[str, int] = dataclasses.field(default_factory=dict)
    acts: int = 0
    took: float = 0.0
    sent_back: int = 0
    score: float | None = None
    rank: int | None = None

    def add(self, action: str, level: str, count: int) -> None:
        name = level if action in {ReviewAction.PASS, ReviewAction.SIGN} else action
        self.counts[name] = self.counts.get(name, 0) + count

    def figures(self) -> PhysicianReports:
        n = self.counts.get
        return PhysicianReports(
            staff=self.name, submitted=n(ReviewAction.SUBMIT, 0), first_reviews=n("first_review", 0),
            second_reviews=sum(n(level, 0) for level in HEAD_OFFICE[:-1]),
            signed=n("final_review", 0), returned=n(ReviewAction.RETURN, 0),
            sent_back=self.sent_back, mean_score=self.score,
            mean_hours=_hours(self.took / self.acts) if self.acts else None, rank=self.rank,
        )  # fmt: skip
