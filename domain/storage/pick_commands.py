"""From a request to the last tube in hand: reserved, approved by another person, fetched by the way, scan by scan."""

import dataclasses
from typing import Any

from sqlalchemy import func, select

from domain.biobank.commands import may_use, tube_of
from domain.biobank.custody_commands import TakeOutSpecimen, take_out
from domain.biobank.doubts import refuse_doubtful
from domain.biobank.records import Specimen, StorageContainer
from domain.consent.records import ConsentUse
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.storage.pick_records import PickLine, PickLineState, PickList
from domain.storage.pick_workflow import pick_life
from domain.storage.rack_commands import MOST_TUBES, RefusedTube
from domain.storage.records import StorageTaskKind
from domain.storage.task_commands import open_task
from domain.storage.tree import DEEPEST

_APART = "，、,;； \t\r\n"


@dataclasses.dataclass(frozen=True, slots=True)
class PickReceipt:
    """The list, how many tubes were reserved, and those that were not, with the reason."""

    pick_list_id: Id
    reserved: int
    refused: list[RefusedTube]


@command("pick.request", "申请取样", permission="biobank.pick")
class RequestPick:
    """Ask for tubes; each is reserved for this list. Numbers stand apart by commas, spaces or lines."""

    purpose: str = ask("用途", max_length=200)
    numbers: str = ask("标本条码（逗号、空格或换行分隔）", kind=Kind.NOTE, max_length=8000)


@handles(RequestPick)
def request_pick(order: RequestPick, work: UnitOfWork) -> PickReceipt:
    """Reserve what is in store and may be used.

    Raises:
        DomainError: ``pick.nothing``: none of the tubes can be had, with the first reason; ``rack.too_many``.
    """
    wanted = list(dict.fromkeys("".join(" " if c in _APART else c for c in order.numbers).split()))
    if len(wanted) > MOST_TUBES:
        raise DomainError("rack.too_many", field="numbers", most=MOST_TUBES)
    picked = PickList(
        id=work.new_id(), purpose=order.purpose, asked_by_id=work.actor.staff_id, asked_by=work.actor.name,
        asked_at=work.now, total=0,
    )  # fmt: skip
    refused: list[RefusedTube] = []
    ways: dict[str, tuple[str, str]] = {}
    for text in wanted:
        try:
            tube = _available(work, text)
        except DomainError as error:
            refused.append(RefusedTube(text[:80], error.code, dict(error.facts)))
            continue
        box, _, position = (tube.slot or "").rpartition(":")
        if box not in ways:
            ways[box] = way_to(work, box)
        path, route = ways[box]
        picked.total += 1
        work.add(
            PickLine(
                pick_list_id=picked.id, specimen_id=tube.id, number=tube.number, place=tube.slot or "",
                path=path[:255], route=f"{route}/{position[:1]}{int(position[1:] or 0):03d}"[:255],
                state=PickLineState.WAITING,
            )
        )  # fmt: skip
    if not picked.total:
        first = refused[0].code if refused else "input.missing"
        raise DomainError("pick.nothing", field="numbers", count=len(refused), reason=first)
    work.start(pick_life, picked)
    work.add(picked)
    return PickReceipt(picked.id, picked.total, refused)


@command("pick.approve", "批准取样", permission="biobank.approve_pick")
class ApprovePick:
    """Another person than who asked lets the tubes be fetched."""

    pick_list_id: Id = ask("取样单", kind=Kind.HIDDEN)


@handles(ApprovePick)
def approve_pick(order: ApprovePick, work: UnitOfWork) -> Id:
    """Move to approved; DomainError ``pick.own_request``."""
    picked = work.require(PickList, order.pick_list_id, "pick_list_id")
    if picked.asked_by_id is not None and picked.asked_by_id == work.actor.staff_id:
        raise DomainError("pick.own_request", field="pick_list_id")
    work.move(pick_life, picked, "approve")
    picked.approved_by = work.actor.name
    return picked.id


@dataclasses.dataclass(frozen=True, slots=True)
class PickedReceipt:
    """A tube in hand, and how many are left on the list."""

    number: str
    left: int
    next_place: str | None


@command("pick.confirm", "扫码取样", permission="biobank.pick")
class ConfirmPicked:
    """A tube of the list is in hand; another one is refused and stays where it is."""

    pick_list_id: Id = ask("取样单", kind=Kind.HIDDEN)
    number: str = ask("扫描标本条码", kind=Kind.SCAN, max_length=40)


