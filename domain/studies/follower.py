"""A reader of the log that keeps studies in step with what happens elsewhere, at branch and centre alike.

It reads at least once; each of its commands comes out the same when done again.
"""

import uuid
from collections.abc import Sequence

from sqlalchemy import select

from domain.biobank.records import Specimen
from domain.kernel.authority import Actor
from domain.kernel.change_log import Entry
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id
from domain.studies.follow_commands import FreezeLeft
from domain.studies.freezing import FINAL
from domain.studies.subject_records import StudySubject

AT_ONCE = 200


class StudyFollower:
    """Give it to a `Follower`.

    Args:
        dispatcher: Runs its commands.
        actor: The system's actor of this installation.
    """

    name = "studies"

    def __init__(self, dispatcher: Dispatcher, actor: Actor) -> None:
        self._dispatcher, self._actor = dispatcher, actor

    def act(self, entries: Sequence[Entry]) -> None:
        """Freeze what belongs to subjects who left, whichever of the two arrived first."""
        touched: dict[str, set[Id]] = {"study_subject": set(), "specimen": set()}
        for entry in entries:
            for touch in entry.glance.changes:
                if touch.entity in touched:
                    touched[touch.entity].add(uuid.UUID(bytes=touch.record_id))
        left = self._left(touched["study_subject"], touched["specimen"])
        for start in range(0, len(left), AT_ONCE):
            self._dispatcher.run(FreezeLeft(subject_ids=left[start : start + AT_ONCE]), self._actor)

    def _left(self, subjects: set[Id], tubes: set[Id]) -> list[Id]:
        """Return the subjects who left and have a tube here that is not frozen."""
        tube, subject = Specimen.__table__.c, StudySubject.__table__.c
        found: set[Id] = set()
        with self._dispatcher.store.read() as connection:
            query = (
                select(subject.id)
                .join(Specimen.__table__, tube.subject_id == subject.id)
                .where(subject.state == "withdrawn", tube.frozen_at.is_(None), tube.state.not_in(FINAL))
            )
            for ids, column in ((sorted(subjects), subject.id), (sorted(tubes), tube.id)):
                for start in range(0, len(ids), AT_ONCE):
                    some = ids[start : start + AT_ONCE]
                    found |= set(connection.execute(query.where(column.in_(some))).scalars())
        return sorted(found)
