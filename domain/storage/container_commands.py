"""Building the store: containers are put up, moved, and places taken out of use."""

import enum

from domain.biobank.box_limits import checked_limits
from domain.biobank.commands import refuse_code
from domain.biobank.records import Specimen, StorageContainer
from domain.biobank.rules import position_of
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.storage.tree import DEEPEST, place_in, refuse_wrong_level


class ContainerKind(enum.StrEnum):
    """The levels of the store, from the outside in."""

    SITE = "site"
    ROOM = "room"
    FREEZER = "freezer"
    SHELF = "shelf"
    RACK = "rack"
    DRAWER = "drawer"
    BOX = "box"


@command("container.put_up", "新增存储容器", permission="biobank.storage")
class PutUpContainer:
    """Add a container to the tree of the store; a box has the temperature of what it lies in."""

    code: str = ask("容器条码", kind=Kind.SCAN, max_length=40)
    name: str = ask("名称")
    kind: ContainerKind = ask("类型", kind=Kind.CHOICE)
    parent: str | None = ask("上级容器条码", kind=Kind.SCAN, default=None, max_length=40)
    at: str | None = ask("在上级中的位置", default=None, max_length=10)
    rows: int = ask("行数", kind=Kind.NUMBER, default=9, low=1, high=26)
    columns: int = ask("列数", kind=Kind.NUMBER, default=9, low=1, high=24)
    temperature: str | None = ask("温度等级", default=None, max_length=40)
    tube_kind: str | None = ask("适用管型", default=None, max_length=40)
    types: list[str] | None = ask("限放类型", default=None)
    studies: list[str] | None = ask("限放项目（代码）", default=None)
    door_order: int = ask("取样路线序号", kind=Kind.NUMBER, default=0, low=0, high=9999)


@handles(PutUpContainer)
def put_up(order: PutUpContainer, work: UnitOfWork) -> Id:
    """Return the container's id.

    Raises:
        DomainError: As `refuse_code`, `_parent` and `checked_limits`; ``container.temperature_differs``: what it lies
            in is colder or warmer.
    """
    refuse_code(work, order.code)
    parent = _parent(work, order.parent, order.kind.value)
    key = _key(work, parent, order.at)
    types, studies = checked_limits(work, order.types, order.studies)
    temperature = order.temperature or (parent.temperature if parent else "-60 to -85")
    made = StorageContainer(
        code=order.code, name=order.name, kind=order.kind.value, parent_id=parent.id if parent else None,
        at=key.rpartition(":")[2] if key else None, place_key=key, rows=order.rows, columns=order.columns,
        temperature=temperature, tube_kind=order.tube_kind, types=types, studies=studies, door_order=order.door_order,
    )  # fmt: skip
    if parent is not None:
        _refuse_temperature(temperature, parent)
    return work.add(made).id


@command("container.restrict", "限定存放内容", permission="biobank.storage")
class RestrictContainer:
    """Say which kinds and studies may lie in a container and all that stands in it; nothing said lets all in."""

    container: str = ask("容器条码", kind=Kind.SCAN, max_length=40)
    types: list[str] | None = ask("限放类型", default=None)
    studies: list[str] | None = ask("限放项目（代码）", default=None)


@handles(RestrictContainer)
def restrict(order: RestrictContainer, work: UnitOfWork) -> Id:
    """Keep it for tubes to come; those that lie there stay where they are. Raises as `checked_limits`."""
    box = container_of(order.container, work)
    box.types, box.studies = checked_limits(work, order.types, order.studies)
    return box.id


@command("container.move", "移动存储容器", permission="biobank.storage")
class MoveContainer:
    """Put a container, with all that lies in it, into another one."""

    container: str = ask("容器条码", kind=Kind.SCAN, max_length=40)
    parent: str = ask("上级容器条码", kind=Kind.SCAN, max_length=40)
    at: str | None = ask("在上级中的位置", default=None, max_length=10)


@handles(MoveContainer)
def move_container(order: MoveContainer, work: UnitOfWork) -> Id:
    """Note the new place; the places of the tubes in it stay what they are: box and position."""
    moved = container_of(order.container, work)
    parent = _parent(work, order.parent, moved.kind)
    if parent is None or parent.id == moved.id:
        raise DomainError("container.wrong_level", field="parent")
    _refuse_temperature(moved.temperature, parent)
    key = _key(work, parent, order.at, of=moved)
    moved.parent_id, moved.place_key, moved.at = parent.id, key, key.rpartition(":")[2] if key else None
    return moved.id


@command("container.block", "停用或启用位置", permission="biobank.storage")
class BlockPosition:
    """Take a position out of use (broken, kept free for returns), or into use again."""

    container: str = ask("容器条码", kind=Kind.SCAN, max_length=40)
    position: str = ask("位置", max_length=10)
    blocked: bool = ask("停用", default=True)


@handles(BlockPosition)
def block(order: BlockPosition, work: UnitOfWork) -> list[str]:
    """Return the positions out of use; one with a tube stays in use (``container.taken``)."""
    box = container_of(order.container, work)
    position = position_of(order.position, box.rows, box.columns)
    there = work.find(Specimen, slot=f"{box.code}:{position}")
    if order.blocked and there is not None:
        raise DomainError("container.taken", field="position", position=position, number=there.number)
    rest = [one for one in box.blocked or [] if one != position]
    box.blocked = [*rest, position] if order.blocked else rest or None
    return box.blocked or []


def container_of(code: str, work: UnitOfWork, field: str = "container") -> StorageContainer:
    """Return a container by its code; DomainError ``container.unknown``."""
    found = work.find(StorageContainer, code=code)
    if found is None:
        raise DomainError("container.unknown", field=field, value=code)
    return found


def _parent(work: UnitOfWork, code: str | None, kind: str) -> StorageContainer | None:
    """Return what a container is to lie in.

    Raises:
        DomainError: ``container.unknown``; ``container.wrong_level``: nothing lies in something further inside.
    """
    if code is None:
        return None
    parent = container_of(code, work, "parent")
    refuse_wrong_level(kind, parent.kind)
    up: StorageContainer | None = parent
    for _ in range(DEEPEST + 1):
        if up is None or up.parent_id is None:
            return parent
        up = work.get(StorageContainer, up.parent_id)
    raise DomainError("container.wrong_level", field="parent")


def _key(
    work: UnitOfWork, parent: StorageContainer | None, at: str | None, of: StorageContainer | None = None
) -> str | None:
    if at is None:
        return None
    if parent is None:
        raise DomainError("container.place_without_parent", field="at")
    key = place_in(parent.code, at, parent.rows, parent.columns)
    there = work.find(StorageContainer, place_key=key)
    if there is not None and (of is None or there.id != of.id):
        raise DomainError("container.place_taken", field="at", position=at, container=there.name)
    return key


def _refuse_temperature(temperature: str, parent: StorageContainer) -> None:
    # A site or a room has no temperature of its own that would matter: freezers stand in it.
    if parent.kind in {"site", "room"} or parent.temperature == temperature:
        return
    raise DomainError(
        "container.temperature_differs",
        field="temperature",
        parent=parent.name,
        temperature=parent.temperature,
    )
