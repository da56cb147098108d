"""What other sites have of a client follows the agreement and what is known: a reader of the centre's log."""

import logging
import uuid
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, or_, select

from domain.checkup.records import Finding, Visit
from domain.kernel.authority import Actor
from domain.kernel.change_log import DONE, MERGED, Entry
from domain.kernel.clock import clinic
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.record import record_classes
from domain.people.records import Organization, Patient
from domain.risk.records import RiskLevel
from domain.sharing.commands import EndDueSharings, KeepShared
from domain.sharing.records import RecordSharing
from domain.sharing.twins import twins
from domain.tags.records import ClientTag
from forms.portrait import portrait_data

log = logging.getLogger(__name__)
WATCHED = frozenset({
    "record_sharing", "patient", "risk_level", "client_tag", "finding", "scale_result", "same_person", "visit",
})  # fmt: skip
KINDS = {
    "risk": "风险",
    "package": "套餐",
    "age": "年龄",
    "disease": "慢病",
    "group": "分组",
    "own": "自定义",
}
MOST_FINDINGS = 12


class SharingFollower:
    """Give it to a `Follower` of the centre's log, and `tick` to its thread: agreements end by themselves.

    Args:
        dispatcher: Of the centre.
        actor: The system's actor, who sees every site.
    """

    name = "sharing"

    def __init__(self, dispatcher: Dispatcher, actor: Actor) -> None:
        self._dispatcher, self._actor = dispatcher, actor
        self._day: date | None = None

    def act(self, entries: Sequence[Entry]) -> None:
        """Bring in step what the entries concern; with no agreement at all there is nothing to do."""
        touched: dict[str, set[Id]] = {}
        for entry in entries:
            if entry.outcome in {DONE, MERGED}:
                for touch in entry.glance.changes:
                    if touch.entity in WATCHED:
                        touched.setdefault(touch.entity, set()).add(uuid.UUID(bytes=touch.record_id))
        if not touched:
            return
        with self._dispatcher.store.read() as connection:
            if connection.execute(select(RecordSharing.id).limit(1)).first() is None:
                return
            sources = self._sources(connection, touched)
        for patient_id in sorted(sources):
            self.refresh(patient_id)

    def tick(self) -> None:
        """End, once a day, what has come to its last day."""
        today = clinic(self._dispatcher.clock()).date()
        if self._day != today:
            while self._dispatcher.run(EndDueSharings(), self._actor).receipt:
                pass
            self._day = today

    def refresh(self, patient_id: Id) -> int:
        """Write what the other sites are to have of a client; returns at how many something changed."""
        facts = self._facts(patient_id) if self._agrees(patient_id) else None
        changed: int = self._dispatcher.run(
            KeepShared(patient_id=patient_id, facts=facts), self._actor
        ).receipt
        return changed

    def _sources(self, connection: Connection, touched: dict[str, set[Id]]) -> set[Id]:
        """Return the clients with an agreement, past or present, whom records concern, or a twin of whom."""
        people = set(touched.pop("patient", set()))
        for entity, ids in touched.items():
            table: Any = record_classes()[entity].__table__
            columns = [table.c.patient_id] + ([table.c.other_id] if entity == "same_person" else [])
            for row in connection.execute(select(*columns).where(table.c.id.in_(sorted(ids)))):
                people |= set(row)
        people.discard(None)  # type: ignore[arg-type]
        for one in list(people):
            people |= {twin.id for twin in twins(connection, one)}
        found: Iterable[Id] = connection.execute(
            select(RecordSharing.patient_id).where(RecordSharing.patient_id.in_(sorted(people))).distinct()
        ).scalars()
        return set(found)

    def _agrees(self, patient_id: Id) -> bool:
        today = clinic(self._dispatcher.clock()).date()
        s = RecordSharing
        query = select(s.id).where(
            s.patient_id == patient_id, s.ended_at.is_(None), or_(s.until.is_(None), s.until >= today)
        )
        with self._dispatcher.store.read() as connection:
            return connection.execute(query.limit(1)).first() is not None

    def _facts(self, patient_id: Id) -> dict[str, Any]:
        try:
            data = portrait_data(self._dispatcher, self._actor, patient_id)
        except DomainError as error:  # nothing is known yet: the tags may be all there is
            log.info("no portrait to share: %s", error.code)
            data = {}
        p, t, f = Patient.__table__.c, ClientTag.__table__.c, Finding.__table__.c
        with self._dispatcher.store.read() as connection:
            own = connection.execute(
                select(p.number, Organization.name)
                .select_from(Patient.__table__.join(Organization.__table__, Organization.id == p.org_id))
                .where(p.id == patient_id)
            ).one()
            tags = connection.execute(
                select(t.kind, t.name)
                .where(t.patient_id == patient_id, t.off_at.is_(None))
                .order_by(t.kind, t.name)
            ).all()
            said = connection.execute(
                select(f.important_class, f.sentence)
                .where(f.patient_id == patient_id)
                .order_by(f.found_at.desc())
                .limit(MOST_FINDINGS)
            ).all()
            visited = connection.execute(
                select(Visit.visit_date)
                .where(Visit.patient_id == patient_id)
                .order_by(Visit.visit_date.desc())
                .limit(1)
            ).scalar()
            colour = connection.execute(
                select(RiskLevel.colour).where(RiskLevel.patient_id == patient_id)
            ).scalar()
        return {
            "source_site": own.name, "source_number": own.number, "colour": None if colour is None else str(colour),
            "tags": [f"{KINDS.get(str(row.kind), row.kind)}·{row.name}" for row in tags],
            "findings": "；".join(f"{row.important_class} 类 {row.sentence}" for row in said)[:4000] or None,
            "last_visit": visited, "data": data, "valid": True,
        }  # fmt: skip
