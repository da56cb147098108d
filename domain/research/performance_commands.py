"""Research performance month by month: tubes obtained of those owed, and alerts of research settled in time.

Of whom it is: a tube is who drew it or noted why it was not drawn; an alert is who settled it,
and while it waits past
its time, who owns it. An alert belongs to the study of the record it is about; one of no study counts for none.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection, and_, case, func, select

from domain.alerts.records import Alert, AlertEvent
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id, stable_id
from domain.kernel.record import record_classes
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Staff
from domain.research.quality_records import ResearchPerformance
from domain.studies.records import Study
from domain.studies.subject_records import ExpectedSpecimen

RESEARCH = tuple(f"A-{number:03d}" for number in range(62, 85))
"""The alerts of the cohort part of the requirements (R2.1 to R2.9)."""
CORE = ("A-079", "A-080", "A-081")
"""Those the requirements call core: research tasks in time (R2.8)."""
WAITING = ("open", "acknowledged", "in_hand")
AT_ONCE = 400
ZERO = {"owed": 0, "collected": 0, "alerts": 0, "in_time": 0, "core_alerts": 0, "core_in_time": 0, "late": 0}


@command("study.count_performance", "统计科研绩效", permission=None, place="internal")
class CountResearch:
    """Count this month and the one before of some studies."""

    study_ids: list[Id] = ask("研究项目", kind=Kind.HIDDEN)


@handles(CountResearch)
def count_research(order: CountResearch, work: UnitOfWork) -> int:
    """Return how many people's months changed."""
    this = clinic(work.now).date().replace(day=1)
    before = (this - timedelta(days=1)).replace(day=1)
    studies = {
        one.id: one for one in work.connection.execute(
            select(Study.__table__).where(Study.__table__.c.id.in_(order.study_ids))
        )
    }  # fmt: skip
    return sum(_count_month(work, studies, first) for first in (before, this))


def _count_month(work: UnitOfWork, studies: dict[Id, Any], first: date) -> int:
    begin = datetime.combine(first, time(), CLINIC_TIME)
    end = datetime.combine((first + timedelta(days=32)).replace(day=1), time(), CLINIC_TIME)
    month = first.strftime("%Y-%m")
    found: dict[tuple[Id, Id], dict[str, int]] = defaultdict(ZERO.copy)
    for study_id, staff_id, owed, collected in _tubes(work.connection, list(studies), begin, end):
        found[study_id, staff_id] |= {"owed": owed, "collected": collected}
    for study_id, staff_id, name in _alerts(work, begin, end):
        if study_id in studies:
            found[study_id, staff_id][name] += 1
    known = {
        (one.study_id, one.staff_id): one
        for one in work.list(
            select(ResearchPerformance).where(
                ResearchPerformance.month == month, ResearchPerformance.study_id.in_(list(studies))
            )
        )
    }
    names = _names(work, {staff_id for _study, staff_id in found})
    changed = 0
    for key in sorted({*found, *known}):
        values = _rated(found.get(key, ZERO))
        kept = known.get(key)
        if kept is None:
            study, staff = studies[key[0]], names.get(key[1])
            if staff is None:
                continue
            own = stable_id("research_performance", key[1], key[0], month)
            work.add(
                ResearchPerformance(
                    id=own, org_id=staff.org_id, study_id=key[0], code=study.code, staff_id=key[1],
                    staff_name=staff.name, month=month, counted_at=work.now, **values,
                )
            )  # fmt: skip
        elif all(getattr(kept, name) == value for name, value in values.items()):
            continue
        else:
            for name, value in values.items():
                setattr(kept, name, value)
            kept.counted_at = work.now
        changed += 1
    return changed


def _rated(counted: dict[str, int]) -> dict[str, Any]:
    owed, alerts = counted["owed"], counted["alerts"] + counted["late"]
    return {
        **counted,
        "rate": round(100 * counted["collected"] / owed, 1) if owed else None,
        "in_time_rate": round(100 * counted["in_time"] / alerts, 1) if alerts else None,
    }


