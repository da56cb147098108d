"""Answers taken from a record: each stays marked with its source and date until a person changes or confirms it.

An item says by a code of the system ``urn:aftercheck:factor`` which factor of `domain.risk` it asks for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from domain.kernel.errors import DomainError
from forms.nodes import At, Place
from forms.questionnaire import Item, ItemType, Questionnaire
from forms.session import FormSession

FACTOR = "urn:aftercheck:factor"


class Fact(Protocol):
    """What is known of one factor (`domain.risk.factors.Given` is one): an empty `unit` is the factor's own."""

    @property
    def value(self) -> Any: ...
    @property
    def unit(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def at(self) -> date | None: ...


@dataclass(frozen=True)
class Prefill:
    """One answer from a record: `source_text` says from where in words, `at` is the day it was true."""

    link_id: str
    value: Any
    source_text: str
    at: date | None
    place: At = ()


@dataclass(frozen=True)
class Prefilled:
    """What became of them.

    Attributes:
        taken: Places that now hold a value from the record.
        left: Places where a person had answered already; theirs stands.
        refused: Places whose question does not take the value, with the code of the reason.
    """

    taken: tuple[Place, ...]
    left: tuple[Place, ...]
    refused: tuple[tuple[Place, str], ...]


def factor_of(item: Item) -> str | None:
    """Return the factor an item asks for."""
    return next((code.code for code in item.codes if code.system == FACTOR), None)


def prefill_from(form: Questionnaire, factors: Mapping[str, Fact]) -> list[Prefill]:
    """Return a prefill for each question whose factor is known, in a unit that the question takes."""
    found = []
    for item in form.walk():
        factor = factor_of(item)
        known = factors.get(factor) if factor is not None else None
        if (
            known is None
            or known.value is None
            or not item.type.is_question
            or not _unit_fits(item, known.unit)
        ):
            continue
        found.append(Prefill(item.link_id, _as_answer(item, known.value), known.source, known.at))
    return found


def apply_prefills(session: FormSession, prefills: Iterable[Prefill]) -> Prefilled:
    """Put values from a record into a form; nothing that a person answered is touched."""
    taken, left, refused = [], [], []
    for one in prefills:
        place = Place(one.link_id, one.place)
        try:
            if (
                session.answers(*place)
                and session.provenance(*place) is None
                and not session.is_calculated(*place)
            ):
                left.append(place)
                continue
            at = one.at.isoformat() if one.at is not None else ""
            session.take_over(place, (one.value,), one.source_text, at)
        except DomainError as error:
            refused.append((place, error.code))
        else:
            taken.append(place)
    return Prefilled(tuple(taken), tuple(left), tuple(refused))


def unconfirmed(session: FormSession) -> list[Place]:
    """Return the places that still hold a record's value which no person has looked at."""
    found = []
    for place in session.places():
        provenance = session.provenance(*place)
        if provenance is not None and not provenance.confirmed:
            found.append(place)
    return found


def _unit_fits(item: Item, unit: str) -> bool:
    units = {one.code for one in item.unit_options} | ({item.unit.code} if item.unit else set())
    return not unit or not units or unit in units


def _as_answer(item: Item, value: Any) -> Any:
    if item.type is ItemType.BOOLEAN and value in (0, 1):
        return bool(value)
    if isinstance(value, float):
        value = Decimal(str(value))
    if item.type is ItemType.INTEGER and isinstance(value, Decimal) and value == int(value):
        return int(value)
    return value
