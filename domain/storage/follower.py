"""Where two desks that were apart put two tubes into one place, somebody has to look: a reader of the centre's log.

What the centre did not take over of a tube's place stays in the note of the entry; from it a search is opened, which
travels to the branch like any record. It reads at least once: the same refusal opens no second search.
"""

import logging
import uuid
from collections.abc import Sequence

from domain.kernel.authority import Actor
from domain.kernel.change_log import Entry
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.storage.task_commands import NoteClash

log = logging.getLogger(__name__)


class ClashFollower:
    """Give it to a `Follower` of the centre.

    Args:
        dispatcher: Runs its command.
        actor: The system's actor of the centre.
    """

    name = "storage_clash"

    def __init__(self, dispatcher: Dispatcher, actor: Actor) -> None:
        self._dispatcher, self._actor = dispatcher, actor

    def act(self, entries: Sequence[Entry]) -> None:
        """Open a search for each tube whose place was refused."""
        for order in (order for entry in entries for order in _clashes(entry)):
            try:
                self._dispatcher.run(order, self._actor)
            except DomainError as error:  # the tube was erased meanwhile
                log.warning("clash not noted: %s", error.code)


def _clashes(entry: Entry) -> list[NoteClash]:
    found = []
    for refused in entry.body.note.get("refused", ()):
        slot = refused.get("wanted", {}).get("slot")
        if refused.get("entity") != "specimen" or not isinstance(slot, str):
            continue
        tube = refused["record_id"]
        key = f"{entry.txn_id.hex()}:{tube.hex()}"
        found.append(NoteClash(specimen_id=uuid.UUID(bytes=tube), slot=slot, key=key))
    return found
