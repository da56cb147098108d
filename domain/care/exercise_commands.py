"""Exercise: the diary, another way as the client likes it, and the physician's change of items and intensity."""

from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec
from sqlalchemy import func, select

from domain.care.activities import as_much, burnt
from domain.care.content import care_of
from domain.care.execution_commands import note, occasion_of_day
from domain.care.exercise_records import ExerciseEntry
from domain.care.generator import rate_at
from domain.care.programme_commands import DAYS, body_of
from domain.care.programmes import Programmes
from domain.care.records import CareItem, CareKind, CareOutcome, CareWay
from domain.care.schedules import Schedule
from domain.care.standing_commands import course_of
from domain.interop.one_person import of_person, require_theirs
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from domain.scales.facts import latest

LATEST_DAYS = 30
SHORTEST, LONGEST = 1, 600
"""Minutes of a bout."""
ENOUGH = 0.9
"""From how much of its minutes on a day counts as done."""
HARDEST = 89.0
"""The highest per cent of the heart rate reserve a prescription may have."""


@command("care.note_exercise", "登记运动日记", permission="care.note")
class NoteExercise:
    """One bout of exercise; together with the day's others it counts as carrying out the prescription."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    activity: str = ask("运动项目（如 快走、游泳、太极）", max_length=60)
    minutes: float = ask("时长（分钟）", kind=Kind.NUMBER, low=1, high=600)
    day: date | None = ask("日期（不填为今天）", kind=Kind.DATE, default=None)
    heart_rate: float | None = ask("运动时心率（次/分）", kind=Kind.NUMBER, default=None, low=30, high=250)
    effort: float | None = ask(
        "自觉用力（6 很轻松 – 20 极累）", kind=Kind.NUMBER, default=None, low=6, high=20
    )
    note: str | None = ask("说明（不适请写明）", kind=Kind.NOTE, default=None)


@handles(NoteExercise)
def note_exercise(order: NoteExercise, work: UnitOfWork) -> float | None:
    """Return the kcal it cost, None where the weight is not known.

    Raises:
        DomainError: ``care.no_activity_named`` (``activity``) with what comes nearest; ``care.too_early`` or
            ``care.diary_too_late`` (``day``).
    """
    return _keep(order, work, CareWay.DESK)


@command("care.client_exercise", "客户运动日记", permission="client_page.write", place="internal")
class ClientNotesExercise:
    """The client notes a bout on the phone page; of the server's page alone."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    activity: str = ask("运动项目", kind=Kind.HIDDEN, max_length=60)
    minutes: float = ask("时长", kind=Kind.HIDDEN, low=1, high=600)
    day: date | None = ask("日期", kind=Kind.HIDDEN, default=None)
    heart_rate: float | None = ask("运动时心率", kind=Kind.HIDDEN, default=None, low=30, high=250)
    effort: float | None = ask("自觉用力", kind=Kind.HIDDEN, default=None, low=6, high=20)
    note: str | None = ask("说明", kind=Kind.HIDDEN, default=None, max_length=4000)


@handles(ClientNotesExercise)
def client_notes_exercise(order: ClientNotesExercise, work: UnitOfWork) -> float | None:
    """Return the kcal it cost. Raises as `note_exercise`."""
    return _keep(order, work, CareWay.PHONE)


def _keep(order: NoteExercise | ClientNotesExercise, work: UnitOfWork, way: CareWay) -> float | None:
    patient = work.require(Patient, order.patient_id, "patient_id")
    return keep_bout(
        work, patient, order.day or clinic(work.now).date(), order.activity.strip(), order.minutes, way=way,
        heart_rate=order.heart_rate, effort=order.effort, note=order.note,
    )  # fmt: skip


def keep_bout(
    work: UnitOfWork, patient: Patient, day: date, name: str, minutes: float, *, way: CareWay,
    kcal: float | None = None, heart_rate: float | None = None, effort: float | None = None,
    note: str | None = None, own: Id | None = None,
) -> float | None:  # fmt: skip
    """Keep a bout and count it for the day's prescription; returns the kcal it cost.

    Args:
        work: The unit of work.
        patient: Whose.
        day: On which day of the clinic.
        name: One of the activities that are known.
        minutes: How long.
        way: How it came to be known.
        kcal: As a device counted it; worked out from the weight where none did.
        heart_rate: While it lasted.
        effort: By Borg.
        note: What was said of it.
        own: The id of the entry, where it might be kept twice.

    Raises:
        DomainError: ``care.no_activity_named`` (``activity``); ``care.bad_minutes`` (``minutes``); ``care.too_early``
            or ``care.diary_too_late`` (``day``).
    """
    today, known = clinic(work.now).date(), care_of(work).activities.activities
    if name not in known:
        near = [one for one in known if set(name) & set(one)] or list(known)
        raise DomainError("care.no_activity_named", field="activity", value=name, known="、".join(near[:12]))
    if not SHORTEST <= minutes <= LONGEST:
        raise DomainError("care.bad_minutes", field="minutes", low=SHORTEST, high=LONGEST)
    if day > today:
        raise DomainError("care.too_early", field="day")
    if day < today - timedelta(days=LATEST_DAYS):
        raise DomainError("care.diary_too_late", field="day", days=LATEST_DAYS)
    if kcal is None:
        weight = latest(work.connection, patient.id, {"weight"}).get("weight")
        kcal = burnt(known[name].met, weight, minutes)
    item = _asked(work, patient.id, day)
    entry = ExerciseEntry(
        org_id=patient.org_id, patient_id=patient.id, item_id=item.id if item else None, day=day, activity=name,
        minutes=minutes, met=known[name].met, kcal=kcal, heart_rate=heart_rate, effort=effort,
        note=note, way=way, staff_id=work.actor.staff_id, staff_name=work.actor.name, at=work.now,
    )  # fmt: skip
    if own is not None:
        entry.id = own
    work.add(entry)
    if item is not None:
        _counts(work, item, day, minutes, way)
    return kcal


