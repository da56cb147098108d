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
from domain.scales.records import FormTask
from domain.studies.follow_commands import FreezeLeft
from domain.studies.freezing import FINAL
from domain.studies.node_commands import AdvanceVisits
from domain.studies.subject_records import ExpectedSpecimen, StudySubject, SubjectVisit

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
        """Freeze what belongs to subjects who left, whichever of the two arrived first; move clocks on."""
        touched: dict[str, set[Id]] = {"study_subject": set(), "specimen": set()}
        for entry in entries:
            for touch in entry.glance.changes:
                if touch.entity in touched:
                    touched[touch.entity].add(uuid.UUID(bytes=touch.record_id))
        self._advance(entries)
        left = self._left(touched["study_subject"], touched["specimen"])
        for start in range(0, len(left), AT_ONCE):
            self._dispatcher.run(FreezeLeft(subject_ids=left[start : start + AT_ONCE]), self._actor)

    def _advance(self, entries: Sequence[Entry]) -> None:
        """Bring the clocks of visits on that something was done for here; other installations do it for theirs."""
        own = self._actor.device_id.bytes
        kinds = ("subject_visit", "specimen", "expected_specimen", "form_task", "visit")
        touched: dict[str, set[Id]] = {kind: set() for kind in kinds}
        for entry in entries:
            if entry.device_id != own:
                continue
            for touch in entry.glance.changes:
                if touch.entity in touched:
                    touched[touch.entity].add(uuid.UUID(bytes=touch.record_id))
        if not any(touched.values()):
            return
        visit, tube, expected, form = (
            kind.__table__.c for kind in (SubjectVisit, Specimen, ExpectedSpecimen, FormTask)
        )
        of_tubes = select(expected.subject_visit_id).join(Specimen.__table__, tube.expected_id == expected.id)
        of_forms = select(visit.id).join(FormTask.__table__, form.patient_id == visit.patient_id)
        queries = {
            "specimen": (of_tubes, tube.id),
            "expected_specimen": (select(expected.subject_visit_id), expected.id),
            "form_task": (of_forms.where(visit.begun_at.is_not(None)), form.id),
            "visit": (select(visit.id), visit.visit_id),
        }
        found = set(touched["subject_visit"])
        with self._dispatcher.store.read() as connection:
            for kind, (query, column) in queries.items():
                ids = sorted(touched[kind])
                for start in range(0, len(ids), AT_ONCE):
                    some = ids[start : start + AT_ONCE]
                    found |= set(connection.execute(query.where(column.in_(some))).scalars())
        ordered = sorted(found)
        for start in range(0, len(ordered), AT_ONCE):
            self._dispatcher.run(
                AdvanceVisits(subject_visit_ids=ordered[start : start + AT_ONCE]), self._actor
            )

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
