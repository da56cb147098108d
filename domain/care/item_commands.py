"""Items of a plan: put in with target, times and days; paused, resumed, ended."""

import re
from datetime import date, datetime, time, timedelta
from typing import Any

import msgspec

from domain.care.content import care_of
from domain.care.records import CareItem, CareKind, CarePlan
from domain.care.schedules import Schedule, schedule_of
from domain.care.workflow import item_life, plan_life
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork

PLAN = "care.plan"
_DAYS = {
    name: number
    for number, names in enumerate(("一1", "二2", "三3", "四4", "五5", "六6", "日天7"), 1)
    for name in names
}


@command("care.add_item", "加入干预项目", permission=PLAN)
class AddItem:
    """One thing the client is to do, how much of it each time, and when."""

    care_plan_id: Id = ask("干预计划", kind=Kind.HIDDEN)
    kind: CareKind = ask("类别", kind=Kind.CHOICE)
    label: str = ask("内容", max_length=200)
    target_value: float | None = ask("每次目标值", kind=Kind.NUMBER, default=None, low=0, high=100000)
    target_unit: str | None = ask("目标单位（UCUM，如 min、mg）", default=None, max_length=40)
    times: str = ask("每日时间（如 08:00、20:00）", max_length=80)
    days: str = ask("哪几天（每日，或周一三五，或每2天）", default="每日", max_length=40)
    window_h: int | None = ask("允许延迟（小时）", kind=Kind.NUMBER, default=None, low=1, high=720)
    watched: str | None = ask("监测指标代码（仅监测，如 sbp、fpg、weight）", default=None, max_length=60)
    from_on: date | None = ask("开始日期（不填为计划开始）", kind=Kind.DATE, default=None)
    to_on: date | None = ask("结束日期（不填为计划结束）", kind=Kind.DATE, default=None)


@handles(AddItem)
def add_item(order: AddItem, work: UnitOfWork) -> Id:
    """Return the id of the item; in a plan that runs it begins at once.

    Raises:
        DomainError: ``care.plan_over``; ``care.bad_times`` (``times``), ``care.bad_days`` (``days``);
            ``care.no_watched`` (``watched``); ``care.outside_plan`` (``from_on`` or ``to_on``).
    """
    plan = work.require(CarePlan, order.care_plan_id, "care_plan_id")
    usual = care_of(work).kinds.kinds[order.kind].window_h
    schedule = schedule_said(order.times, order.days, order.window_h or usual)
    return put_item(
        work, plan, order.kind, order.label, schedule, target=(order.target_value, order.target_unit),
        watched=order.watched, span=(order.from_on, order.to_on),
    ).id  # fmt: skip


def put_item(
    work: UnitOfWork, plan: CarePlan, kind: CareKind, label: str, schedule: Schedule, *,
    target: tuple[float | None, str | None] = (None, None), watched: str | None = None,
    span: tuple[date | None, date | None] = (None, None), detail: dict[str, Any] | None = None,
) -> CareItem:  # fmt: skip
    """Put an item into a plan. Raises as `add_item`."""
    if plan.state not in {"draft", "running"}:
        raise DomainError("care.plan_over", field="care_plan_id", state=plan_life.label_of(plan.state))
    first, last = span[0] or max(plan.starts_on, clinic(work.now).date()), span[1] or plan.ends_on
    for field, day in (("from_on", first), ("to_on", last)):
        if not plan.starts_on <= day <= plan.ends_on or last < first:
            raise DomainError(
                "care.outside_plan",
                field=field,
                first=plan.starts_on.isoformat(),
                last=plan.ends_on.isoformat(),
            )
    _check_watched(work, kind, watched)
    item = CareItem(
        org_id=plan.org_id, plan_id=plan.id, patient_id=plan.patient_id, kind=kind, label=label,
        target_value=target[0], target_unit=target[1], detail=detail,
        watched=watched if kind is CareKind.MONITORING else None, schedule=msgspec.to_builtins(schedule),
        from_on=first, to_on=last,
    )  # fmt: skip
    work.start(item_life, item)
    if plan.state == "running":
        begin_item(work, item)
    return work.add(item)


