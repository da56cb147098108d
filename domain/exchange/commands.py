"""Deciding conflicts, and giving a workstation a new life after its store went back or was copied."""

import dataclasses
import uuid
from typing import Any

from domain.exchange.records import Conflict
from domain.exchange.rules import WHOLE, Choice, ConflictState, decided_values, from_jsonable, says_deleted
from domain.kernel.columns import from_wire, to_wire
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.record import Record, record_classes
from domain.kernel.unit_of_work import UnitOfWork, data_columns
from domain.people.numbers import next_prefix
from domain.people.records import Workstation


@command("conflict.decide", "裁决冲突", permission="conflict.decide")
class DecideConflict:
    """Choose which of two values holds; the other stays in the conflict and in the log."""

    conflict_id: Id = ask("冲突", kind=Kind.HIDDEN)
    choice: Choice = ask("裁决")
    values: dict[str, Any] | None = ask("另定值", kind=Kind.HIDDEN, default=None)


@handles(DecideConflict)
def decide(order: DecideConflict, work: UnitOfWork) -> Id:
    """Write the decision and return the record it concerns.

    `values` holds, for `Choice.OTHER`, plain values (JSON form) by field of the conflict.

    Raises:
        DomainError: ``conflict.unknown``, ``conflict.decided`` (somebody was first), ``conflict.record_gone``,
            ``conflict.no_value``, ``conflict.other_field`` or ``conflict.bad_value``.
    """
    conflict = work.require(Conflict, order.conflict_id, "conflict_id")
    if conflict.state != ConflictState.OPEN:
        raise DomainError("conflict.decided", decision=conflict.decision or "")
    kind = record_classes().get(conflict.entity)
    if kind is None:
        raise DomainError("conflict.unknown_record", entity=conflict.entity)
    record = work.get(kind, conflict.record_id)
    _carry_out(order, work, conflict, kind, record)
    conflict.state = ConflictState.DECIDED
    conflict.decision = order.choice
    conflict.decided_by = work.actor.staff_id
    conflict.decided_at = work.now
    return conflict.record_id


def _carry_out(
    order: DecideConflict, work: UnitOfWork, conflict: Conflict, kind: type[Record], record: Record | None
) -> None:
    deletes = (order.choice is Choice.MINE and says_deleted(conflict.mine)) or (
        order.choice is Choice.THEIRS and says_deleted(conflict.theirs)
    )
    if deletes:
        if record is not None:
            work.remove(record)
        return
    mine = {**conflict.theirs, **conflict.mine} if conflict.fields == WHOLE else conflict.mine
    native = _native(kind, decided_values(order.choice, from_jsonable(mine), order.values))
    if not native:
        return
    if record is None:
        raise DomainError("conflict.record_gone", field="choice")
    for name, value in native.items():
        if to_wire(getattr(record, name)) != to_wire(value):
            setattr(record, name, value)


def _native(kind: type[Record], values: dict[str, Any]) -> dict[str, Any]:
    """Return wire or JSON values as handlers see them."""
    columns = kind.__table__.columns
    native = {}
    for name, value in values.items():
        if name not in data_columns(kind):
            continue
        try:
            native[name] = from_wire(columns[name].type, _id_bytes(value))
        except (ValueError, TypeError) as error:
            raise DomainError("conflict.bad_value", field="values", name=name) from error
    return native


def _id_bytes(value: Any) -> Any:
    return value.bytes if isinstance(value, uuid.UUID) else value


@dataclasses.dataclass(frozen=True, slots=True)
class Renewed:
    """The new life of a workstation's identity."""

    epoch: int
    number_prefix: str


@command("workstation.renew", "更新工作站身份", permission="workstation.enrol", place="internal")
class RenewWorkstation:
    """Raise the epoch and give a fresh number prefix; the centre's sync is the only caller."""

    workstation_id: Id = ask("工作站", kind=Kind.HIDDEN)
    epoch: int = ask("原身份版本", low=1, high=1_000_000)


@handles(RenewWorkstation)
def renew(order: RenewWorkstation, work: UnitOfWork) -> Renewed:
    """Return the new life.

    The prefix changes because the running numbers went back with the store, or run twice.
    """
    station = work.require(Workstation, order.workstation_id, "workstation_id")
    station.epoch = max(station.epoch, order.epoch) + 1
    station.number_prefix = next_prefix(work)
    work.note["epoch"] = station.epoch
    return Renewed(station.epoch, station.number_prefix)
