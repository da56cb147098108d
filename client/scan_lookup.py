"""The rule of the domain for what a scan is, on this workstation's store."""

from collections.abc import Callable
from datetime import date
from typing import Any

from client.ports import Scanned
from domain.kernel.authority import Actor
from domain.kernel.clock import clinic
from domain.kernel.store import Store
from domain.people.scans import route_scan


def lookup_in(store: Store, today: Callable[[], date]) -> Callable[[Actor, str], Scanned]:
    """Return the lookup of a store; `today` gives the clinic's day, for the check of a citizen's number."""

    def lookup(actor: Actor, text: str) -> Scanned:
        with store.read() as connection:
            return route_scan(connection, text, actor, today=today())

    return lookup


def join_scans(desk: Any) -> None:
    """Join the lookup to a desk: a part of `client.desk.INSTALLED`."""
    desk.scan_lookup = lookup_in(desk.store, lambda: clinic(desk.clock()).date())