def _check_watched(work: UnitOfWork, kind: CareKind, watched: str | None) -> None:
    if kind is not CareKind.MONITORING:
        return
    if watched is None or watched not in work.content["catalog"].observations:
        raise DomainError("care.no_watched", field="watched", value=watched or "")


def begin_item(work: UnitOfWork, item: CareItem) -> None:
    """Ask for an item from now on."""
    work.move(item_life, item, "begin")
    _runs(item, work.now)


def _runs(item: CareItem, now: datetime) -> None:
    first = datetime.combine(item.from_on, time(), CLINIC_TIME)
    item.began_at = max(first, now)
    item.due_at = (
        None if item.to_on is None else datetime.combine(item.to_on + timedelta(days=1), time(), CLINIC_TIME)
    )


def end_item(work: UnitOfWork, item: CareItem, reason: str) -> None:
    """Ask for an item no more."""
    work.move(item_life, item, "end_item")
    item.reason = reason


@command("care.pause_item", "暂停项目", permission=PLAN)
class PauseItem:
    """Nothing is asked for until it is resumed."""

    care_item_id: Id = ask("干预项目", kind=Kind.HIDDEN)
    reason: str = ask("暂停原因", kind=Kind.NOTE)


@handles(PauseItem)
def pause_item(order: PauseItem, work: UnitOfWork) -> Id:
    """Return the id of the item. Raises ``care_item.wrong_state``."""
    item = work.require(CareItem, order.care_item_id, "care_item_id")
    work.move(item_life, item, "pause_item")
    item.reason = order.reason
    return item.id


@command("care.resume_item", "恢复项目", permission=PLAN)
class ResumeItem:
    """It is asked for again, from now on."""

    care_item_id: Id = ask("干预项目", kind=Kind.HIDDEN)


@handles(ResumeItem)
def resume_item(order: ResumeItem, work: UnitOfWork) -> Id:
    """Return the id of the item. Raises ``care_item.wrong_state``."""
    item = work.require(CareItem, order.care_item_id, "care_item_id")
    work.move(item_life, item, "resume_item")
    _runs(item, work.now)
    return item.id


@command("care.end_item", "结束项目", permission=PLAN)
class EndItem:
    """The course is over, or is given up."""

    care_item_id: Id = ask("干预项目", kind=Kind.HIDDEN)
    reason: str = ask("结束原因", kind=Kind.NOTE)


@handles(EndItem)
def end_one(order: EndItem, work: UnitOfWork) -> Id:
    """Return the id of the item. Raises ``care_item.wrong_state``."""
    item = work.require(CareItem, order.care_item_id, "care_item_id")
    end_item(work, item, order.reason)
    return item.id


def schedule_said(times: str, days: str, window_h: int | None) -> Schedule:
    """Return a schedule as people say it; without a window an occasion is open to the end of its first time's day.

    Raises:
        DomainError: ``care.bad_times`` (``times``), ``care.bad_days`` (``days``).
    """
    said = times.replace("：", ":").replace("，", "、").replace(",", "、")
    parts = [part.strip() for part in said.split("、") if part.strip()]
    at = [f"{p:0>5}" for p in parts]
    window = window_h or (24 - int(at[0][:2]) if at and at[0][:2].isdigit() else 24)
    try:
        return schedule_of({"at": at, "window_h": window, **_days_said(days)})
    except ValueError as error:
        raise DomainError("care.bad_times", field="times", value=times) from error


def _days_said(days: str) -> dict[str, Any]:
    said = re.sub("[ 、，,周]|星期", "", days)
    if said in {"每日", "每天", ""}:
        return {}
    every = said.removeprefix("每").removesuffix("天").removesuffix("日")
    if said.startswith("每") and every.isascii() and every.isdigit() and 1 <= int(every) <= 366:
        return {"every_days": int(every)}
    if all(one in _DAYS for one in said):
        return {"weekdays": sorted({_DAYS[one] for one in said})}
    raise DomainError("care.bad_days", field="days", value=days)
