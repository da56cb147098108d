"""Counting what studies collect and how far they are: run by the centre's reader for what changed, and daily."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import func, select

from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.studies.progress_records import CollectionRate, ProgressMeasure, StudyProgress
from domain.studies.records import Study
from domain.studies.subject_records import ExpectedSpecimen, StudySubject, SubjectVisit

WINDOW_DAYS = 30
CAUSES = {
    "refused": "本人拒绝", "unable": "未能排出", "left": "已离开", "failed_draw": "采血失败", "not_fasting": "未空腹",
    "no_supplies": "耗材不足", "later": "改日补留", "other": "其他", "untold": "未登记原因",
}  # fmt: skip
"""As people read them in the list of rates."""
FALLS = 2
"""Weeks in a row, each worse than the one before, that are told as a fall."""


@command("study.count_tubes", "更新留取率", permission=None, place="internal")
class CountTubes:
    """Count some kinds at some sites anew: organisation, study, requirement."""

    groups: list[Any] = ask("分组", kind=Kind.HIDDEN)


@handles(CountTubes)
def count_tubes(order: CountTubes, work: UnitOfWork) -> int:
    """Return how many rates changed; the work is that of the window, whatever is stored."""
    return sum(_count_kind(work, *group) for group in order.groups)


def _count_kind(work: UnitOfWork, org_id: Id, study_id: Id, requirement_id: Id) -> bool:
    today = clinic(work.now).date()
    start = today - timedelta(days=WINDOW_DAYS - 1)
    e = ExpectedSpecimen.__table__.c
    rows = work.connection.execute(
        select(e.name, e.day, e.expected, e.collected, e.cause, e.staff_name).where(
            e.study_id == study_id, e.requirement_id == requirement_id, e.day >= start, e.org_id == org_id
        )
    ).all()
    counted = tally(rows, start, today)
    own = stable_id("collection_rate", org_id, study_id, requirement_id)
    known = work.get(CollectionRate, own)
    if known is None:
        if not rows:
            return False
        work.add(
            CollectionRate(
                id=own, org_id=org_id, study_id=study_id, requirement_id=requirement_id, name=rows[0].name,
                counted_at=work.now, **counted,
            )
        )  # fmt: skip
        return True
    return _keep(known, counted, work)


def tally(rows: Sequence[Any], start: date, today: date) -> dict[str, Any]:
    """Return what a window of expectations comes to.

    A tube counts as due once it was drawn or given up, or when its day is over: what is still to be drawn this
    morning lowers no rate.
    """
    due = collected = 0
    causes: Counter[str] = Counter()
    weeks: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    days: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        over = row.cause is not None or row.day < today
        owed = row.expected if over else row.collected
        missing = owed - row.collected
        due, collected = due + owed, collected + row.collected
        if missing:
            causes[str(row.cause or "untold")] += missing
        for part in (weeks[(row.day - start).days // 7], days[row.day.isoformat(), row.staff_name or ""]):
            part[0] += owed
            part[1] += row.collected
    trend: list[dict[str, Any]] = [
        {
            "week": (start + timedelta(days=7 * week)).isoformat(),
            "due": d,
            "collected": c,
            "rate": rate_of(c, d),
        }
        for week, (d, c) in sorted(weeks.items())
    ]
    rates = [one["rate"] for one in trend if one["rate"] is not None][-FALLS - 1 :]
    told = [f"{one['week'][5:]} 起 {one['rate']}%" for one in trend if one["rate"] is not None]
    told += [f"{CAUSES.get(cause, cause)} {count} 管" for cause, count in sorted(causes.items())]
    return {
        "told": told, "window_from": start, "owed": due, "collected": collected, "rate": rate_of(collected, due),
        "causes": dict(sorted(causes.items())), "trend": trend,
        "days": [{"day": d, "nurse": n, "due": v[0], "collected": v[1]} for (d, n), v in sorted(days.items())],
        "falling": len(rates) > FALLS and all(b < a for a, b in pairwise(rates)),
    }  # fmt: skip


def rate_of(part: int, whole: int) -> float | None:
    """Return `part` of `whole` in per cent, one place behind the point; None where there is nothing."""
    return round(100 * part / whole, 1) if whole else None


@command("study.count_progress", "更新科研进度", permission=None, place="internal")
class CountProgress:
    """Compare some studies with their plans as of today."""

    study_ids: list[Id] = ask("研究项目", kind=Kind.HIDDEN)


@handles(CountProgress)
def count_progress(order: CountProgress, work: UnitOfWork) -> int:
    """Return how many measures changed; a study that is not open has no progress to be late with."""
    changed = 0
    for study in work.list(select(Study).where(Study.id.in_(order.study_ids))):
        for measure, (planned, actual) in _measures(work, study).items():
            changed += _note(work, study, measure, planned, actual)
    return changed


def planned_by(planned: int, start: date, until: date, today: date) -> int:
    """Return how many of `planned` should be in by `today`, evenly over the days from `start` to `until`."""
    whole = (until - start).days + 1
    gone = min(max((today - start).days + 1, 0), whole)
    return planned * gone // whole


def _measures(work: UnitOfWork, study: Study) -> dict[ProgressMeasure, tuple[int, int]]:
    if study.state not in ("recruiting", "following"):
        return dict.fromkeys(ProgressMeasure, (0, 0))
    today = clinic(work.now).date()
    subject, visit, tube = (kind.__table__.c for kind in (StudySubject, SubjectVisit, ExpectedSpecimen))
    one = work.connection
    enrolled = select(func.count()).select_from(StudySubject.__table__).where(subject.study_id == study.id)
    over = select(func.count()).select_from(SubjectVisit.__table__).where(
        visit.study_id == study.id, visit.window_until < today, visit.state != "cancelled"
    )  # fmt: skip
    tubes = select(func.sum(tube.expected), func.sum(tube.collected)).where(
        tube.study_id == study.id, tube.day < today
    )
    wanted, drawn = one.execute(tubes).one()
    return {
        ProgressMeasure.ENROLMENT: (
            planned_by(study.planned_subjects, study.recruit_from, study.recruit_until, today),
            int(one.execute(enrolled).scalar() or 0),
        ),
        ProgressMeasure.SAMPLING: (int(wanted or 0), int(drawn or 0)),
        ProgressMeasure.COMPLETION: (
            int(one.execute(over).scalar() or 0),
            int(one.execute(over.where(visit.state == "done")).scalar() or 0),
        ),
    }


def _note(work: UnitOfWork, study: Study, measure: ProgressMeasure, planned: int, actual: int) -> bool:
    values = {
        "planned": planned, "actual": actual, "rate": rate_of(actual, planned), "code": study.code,
        "counted_on": clinic(work.now).date(),
    }  # fmt: skip
    own = stable_id("study_progress", study.id, measure)
    known = work.get(StudyProgress, own)
    if known is None:
        work.add(
            StudyProgress(
                id=own, org_id=study.org_id, study_id=study.id, measure=measure, counted_at=work.now, **values
            )
        )
        return True
    return _keep(known, values, work)


def _keep(known: Any, values: dict[str, Any], work: UnitOfWork) -> bool:
    changed = {name: value for name, value in values.items() if getattr(known, name) != value}
    for name, value in changed.items():
        setattr(known, name, value)
    if changed:
        known.counted_at = work.now
    return bool(changed)