def _tubes(
    connection: Connection, studies: Sequence[Id], begin: datetime, end: datetime
) -> Iterator[tuple[Id, Id, int, int]]:
    """Yield study, person, tubes owed and obtained of the days of a month."""
    e = ExpectedSpecimen.__table__.c
    # A visit still going on owes what was obtained so far: what is to be drawn this morning lowers no rate.
    over = case((and_(e.cause.is_(None), e.settled_at.is_(None)), e.collected), else_=e.expected)
    query = (
        select(e.study_id, e.staff_id, func.sum(over), func.sum(e.collected))
        .where(
            e.study_id.in_(studies), e.staff_id.is_not(None), e.day >= begin.date(), e.day < end.date(),
        )
        .group_by(e.study_id, e.staff_id)
    )  # fmt: skip
    for study_id, staff_id, owed, collected in connection.execute(query):
        yield study_id, staff_id, int(owed or 0), int(collected or 0)


def _alerts(work: UnitOfWork, begin: datetime, end: datetime) -> Iterator[tuple[Id, Id, str]]:
    """Yield study, person and what one alert counts as."""
    a, e = Alert.__table__.c, AlertEvent.__table__.c
    settled = (
        select(a.rule, a.subject, a.subject_id, a.act_by, e.at, e.staff_id)
        .join(Alert.__table__, a.id == e.alert_id)
        .where(e.at >= begin, e.at < end, e.kind == "handled", e.staff_id.is_not(None), a.rule.in_(RESEARCH))
    )
    rows = list(work.connection.execute(settled))
    past = select(a.rule, a.subject, a.subject_id, a.act_by, a.owner_id).where(
        a.rule.in_(RESEARCH), a.state.in_(WAITING), a.owner_id.is_not(None), a.act_by >= begin, a.act_by < end,
        a.act_by < work.now,
    )  # fmt: skip
    waiting = list(work.connection.execute(past))
    studies = _studies(work.connection, [(row.subject, row.subject_id) for row in (*rows, *waiting)])
    for row in rows:
        study = studies.get((row.subject, row.subject_id))
        if study is None:
            continue
        in_time = row.act_by is None or row.at <= row.act_by
        core = row.rule in CORE
        yield study, row.staff_id, "alerts"
        if in_time:
            yield study, row.staff_id, "in_time"
        if core:
            yield study, row.staff_id, "core_alerts"
        if core and in_time:
            yield study, row.staff_id, "core_in_time"
    for one in waiting:
        study = studies.get((one.subject, one.subject_id))
        if study is not None:
            yield study, one.owner_id, "late"


def _studies(connection: Connection, about: Sequence[tuple[str, Id]]) -> dict[tuple[str, Id], Id]:
    """Return the study of each record that has one; of an alert of an alert, that of what the first was about."""
    found: dict[tuple[str, Id], Id] = {}
    by_entity: dict[str, list[Id]] = defaultdict(list)
    for entity, own in about:
        by_entity[entity].append(own)
    for entity, ids in by_entity.items():
        kind = record_classes().get(entity)
        table = None if kind is None else kind.__table__
        if table is None or "study_id" not in table.c:
            continue
        for start in range(0, len(ids), AT_ONCE):
            query = select(table.c.id, table.c.study_id).where(table.c.id.in_(ids[start : start + AT_ONCE]))
            found |= {(entity, own): study for own, study in connection.execute(query)}
    stacked = by_entity.get("alert", [])
    if stacked:
        a = Alert.__table__.c
        rows = list(
            connection.execute(select(a.id, a.subject, a.subject_id).where(a.id.in_(stacked[:AT_ONCE])))
        )
        inner = _studies(connection, [(r.subject, r.subject_id) for r in rows if r.subject != "alert"])
        found |= {
            ("alert", r.id): inner[r.subject, r.subject_id]
            for r in rows
            if (r.subject, r.subject_id) in inner
        }
    return found


def _names(work: UnitOfWork, staff_ids: set[Id]) -> dict[Id, Any]:
    s = Staff.__table__.c
    query = select(s.id, s.org_id, s.name).where(s.id.in_(sorted(staff_ids)))
    return {row.id: row for row in work.connection.execute(query)}
