"""Trouble on the line and in the machine, each at a place drawn from the job's seed."""

import contextlib
import os
import random
import signal
import threading
from collections.abc import Iterator
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from sqlalchemy import event

from domain.kernel.change_log import Body, Change, append_entry
from domain.kernel.ids import new_id
from sync.http_client import HttpCentre
from sync.protocol import Progress, Receipt
from sync.tools.fault_proxy import FaultProxy
from tests.sync.test_sync_machine import send_unknown_field

AT_REQUEST = {"cut", "lost_answer", "killed_before", "killed_after"}
ON_THE_WIRE = {"flip", "reset_every", "fin_after", "lose_answers", "stall", "throttle", "half_open"}
KILLS = {"killed_before", "killed_after", "killed_at_commit"}
SLOW_BITS_PER_S = 2_000_000


def die() -> None:
    """End this process as a power cut would: nothing is tidied up."""
    os.kill(os.getpid(), signal.SIGKILL)


class BadAdapter(HTTPAdapter):
    """Spoils the n-th request of a session, once."""

    def __init__(self, fault: str, place: int) -> None:
        super().__init__()
        self._fault, self._left = fault, place

    def send(self, request: Any, *args: Any, **options: Any) -> Any:
        self._left -= 1
        if self._left:
            return super().send(request, *args, **options)
        if self._fault == "killed_before":
            die()
        if self._fault == "cut":
            raise requests.ConnectionError("cut")
        response = super().send(request, *args, **options)
        if self._fault == "killed_after":
            die()
        response.close()
        raise requests.ConnectionError("the answer was lost")


class TwiceLine(HttpCentre):
    """Delivers each bundle twice; the second delivery must be answered by the same receipt."""

    def push(self, data: bytes, bundle_id: str, progress: Progress, cancel: threading.Event) -> Receipt:
        first = super().push(data, bundle_id, progress, cancel)
        second = super().push(data, bundle_id, progress, cancel)
        if first != second:
            raise AssertionError(f"two receipts for one bundle: {first} {second}")
        return first


def bad_session(fault: str, chance: random.Random) -> requests.Session | None:
    """Return a session for the faults that strike whole requests, else None."""
    if fault not in AT_REQUEST:
        return None
    session = requests.Session()
    session.mount("http://", BadAdapter(fault, chance.choice((1, 2, 2, 3, 3, 4, 4, 5, 6, 8))))
    return session


def die_at_commit(store: Any, chance: random.Random) -> None:
    """Let the process die just before one of the next commits of a store."""
    left = [chance.randint(1, 9)]

    def count(_connection: Any) -> None:
        left[0] -= 1
        if not left[0]:
            die()

    event.listen(store.engine, "commit", count)


@contextlib.contextmanager
def bad_wire(fault: str, port: int, chance: random.Random) -> Iterator[str]:
    """Yield the address to speak to: a proxy that does a fault, or the centre itself."""
    if fault not in ON_THE_WIRE:
        yield f"http://127.0.0.1:{port}"
        return
    proxy = FaultProxy("127.0.0.1", port).start()
    place = chance.randint(1, 6_000)
    if fault == "half_open":
        _freeze_after(proxy, place)
    elif fault == "stall":
        proxy.stall()
    elif fault == "throttle":
        proxy.throttle(SLOW_BITS_PER_S)
    elif fault == "lose_answers":
        proxy.lose_answers(chance.randint(1, 2))
    elif fault == "reset_every":
        proxy.reset_every(max(place, 2_500))
    else:
        getattr(proxy, fault)(place)
    try:
        yield f"http://127.0.0.1:{proxy.port}"
    finally:
        proxy.stop()


def _freeze_after(proxy: FaultProxy, place: int) -> None:
    """Let the connection die silently once so many bytes have gone up; new ones are served."""

    def watch(line: Any, _data: bytes) -> None:
        if proxy.up_bytes >= place:
            proxy.watch_up = lambda _line, _data: None
            line.frozen = True

    proxy.watch_up = watch


def poison(machine: Any) -> None:
    """Write what a broken program would: a new record that no store can hold."""
    change = Change(
        "patient", new_id().bytes, machine.org_id.bytes, "ins", 0, {"number": None, "name": 7}, {}
    )
    _entry(machine, Body("broken.program", None, "system", machine.org_id.bytes, 1, [change]))


def newer(machine: Any, word: str) -> None:
    """Write what a newer program would: a field, and a kind of record, that nobody knows."""
    from sqlalchemy import select

    from domain.people.records import Patient

    with machine.store.read() as connection:
        row = connection.execute(select(Patient.__table__).order_by(Patient.id).limit(1)).first()
    if row is not None:
        send_unknown_field(machine, row, word)
        machine.ledger.confirmed("patient", row.id, nickname=word)
    hologram = new_id()
    change = Change("hologram", hologram.bytes, machine.org_id.bytes, "ins", 0, {"depth": word}, {})
    _entry(machine, Body("future.hologram", None, "system", machine.org_id.bytes, 9, [change]))


def _entry(machine: Any, body: Body) -> None:
    with machine.store.write() as connection:
        append_entry(connection, txn_id=new_id(), device_id=machine.device_id, at=0, body=body, for_sync=True)
