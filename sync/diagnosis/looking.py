"""What a check is given, what it tells, and how all of them are found and run. No Qt, no screen."""

import dataclasses
import enum
import functools
import importlib
import logging
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from domain.kernel.errors import KnownError
from domain.kernel.ids import Id
from domain.kernel.store import Store
from sync.diagnosis import checks as home_of_checks

log = logging.getLogger(__name__)


class Level(enum.StrEnum):
    """How it stands; `BAD` means that work or data is in danger now."""

    OK = "ok"
    WARNING = "warning"
    BAD = "bad"


WORST_FIRST = (Level.BAD, Level.WARNING, Level.OK)


@dataclasses.dataclass(frozen=True, slots=True)
class Reason:
    """Why, as the part that met it says it: key of a sentence of the catalogue and its facts."""

    code: str
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One line of the diagnosis.

    Attributes:
        check: Which check; its label is the text ``diagnosis.check.<check>``.
        level: How it stands.
        code: What it means: key of a sentence; what to do about it is ``<code>.remedy``.
        facts: What the sentence names; counts, sizes, versions and names of devices, never anything of a person.
        reason: What a part of the program said by itself.
    """

    check: str
    level: Level
    code: str
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    reason: Reason | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """How the exchange with the centre stands; `skew_s` is the centre's clock minus this machine's, in seconds.

    `last_contact` and `skew_s` are None until an exchange of this run of the program has ended well.
    """

    phase: str
    reason: Reason | None = None
    last_contact: datetime | None = None
    skew_s: float | None = None
    waiting: int = 0
    refused: int = 0
    parked: int = 0
    conflicts: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Device:
    """A serial device as its own process reports it: `tone` is ``ready``, ``absent`` or ``suspect``."""

    label: str
    tone: str
    code: str


@dataclasses.dataclass(frozen=True, slots=True)
class LabelPrinter:
    """A label printer; `ask` returns the key of its condition (``printer.ready``), None if it never answers."""

    name: str
    ask: Callable[[], str | None]


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """What is looked at; a check leaves out what is None here.

    Attributes:
        folder: Where the installation lies.
        least_free: Bytes of its disk below which attachments are refused.
        now: UTC.
        store: The open store.
        device_id: Whose audit chain it holds.
        line: The exchange with the centre; `has_centre` tells whether there is one at all.
        key: Reads the store's key anew from where it is kept; raises `KnownError`.
        devices: What is plugged in.
        device_problems: How many entries of the device settings cannot be used.
        printers: Label printers.
    """

    folder: Path
    least_free: int
    now: datetime
    store: Store | None = None
    device_id: Id | None = None
    has_centre: bool = True
    line: Line | None = None
    key: Callable[[], bytes] | None = None
    devices: tuple[Device, ...] | None = None
    device_problems: int = 0
    printers: tuple[LabelPrinter, ...] | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Watch:
    """Who waits: `tell` hears how far a long check is (done, of how many), `stopped` whether nobody waits now."""

    tell: Callable[[int, int], None] = lambda _done, _total: None
    stopped: Callable[[], bool] = lambda: False


@dataclasses.dataclass(frozen=True, slots=True)
class Check:
    """One thing that is looked at.

    Attributes:
        name: Its module's.
        order: Small first; what takes long comes last.
        look: Returns what it found, nothing where it does not apply; may raise `KnownError`.
    """

    name: str
    order: int
    look: Callable[[Place, Watch], Sequence[Finding]]


@functools.cache
def all_checks() -> tuple[Check, ...]:
    """Return every check in its order; imports their modules."""
    names = [m.name for m in pkgutil.iter_modules(home_of_checks.__path__)]
    found: list[Check] = [
        importlib.import_module(f"{home_of_checks.__name__}.{name}").CHECK for name in sorted(names)
    ]
    return tuple(sorted(found, key=lambda check: (check.order, check.name)))


def look_at(check: Check, place: Place, watch: Watch | None = None) -> tuple[Finding, ...]:
    """Run one check; what it raises is a finding too, so that one that fails never hides the others."""
    try:
        return tuple(check.look(place, watch or Watch()))
    except KnownError as error:
        told = Reason(error.code, error.facts)
        return (Finding(check.name, Level.BAD, "diagnosis.refused", reason=told),)
    except Exception:
        log.exception("check %s of the diagnosis crashed", check.name)
        return (Finding(check.name, Level.BAD, "diagnosis.crashed"),)
