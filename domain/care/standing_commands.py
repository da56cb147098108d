"""Keeping how items and clients stand: of the reader of the log alone, in each store for itself."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from domain.care.content import CareKinds, care_of
from domain.care.intake import per_dose, sum_intakes
from domain.care.records import CareClient, CareEvent, CareItem, CareKind, CareOutcome, CareStanding, CareWeek
from domain.care.schedules import Course, schedule_of
from domain.care.standing import LOOK_BACK, WEEK, Noted, monday_of, share_of, standing_of, week_of
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork


@command("care.stand", "更新执行状况", permission=None, place="internal")
class StandItems:
    """Work out anew how some items stand, and their clients; of the reader of the log alone."""

    item_ids: list[Id] = ask("干预项目", kind=Kind.HIDDEN)


@handles(StandItems)
def stand_items(order: StandItems, work: UnitOfWork) -> int:
    """Return how many items stand; an item that does not run has no standing."""
    patients: dict[Id, Id] = {}
    supplemented: set[Id] = set()
    count = 0
    for item_id in order.item_ids:
        item = work.get(CareItem, item_id)
        if item is None:
            continue
        patients[item.patient_id] = item.org_id
        if item.kind == CareKind.SUPPLEMENT and per_dose(item):
            supplemented.add(item.patient_id)
        known = work.get(CareStanding, item_id)
        if item.state != "running" or item.began_at is None:
            if known is not None:
                work.remove(known)
            continue
        _stand(work, item, known)
        count += 1
    work.flush()
    for patient_id, org_id in patients.items():
        _stand_client(work, care_of(work).kinds, patient_id, org_id)
    sum_intakes(work, sorted(supplemented))
    return count


def course_of(item: CareItem) -> Course:
    """Return when an item is to be done."""
    return Course(schedule_of(item.schedule), item.from_on, item.to_on)


def noted_of(work: UnitOfWork, item: CareItem, since: datetime) -> dict[datetime, Noted]:
    """Return the last word on each occasion from `since` on: one range of an index."""
    e = CareEvent.__table__.c
    query = select(e.occasion_at, e.outcome, e.value, e.at).where(
        e.item_id == item.id, e.occasion_at >= since
    )
    found: dict[datetime, Noted] = {}
    for row in work.connection.execute(query.order_by(e.occasion_at, e.at, e.id)):
        outcome = CareOutcome(row.outcome)
        found[row.occasion_at] = Noted(outcome, share_of(outcome, row.value, item.target_value), row.at)
    return found


def _stand(work: UnitOfWork, item: CareItem, known: CareStanding | None) -> None:
    course, began = course_of(item), item.began_at or work.now
    longest = timedelta(hours=int(item.schedule["window_h"]))
    noted = noted_of(work, item, work.now - LOOK_BACK - longest)
    standing = standing_of(course, noted, began, work.now)
    values: dict[str, Any] = {name: getattr(standing, name) for name in standing.__slots__}
    latest, rate = values.pop("latest"), standing.week_rate
    behind = standing.missed_run > 0
    low = rate is not None and rate < care_of(work).kinds.low_rate
    values |= {
        "looked_at": work.now,
        "behind_since": ((known and known.behind_since) or standing.missed_since) if behind else None,
        "low_since": ((known and known.low_since) or latest) if low else None,
    }
    _keep(work, known, CareStanding, item.id, item, values)
    for monday in {monday_of(work.now), monday_of(work.now - WEEK)}:
        start = datetime.combine(monday, time(), CLINIC_TIME)
        week = week_of(course, noted, began, start, work.now)
        week_id = stable_id("care_week", item.id, monday.isoformat())
        kept = work.get(CareWeek, week_id)
        if kept is None and not week.due and not week.excused:
            continue
        counted = {name: getattr(week, name) for name in week.__slots__}
        if kept is None:
            work.add(
                CareWeek(
                    id=week_id, org_id=item.org_id, item_id=item.id, patient_id=item.patient_id,
                    kind=item.kind, monday=monday, **counted,
                )
            )  # fmt: skip
        else:
            _change(kept, counted)


def _keep(
    work: UnitOfWork, known: CareStanding | None, kind: type[CareStanding], own: Id, item: CareItem,
    values: dict[str, Any],
) -> None:  # fmt: skip
    if known is not None:
        _change(known, values)
        return
    work.add(
        kind(
            id=own,
            org_id=item.org_id,
            plan_id=item.plan_id,
            patient_id=item.patient_id,
            kind=item.kind,
            **values,
        )
    )


def _change(record: Any, values: dict[str, Any]) -> None:
    """Set what is different; a look that found nothing new changes only when it was."""
    for name, value in values.items():
        if getattr(record, name) != value:
            setattr(record, name, value)


def _stand_client(work: UnitOfWork, kinds: CareKinds, patient_id: Id, org_id: Id) -> None:
    s = CareStanding.__table__.c
    rows = work.connection.execute(
        select(s.id, s.kind, s.missed_run, s.missed_days, s.missed_since).where(s.patient_id == patient_id)
    ).all()
    late = [row for row in rows if row.missed_run >= kinds.kinds[CareKind(row.kind)].overdue_after]
    overdue = sorted({CareKind(row.kind) for row in late}, key=lambda kind: kinds.kinds[kind].rank)
    own = stable_id("care_client", patient_id)
    known = work.get(CareClient, own)
    if known is None and not overdue:
        return
    first = _first(kinds, late)
    on = _card_day(kinds, late, len(overdue))
    if known is not None and on is not None and known.overdue_on is not None:
        on = known.overdue_on  # one stretch is one card, however long it lasts
    values: dict[str, Any] = {
        "overdue_kinds": len(overdue), "overdue": [str(kind) for kind in overdue],
        "overdue_names": "、".join(kinds.kinds[kind].label for kind in overdue),
        "overdue_since": min((row.missed_since for row in late), default=None), "overdue_on": on,
        "next_item_id": first.id if first else None,
        "next_step": kinds.kinds[CareKind(first.kind)].step.format(days=first.missed_days) if first else "",
        "looked_at": work.now,
    }  # fmt: skip
    if known is None:
        work.add(CareClient(id=own, org_id=org_id, patient_id=patient_id, **values))
    else:
        _change(known, values)


def _card_day(kinds: CareKinds, late: Sequence[Any], count: int) -> date | None:
    """Return the day on which so many kinds were behind that they are one card: of an occasion, not of a look."""
    if count < kinds.card_from:
        return None
    since: dict[CareKind, datetime] = {}
    for row in late:
        since[row.kind] = min(row.missed_since, since.get(row.kind, row.missed_since))
    return clinic(sorted(since.values())[kinds.card_from - 1]).date()


def _first(kinds: CareKinds, late: Sequence[Any]) -> Any:
    """Return the item to act on first: by the rank of its kind, then the longest overdue."""
    return min(
        late, key=lambda r: (kinds.kinds[CareKind(r.kind)].rank, r.missed_since, r.id.bytes), default=None
    )
