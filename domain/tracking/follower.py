"""Findings are tracked as they arrive: a reader of the log that begins one tracking for each.

Each installation does it for what was kept at it; the tracking then travels like any record. It reads at least once:
the same finding makes no second tracking.
"""

import logging
import uuid
from collections.abc import Sequence

from domain.kernel.authority import Actor
from domain.kernel.change_log import Entry
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.tracking.commands import TrackFindings
from domain.tracking.progress import FollowProgress

log = logging.getLogger(__name__)
AT_ONCE = 100
WATCHED = {"finding", "observation", "abnormal_tracking"}


class TrackingFollower:
    """Give it to a `Follower`.

    Args:
        dispatcher: Runs its command.
        actor: The system's actor of this installation; entries of other devices are not its work.
    """

    name = "tracking"

    def __init__(self, dispatcher: Dispatcher, actor: Actor) -> None:
        self._dispatcher, self._actor = dispatcher, actor

    def act(self, entries: Sequence[Entry]) -> None:
        """Begin to track what was found, and stop where a result was corrected."""
        found, amended, results = self._arrived(entries)
        for start in range(0, max(len(found), len(amended)), AT_ONCE):
            order = TrackFindings(
                finding_ids=found[start : start + AT_ONCE], amended_ids=amended[start : start + AT_ONCE]
            )
            self._run(order)
        for start in range(0, len(results), AT_ONCE):
            self._run(FollowProgress(observation_ids=results[start : start + AT_ONCE]))

    def _run(self, order: object) -> None:
        try:
            self._dispatcher.run(order, self._actor)
        except DomainError as error:  # another reader of this store was faster: it did the same
            log.warning("trackings refused: %s", error.code)

    def _arrived(self, entries: Sequence[Entry]) -> tuple[list[Id], list[Id], list[Id]]:
        own = self._actor.device_id.bytes
        found: dict[Id, None] = {}
        amended: dict[Id, None] = {}
        results: dict[Id, None] = {}
        for entry in entries:
            if entry.device_id != own or not any(t.entity in WATCHED for t in entry.glance.changes):
                continue
            for change in entry.body.changes:
                if change.entity == "observation":
                    results[uuid.UUID(bytes=change.record_id)] = None
                elif change.entity == "abnormal_tracking" and isinstance(
                    marked := change.fields.get("observation_id"), bytes
                ):
                    results[uuid.UUID(bytes=marked)] = None
                if change.op != "ins":
                    continue
                if change.entity == "finding":
                    found[uuid.UUID(bytes=change.record_id)] = None
                elif change.entity == "observation" and isinstance(
                    earlier := change.fields.get("amends"), bytes
                ):
                    amended[uuid.UUID(bytes=earlier)] = None
        return list(found), list(amended), list(results)
