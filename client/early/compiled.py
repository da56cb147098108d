"""The compiled form of what is read before the declarations are loaded; kept in the store's table ``compiled``."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from domain.kernel.authority import Reach, Role
from domain.kernel.facts import ColumnInfo, Mask, Sensitivity


class Statement(NamedTuple):
    """SQL as the declarations' own door sent it. `slots` are its parameters in order: a slot's name, or a value.

    A slot that is given a list stands for as many marks.
    """

    sql: str
    slots: list[tuple[str, Any]]
    """``("", value)`` or ``(name, None)``."""
    columns: list[str]

    def filled(self, given: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """Return the SQL and its parameters (stored form) for these slots."""
        parts = self.sql.split("?")
        sql, values = parts[0], []
        for (name, value), after in zip(self.slots, parts[1:], strict=True):
            one = given[name] if name else value
            several = isinstance(one, list | tuple)
            sql += (", ".join("?" * len(one)) if several else "?") + after
            values += one if several else [one]
        return sql, values


class Fact(NamedTuple):
    """What masking needs to know of a column."""

    sensitivity: int
    mask: str

    def info(self) -> ColumnInfo:
        return ColumnInfo("", sensitivity=Sensitivity(self.sensitivity), mask=Mask(self.mask))


class Key(NamedTuple):
    """One action of a station's key bar, with the permission it comes down to."""

    id: str
    text: str
    shortcut: str
    permission: str | None
    primary: bool


class First(NamedTuple):
    """What a station's first view needs."""

    keys: list[Key]
    permission: str
    """Permission of the list it shows."""
    scoped: Statement
    """The list within organisations (slots ``orgs``, ``day``)."""
    unscoped: Statement
    facts: dict[str, Fact]


class Compiled(NamedTuple):
    """Everything, as one value."""

    shape: str
    """Migration of the stores it fits."""
    texts: dict[str, str]
    roles: dict[str, Role]
    lists: list[tuple[str, str, str]]
    """Name, label and permission of every worklist."""
    staff: Statement
    """By ``login``."""
    attempts: Statement
    """By ``login``."""
    rights: Statement
    """Adjustments in force of anybody's rights (`role`, `staff_id`)."""
    organizations: Statement
    clients: Statement
    """By ``ids``."""
    client_facts: dict[str, Fact]
    sexes: dict[str, str]
    stations: dict[str, First]


def encode(compiled: Compiled) -> bytes:
    """Return the bytes that are kept."""
    plain = compiled._asdict() | {
        "roles": {name: _role_fields(role) for name, role in compiled.roles.items()},
        "stations": {name: first._asdict() for name, first in compiled.stations.items()},
    }
    return json.dumps(plain, ensure_ascii=False).encode()


def decode(body: bytes) -> Compiled | None:
    """Return the compiled form, None for what this program cannot read.

    By hand: what reads it by its annotations takes ten times as long to load as this takes to run.
    """
    try:
        plain = json.loads(body)
        for name in ("staff", "attempts", "rights", "organizations", "clients"):
            plain[name] = _statement(plain[name])
        return Compiled(**(plain | {
            "roles": {n: Role(**(role | {"reach": Reach(role["reach"])})) for n, role in plain["roles"].items()},
            "lists": [tuple(one) for one in plain["lists"]],
            "client_facts": _facts(plain["client_facts"]),
            "stations": {name: _first(first) for name, first in plain["stations"].items()},
        }))  # fmt: skip
    except (ValueError, TypeError, KeyError):
        return None


def _role_fields(role: Role) -> dict[str, Any]:
    return dataclasses.asdict(role)


def _statement(plain: Sequence[Any]) -> Statement:
    sql, slots, columns = plain
    return Statement(sql, [(name, value) for name, value in slots], columns)


def _facts(plain: Mapping[str, Sequence[Any]]) -> dict[str, Fact]:
    return {name: Fact(*fact) for name, fact in plain.items()}


def _first(plain: Mapping[str, Any]) -> First:
    return First(
        [Key(*key) for key in plain["keys"]], plain["permission"], _statement(plain["scoped"]),
        _statement(plain["unscoped"]), _facts(plain["facts"]),
    )  # fmt: skip


def rows_of(statement: Statement, rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Return rows by column name, in stored form."""
    return [dict(zip(statement.columns, row, strict=True)) for row in rows]
