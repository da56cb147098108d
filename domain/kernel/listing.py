"""How a worklist is declared: one query, its columns, and the commands offered on a row."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

from domain.kernel.columns import ColumnInfo
from domain.kernel.commands import command_for
from domain.kernel.disputes import Dispute, safety_columns
from domain.kernel.errors import DomainError
from domain.kernel.keyset import Key
from domain.kernel.record import Record, column_info
from domain.kernel.rows import Query
from domain.kernel.workflow import workflows


@dataclasses.dataclass(frozen=True, slots=True)
class ListColumn:
    """One column of a worklist: its name in the row, its label, and the facts of the record column behind it.

    `entity` and `source` name that column where it stands: a list may show it under another name.
    """

    name: str
    label: str
    info: ColumnInfo | None
    kind: str
    entity: str = ""
    source: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One row: the record's id, the values in column order, already masked, and the bare value it is sorted by."""

    id: Any
    values: tuple[Any, ...]
    sort: Any = None
    disputes: tuple[Dispute, ...] = ()
    """Safety fields in dispute of what the row is about, whether the list has their columns or not."""

    @property
    def key(self) -> Key:
        """Its place in the order it was read by."""
        return (self.sort, self.id)


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """Some rows and the key to ask for the next page; None at the end."""

    rows: tuple[Row, ...]
    next_key: Key | None


@dataclasses.dataclass(frozen=True, slots=True)
class Filter:
    """A condition on a column: `op` is ``eq``, ``ne``, ``lt``, ``le``, ``gt``, ``ge``, ``in`` or ``starts``."""

    column: str
    op: str
    value: Any


class Worklist:
    """A declared query. The first entity of its columns gives the row's id and data scope."""

    def __init__(
        self,
        name: str,
        label: str,
        permission: str,
        record: type[Record],
        order: str,
        query: Callable[[], Query],
    ) -> None:
        self.name = name
        self.label = label
        self.permission = permission
        self.record = record
        self.order = order.removeprefix("-")
        self.descending = order.startswith("-")
        self._query = query
        self.commands: tuple[str, ...] = ()
        self.page = "record"
        self.several = ""
        self.acts: dict[str, str] = {}

    @functools.cached_property
    def query(self) -> Query:
        """The declared select."""
        return self._query()

    @functools.cached_property
    def columns(self) -> tuple[ListColumn, ...]:
        """The columns as declared, in order."""
        return tuple(_list_column(c) for c in self.query.selected_columns)

    @functools.cached_property
    def subjects(self) -> tuple[tuple[str, Any], ...]:
        """The kinds of record behind the columns that have safety fields, each with the column of its id."""
        tables: dict[str, Any] = {self.record.record_info.entity: self.record.__table__}
        for selected in self.query.selected_columns:
            table = getattr(getattr(selected, "element", selected), "table", None)
            if table is not None and hasattr(table, "c") and "id" in table.c:
                tables.setdefault(table.name, table)
        return tuple((name, table.c.id) for name, table in tables.items() if safety_columns(name))

    def offers(self, *inputs: type[Any]) -> None:
        """Name the commands that may be run on a row of this list."""
        self.commands += tuple(command_for(i).name for i in inputs)

    def offers_several(self, batch: type[Any], **acts: type[Any]) -> None:
        """Name the command that does the same to many rows, and by its `act` the command of one row it stands for.

        Its input has ``<record>_ids``, ``act``, and ``revisions`` where the list has the column; its receipt `done`
        and `refused`.
        """
        self.several = command_for(batch).name
        self.acts = {command_for(one).name: act for act, one in acts.items()}

    def opens(self, page: str) -> None:
        """Name the kind of page that a row opens instead of its record's, for who may see that page."""
        self.page = page

    def column(self, name: str) -> Any:
        """Return the SQL column of a name; DomainError ``worklist.unknown_column`` if there is none."""
        for found in self.query.selected_columns:
            if found.key == name:
                return found
        raise DomainError("worklist.unknown_column", field=name, name=name)


_WORKLISTS: dict[str, Worklist] = {}


def worklist(
    name: str, label: str, *, permission: str, record: type[Record], order: str
) -> Callable[[Callable[[], Query]], Worklist]:
    """Declare a worklist: decorates a function that returns its select.

    Args:
        name: ``area.list``.
        label: Chinese title of the page.
        permission: Permission to look at it.
        record: Record whose rows it lists.
        order: Column it is sorted by at first; ``-column`` for the largest first.
    """

    def register(query: Callable[[], Query]) -> Worklist:
        if name in _WORKLISTS:
            raise ValueError(f"worklist {name} is declared twice")
        _WORKLISTS[name] = Worklist(name, label, permission, record, order, query)
        return _WORKLISTS[name]

    return register


def worklists() -> dict[str, Worklist]:
    """Return every declared worklist by name."""
    return _WORKLISTS


def _list_column(selected: Any) -> ListColumn:
    info = column_info(selected)
    base = getattr(selected, "element", None)
    if info is None and base is not None:
        info = column_info(base)
    label = info.label if info else selected.key
    origin = selected if base is None else base
    entity = getattr(getattr(origin, "table", None), "name", "")
    source = getattr(origin, "name", selected.key)
    kind = "state" if source == "state" and entity in workflows() else type(selected.type).__name__
    return ListColumn(selected.key, label, info, kind, entity, source)
