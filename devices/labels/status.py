"""What a printer says about itself; each condition has its Chinese text as ``printer.<condition>``."""

from dataclasses import dataclass
from enum import StrEnum


class Condition(StrEnum):
    """One thing a printer reports, or that its silence means."""

    READY = "ready"
    BUSY = "busy"
    MEDIA_OUT = "media_out"
    RIBBON_OUT = "ribbon_out"
    SUPPLY_OUT = "supply_out"
    HEAD_OPEN = "head_open"
    PAUSED = "paused"
    JAM = "jam"
    BUFFER_FULL = "buffer_full"
    TEMPERATURE = "temperature"
    FAULT = "fault"
    NO_ANSWER = "no_answer"
    GARBLED = "garbled"
    UNREACHABLE = "unreachable"
    CONNECTION_LOST = "connection_lost"


@dataclass(frozen=True)
class PrinterStatus:
    """The conditions reported, worst first; empty means ready."""

    conditions: tuple[Condition, ...]
    raw: bytes = b""

    @property
    def condition(self) -> Condition:
        """The one to show."""
        return self.conditions[0] if self.conditions else Condition.READY

    @property
    def is_ready(self) -> bool:
        """Whether a label sent now is printed now."""
        return not self.conditions

    @property
    def is_passing(self) -> bool:
        """Whether the printer gets ready without a person."""
        return bool(self.conditions) and set(self.conditions) <= {Condition.BUSY, Condition.BUFFER_FULL}
