"""The centre's reader that counts what studies collect and how far they are."""

import uuid
from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from domain.kernel.authority import Actor
from domain.kernel.change_log import Entry
from domain.kernel.clock import clinic
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id
from domain.studies.count_commands import CountProgress, CountTubes
from domain.studies.progress_records import CollectionRate
from domain.studies.records import Study
from domain.studies.subject_records import ExpectedSpecimen, StudySubject, SubjectVisit

AT_ONCE = 400
OF_A_STUDY = {
    "study_subject": StudySubject,
    "subject_visit": SubjectVisit,
    "expected_specimen": ExpectedSpecimen,
}


class StudyCounter:
    """Give it to a `Follower` at the centre, and `tick` to its thread: a new day moves windows and plans on.

    Args:
        dispatcher: Runs its commands.
        actor: The centre's system actor.
    """

    name = "study_counts"

    def __init__(self, dispatcher: Dispatcher, actor: Actor) -> None:
        self._dispatcher, self._actor = dispatcher, actor
        self._day: date | None = None

    def act(self, entries: Sequence[Entry]) -> None:
        """Count once whatever the entries touched."""
        touched: dict[str, set[Id]] = {name: set() for name in (*OF_A_STUDY, "study")}
        for entry in entries:
            for touch in entry.glance.changes:
                if touch.entity in touched:
                    touched[touch.entity].add(uuid.UUID(bytes=touch.record_id))
        studies, groups = set(touched["study"]), set()
        with self._dispatcher.store.read() as connection:
            for name, kind in OF_A_STUDY.items():
                table = kind.__table__
                extra = [table.c.org_id, table.c.requirement_id] if name == "expected_specimen" else []
                ids = sorted(touched[name])
                for start in range(0, len(ids), AT_ONCE):
                    query = select(table.c.study_id, *extra).where(
                        table.c.id.in_(ids[start : start + AT_ONCE])
                    )
                    for row in connection.execute(query):
                        studies.add(row.study_id)
                        if extra:
                            groups.add((row.org_id, row.study_id, row.requirement_id))
        self._count(sorted(groups), sorted(studies))

    def tick(self) -> None:
        """Count everything that is open once a day."""
        today = clinic(self._dispatcher.clock()).date()
        if self._day == today:
            return
        rate, study = CollectionRate.__table__.c, Study.__table__.c
        with self._dispatcher.store.read() as connection:
            groups = connection.execute(select(rate.org_id, rate.study_id, rate.requirement_id)).all()
            studies = connection.execute(select(study.id).where(study.state != "closed")).scalars().all()
        self._count([tuple(group) for group in groups], list(studies))
        self._day = today

    def _count(self, groups: Sequence[tuple[Id, ...]], studies: Sequence[Id]) -> None:
        if groups:
            self._dispatcher.run(CountTubes(groups=list(groups)), self._actor)
        if studies:
            self._dispatcher.run(CountProgress(study_ids=list(studies)), self._actor)