@handles(ConfirmPicked)
def confirm_picked(order: ConfirmPicked, work: UnitOfWork) -> PickedReceipt:
    """Take the tube out; consent and study are asked again.

    Raises:
        DomainError: ``pick.not_on_list``, ``pick.done_before``, ``pick_list.wrong_state``; as `take_out`.
    """
    picked = work.require(PickList, order.pick_list_id, "pick_list_id")
    tube = tube_of(order.number, work)
    line = work.find(PickLine, pick_list_id=picked.id, specimen_id=tube.id)
    if line is None:
        raise DomainError("pick.not_on_list", field="number", number=tube.number)
    if line.state is not PickLineState.WAITING:
        raise DomainError("pick.done_before", field="number", number=tube.number)
    if picked.state != "approved":
        work.move(pick_life, picked, "finish")  # tells which state it would have to be in
    take_out(TakeOutSpecimen(number=tube.number, purpose=picked.purpose), work)
    return _resolved(work, picked, line, PickLineState.PICKED)


@command("pick.missing", "取样时未找到", permission="biobank.pick")
class PickMissing:
    """A tube of the list is not where it should be: it is searched for, the list goes on."""

    pick_line_id: Id = ask("取样明细", kind=Kind.HIDDEN)
    note: str | None = ask("说明", default=None, max_length=1000)


@handles(PickMissing)
def pick_missing(order: PickMissing, work: UnitOfWork) -> PickedReceipt:
    """Open a search; DomainError ``pick.done_before``."""
    line = work.require(PickLine, order.pick_line_id, "pick_line_id")
    picked = work.require(PickList, line.pick_list_id)
    if line.state is not PickLineState.WAITING:
        raise DomainError("pick.done_before", field="pick_line_id", number=line.number)
    tube = work.require(Specimen, line.specimen_id)
    open_task(work, StorageTaskKind.MISSING, tube.number, tube=tube, place=line.place, note=order.note)
    return _resolved(work, picked, line, PickLineState.MISSING)


@command("pick.cancel", "取消取样", permission="biobank.pick")
class CancelPick:
    """What is not fetched yet is free again; what is in hand stays out."""

    pick_list_id: Id = ask("取样单", kind=Kind.HIDDEN)


@handles(CancelPick)
def cancel_pick(order: CancelPick, work: UnitOfWork) -> int:
    """Return how many tubes were set free."""
    picked = work.require(PickList, order.pick_list_id, "pick_list_id")
    work.move(pick_life, picked, "cancel")
    lines = work.list(
        select(PickLine).where(PickLine.pick_list_id == picked.id, PickLine.state == PickLineState.WAITING)
    )
    for line in lines:
        line.state, line.done_at, line.done_by = PickLineState.DROPPED, work.now, work.actor.name
    return len(lines)


def way_to(work: UnitOfWork, code: str) -> tuple[str, str]:
    """Return the names from the outside in, and a text that sorts by the way through the store."""
    names: list[str] = []
    steps: list[str] = []
    up: StorageContainer | None = work.find(StorageContainer, code=code)
    for _ in range(DEEPEST + 1):
        if up is None:
            break
        names.append(up.name)
        steps.append(f"{up.door_order:04d}.{_padded(up.at or '')}.{_padded(up.code)}")
        up = work.get(StorageContainer, up.parent_id)
    return " › ".join(reversed(names)), "/".join(reversed(steps))


def _padded(text: str) -> str:
    """Return a text in which numbers sort by their value."""
    padded, digits = "", ""
    for character in f"{text} ":
        if character.isascii() and character.isdigit():
            digits += character
            continue
        padded, digits = padded + (digits.zfill(6) if digits else "") + character, ""
    return padded.strip()


def _available(work: UnitOfWork, text: str) -> Specimen:
    tube = tube_of(text, work)
    refuse_doubtful(work, tube)
    if tube.state != "stored":
        raise DomainError("pick.not_stored", field="numbers", number=tube.number)
    may_use(work, tube, ConsentUse.COLLECT)
    reserved = work.value(
        select(func.count())
        .select_from(PickLine)
        .join(PickList, PickList.id == PickLine.pick_list_id)
        .where(
            PickLine.specimen_id == tube.id, PickLine.state == PickLineState.WAITING,
            PickList.state.in_(("requested", "approved")),
        )
    )  # fmt: skip
    if reserved:
        raise DomainError("pick.reserved", field="numbers", number=tube.number)
    return tube


def _resolved(work: UnitOfWork, picked: PickList, line: PickLine, state: PickLineState) -> PickedReceipt:
    line.state, line.done_at, line.done_by = state, work.now, work.actor.name
    waiting: list[Any] = [
        one
        for one in work.list(
            select(PickLine)
            .where(PickLine.pick_list_id == picked.id, PickLine.state == PickLineState.WAITING)
            .order_by(PickLine.route)
        )
        if one.id != line.id
    ]
    if not waiting:
        work.move(pick_life, picked, "finish")
    return PickedReceipt(line.number, len(waiting), waiting[0].place if waiting else None)