def _asked(work: UnitOfWork, patient_id: Id, day: date) -> CareItem | None:
    """Return the exercise that was asked for on a day, the latest begun."""
    items = work.list(
        select(CareItem)
        .where(
            of_person(work.connection, CareItem.patient_id, patient_id),
            CareItem.kind == CareKind.EXERCISE,
            CareItem.state == "running",
        )
        .order_by(CareItem.from_on.desc(), CareItem.id.desc())
    )
    covers = (one for one in items if one.from_on <= day and (one.to_on is None or day <= one.to_on))
    return next(covers, None)


def _counts(work: UnitOfWork, item: CareItem, day: date, minutes: float, way: CareWay) -> None:
    """Note the occasion of the day by everything that was done on it; exercise on a free day has none."""
    e = ExerciseEntry.__table__.c
    query = select(func.coalesce(func.sum(e.minutes), 0.0)).where(
        of_person(work.connection, e.patient_id, item.patient_id), e.day == day
    )
    whole = float(work.connection.execute(query).scalar_one()) + minutes
    begins = occasion_of_day(course_of(item), datetime.combine(day, time(12), CLINIC_TIME))
    if begins is None:
        return
    enough = not item.target_value or whole >= ENOUGH * item.target_value
    note(work, item, CareOutcome.DONE if enough else CareOutcome.PART, whole, begins, None, way)


@command("care.change_exercise", "调整运动处方", permission="care.sign")
class ChangeExercise:
    """Other exercise, longer or shorter, harder or easier; what is left out stays."""

    care_item_id: Id = ask("干预项目", kind=Kind.HIDDEN)
    ways: str | None = ask("运动项目（如 快走、游泳）", default=None, max_length=200)
    minutes: float | None = ask("每次时长（分钟）", kind=Kind.NUMBER, default=None, low=5, high=180)
    times: int | None = ask("每周次数", kind=Kind.NUMBER, default=None, low=3, high=7)
    low: float | None = ask("强度下限（心率储备 %）", kind=Kind.NUMBER, default=None, low=20, high=HARDEST)
    high: float | None = ask("强度上限（心率储备 %）", kind=Kind.NUMBER, default=None, low=20, high=HARDEST)
    accepted: str | None = ask("超出病种限量的理由（需要时填写）", kind=Kind.NOTE, default=None)
    reason: str = ask("调整原因", kind=Kind.NOTE)


@handles(ChangeExercise)
def change_exercise(order: ChangeExercise, work: UnitOfWork) -> Id:
    """Return the id of the item; before and after stand in the log.

    Raises:
        DomainError: ``care.not_exercise``; ``care.item_over``; ``care.no_way`` (``ways``) for one that is unknown
            or barred; ``care.bad_intensity`` (``high``); ``care.over_intensity`` (``accepted``) above the limit
            of the diseases without a reason.
    """
    item = _exercise(work, order.care_item_id)
    book, detail = care_of(work).programmes, {**EMPTY, **(item.detail or {})}
    if order.ways is not None:
        detail["ways"] = _ways(book, order.ways, detail["forbidden"])
    limit = detail.get("limit") or detail["reserve"]
    low, high = order.low or detail["reserve"][0], order.high or detail["reserve"][1]
    if not low <= high:
        raise DomainError("care.bad_intensity", field="high", low=f"{low:g}", high=f"{high:g}")
    if item.detail and high > limit[1] and not (order.accepted or "").strip():
        raise DomainError("care.over_intensity", field="accepted", high=f"{high:g}", limit=f"{limit[1]:g}")
    if (low, high) != tuple(detail["reserve"]):
        detail |= {"limit": limit, "reserve": [low, high], "target": round((low + high) / 2, 1)}
        detail["heart_rate"] = _rate(work, item, detail["target"])
    each = order.minutes or item.target_value or detail["minutes"] / max(detail["times"], 1) or 30.0
    detail |= {"times": order.times or detail["times"] or 5, "accepted": order.accepted}
    _write(item, book, detail, each)
    item.schedule = msgspec.to_builtins(Schedule(at=("07:00",), window_h=17, weekdays=DAYS[detail["times"]]))
    item.reason = order.reason
    return item.id


