"""Are acts of review that workstations send still by right? A reader of the centre's log.

A workstation decides by what it knew when its line went down. The centre knows what was taken away since, and looks
at every act as it is merged; acts of its own were checked as they were done.
"""

import logging
import uuid
from collections.abc import Sequence

from domain.kernel.authority import Actor
from domain.kernel.change_log import DONE, MERGED, Entry
from domain.kernel.dispatcher import Dispatcher
from domain.reviewing.entitlement_commands import CheckMergedReviews

log = logging.getLogger(__name__)
AT_ONCE = 100


class MergedReviews:
    """Give it to a `Follower` of the centre; it reads at least once, which changes nothing the second time."""

    name = "merged_reviews"

    def __init__(self, dispatcher: Dispatcher, actor: Actor) -> None:
        self._dispatcher, self._actor = dispatcher, actor

    def act(self, entries: Sequence[Entry]) -> None:
        """Look at the acts that came from elsewhere."""
        own, steps = self._actor.device_id.bytes, []
        for entry in entries:
            if entry.outcome not in {DONE, MERGED} or entry.device_id == own:
                continue
            if not any(touch.entity == "review_step" for touch in entry.glance.changes):
                continue
            steps += [uuid.UUID(bytes=c.record_id) for c in entry.body.changes if c.entity == "review_step"]
        for start in range(0, len(steps), AT_ONCE):
            some = steps[start : start + AT_ONCE]
            if doubted := self._dispatcher.run(CheckMergedReviews(step_ids=some), self._actor).receipt:
                log.warning("reviews merged without a right: %d", doubted)
