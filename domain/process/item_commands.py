"""What a visit asks for: a package chosen, items added, cancelled, carried out, left out with the word of a head."""

import dataclasses
from collections.abc import Callable, Sequence
from datetime import datetime, time
from typing import Any

from sqlalchemy import select

from domain.checkup.arrivals import on_opened
from domain.checkup.records import Visit
from domain.kernel.clock import CLINIC_TIME
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from domain.process.definitions import Item, Package, ProcessContent
from domain.process.in_force import process_in_force
from domain.process.records import MissCause, VisitItem
from domain.process.standing import Standing, facts_of, stands
from domain.process.workflow import OPEN, item_life

EDIT = "process.edit"
MOST_AT_ONCE = 200


def content_of(work: UnitOfWork) -> ProcessContent:
    """Return nodes, items and packages in force. Raises ``process.no_content`` where none ships."""
    found = process_in_force(work.connection, work.content)
    if found is None:
        raise DomainError("process.no_content")
    return found


def day_end(content: ProcessContent, visit: Visit) -> datetime:
    """Return when what a visit has not done counts as missed."""
    hour, minute = content.rules.day_ends.split(":")
    return datetime.combine(visit.visit_date, time(int(hour), int(minute)), CLINIC_TIME)


@on_opened
def plan_of_package(work: UnitOfWork, visit: Visit) -> None:
    """Ask for the items of the package a visit was registered with; a name nobody knows asks for none."""
    content = process_in_force(work.connection, work.content)
    package = content.package_of(visit.package) if content and visit.package else None
    if content is not None and package is not None:
        _ask_for(work, content, visit, package.items, package)


@command("process.choose_package", "选择体检套餐", permission=EDIT)
class ChoosePackage:
    """From now on the visit asks for the items of a package; what it asked for on its own stays."""

    visit_id: Id = ask("体检", kind=Kind.HIDDEN)
    package: str = ask("套餐（名称或代码）", max_length=120)


@handles(ChoosePackage)
def choose_package(order: ChoosePackage, work: UnitOfWork) -> list[Id]:
    """Return the ids of the items the visit asks for now; items of another package that nobody began are cancelled.

    Raises:
        DomainError: ``process.unknown_package`` (``package``) with those there are; ``process.over`` for a visit
            that has ended.
    """
    content, visit = content_of(work), _open_visit(work, order.visit_id)
    package = content.package_of(order.package)
    if package is None:
        known = "、".join(one.name for one in content.packages.values())
        raise DomainError("process.unknown_package", field="package", value=order.package, known=known)
    for item in _items(work, visit.id):
        if item.package is not None and item.code not in package.items and item.state == "planned":
            work.move(item_life, item, "drop")
    visit.package = package.name
    return _ask_for(work, content, visit, package.items, package)


@command("process.add_items", "加做项目", permission=EDIT)
class AddItems:
    """The client has items beside the package."""

    visit_id: Id = ask("体检", kind=Kind.HIDDEN)
    items: str = ask("项目（名称或代码，用顿号分隔）", max_length=1000)


@handles(AddItems)
def add_items(order: AddItems, work: UnitOfWork) -> list[Id]:
    """Return the ids of the items. Raises ``process.unknown_item`` (``items``), ``process.over``."""
    content, visit = content_of(work), _open_visit(work, order.visit_id)
    named = {one.name: code for code, one in content.items.items()} | {code: code for code in content.items}
    said = [part for part in order.items.replace("，", "、").replace(",", "、").split("、") if part.strip()]
    wrong = [part for part in said if part.strip() not in named]
    if wrong or not said:
        known = "、".join(one.name for one in content.items.values())
        raise DomainError("process.unknown_item", field="items", value="、".join(wrong), known=known)
    return _ask_for(work, content, visit, [named[part.strip()] for part in said], None)


@command("process.drop_item", "取消项目", permission=EDIT)
class DropItem:
    """The visit does not ask for an item after all: chosen by mistake, or left out by a doctor."""

    visit_item_id: Id = ask("应检项目", kind=Kind.HIDDEN)
    reason: str = ask("取消原因", kind=Kind.NOTE)


@handles(DropItem)
def drop_item(order: DropItem, work: UnitOfWork) -> None:
    """Cancel it. Raises ``process.key_item`` for a key item: that takes the word of a head."""
    item = work.require(VisitItem, order.visit_item_id, "visit_item_id")
    if item.key:
        raise DomainError("process.key_item", field="visit_item_id", label=item.label)
    work.move(item_life, item, "drop")
    _say_why(work, item, MissCause.OTHER, order.reason)


@command("process.perform_item", "登记已执行", permission=EDIT)
class PerformItem:
    """The item was carried out; its result follows."""

    visit_item_id: Id = ask("应检项目", kind=Kind.HIDDEN)


@handles(PerformItem)
def perform_item(order: PerformItem, work: UnitOfWork) -> None:
    """Move it to done, from where the time for its result runs."""
    perform(work, work.require(VisitItem, order.visit_item_id, "visit_item_id"))


