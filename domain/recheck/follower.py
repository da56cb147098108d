"""Results become rechecks as they arrive: a reader of the log, at each installation for what was kept at it."""

import logging
import uuid
from collections.abc import Sequence

from domain.kernel.authority import Actor
from domain.kernel.change_log import Entry
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.recheck.commands import ProposeRechecks

log = logging.getLogger(__name__)
AT_ONCE = 200


class RecheckFollower:
    """Give it to a `Follower`; it reads at least once, which changes nothing the second time.

    Args:
        dispatcher: Runs its command; has the rules among its content.
        actor: The system's actor of this installation; entries of other devices are not its work.
    """

    name = "recheck"

    def __init__(self, dispatcher: Dispatcher, actor: Actor) -> None:
        self._dispatcher, self._actor = dispatcher, actor

    def act(self, entries: Sequence[Entry]) -> None:
        """Propose what new results ask for, and end what they answer."""
        arrived = self._arrived(entries)
        for start in range(0, len(arrived), AT_ONCE):
            order = ProposeRechecks(observation_ids=arrived[start : start + AT_ONCE])
            try:
                self._dispatcher.run(order, self._actor)
            except DomainError as error:  # another reader of this store was faster: it did the same
                log.warning("rechecks refused: %s", error.code)

    def _arrived(self, entries: Sequence[Entry]) -> list[Id]:
        """Return new results, and those that count only now because it is known whose they are."""
        own = self._actor.device_id.bytes
        found: dict[Id, None] = {}
        for entry in entries:
            if entry.device_id != own or not any(t.entity == "observation" for t in entry.glance.changes):
                continue
            for change in entry.body.changes:
                if change.entity == "observation":
                    found[uuid.UUID(bytes=change.record_id)] = None
        return list(found)
