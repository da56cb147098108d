r"""The cashier: orders are opened there, paid there by the client, and told back with a signature.

Every call and every notice is signed: HMAC-SHA256 over ``timestamp\nnonce\nbody\n`` with the shared secret, in
``X-Pay-Timestamp``, ``X-Pay-Nonce`` and ``X-Pay-Signature``. This is the interface of our own simulator; no vendor's
adapter is built yet (UNVERIFIED, 待核定): one for WeChat Pay is another class with these five methods.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from domain.kernel.clock import Clock
from domain.kernel.errors import DomainError
from server.channels.outcome import Outcome
from server.channels.wire import Unanswered, Wire

CLOCKS_DIFFER = timedelta(minutes=5)
HEADERS = ("x-pay-timestamp", "x-pay-nonce", "x-pay-signature")


@dataclass(frozen=True, slots=True)
class Notice:
    """What the cashier says of an order: ``pending``, ``paid``, ``refunded`` or ``refund_failed``."""

    order: str
    kind: str
    number: str
    amount_fen: int
    at: datetime
    detail: str = ""


class Gateway(Protocol):
    """What a cashier can do; each raises `Unanswered` where it does not answer."""

    def open(self, order: str, amount_fen: int, subject: str, notify: str, back: str) -> str:
        """Open an order, the same one again where it is open already; returns where the client pays."""

    def ask(self, order: str) -> Notice | None:
        """Return how an order stands, None for one the cashier does not know."""

    def pay_back(self, order: str, refund: str, amount_fen: int) -> Notice:
        """Pay an order back, once for one number of a refund; returns how it stands."""

    def read(self, headers: Mapping[str, str], body: bytes) -> tuple[Notice, str]:
        """Return what a notice says and its nonce. Raises ``payment.refused``."""


class SignedGateway:
    """A cashier over HTTP with a shared secret.

    Args:
        wire: To it.
        app_id: Our number there.
        secret: The shared secret.
        clock: Time.
    """

    def __init__(self, wire: Wire, app_id: str, secret: str, clock: Clock) -> None:
        self._wire, self._app_id, self._secret, self._clock = wire, app_id, secret, clock

    def open(self, order: str, amount_fen: int, subject: str, notify: str, back: str) -> str:
        """Open an order; returns the address where the client pays."""
        body = {"order": order, "amount_fen": amount_fen, "subject": subject, "notify": notify, "back": back}
        return str(self._post("/orders", body).get("pay_url", ""))

    def ask(self, order: str) -> Notice | None:
        """Return how an order stands."""
        answer = self._post("/query", {"order": order})
        return None if answer.get("state") == "unknown" else self._notice(answer)

    def pay_back(self, order: str, refund: str, amount_fen: int) -> Notice:
        """Pay an order back."""
        return self._notice(
            self._post("/refunds", {"order": order, "refund": refund, "amount_fen": amount_fen})
        )

    def read(self, headers: Mapping[str, str], body: bytes) -> tuple[Notice, str]:
        """Return what a notice says and its nonce.

        Raises:
            DomainError: ``payment.refused``: another signature, a time more than five minutes off, or not readable.
        """
        stamp, nonce, said = (headers.get(name, "") for name in HEADERS)
        if not stamp.isascii() or not stamp.isdigit() or len(stamp) > 12 or not nonce or len(nonce) > 80:
            raise DomainError("payment.refused")
        if not hmac.compare_digest(signature(self._secret, stamp, nonce, body), said):
            raise DomainError("payment.refused")
        if abs(self._clock() - datetime.fromtimestamp(int(stamp), UTC)) > CLOCKS_DIFFER:
            raise DomainError("payment.refused")
        try:
            return self._notice(json.loads(body)), nonce
        except (ValueError, Unanswered) as error:
            raise DomainError("payment.refused") from error

    def _post(self, path: str, told: Mapping[str, Any]) -> dict[str, Any]:
        body = json.dumps({"app": self._app_id, **told}, ensure_ascii=False).encode()
        answer = self._wire.call("POST", path, data=body, headers=signed(self._secret, body, self._clock()))
        if answer.get("errcode"):
            raise Unanswered(Outcome("failed", reason="refused", detail=str(answer["errcode"])[:255]))
        return answer

    def _notice(self, told: Any) -> Notice:
        try:
            at = datetime.fromtimestamp(int(told["at"]), UTC)
            kind = str(told["state"])
            if kind not in ("pending", "paid", "refunded", "refund_failed"):
                raise ValueError(kind)
            return Notice(
                str(told["order"])[:40], kind, str(told.get("number", ""))[:80], int(told["amount_fen"]), at,
                str(told.get("detail", ""))[:200],
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise Unanswered(Outcome("unknown", reason="odd_answer", detail=type(error).__name__)) from error


def signature(secret: str, stamp: str, nonce: str, body: bytes) -> str:
    """Return the signature of a body, lower-case hexadecimal."""
    message = f"{stamp}\n{nonce}\n".encode() + body + b"\n"
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def signed(secret: str, body: bytes, at: datetime, nonce: str = "") -> dict[str, str]:
    """Return the headers of a signed body."""
    stamp, nonce = str(int(at.timestamp())), nonce or secrets.token_hex(12)
    found = dict(zip(HEADERS, (stamp, nonce, signature(secret, stamp, nonce, body)), strict=True))
    return {**found, "content-type": "application/json"}