EMPTY: dict[str, Any] = {
    "minutes": 0, "times": 0, "reserve": [40, 59], "target": 49.5, "heart_rate": None, "ways": ["WALK"],
    "met_minutes": 0, "resistance_days": 0, "resistance": [0, 0, 0], "forbidden": [],
}  # fmt: skip
"""What an exercise that was put in by hand has until a physician says more."""


def _write(item: CareItem, book: Programmes, detail: dict[str, Any], each: float) -> None:
    minutes = round(each * detail["times"])
    detail |= {"minutes": minutes, "met_minutes": round(minutes * book.names[detail["ways"][0]].met)}
    names = "、".join(book.names[way].label for way in detail["ways"][:3])
    item.detail, item.target_value, item.target_unit = detail, float(each), "min"
    item.label = f"运动 {names} 每次 {each:g} 分钟"[:200]


def _exercise(work: UnitOfWork, item_id: Id) -> CareItem:
    item = work.require(CareItem, item_id, "care_item_id")
    if item.kind != CareKind.EXERCISE:
        raise DomainError("care.not_exercise", field="care_item_id", label=item.label)
    if item.state == "ended":
        raise DomainError("care.item_over", field="care_item_id", label=item.label)
    return item


def _ways(book: Programmes, said: str, forbidden: list[str]) -> list[str]:
    by_name = {way.label: code for code, way in book.names.items() if code not in forbidden}
    found = []
    for part in said.replace("，", "、").replace(",", "、").split("、"):
        if part.strip() not in by_name:
            raise DomainError("care.no_way", field="ways", value=part.strip(), known="、".join(by_name))
        found.append(by_name[part.strip()])
    return list(dict.fromkeys(found))


def _rate(work: UnitOfWork, item: CareItem, target: float) -> int | None:
    """Return the heart rate to aim at; None where body or resting rate is not known."""
    patient = work.require(Patient, item.patient_id, "care_item_id")
    try:
        body, _ = body_of(work, patient, "light")
    except DomainError:
        return None
    return rate_at(care_of(work).programmes, body, target)


@command("care.swap_exercise", "更换运动方式", permission="care.note")
class SwapExercise:
    """Another way of exercise as the client likes it, for as long as costs as much."""

    care_item_id: Id = ask("干预项目", kind=Kind.HIDDEN)
    takes: str = ask("换成哪种运动（名称）", max_length=40)


@handles(SwapExercise)
def swap_exercise(order: SwapExercise, work: UnitOfWork) -> float:
    """Return the minutes each time from now on. Raises ``care.no_way`` (``takes``) with what fits."""
    return _swap(work, _exercise(work, order.care_item_id), order.takes)


@command("care.client_swap_exercise", "客户更换运动方式", permission="client_page.write", place="internal")
class ClientSwapsExercise:
    """The client takes another way of exercise on the phone page; of the server's page alone."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    care_item_id: Id = ask("干预项目", kind=Kind.HIDDEN)
    takes: str = ask("换成哪种运动", kind=Kind.HIDDEN, max_length=40)


@handles(ClientSwapsExercise)
def client_swaps_exercise(order: ClientSwapsExercise, work: UnitOfWork) -> float:
    """Return the minutes each time. Raises as `swap_exercise`; an item of somebody else is unknown."""
    item = require_theirs(work, CareItem, order.care_item_id, "care_item_id", order.patient_id)
    return _swap(work, _exercise(work, item.id), order.takes)


def swap_choices(book: Programmes, detail: dict[str, Any]) -> dict[str, str]:
    """Return the ways a client may take, code by name: those prescribed, and others that are no harder nor barred."""
    ways, barred = list(detail.get("ways") or ()), set(detail.get("forbidden") or ())
    known = [way for way in ways if way in book.names]
    hardest = max((book.names[way].met for way in known), default=0.0)
    easiest = min((book.names[way].met for way in known), default=0.0)
    return {
        way.label: code
        for code, way in book.names.items()
        if code not in barred and (code in known or easiest <= way.met <= hardest)
    }


def _swap(work: UnitOfWork, item: CareItem, takes: str) -> float:
    book, detail = care_of(work).programmes, dict(item.detail or {})
    fits = swap_choices(book, detail)
    if takes.strip() not in fits:
        raise DomainError("care.no_way", field="takes", value=takes.strip(), known="、".join(fits) or "—")
    new, ways = fits[takes.strip()], list(detail["ways"])
    each = item.target_value or detail["minutes"] / max(detail["times"], 1)
    minutes = as_much(each, book.names[ways[0]].met, book.names[new].met)
    detail["ways"] = [new, *(way for way in ways if way != new)]
    _write(item, book, detail, minutes)
    return minutes
