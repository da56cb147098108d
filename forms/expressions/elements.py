"""What FHIRPath walks over: live items of a form, typed answers, and plain FHIR JSON (a patient, the questionnaire).

A collection is a list. Its members are Python values (bool, int, `Decimal`, str, day, `Temporal`), the complex values
of `forms.values`, JSON objects, and any `Element`, which answers for its own children.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any

from forms.values import Attachment, Coding, Quantity, Reference, Temporal

Collection = list[Any]
Complex = Coding | Quantity | Attachment | Reference


class Element(ABC):
    """A live part of a form, seen as FHIR; no protocol, since asking whether a value is one is done all the time."""

    __slots__ = ()

    @abstractmethod
    def child(self, name: str) -> Collection:
        """Return the children called `name`."""

    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Return the names of all children it may have."""

    @abstractmethod
    def linked(self, link_ids: tuple[str, ...], depth: str, *, present: bool) -> Collection:
        """Return the items of these link ids below, in the order of the page.

        `depth` is ``item`` (directly below), ``repeat`` (through groups) or ``descendants`` (also through answers);
        `present` leaves out what the response would not have.
        """

    @abstractmethod
    def plain(self) -> Any:
        """Return it as FHIR JSON."""


def child(value: Any, name: str) -> Collection:
    """Return the children of one member of a collection; a value without such a child has none."""
    if isinstance(value, Mapping):
        return _of_json(value, name)
    if isinstance(value, Element):
        return value.child(name)
    if isinstance(value, Complex):
        return _of_json(plain(value), name)
    return []


def _of_json(value: Mapping[str, Any], name: str) -> Collection:
    found = value.get(name)
    if found is None:
        # value[x]: the element is called value, the JSON key valueCoding.
        found = next(
            (
                entry
                for key, entry in value.items()
                if key.startswith(name) and len(key) > len(name) and key[len(name)].isupper()
                and name in ("value", "answer", "onset", "effective", "performed", "abatement", "deceased", "fixed")
            ),
            None,
        )  # fmt: skip
    if found is None:
        return [value] if name[:1].isupper() and value.get("resourceType") == name else []
    return [
        json_value(entry) for entry in (found if isinstance(found, list) else [found]) if entry is not None
    ]


def json_value(value: Any) -> Any:
    """Return a JSON value as FHIRPath counts: floats are decimals by their shortest form."""
    return Decimal(str(value)) if isinstance(value, float) else value


def children(value: Any) -> Iterator[Any]:
    """Yield all children of one member."""
    if isinstance(value, Element):
        for name in value.names():
            yield from value.child(name)
        return
    data = plain(value) if isinstance(value, Complex) else value
    if isinstance(data, Mapping):
        for key, entry in data.items():
            if not key.startswith("_"):
                yield from (json_value(part) for part in (entry if isinstance(entry, list) else [entry]))


_JSON_NAMES = {"content_type": "contentType"}


def plain(value: Any) -> Any:
    """Return a value as FHIR JSON has it; empty parts are left out."""
    if isinstance(value, Complex):
        parts = {
            _JSON_NAMES.get(part.name, part.name): getattr(value, part.name)
            for part in fields(value)
            if part.compare
        }
        return {name: part for name, part in parts.items() if part not in ("", None)}
    if isinstance(value, Temporal):
        return value.text
    if isinstance(value, date):
        return value.isoformat()
    return value.plain() if isinstance(value, Element) else value


def system_type(value: Any) -> str:
    """Return the FHIRPath type of a value, ``""`` for what only a model could tell."""
    for kind, name in _SYSTEM:
        if isinstance(value, kind):
            return name
    if isinstance(value, Temporal):
        return {"date": "Date", "dateTime": "DateTime", "time": "Time"}[value.kind]
    return ""


_SYSTEM: tuple[tuple[type, str], ...] = (
    (bool, "Boolean"),
    (int, "Integer"),
    (Decimal, "Decimal"),
    (str, "String"),
    (date, "Date"),
    (Quantity, "Quantity"),
    (Coding, "Coding"),
    (Attachment, "Attachment"),
    (Reference, "Reference"),
)
