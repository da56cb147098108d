"""What an adapter answers, whatever its vendor said."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from domain.messaging.records import Channel
from domain.messaging.rules import Retry
from domain.messaging.sending_commands import Parcel


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one call.

    Attributes:
        kind: accepted, delivered, retry, failed, configuration or unknown, as `ReportOutcome` takes it.
        vendor_id: The vendor's number of the message.
        reason: Code of ``word.outbox_reason``.
        detail: The vendor's code and words, shortened.
        wait_s: Least pause that the vendor asks for.
        falls_back: Whether another channel is to be tried.
    """

    kind: str
    vendor_id: str | None = None
    reason: str | None = None
    detail: str | None = None
    wait_s: float = 0.0
    falls_back: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """What a vendor's error code means: its class, our reason, and the pause it asks for."""

    retry: Retry
    reason: str
    wait_s: float = 0.0
    falls_back: bool = False


class TokenRefusedError(Exception):
    """Class A: the vendor does not know the access token; a new one is fetched once."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


KINDS = {Retry.TRANSIENT: "retry", Retry.FINAL: "failed", Retry.CONFIGURATION: "configuration"}
UNKNOWN_CODE = Fault(Retry.FINAL, "refused")
"""A code no table has: nothing is repeated that the vendor has refused for a reason we do not know."""


def judged(faults: Mapping[str, Fault], code: object, words: object) -> Outcome:
    """Return the outcome of a vendor's error code; class A raises `TokenRefusedError`."""
    name = str(code)
    fault = faults.get(name) or _by_prefix(faults, name) or UNKNOWN_CODE
    detail = f"{name} {words or ''}".strip()[:255]
    if fault.retry is Retry.TOKEN:
        raise TokenRefusedError(detail)
    return Outcome(
        KINDS[fault.retry],
        reason=fault.reason,
        detail=detail,
        wait_s=fault.wait_s,
        falls_back=fault.falls_back,
    )


def _by_prefix(faults: Mapping[str, Fault], name: str) -> Fault | None:
    """Return the fault of a family, written ``AuthFailure.*``."""
    return next((f for code, f in faults.items() if code.endswith("*") and name.startswith(code[:-1])), None)


class Adapter(Protocol):
    """One account with one vendor."""

    account: str
    quota: int | None
    repeat_safe_s: float
    """For how long the vendor itself drops a repetition; 0 if it does not."""

    @property
    def channels(self) -> tuple[Channel, ...]:
        """What it can send by."""

    def send(self, parcel: Parcel) -> Outcome:
        """Send one message; raises nothing that a vendor or a line could cause."""

    def ask(self, parcel: Parcel) -> Outcome | None:
        """Ask what became of a message whose answer was lost; None if the vendor cannot tell."""
