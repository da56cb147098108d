"""Which devices there are: a driver is known by being in a folder of `devices` and carrying `@driver`.

To add a device: write `devices/<kind>/<model>.py` with a `Parser` under `@driver` and, beside it, its simulator
under `@simulator`; add its case to `tests/devices`. Nothing else needs to be edited.
"""

import functools
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import devices
from devices.parser import Parser
from devices.simulated import DeviceSimulator
from devices.transport import SerialSettings
from domain.kernel.errors import DomainError

P = TypeVar("P", bound=type[Parser])
S = TypeVar("S", bound=type[DeviceSimulator])

# Printers say nothing back that is a reading, loggers are asked by the minute; both have their own ways.
_NOT_DRIVERS = {"labels", "environment"}


class Check(StrEnum):
    """What tells a damaged frame of a format.

    `NONE`: nothing but width, separators and ranges: a flipped bit may be another legal digit, so whoever confirms
    the value is asked to compare it with the device's display. `XOR`: sees every damage of one byte and every burst
    of up to eight bits; two flips of the same bit in two bytes escape it. `SUM`: as XOR, but two opposite flips of
    the same bit escape. `TWICE`: the same value was said twice. `CODE`: the check character of the code itself.
    """

    NONE = "none"
    XOR = "xor"
    SUM = "sum"
    TWICE = "twice"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a device beside its bytes.

    `confirmed` False means that a part of the format was not found in a public source: `shown_label` and the desk
    say so. `gap_s`: silence after which a partial frame is thrown away. `silence_s`: silence that means
    the device is off, None for devices that speak only after a measurement. `repeat_s`: the same frame within
    this time is the same measurement. `glued_s`: a different frame within this time is not to be trusted.
    `personal`: frames hold personal data and must not be logged. `check` is what tells a damaged frame: see `Check`.
    """

    id: str
    label: str
    parser: type[Parser]
    confirmed: bool
    settings: SerialSettings
    gap_s: float
    silence_s: float | None
    repeat_s: float
    glued_s: float
    personal: bool
    check: "Check"

    @property
    def shown_label(self) -> str:
        """The name as screens show it, with the mark of a format nobody has tried on a real device."""
        return self.label if self.confirmed else f"{self.label}（未经实机验证）"

    @property
    def kind(self) -> str:
        """What it measures: the first word of the id (bp, scale, idcard, scanner)."""
        return self.id.partition(".")[0]


_drivers: dict[str, Profile] = {}
_simulators: dict[str, type[DeviceSimulator]] = {}


def driver(
    name: str,
    *,
    label: str,
    confirmed: bool,
    settings: SerialSettings,
    gap_s: float = 1.0,
    silence_s: float | None = None,
    repeat_s: float = 0.0,
    glued_s: float = 0.0,
    personal: bool = False,
    check: Check,
) -> Callable[[P], P]:
    """Register a parser class; see `Profile` for the meaning of each value."""

    def register(parser: P) -> P:
        _once(_drivers, name)
        _drivers[name] = Profile(
            name, label, parser, confirmed, settings, gap_s, silence_s, repeat_s, glued_s, personal, check
        )
        return parser

    return register


def simulator(name: str) -> Callable[[S], S]:
    """Register the simulator of the driver `name`."""

    def register(simulated: S) -> S:
        _once(_simulators, name)
        _simulators[name] = simulated
        return simulated

    return register


def drivers() -> dict[str, Profile]:
    """Return every driver by its id, in order of id."""
    _scan()
    return dict(sorted(_drivers.items()))


def profile(name: str) -> Profile:
    """Return the driver of this id; raises `DomainError` ``device.unknown_driver``."""
    _scan()
    if name not in _drivers:
        raise DomainError("device.unknown_driver", field="driver", driver=name)
    return _drivers[name]


def simulator_of(name: str) -> type[DeviceSimulator]:
    """Return the simulator of a driver; raises `DomainError` ``device.unknown_driver``."""
    _scan()
    if name not in _simulators:
        raise DomainError("device.unknown_driver", field="driver", driver=name)
    return _simulators[name]


def _once(known: dict[str, Any], name: str) -> None:
    if name in known:
        raise ValueError(f"two drivers named {name}")


@functools.cache
def _scan() -> None:
    for folder in pkgutil.iter_modules(devices.__path__):
        if folder.ispkg and folder.name not in _NOT_DRIVERS:
            package = importlib.import_module(f"devices.{folder.name}")
            for module in pkgutil.iter_modules(package.__path__):
                importlib.import_module(f"devices.{folder.name}.{module.name}")
