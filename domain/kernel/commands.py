"""Commands: the only way a record changes. A typed input, the permission it needs, one handler.

The same declaration gives the entry form, the endpoint with its schema, the permission check, the audit line
and the tests that every role without the permission is refused.
"""

import dataclasses
import enum
import re
import typing
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, TypeVar, dataclass_transform

import msgspec

from domain.kernel.errors import DomainError
from domain.kernel.record import native_type

_META = "ask"
_MAX_TEXT = 4000
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class Kind(enum.StrEnum):
    """How a field is entered."""

    TEXT = "text"
    NOTE = "note"
    SCAN = "scan"
    NUMBER = "number"
    CHOICE = "choice"
    DATE = "date"
    SECRET = "secret"  # noqa: S105  (a kind of field, not a secret)
    HIDDEN = "hidden"


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """What a field says of itself; `low` and `high` bound numbers in `unit` (UCUM)."""

    label: str
    kind: Kind
    low: float | None
    high: float | None
    max_length: int
    unit: str | None


def ask(
    label: str,
    *,
    kind: Kind = Kind.TEXT,
    default: Any = dataclasses.MISSING,
    low: float | None = None,
    high: float | None = None,
    max_length: int = 255,
    unit: str | None = None,
) -> Any:
    """Declare a field of a command's input.

    Args:
        label: Chinese label, also used in messages.
        kind: How it is entered.
        default: Value when it is left out; without one the field is required.
        low: Smallest number allowed, in `unit`.
        high: Largest number allowed, in `unit`.
        max_length: Characters allowed; `Kind.NOTE` allows at least 4,000.
        unit: UCUM unit of a number.
    """
    if kind is Kind.NOTE:
        max_length = max(max_length, _MAX_TEXT)
    metadata = {_META: Asked(label, kind, low, high, max_length, unit)}
    if isinstance(default, list | dict):
        return dataclasses.field(default_factory=default.copy, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """One field of an input, resolved: its type, whether it may be left out, and what it says of itself."""

    name: str
    type: Any
    optional: bool
    required: bool
    asked: Asked
    default: Any


@dataclasses.dataclass(slots=True)
class Command:
    """A declared command; `handler` is set by `handles`."""

    name: str
    label: str
    permission: str | None
    input: type[Any]
    fields: tuple[Field, ...] = ()
    handler: Callable[[Any, Any], Any] | None = None
    place: str = "anywhere"

    def read(self, data: Mapping[str, Any]) -> Any:
        """Return the typed input of plain data (JSON values).

        Raises:
            DomainError: ``input.unknown``, ``input.missing``, ``input.type``, ``input.range``,
                ``input.too_long`` or ``input.control`` with the field at fault.
        """
        names = {f.name for f in self.fields}
        for name in data:
            if name not in names:
                raise DomainError("input.unknown", field=name, label=name)
        return self.input(**{f.name: _value(f, data[f.name]) for f in _given(self.fields, data)})

    def check(self, order: Any) -> None:
        """Check an input built in code as `read` checks data: what is required is not empty, limits are kept."""
        for field in self.fields:
            value = getattr(order, field.name)
            if (value is None or value == "") and field.required and not field.optional:
                raise DomainError("input.missing", field=field.name, label=field.asked.label)
            _limits(field, value)


_COMMANDS: dict[str, Command] = {}
_BY_INPUT: dict[type[Any], Command] = {}
T = TypeVar("T")


@dataclass_transform(field_specifiers=(ask,), kw_only_default=True, frozen_default=True)
def command(
    name: str, label: str, *, permission: str | None, place: str = "anywhere"
) -> Callable[[type[T]], type[T]]:
    """Declare a command: decorates the class of its input.

    Args:
        name: ``area.verb``.
        label: Chinese label of the button and of the audit line.
        permission: Permission needed; None only for what everybody may do (sign-in).
        place: ``anywhere``, ``centre`` (needs the centre's knowledge) or ``branch``.
    """

    def register(cls: type[T]) -> type[T]:
        made = dataclasses.dataclass(frozen=True, kw_only=True)(cls)
        if name in _COMMANDS:
            raise ValueError(f"command {name} is declared twice")
        entry = Command(name, label, permission, made, place=place)
        entry.fields = tuple(_fields(made))
        _COMMANDS[name] = entry
        _BY_INPUT[made] = entry
        return made

    return register


def handles(input_type: type[Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the handler of a command: a function of the input and the unit of work."""

    def register(handler: Callable[..., Any]) -> Callable[..., Any]:
        _BY_INPUT[input_type].handler = handler
        return handler

    return register


def commands() -> dict[str, Command]:
    """Return every declared command by name."""
    return _COMMANDS


def command_for(input_type: type[Any]) -> Command:
    """Return the command of an input class."""
    return _BY_INPUT[input_type]


def command_of(order: Any) -> Command:
    """Return the command whose input `order` is."""
    return _BY_INPUT[type(order)]


def _fields(cls: type[Any]) -> typing.Iterator[Field]:
    hints = typing.get_type_hints(cls)
    for field in dataclasses.fields(cls):
        native, optional = native_type(hints[field.name])
        asked = field.metadata.get(_META)
        if asked is None:
            raise TypeError(f"{cls.__name__}.{field.name} is declared without ask()")
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        default = None if field.default is dataclasses.MISSING else field.default
        yield Field(field.name, native, optional, required, asked, default)


def _given(fields: tuple[Field, ...], data: Mapping[str, Any]) -> typing.Iterator[Field]:
    for field in fields:
        if data.get(field.name) not in (None, ""):
            yield field
        elif field.required and not field.optional:
            raise DomainError("input.missing", field=field.name, label=field.asked.label)
        elif field.required:
            yield field


def _value(field: Field, raw: Any) -> Any:
    if raw in (None, "") and field.optional:
        return None
    value = _converted(
        field, raw.strip() if isinstance(raw, str) and field.asked.kind is not Kind.SECRET else raw
    )
    _limits(field, value)
    return value


def _converted(field: Field, raw: Any) -> Any:
    if raw == "":
        raise DomainError("input.missing", field=field.name, label=field.asked.label)
    if isinstance(raw, field.type if isinstance(field.type, type) else ()) and not isinstance(raw, bool):
        return raw
    strict = field.type not in {int, float, date, datetime}
    try:
        return msgspec.convert(raw, field.type, strict=strict)
    except msgspec.ValidationError as error:
        raise DomainError(
            "input.type", field=field.name, label=field.asked.label, value=str(raw)[:40]
        ) from error


def _limits(field: Field, value: Any) -> None:
    asked = field.asked
    if isinstance(value, str) and not isinstance(value, enum.Enum):
        if len(value) > asked.max_length:
            raise DomainError(
                "input.too_long",
                field=field.name,
                label=asked.label,
                limit=asked.max_length,
                length=len(value),
            )
        if asked.kind is not Kind.SECRET and _CONTROL.search(value):
            raise DomainError("input.control", field=field.name, label=asked.label)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        below = asked.low is not None and value < asked.low
        above = asked.high is not None and value > asked.high
        if below or above or value != value:
            raise DomainError(
                "input.range", field=field.name, label=asked.label, value=value, low=asked.low, high=asked.high,
                unit=asked.unit or "",
            )  # fmt: skip
