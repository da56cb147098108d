"""What a client has done of the plans of the last weeks, for the portrait: check-ins, and days of too much."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from domain.care.intake_records import CareIntake
from domain.care.records import CareItem, CareKind, CareWeek
from domain.care.standing import monday_of
from domain.interop.one_person import of_person
from domain.kernel.clock import clinic
from domain.kernel.ids import Id

WEEKS = 4
"""How far back it looks: the running week and the whole ones before it."""


def care_done(
    connection: Connection, patient_id: Id, now: datetime, low_rate: float, say: Any
) -> list[dict[str, Any]]:
    """Return a line a thing that was asked for: how often, how often it was done, and whether that is too little."""
    w, i = CareWeek.__table__.c, CareItem.__table__.c
    since = monday_of(now) - timedelta(weeks=WEEKS - 1)
    query = (
        select(
            i.kind, i.label, func.sum(w.due).label("due"), func.sum(w.done + w.part).label("done"),
            func.sum(w.rate * w.due).label("share"),
        )
        .join(CareItem.__table__, i.id == w.item_id)
        .where(of_person(connection, w.patient_id, patient_id), w.monday >= since)
        .group_by(i.kind, i.label)
    )  # fmt: skip
    found = []
    order = list(CareKind)
    for row in connection.execute(query):
        if not row.due:
            continue
        rate = round(float(row.share or 0) / float(row.due), 1)
        found.append(
            {
                "kind": say(f"choice.care_kind.{row.kind}"), "label": row.label, "due": int(row.due),
                "done": int(row.done), "rate": f"{rate:g}", "low": rate < low_rate,
                "over_days": _over(connection, patient_id, now) if row.kind == CareKind.SUPPLEMENT else 0,
                "_order": (order.index(CareKind(row.kind)), row.label),
            }
        )  # fmt: skip
    return [
        {k: v for k, v in one.items() if k != "_order"} for one in sorted(found, key=lambda o: o["_order"])
    ]


def _over(connection: Connection, patient_id: Id, now: datetime) -> int:
    """Return on how many days of these weeks supplements and diet together were more than was right."""
    t = CareIntake.__table__.c
    first = clinic(now).date() - timedelta(weeks=WEEKS)
    query = select(func.count(func.distinct(t.day))).where(
        of_person(connection, t.patient_id, patient_id), t.day >= first, t.percent > 100
    )
    return int(connection.execute(query).scalar() or 0)
