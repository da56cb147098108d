"""What a simulated device is: the device's side of its protocol, as pure as a parser.

A simulator hears the host's bytes and is told what happens to it (`act`); it returns what the device says and
when. `devices.simulator` plays that over a port, with faults.
"""

import json
import random
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.kernel.errors import DomainError


def local_time() -> datetime:
    """Return the clinic's clock without a zone, as devices keep it."""
    return datetime.now().astimezone().replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class Say:
    """Bytes the device sends `after_s` seconds from now; `cancels` takes back what it had still to say."""

    data: bytes
    after_s: float = 0.0
    cancels: bool = False


class DeviceSimulator(ABC):
    """The device's side of one protocol."""

    #: What can be done to it, for the help text: ``measure {json}``.
    actions: tuple[str, ...] = ()

    def __init__(self, *, seed: int = 0, clock: Callable[[], datetime] = local_time) -> None:
        self.random = random.Random(seed)  # noqa: S311 - invented measurements, not secrets
        self.clock = clock

    def heard(self, chunk: bytes) -> list[Say]:
        """Return the answer to bytes from the host; most devices listen to nobody."""
        del chunk
        return []

    @abstractmethod
    def act(self, action: str, argument: str) -> list[Say]:
        """Do one of `actions` and return what the device says to it.

        Raises:
            DomainError: ``device.no_such_action`` or ``device.bad_argument``.
        """

    def unknown(self, action: str) -> DomainError:
        """Return the error for an action this device does not know."""
        return DomainError("device.no_such_action", action=action, known="、".join(self.actions))


def json_argument(text: str) -> dict[str, Any]:
    """Return the JSON object an action was given, empty for no text; ``device.bad_argument`` when it is not one."""
    try:
        found = json.loads(text or "{}")
    except ValueError as error:
        raise DomainError("device.bad_argument", argument=text) from error
    if not isinstance(found, dict):
        raise DomainError("device.bad_argument", argument=text)
    return found
