"""Tracked results lead to proposals to send clients on: a reader of the log, at each installation for its own."""

import logging
import uuid
from collections.abc import Sequence

from sqlalchemy import select

from domain.kernel.authority import Actor
from domain.kernel.change_log import Entry
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.referrals.commands import ProposeReferrals
from domain.tracking.progress_records import PositiveProgress

log = logging.getLogger(__name__)
AT_ONCE = 50
_FIELDS = {"abnormal_tracking": frozenset({"state"}), "positive_progress": frozenset({"course"})}


class ReferralFollower:
    """Give it to a `Follower`, behind the one of the trackings; the same cause proposes once.

    Args:
        dispatcher: Runs its command; its content has the indications.
        actor: The system's actor of this installation; entries of other devices are not its work.
    """

    name = "referrals"

    def __init__(self, dispatcher: Dispatcher, actor: Actor) -> None:
        self._dispatcher, self._actor = dispatcher, actor

    def act(self, entries: Sequence[Entry]) -> None:
        """Propose for what began to be tracked, ended, or goes on otherwise."""
        own = self._actor.device_id.bytes
        trackings: dict[Id, None] = {}
        courses: dict[Id, None] = {}
        for entry in entries:
            if entry.device_id != own or not any(t.entity in _FIELDS for t in entry.glance.changes):
                continue
            for change in entry.body.changes:
                wanted = _FIELDS.get(change.entity)
                if wanted is None or not (change.op == "ins" or wanted & change.fields.keys()):
                    continue
                found = trackings if change.entity == "abnormal_tracking" else courses
                found[uuid.UUID(bytes=change.record_id)] = None
        trackings |= dict.fromkeys(self._of(list(courses)))
        ordered = list(trackings)
        for start in range(0, len(ordered), AT_ONCE):
            try:
                self._dispatcher.run(
                    ProposeReferrals(tracking_ids=ordered[start : start + AT_ONCE]), self._actor
                )
            except DomainError as error:  # another reader of this store was faster: it did the same
                log.warning("referrals refused: %s", error.code)

    def _of(self, courses: Sequence[Id]) -> list[Id]:
        p = PositiveProgress.__table__.c
        found: list[Id] = []
        if courses:
            with self._dispatcher.store.read() as connection:
                for start in range(0, len(courses), 400):
                    some = select(p.tracking_id).where(p.id.in_(courses[start : start + 400]))
                    found += connection.execute(some).scalars()
        return found
