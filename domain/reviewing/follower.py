"""Tasks follow the reports: a reader of the centre's log, and one look a minute at what nobody has.

It reads at least once: what did not change writes nothing. The work is that of the new entries.
"""

import logging
import time
import uuid
from collections.abc import Sequence
from typing import Any

from domain.kernel.authority import Actor
from domain.kernel.change_log import DONE, MERGED, Entry
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.reviewing.commands import AssignWaitingReviews, FollowReport

log = logging.getLogger(__name__)
_WAKES = frozenset({"report", "review_task", "reviewer", "staff"})
LOOK_S = 60.0


class ReviewFollower:
    """Give it to a `Follower` of the centre, whose `tick` gives out what waits.

    Args:
        dispatcher: Of the centre; its content has catalogue and authority.
        actor: The system's actor of the centre.
    """

    name = "reviewing"

    def __init__(self, dispatcher: Dispatcher, actor: Actor) -> None:
        self._dispatcher, self._actor = dispatcher, actor
        self._looked = 0.0

    def act(self, entries: Sequence[Entry]) -> None:
        """Follow the reports that moved; give out again what was given back, and what waited for somebody."""
        reports: dict[bytes, None] = {}
        waits = False
        for entry in entries:
            if entry.outcome not in {DONE, MERGED} or not any(
                t.entity in _WAKES for t in entry.glance.changes
            ):
                continue
            for change in entry.body.changes:
                if change.entity == "report" and "state" in change.fields:
                    reports[change.record_id] = None
                elif change.entity == "review_task":
                    waits = waits or change.fields.get("state") == "waiting"
                elif change.entity in {"reviewer", "staff"}:
                    waits = waits or bool(
                        change.fields.keys() & {"on_duty", "task_limit", "weekdays", "active"}
                    )
        for report_id in reports:
            self._run(FollowReport(report_id=uuid.UUID(bytes=report_id)))
        if waits:
            self._run(AssignWaitingReviews())

    def tick(self) -> None:
        """Once a minute: somebody may have room, or have come on duty."""
        if time.monotonic() - self._looked >= LOOK_S:
            self._looked = time.monotonic()
            self._run(AssignWaitingReviews())

    def _run(self, order: Any) -> None:
        try:
            self._dispatcher.run(order, self._actor)
        except DomainError as error:  # somebody else on this store was faster: what they saw is what we see
            log.warning("review %s refused: %s", type(order).__name__, error.code)
