"""A simulated cashier: opens orders, lets somebody pay, tells us with a signature, pays back once a number."""

import json
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests

from server.channels.simulators.base import Call, Simulator
from server.payments.gateway import HEADERS, signature, signed


@dataclass(slots=True)
class CashierSimulator(Simulator):
    """The cashier's side; `orders` by our number. `at` is its clock (seconds since 1970), the machine's if 0."""

    name: str = "cashier"
    secret: str = "cashier-secret-of-the-simulator"  # noqa: S105  (of a simulator)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    paid_back: dict[str, str] = field(default_factory=dict)
    at: int = 0

    def answer(self, call: Call) -> tuple[int, Any]:
        """Do what the path says; calls but the client's own must be signed."""
        last = call.path.rpartition("/")[2]
        if call.path.startswith("/pay/"):
            return self._client_pays(last)
        stamp, nonce, said = (call.headers.get(name, "") for name in HEADERS)
        if said != signature(self.secret, stamp, nonce, call.body):
            return 200, {"errcode": "bad_signature"}
        told = call.json()
        if call.path == "/orders":
            known = self.orders.setdefault(told["order"], {**told, "state": "pending", "number": ""})
            return 200, {"order": known["order"], "pay_url": f"{self.url}/pay/{known['order']}"}
        order = self.orders.get(told.get("order", ""))
        if order is None:
            return 200, {"state": "unknown"}
        return 200, self._refund(order, told) if call.path == "/refunds" else self.stands(order)

    def stands(self, order: dict[str, Any]) -> dict[str, Any]:
        """Return how an order stands, as the cashier tells it."""
        return {
            "order": order["order"], "state": order["state"], "number": order["number"],
            "amount_fen": order["amount_fen"], "at": self.at or int(time.time()),
        }  # fmt: skip

    def _refund(self, order: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
        if order["state"] != "refunded":
            order |= {"state": "refunded", "number": f"RF{secrets.token_hex(4)}"}
            self.paid_back[told["refund"]] = order["number"]
            self.inbox.append({"refund": told["refund"], "amount_fen": told["amount_fen"]})
        return self.stands(order)

    def pay(self, number: str) -> dict[str, Any]:
        """Let the client pay an order; nothing is told yet."""
        order = self.orders[number]
        if order["state"] == "pending":
            order |= {"state": "paid", "number": f"T{secrets.token_hex(6)}"}
            self.inbox.append({"paid": number, "amount_fen": order["amount_fen"]})
        return order

    def _client_pays(self, number: str) -> tuple[int, Any]:
        if number not in self.orders:
            return 404, {}
        order = self.pay(number)
        self.tell(order)
        return 302, {"location": order["back"]}

    def tell(
        self, order: dict[str, Any], *, wrong: str = "", nonce: str = "", **other: Any
    ) -> requests.Response:
        """Send the notice of an order; `wrong` ``signature`` signs it with another secret, `other` tells lies."""
        body = json.dumps({**self.stands(order), **other}).encode()
        secret = "another" if wrong == "signature" else self.secret
        at = datetime.fromtimestamp(self.at or int(time.time()), UTC)
        with requests.Session() as http:
            http.trust_env = False
            return http.post(order["notify"], data=body, headers=signed(secret, body, at, nonce), timeout=10)
