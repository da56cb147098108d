"""The data a document asks for, declared in its `document.yaml` and checked before anything is printed.

A declaration mirrors the data: a mapping is an object, a list with one entry is a list of such entries, a
word is a kind. A key ending in ``~`` may be left out or be null::

    client: {name: text, age: integer, id_number~: text}
    findings:
      - {class: one_of A B, text: text}

Kinds: ``text``, ``integer``, ``decimal`` (digits as text, so that 5.60 stays 5.60), ``boolean``, ``date``
(``2026-11-23``), ``time`` (ISO 8601 with offset, shown in clinic time), ``one_of A B C``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from domain.kernel.clock import clinic

_DECIMAL = re.compile(r"-?\d{1,12}(\.\d{1,6})?")
_KINDS = ("text", "integer", "decimal", "boolean", "date", "time")


@dataclass(frozen=True)
class Field:
    """What may stand at one place of the data."""

    kind: str
    choices: tuple[str, ...] = ()
    members: dict[str, "Field"] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    entry: "Field | None" = None


def parse_field(declared: Any, path: str, problems: list[str]) -> Field:
    """Read a declaration; what is wrong is added to `problems` as ``path: reason``."""
    if isinstance(declared, dict):
        return _parse_object(declared, path, problems)
    if isinstance(declared, list):
        if len(declared) != 1:
            problems.append(f"{path}: a list declares exactly one entry")
            return Field("list", entry=Field("text"))
        return Field("list", entry=parse_field(declared[0], f"{path}[]", problems))
    words = str(declared).split()
    if len(words) > 1 and words[0] == "one_of":
        return Field("one_of", choices=tuple(words[1:]))
    if declared not in _KINDS:
        problems.append(f"{path}: unknown kind {declared!r}")
    return Field(str(declared))


def _parse_object(declared: dict[Any, Any], path: str, problems: list[str]) -> Field:
    members: dict[str, Field] = {}
    optional: set[str] = set()
    for key, value in declared.items():
        name = str(key).removesuffix("~")
        members[name] = parse_field(value, f"{path}.{name}", problems)
        if str(key).endswith("~"):
            optional.add(name)
    return Field("object", members=members, optional=frozenset(optional))


def mistakes(wanted: Field, value: Any, path: str = "") -> Iterator[str]:
    """Yield every place where `value` is not what is `wanted`, as ``path: reason``."""
    if wanted.kind == "object":
        yield from _object_mistakes(wanted, value, path)
    elif wanted.kind == "list" and wanted.entry is not None:
        if not isinstance(value, list | tuple):
            yield f"{path}: not a list"
            return
        for index, entry in enumerate(value):
            yield from mistakes(wanted.entry, entry, f"{path}[{index}]")
    elif not _fits(wanted, value):
        yield f"{path}: not {wanted.kind}"


def presented(wanted: Field, value: Any) -> Any:
    """Return checked data as a template shows it: times as ``2026-11-23 10:20`` in clinic time."""
    if isinstance(value, dict):
        return {name: presented(wanted.members[name], member) for name, member in value.items()}
    if isinstance(value, list | tuple) and wanted.entry is not None:
        return [presented(wanted.entry, entry) for entry in value]
    if wanted.kind == "time" and value is not None:
        return clinic(datetime.fromisoformat(value)).strftime("%Y-%m-%d %H:%M")
    return value


def _object_mistakes(wanted: Field, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path or 'data'}: not an object"
        return
    dot = f"{path}." if path else ""
    for name, member in wanted.members.items():
        if value.get(name) is not None:
            yield from mistakes(member, value[name], dot + name)
        elif name not in wanted.optional:
            yield f"{dot}{name}: missing"
    yield from (f"{dot}{name}: unknown" for name in value if name not in wanted.members)


def _fits(wanted: Field, value: Any) -> bool:
    if wanted.kind == "boolean":
        return isinstance(value, bool)
    if wanted.kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if not isinstance(value, str):
        return False
    if wanted.kind == "one_of":
        return value in wanted.choices
    if wanted.kind == "decimal":
        return _DECIMAL.fullmatch(value) is not None
    return _is_moment(wanted.kind, value) if wanted.kind in ("date", "time") else True


def _is_moment(kind: str, value: str) -> bool:
    try:
        if kind == "date":
            return date.fromisoformat(value).isoformat() == value
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
