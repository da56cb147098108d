"""Whole racks: 96 tubes received or stored in one step, and a box checked against the records.

Each tube is looked at before any is changed; one that may not be moved on stays as it is and is told with its reason.
"""

import dataclasses
from typing import Any

from sqlalchemy import select

from domain.biobank.commands import receive_tube, store_tube, tube_of
from domain.biobank.numbers import is_specimen_number, parse_specimen_number
from domain.biobank.records import Specimen
from domain.biobank.rules import position_of
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.storage.container_commands import container_of
from domain.storage.records import Inventory, StorageTaskKind
from domain.storage.task_commands import open_task

MOST_TUBES = 400


@dataclasses.dataclass(frozen=True, slots=True)
class RefusedTube:
    """A tube that was not moved on: the key of the sentence that says why, with its facts."""

    number: str
    code: str
    facts: dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True)
class RackReceipt:
    """How many tubes were moved on, and those that were not."""

    done: int
    refused: list[RefusedTube]


@command("specimen.receive_rack", "整架签收", permission="biobank.receive")
class ReceiveRack:
    """Take in all tubes of a rack that was read as a whole and looked at."""

    numbers: list[str] = ask("标本条码", kind=Kind.HIDDEN)
    list_id: Id | None = ask("到货清单", kind=Kind.HIDDEN, default=None)


@handles(ReceiveRack)
def receive_rack(order: ReceiveRack, work: UnitOfWork) -> RackReceipt:
    """Receive each tube; DomainError ``rack.too_many``."""
    return _each(
        work, order.numbers, lambda number: receive_tube(work, tube_of(number, work), list_id=order.list_id)
    )


@command("specimen.store_rack", "整架入库", permission="biobank.store")
class StoreRack:
    """Put all tubes of a rack into a box, each into the position it has in the rack."""

    container: str = ask("冻存盒条码", kind=Kind.SCAN, max_length=40)
    tubes: dict[str, str] = ask("位置与标本条码", kind=Kind.HIDDEN)


@handles(StoreRack)
def store_rack(order: StoreRack, work: UnitOfWork) -> RackReceipt:
    """Store each tube; errors as `store_tube` tell of one tube and stop no other."""
    box = container_of(order.container, work)
    places = {number: position for position, number in order.tubes.items()}
    if len(places) < len(order.tubes):
        raise DomainError("rack.duplicate", field="tubes")
    return _each(
        work, list(places), lambda number: store_tube(work, tube_of(number, work), box, places[number])
    )


@dataclasses.dataclass(frozen=True, slots=True)
class InventoryReceipt:
    """What a check of a box came to; `tasks` were opened for the differences."""

    inventory_id: Id
    expected: int
    matched: int
    missing: int
    extra: int
    misplaced: int
    tasks: int


@command("storage.check_box", "盘点冻存盒", permission="biobank.inventory")
class CheckBox:
    """Compare what lies in a box with the records; each difference becomes a search, no place is changed."""

    container: str = ask("冻存盒条码", kind=Kind.SCAN, max_length=40)
    found: dict[str, str] = ask("位置与条码", kind=Kind.HIDDEN)
    unread: list[str] | None = ask("未读出的位置", kind=Kind.HIDDEN, default=None)


@handles(CheckBox)
def check_box(order: CheckBox, work: UnitOfWork) -> InventoryReceipt:
    """Note the check and open its searches."""
    box = container_of(order.container, work)
    found = {position_of(p, box.rows, box.columns): _plain(code) for p, code in order.found.items()}
    unread = {position_of(p, box.rows, box.columns) for p in order.unread or ()}
    if len(found) + len(unread) > MOST_TUBES:
        raise DomainError("rack.too_many", field="found", most=MOST_TUBES)
    inside = work.list(
        select(Specimen).where(Specimen.slot >= f"{box.code}:", Specimen.slot < f"{box.code};")
    )
    recorded = {tube.slot: tube for tube in inside if tube.slot}
    read = set(found.values())
    matched = missing = extra = misplaced = tasks = 0
    for position, number in found.items():
        slot = f"{box.code}:{position}"
        there = recorded.get(slot)
        if there is not None and there.number == number:
            matched += 1
            continue
        tube = work.find(Specimen, number=number) if is_specimen_number(number) else None
        known = tube is not None and tube.slot is not None
        misplaced, extra = misplaced + known, extra + (not known)
        kind = StorageTaskKind.MISPLACED if known else StorageTaskKind.EXTRA
        open_task(work, kind, number, tube=tube, place=tube.slot if tube else None, found_place=slot)
        tasks += 1
    for slot, tube in recorded.items():
        # One whose code could not be read lies there for all we know; it is looked at, not searched for.
        if tube.number not in read and slot.rpartition(":")[2] not in unread:
            missing += 1
            tasks += 1
            open_task(work, StorageTaskKind.MISSING, tube.number, tube=tube, place=slot)
    noted = work.add(
        Inventory(
            container_id=box.id, at=work.now, staff_id=work.actor.staff_id, staff_name=work.actor.name,
            expected=len(recorded), matched=matched, missing=missing, surplus=extra, misplaced=misplaced,
            unread=len(unread),
        )
    )  # fmt: skip
    return InventoryReceipt(noted.id, len(recorded), matched, missing, extra, misplaced, tasks)


def _each(work: UnitOfWork, numbers: list[str], act: Any) -> RackReceipt:
    if len(numbers) > MOST_TUBES:
        raise DomainError("rack.too_many", field="numbers", most=MOST_TUBES)
    if len(set(numbers)) < len(numbers):
        raise DomainError("rack.duplicate", field="numbers")
    done, refused = 0, []
    # Loaded by one query and held: each tube is then found where it lies, not fetched by a query of its own.
    held = work.list(select(Specimen).where(Specimen.number.in_(numbers)))
    for number in numbers:
        try:
            act(number)
            done += 1
        except DomainError as error:
            refused.append(RefusedTube(number, error.code, dict(error.facts)))
    del held
    return RackReceipt(done, refused)


def _plain(code: str) -> str:
    return parse_specimen_number(code) if is_specimen_number(code) else code[:80]
