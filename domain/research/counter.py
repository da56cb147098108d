"""The centre's reader that keeps count of what studies' visits lack, and compares their results once a day."""

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, select

from domain.checkup.records import Observation
from domain.kernel.authority import Actor
from domain.kernel.change_log import Entry
from domain.kernel.clock import clinic
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id
from domain.research.comparing import alike_visits
from domain.research.performance_commands import CountResearch
from domain.research.quality_commands import CountVisitData, KeepPairs
from domain.research.records import DataExemption, DataNeed
from domain.scales.records import FormTask
from domain.studies.records import Study
from domain.studies.subject_records import ExpectedSpecimen, StudySubject, SubjectVisit

AT_ONCE = 200


class ResearchCounter:
    """Give it to a `Follower` at the centre, and `tick` to its thread: a new day makes more of it due.

    Args:
        dispatcher: Runs its commands.
        actor: The centre's system actor.
    """

    name = "research_data"

    def __init__(self, dispatcher: Dispatcher, actor: Actor) -> None:
        self._dispatcher, self._actor = dispatcher, actor
        self._day: date | None = None

    def act(self, entries: Sequence[Entry]) -> None:
        """Count the visits that the entries touched."""
        queries = _queries()
        touched: dict[str, set[Id]] = {name: set() for name in (*queries, "subject_visit")}
        for entry in entries:
            for touch in entry.glance.changes:
                if touch.entity in touched:
                    touched[touch.entity].add(uuid.UUID(bytes=touch.record_id))
        found = set(touched["subject_visit"])
        with self._dispatcher.store.read() as connection:
            for name, (query, column) in queries.items():
                ids = sorted(touched[name])
                for start in range(0, len(ids), AT_ONCE):
                    some = query.where(column.in_(ids[start : start + AT_ONCE]))
                    found |= set(connection.execute(some).scalars())
        self._count(sorted(found))

    def tick(self) -> None:
        """Count all of open studies, compare their visits, count the work of people; once a day."""
        today = clinic(self._dispatcher.clock()).date()
        if self._day == today:
            return
        s, v = Study.__table__.c, SubjectVisit.__table__.c
        with self._dispatcher.store.read() as connection:
            studies = list(
                connection.execute(select(s.id).where(s.state.not_in(("draft", "closed")))).scalars()
            )
            visits = list(
                connection.execute(
                    select(v.id).where(v.study_id.in_(studies), v.state != "cancelled").order_by(v.id)
                ).scalars()
            )
        self._count(visits)
        for study_id in studies:
            with self._dispatcher.store.read() as connection:
                pairs = alike_visits(connection, study_id)
            self._dispatcher.run(KeepPairs(study_id=study_id, pairs=pairs), self._actor)
        if studies:
            self._dispatcher.run(CountResearch(study_ids=studies), self._actor)
        self._day = today

    def _count(self, visits: Sequence[Id]) -> None:
        for start in range(0, len(visits), AT_ONCE):
            order = CountVisitData(subject_visit_ids=list(visits[start : start + AT_ONCE]))
            self._dispatcher.run(order, self._actor)


def _queries() -> dict[str, tuple[Select[Any], Any]]:
    """Return by record how its visits of studies are found, each by an index."""
    v, x, e, o, t, n, s = (
        kind.__table__.c
        for kind in (
            SubjectVisit, ExpectedSpecimen, DataExemption, Observation, FormTask, DataNeed, StudySubject,
        )
    )  # fmt: skip
    return {
        "expected_specimen": (select(x.subject_visit_id), x.id),
        "data_exemption": (select(e.subject_visit_id), e.id),
        "observation": (select(v.id).join(Observation.__table__, o.visit_id == v.visit_id), o.id),
        "form_task": (
            select(v.id).join(FormTask.__table__, t.patient_id == v.patient_id), t.id,
        ),
        "data_need": (select(v.id).join(DataNeed.__table__, n.plan_id == v.plan_id), n.id),
        "study_subject": (select(v.id).join(StudySubject.__table__, s.id == v.subject_id), s.id),
    }  # fmt: skip
