"""How one cell of a worklist reads: its text, its tone, and whether it is a number."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from client.station import Context
from domain.kernel.worklists import ListColumn

NUMBERS = frozenset({"BigInteger", "Integer", "Float"})
CLIENT = ("name", "patient_name", "client_name", "client", "sex", "birth_date")
WHICH = (
    "patient_number", "number", "visit_number", "subject", "title", "label", "code", "plan_name", "node_name",
    "version", "value_text", "staff_name", "login",
)  # fmt: skip
MOST_FACTS = 5
DUE = "due_at"
"""The column whose deadline is told as what is left until then."""


def text_of(context: Context, column: ListColumn, value: Any) -> str:
    """Return a cell's text."""
    if column.name == DUE and isinstance(value, datetime):
        return context.formatter.due(value, context.desk.clock())[0]
    return context.formatter.value(value, column.entity, column.source or column.name)


def tone_of(context: Context, column: ListColumn, value: Any) -> str:
    """Return ``danger`` and the like for what is to be seen first, else nothing."""
    if column.name == DUE and isinstance(value, datetime):
        return context.formatter.due(value, context.desk.clock())[1]
    if column.name in {"severity", "important_class"} and str(value) in {"urgent", "A"}:
        return "danger"
    return ""


def about_row(context: Context, columns: Sequence[ListColumn], values: Sequence[Any]) -> str:
    """Return who or what a row is about, as a dialog over it says: who it is, then which thing of theirs.

    What the row's reader may see only masked is masked here too: these are the cells as they are shown.
    """
    shown = {
        column.name: text_of(context, column, value) for column, value in zip(columns, values, strict=False)
    }
    facts = [shown[name].strip() for name in (*CLIENT, *WHICH) if shown.get(name)]
    return " · ".join(dict.fromkeys(fact for fact in facts[:MOST_FACTS] if fact))


def is_number(column: ListColumn) -> bool:
    """Tell whether a column holds numbers that people read as numbers, not as the name they stand for."""
    named = column.info is not None and column.info.means is not None
    return column.kind in NUMBERS and not named
