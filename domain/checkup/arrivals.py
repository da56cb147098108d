"""Whom it concerns that results came in over an interface: features that follow orders or codes say so here."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from domain.checkup.records import Observation, Visit
from domain.kernel.unit_of_work import UnitOfWork


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """What a part of a message answers: the order's number as sent back, the sender's own, and the service."""

    placer_number: str = ""
    filler_number: str = ""
    code: str = ""
    name: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class LetGo:
    """Results that waited for who somebody is and count now: what is known of how they came."""

    system: str | None
    services: tuple[Service, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Arrived:
    """Results that were kept under a visit: what brought them (`system`, `services`), and each new observation."""

    order: Any
    visit: Visit
    kept: Sequence[Observation]


Listener = Callable[[UnitOfWork, Arrived], None]
Finder = Callable[[UnitOfWork, str], Visit | None]
Opened = Callable[[UnitOfWork, Visit], object]
_LISTENERS: list[Listener] = []
_FINDERS: list[Finder] = []
_OPENED: list[Opened] = []


def on_results(listener: Listener) -> Listener:
    """Register a function that is called in the transaction that keeps results."""
    _LISTENERS.append(listener)
    return listener


def finds_visits(finder: Finder) -> Finder:
    """Register a function that knows visits by numbers other than their own (an order's)."""
    _FINDERS.append(finder)
    return finder


def on_opened(listener: Opened) -> Opened:
    """Register a function that is called in the transaction in which a visit is registered at a desk."""
    _OPENED.append(listener)
    return listener


def arrived(work: UnitOfWork, order: Any, visit: Visit, kept: Sequence[Observation]) -> None:
    """Tell the features of results."""
    for listener in _LISTENERS:
        listener(work, Arrived(order, visit, kept))


def opened(work: UnitOfWork, visit: Visit) -> None:
    """Tell the features of a new visit."""
    for listener in _OPENED:
        listener(work, visit)


def visit_by(work: UnitOfWork, number: str) -> Visit | None:
    """Return the visit of a number, its own or one that a feature knows; None for nobody's."""
    visit = work.find(Visit, number=number)
    if visit is not None:
        return visit
    return next((found for finder in _FINDERS if (found := finder(work, number)) is not None), None)
