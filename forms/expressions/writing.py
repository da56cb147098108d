"""A tree of an expression written as text again, every operation in brackets."""

from datetime import date
from decimal import Decimal

from forms.expressions.syntax import (
    Binary,
    Call,
    Index,
    Literal,
    Member,
    Node,
    Special,
    Unary,
    Variable,
)
from forms.values import Quantity, Temporal


def text_of(node: Node) -> str:
    """Return FHIRPath that reads as this tree."""
    match node:
        case Literal(value=value):
            return _literal(value)
        case Special(name=name):
            return f"${name}"
        case Variable(name=name):
            return f"%{name}" if name.isidentifier() else f"%`{name}`"
        case Member(source=source, name=name):
            return f"{_before(source)}{_name(name)}"
        case Call(source=source, name=name, args=args):
            return f"{_before(source)}{_name(name)}({', '.join(map(text_of, args))})"
        case Index(source=source, at=at):
            return f"{_operand(source)}[{text_of(at)}]"
        case Unary(operator=operator, operand=operand):
            return f"({operator}{_operand(operand)})"
        case Binary(operator=operator, left=left, right=right):
            kind = operator in ("is", "as") and isinstance(right, Literal)
            return f"({text_of(left)} {operator} {right.value if kind else text_of(right)})"  # type: ignore[union-attr]


def _before(source: Node | None) -> str:
    return "" if source is None else f"{_operand(source)}."


def _operand(node: Node) -> str:
    text = text_of(node)
    # A number followed by a name could be a quantity; a moment could run on.
    plain = not isinstance(node, Literal) or isinstance(node.value, str | bool) or node.value is None
    return text if plain else f"({text})"


def _name(name: str) -> str:
    return name if name.isidentifier() and name.isascii() else f"`{name}`"


def _literal(value: bool | int | Decimal | str | date | Temporal | Quantity | None) -> str:
    if value is None:
        return "{}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Quantity):
        return f"{value.value:f} {value.unit if value.unit in _PLAIN_UNITS else _quoted(value.code or value.unit)}"
    if isinstance(value, Temporal):
        return f"@T{value.text}" if value.kind == "time" else f"@{value.text}"
    return (
        f"@{value.isoformat()}"
        if isinstance(value, date)
        else f"{value:f}"
        if isinstance(value, Decimal)
        else str(value)
    )


_PLAIN_UNITS = ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    for plain, code in (("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"), ("\f", "\\f")):
        escaped = escaped.replace(plain, code)
    return f"'{escaped}'"
