"""Who read lists with personal data in clear goes into the audit: the first page once in ten minutes, then all."""

import time
from collections.abc import Callable

from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.facts import Sensitivity
from domain.kernel.ids import Id
from domain.kernel.worklists import Worklist
from domain.security.commands import NoteReading

AGAIN_S = 600.0
MOST = 10_000
"""People and lists remembered; beyond, the first page is noted once more."""


def shows_people(listing: Worklist, actor: Actor) -> bool:
    """Tell whether a list shows an actor personal or sensitive columns in clear."""
    return any(c.info and Sensitivity.PUBLIC < c.info.sensitivity <= actor.clearance for c in listing.columns)


class Readings:
    """Notes what is read at the API.

    Args:
        dispatcher: Runs its command.
        monotonic: Seconds that only ever grow.
    """

    def __init__(self, dispatcher: Dispatcher, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._dispatcher, self._monotonic = dispatcher, monotonic
        self._noted: dict[tuple[Id | None, str], float] = {}

    def note(self, actor: Actor, listing: str, rows: int, *, goes_on: bool) -> None:
        """Note a page. Rows count only where somebody pages on: a list that is looked at again is no export of it."""
        key, now = (actor.staff_id, listing), self._monotonic()
        if not goes_on and now - self._noted.get(key, -AGAIN_S) < AGAIN_S:
            return
        if len(self._noted) >= MOST:
            self._noted.clear()
        self._noted[key] = now
        self._dispatcher.run(NoteReading(listing=listing, rows=rows if goes_on else 0), actor)