def perform(work: UnitOfWork, item: VisitItem) -> None:
    """Carry an item out now."""
    work.move(item_life, item, "perform")
    item.performed_at = work.now


@command("process.say_cause", "标注漏项原因", permission=EDIT)
class SayCause:
    """Why an item is missing; it stays missing until it is done, refused on record or waived."""

    visit_item_id: Id = ask("应检项目", kind=Kind.HIDDEN)
    cause: MissCause = ask("漏项原因", kind=Kind.CHOICE)
    note: str | None = ask("说明", kind=Kind.NOTE, default=None)


@handles(SayCause)
def say_cause(order: SayCause, work: UnitOfWork) -> None:
    """Note it. Raises ``process.not_missing`` for what is not open; ``input.missing`` (``note``)."""
    item = work.require(VisitItem, order.visit_item_id, "visit_item_id")
    if item.state not in OPEN:
        raise DomainError(
            "process.not_missing",
            field="visit_item_id",
            label=item.label,
            state=item_life.label_of(item.state),
        )
    if order.cause is MissCause.OTHER and not (order.note or "").strip():
        raise DomainError("input.missing", field="note", label="说明")
    _say_why(work, item, order.cause, order.note)


@command("process.waive_item", "签批免检", permission="process.waive")
class WaiveItem:
    """The head of department answers for an item not being done or entered."""

    visit_item_id: Id = ask("应检项目", kind=Kind.HIDDEN)
    note: str = ask("依据", kind=Kind.NOTE)


@handles(WaiveItem)
def waive_item(order: WaiveItem, work: UnitOfWork) -> None:
    """End it with who answers and why. Raises ``input.missing`` (``note``)."""
    item = work.require(VisitItem, order.visit_item_id, "visit_item_id")
    if not order.note.strip():
        raise DomainError("input.missing", field="note", label="依据")
    work.move(item_life, item, "waive")
    item.waived_note, item.waived_by = order.note.strip(), work.actor.name


@dataclasses.dataclass(frozen=True, slots=True)
class ItemsDone:
    """How many were done, and of the others the id with the code of the refusal."""

    done: int
    refused: list[tuple[Id, str]]


@command("process.batch", "批量处理漏项", permission=EDIT)
class HandleItems:
    """The same for many items: those that can are done, the others are named with the reason."""

    visit_item_ids: list[Id] = ask("应检项目", kind=Kind.HIDDEN)
    act: str = ask("操作", kind=Kind.HIDDEN, max_length=20)
    cause: MissCause = ask("漏项原因", kind=Kind.CHOICE, default=MissCause.CLIENT_LEFT)
    note: str | None = ask("说明或依据", kind=Kind.NOTE, default=None)


@handles(HandleItems)
def handle_items(order: HandleItems, work: UnitOfWork) -> ItemsDone:
    """Return what came of each.

    Raises:
        DomainError: ``process.unknown_act``; ``process.too_many``; ``permission.denied`` for who may not waive.
    """
    act = _ACTS.get(order.act)
    if act is None:
        raise DomainError("process.unknown_act", field="act", value=order.act, known="、".join(_ACTS))
    ids = list(dict.fromkeys(order.visit_item_ids))
    if len(ids) > MOST_AT_ONCE:
        raise DomainError("process.too_many", field="visit_item_ids", most=MOST_AT_ONCE, count=len(ids))
    if order.act == "waive":
        work.actor.check("process.waive")
    refused = []
    for item_id in ids:
        try:
            act(order, item_id, work)
        except DomainError as error:  # each handler checks everything before it changes anything
            refused.append((item_id, error.code))
    return ItemsDone(len(ids) - len(refused), refused)


_ACTS: dict[str, Callable[[HandleItems, Id, UnitOfWork], None]] = {
    "cause": lambda o, i, w: say_cause(SayCause(visit_item_id=i, cause=o.cause, note=o.note), w),
    "perform": lambda o, i, w: perform_item(PerformItem(visit_item_id=i), w),
    "waive": lambda o, i, w: waive_item(WaiveItem(visit_item_id=i, note=o.note or ""), w),
}


@command("process.settle", "更新应检项目状态", permission=None, place="internal")
class SettleItems:
    """Let the items of visits follow what is kept of them: run by the reader of the log."""

    visit_ids: list[Id] = ask("体检", kind=Kind.HIDDEN)


@handles(SettleItems)
def settle_items(order: SettleItems, work: UnitOfWork) -> int:
    """Return how many items were moved; what stands as it should is left alone, so doing it twice does nothing."""
    moved = 0
    for visit_id in order.visit_ids:
        visit = work.get(Visit, visit_id)
        if visit is None:
            continue
        if visit.state == "finished":
            moved += sum(leave(work, visit) for leave in LEAVERS)
        items = _items(work, visit_id)
        if not items:
            continue
        content = process_in_force(work.connection, work.content)
        facts = facts_of(work.connection, visit_id)
        for item in items:
            moved += _follow(work, item, stands(item, facts))
            if item.state == "planned" and content is not None:
                moved += _set_due(work, item, visit, day_end(content, visit))
    return moved


