"""What becomes of one change at the centre: decided here without a database, done elsewhere.

`decide` sees the record as the centre has it and the change as a branch made it. The base says what the person
saw, so a field is stale if the centre's value is no longer that. The policies are those of
`domain.kernel.columns.Merge`; fields of one group are judged together.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from domain.kernel.change_log import Change
from domain.kernel.columns import Merge
from sync.shapes import Group, Shape, same

WHOLE = "*"
"""Name of the group when a whole record is in question."""
DELETED = {"_deleted": True}
"""What stands for "deleted" among the values of a conflict."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Clash:
    """Two values of which a person must choose: `theirs` stays, `mine` came later, `base` was seen before."""

    group: str
    base: dict[str, Any]
    theirs: dict[str, Any]
    mine: dict[str, Any]
    safety: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Fields that were not taken: `code` says why; `now` stands, `wanted` does not, `seen` was the base.

    A `fatal` one refuses the whole transaction. A `quiet` one is kept in the log, and nobody is told: two sides
    noticed the same, and one of them was first.
    """

    code: str
    now: dict[str, Any]
    wanted: dict[str, Any]
    seen: dict[str, Any]
    fatal: bool = False
    quiet: bool = False


class Decision(msgspec.Struct, frozen=True, gc=False):
    """What to do, and what to say.

    Attributes:
        act: ``ins``, ``upd``, ``del`` or empty: what to do to the row.
        values: What to write.
        op: ``ins`` (the whole record), ``upd``, ``del`` or empty: what the log says.
        stated: Values the record has afterwards, of every field in the groups the change touched. Saying them
            all brings the branch that sent the change to the centre's state.
        clashes: Conflicts to open.
        refusals: Parts not taken.
        waits: The record is not here and never was: the transaction must wait for it.
    """

    act: str = ""
    values: dict[str, Any] = {}
    op: str = ""
    stated: dict[str, Any] = {}
    clashes: tuple[Clash, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    waits: bool = False


def decide(
    shape: Shape,
    row: Row | None,
    change: Change,
    *,
    grave: Row | None = None,
    barred: frozenset[str] = frozenset(),
) -> Decision:
    """Return what becomes of a change.

    Args:
        shape: Kind of record.
        row: The record at the centre, wire values by field, with unknown ones under ``extra``.
        change: What the branch did.
        grave: What the record held when it was deleted.
        barred: Groups whose new values another record has already.
    """
    match change.op:
        case "ins":
            return _inserted(shape, row, change)
        case "upd" | "del" if shape.only_added:
            return _fatal("sync.immutable", change)
        case "upd" if row is not None:
            return _merged(shape, row, change, barred)
        case "upd":
            return _edit_of_deleted(shape, change, grave)
        case "del":
            return _deleted(shape, row, change)
    return _fatal("sync.unknown_operation", change)


def value_of(shape: Shape, row: Row, name: str) -> Any:
    """Return a field of a row, of a field this program does not know too."""
    return row[name] if name in shape.groups else (row.get("extra") or {}).get(name)


def whole(shape: Shape, row: Row) -> dict[str, Any]:
    """Return every field of a row that has a value."""
    values = {name: row[name] for name in shape.fields if row[name] is not None}
    return {**values, **(row.get("extra") or {})}


def group_values(shape: Shape, row: Row, names: Iterable[str]) -> dict[str, Any]:
    """Return what a row holds in the groups of these fields."""
    return {member: value_of(shape, row, member) for name in names for member in shape.members(name)}


def _fatal(code: str, change: Change) -> Decision:
    return Decision(refusals=(Refusal(code, {}, change.fields, change.base, fatal=True),))


def _inserted(shape: Shape, row: Row | None, change: Change) -> Decision:
    if row is None:
        return Decision("ins", change.fields, "ins", change.fields)
    if not shape.only_added:
        return _merged(shape, row, change, frozenset())
    now = {name: value_of(shape, row, name) for name in change.fields}
    wanted = {name: value for name, value in change.fields.items() if not same(shape, name, value, now[name])}
    if not wanted:
        return Decision(op="ins", stated=whole(shape, row))
    if shape.info.merge is Merge.APPEND:
        return _fatal("sync.immutable", change)
    refusal = Refusal("sync.first_stands", {name: now[name] for name in wanted}, wanted, {}, quiet=True)
    return Decision(op="ins", stated=whole(shape, row), refusals=(refusal,))


def _edit_of_deleted(shape: Shape, change: Change, grave: Row | None) -> Decision:
    """Bring a deleted record back: an edit wins over a deletion, and a person is told."""
    if grave is None:
        return Decision(waits=True)
    values = {**whole(shape, {**shape.blank(), **grave}), **change.fields}
    clash = Clash(WHOLE, change.base, DELETED, change.fields, _touches_safety(shape, change.fields))
    return Decision("ins", values, "ins", values, (clash,))


def _deleted(shape: Shape, row: Row | None, change: Change) -> Decision:
    if row is None:
        return Decision(op="del")
    edited = {
        name: value_of(shape, row, name)
        for name, seen in change.base.items()
        if not same(shape, name, seen, value_of(shape, row, name))
    }
    if not edited:
        return Decision("del", op="del")
    base = {name: change.base[name] for name in edited}
    clash = Clash(WHOLE, base, edited, DELETED, _touches_safety(shape, edited))
    return Decision(op="ins", stated=whole(shape, row), clashes=(clash,))


def _touches_safety(shape: Shape, values: Mapping[str, Any]) -> bool:
    return any(shape.group(name).safety for name in values)


@dataclass(frozen=True, slots=True)
class _Part:
    """One group of a change beside what the centre has."""

    group: Group
    mine: dict[str, Any]
    seen: dict[str, Any]
    now: dict[str, Any]
    stale: bool
    already: bool


def _merged(shape: Shape, row: Row, change: Change, barred: frozenset[str]) -> Decision:
    values: dict[str, Any] = {}
    stated: dict[str, Any] = {}
    clashes: list[Clash] = []
    refusals: list[Refusal] = []
    for part in _parts(shape, row, change):
        stated |= group_values(shape, row, part.mine)
        if part.already:
            continue
        if part.group.name in barred:
            refusals.append(Refusal("sync.duplicate", part.now, part.mine, part.seen))
        elif not part.stale or part.group.merge is Merge.LAST:
            values |= part.mine
            stated |= part.mine
        elif part.group.merge is Merge.REVIEW:
            clashes.append(Clash(part.group.name, part.seen, part.now, part.mine, part.group.safety))
        elif part.seen:
            refusals.append(Refusal("sync.stale", part.now, part.mine, part.seen))
        else:  # both sides made the record under one id: the centre's state stands
            refusals.append(Refusal("sync.first_stands", part.now, part.mine, part.seen, quiet=True))
    return Decision("upd" if values else "", values, "upd", stated, tuple(clashes), tuple(refusals))


def _parts(shape: Shape, row: Row, change: Change) -> list[_Part]:
    names: dict[str, list[str]] = {}
    for name in change.fields:
        names.setdefault(shape.group(name).name, []).append(name)
    seen_too: dict[str, list[str]] = {}
    for name in change.base:
        seen_too.setdefault(shape.group(name).name, []).append(name)
    parts = []
    for group, fields in names.items():
        mine = {name: change.fields[name] for name in fields}
        seen = {name: change.base[name] for name in seen_too.get(group, ())}
        now = {name: value_of(shape, row, name) for name in fields}
        stale = any(not same(shape, name, value, value_of(shape, row, name)) for name, value in seen.items())
        if not seen:  # no base: the person saw nothing
            stale = any(value is not None for value in now.values())
        already = all(same(shape, name, mine[name], now[name]) for name in fields)
        parts.append(_Part(shape.group(fields[0]), mine, seen, now, stale, already))
    return parts