LEAVERS: list[Callable[[UnitOfWork, Visit], int]] = []
"""What else ends with a visit: stays at nodes (`domain.process.stay_commands`)."""


_MOVES = {
    Standing.ENTERED: "enter",
    Standing.DONE: "perform",
    Standing.REFUSED: "refuse",
    Standing.POSTPONED: "postpone",
}


def _follow(work: UnitOfWork, item: VisitItem, standing: Standing) -> bool:
    move = _MOVES.get(standing)
    if move is None or not item_life.allows(item.state, move):
        return False
    work.move(item_life, item, move)
    if item.performed_at is None and move in {"enter", "perform"}:
        item.performed_at = work.now
    return True


def _set_due(work: UnitOfWork, item: VisitItem, visit: Visit, end: datetime) -> bool:
    """A visit that began is due at the day's end, one that ended now; one that nobody came to waits for nobody."""
    if visit.state == "registered":
        return False
    wanted = end if visit.state != "finished" else min(end, item.due_at or work.now, work.now)
    if item.due_at is not None and item.due_at <= wanted:
        return False
    item.due_at = wanted
    return True


def make_due(work: UnitOfWork, visit_id: Id) -> list[VisitItem]:
    """The client is leaving: what is still not done is due now. Returns those items."""
    facts = facts_of(work.connection, visit_id)
    found = []
    for item in _items(work, visit_id):
        if item.state == "planned" and stands(item, facts) is Standing.PLANNED:
            if item.due_at is None or item.due_at > work.now:
                item.due_at = work.now
            found.append(item)
    return found


@command("process.check_exit", "离检核对", permission=EDIT)
class CheckExit:
    """The client is at the exit: what nobody carried out is due from now on, and is told."""

    visit_id: Id = ask("体检", kind=Kind.HIDDEN)


@handles(CheckExit)
def check_exit(order: CheckExit, work: UnitOfWork) -> int:
    """Return how many items of the visit are not done."""
    return len(make_due(work, work.require(Visit, order.visit_id, "visit_id").id))


def _open_visit(work: UnitOfWork, visit_id: Id) -> Visit:
    visit = work.require(Visit, visit_id, "visit_id")
    if visit.state == "finished":
        raise DomainError("process.over", field="visit_id", number=visit.number)
    return visit


def _items(work: UnitOfWork, visit_id: Id) -> Sequence[VisitItem]:
    return work.list(select(VisitItem).where(VisitItem.visit_id == visit_id).order_by(VisitItem.id))


def _say_why(work: UnitOfWork, item: VisitItem, cause: MissCause, note: str | None) -> None:
    item.cause, item.cause_note = cause, (note or "").strip() or None
    item.cause_by, item.cause_at = work.actor.name, work.now


def _ask_for(
    work: UnitOfWork, content: ProcessContent, visit: Visit, codes: Sequence[str], package: Package | None
) -> list[Id]:
    """Make the items that fit the client's sex and age; one that was cancelled is asked for again."""
    patient = work.require(Patient, visit.patient_id, "patient_id")
    age = _age(patient, visit)
    made = []
    for code in dict.fromkeys(codes):
        known = content.items[code]
        if package is not None and not known.fits(patient.sex, age):
            continue
        item_id = stable_id("visit_item", visit.id, code)
        item = work.get(VisitItem, item_id)
        if item is None:
            item = _make(work, content, visit, known, package)
        elif item.state == "dropped":
            work.move(item_life, item, "plan")
            item.due_at, item.cause, item.cause_note, item.package = (
                None,
                None,
                None,
                package.name if package else None,
            )
        if item.due_at is None and item.state == "planned" and visit.state == "arrived":
            item.due_at = max(day_end(content, visit), work.now)
        made.append(item_id)
    return made


def _make(
    work: UnitOfWork, content: ProcessContent, visit: Visit, known: Item, package: Package | None
) -> VisitItem:
    node = content.nodes[known.node]
    item = VisitItem(
        id=stable_id("visit_item", visit.id, known.code), org_id=visit.org_id, visit_id=visit.id,
        patient_id=visit.patient_id, visit_number=visit.number, code=known.code, label=known.name, node=node.code,
        node_name=node.name, package=package.name if package else None,
        key=known.key or (package is not None and known.code in package.key), results=list(known.results),
        specimen=known.specimen, form=node.form,
    )  # fmt: skip
    work.start(item_life, item)
    item.due_at = None  # nobody has come yet
    return work.add(item)


def _age(patient: Any, visit: Visit) -> int | None:
    born, day = patient.birth_date, visit.visit_date
    return None if born is None else day.year - born.year - ((day.month, day.day) < (born.month, born.day))
