"""The centre's reader that counts what is in store and what was used."""

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select

from domain.biobank.records import Specimen, SpecimenEvent
from domain.biobank.stock_commands import CountStock, RenewTerms, month_of
from domain.biobank.stock_records import StockLevel, StockRule
from domain.consent.records import Consent
from domain.kernel.authority import Actor
from domain.kernel.change_log import Entry
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id
from domain.studies.subject_records import StudySubject

AT_ONCE = 400
Group = tuple[Id, Id | None, str]


class StockCounter:
    """Give it to a `Follower` at the centre.

    Args:
        dispatcher: Runs its commands.
        actor: The centre's system actor.
    """

    name = "stock_counts"

    def __init__(self, dispatcher: Dispatcher, actor: Actor) -> None:
        self._dispatcher, self._actor = dispatcher, actor

    def act(self, entries: Sequence[Entry]) -> None:
        """Count once whatever the entries touched."""
        touched: dict[str, set[Id]] = {
            name: set() for name in ("specimen", "specimen_event", "stock_rule", "consent")
        }
        for entry in entries:
            for touch in entry.glance.changes:
                if touch.entity in touched:
                    touched[touch.entity].add(uuid.UUID(bytes=touch.record_id))
        groups: dict[Group, set[date]] = defaultdict(set)
        tube, event, subject = Specimen.__table__, SpecimenEvent.__table__, StudySubject.__table__
        of = (
            select(tube.c.org_id, subject.c.study_id, tube.c.type)
            .select_from(tube.outerjoin(subject, subject.c.id == tube.c.subject_id))
        )  # fmt: skip
        with self._dispatcher.store.read() as connection:
            for some in _chunks(touched["specimen"]):
                for row in connection.execute(of.where(tube.c.id.in_(some))):
                    groups[row.org_id, row.study_id, str(row.type)]  # counted, no month of use
            for some in _chunks(touched["specimen_event"]):
                query = of.add_columns(event.c.occurred_at).join(event, event.c.specimen_id == tube.c.id)
                for row in connection.execute(query.where(event.c.id.in_(some))):
                    groups[row.org_id, row.study_id, str(row.type)].add(month_of(row.occurred_at))
            if touched["stock_rule"]:
                level = StockLevel.__table__.c
                for row in connection.execute(select(level.org_id, level.study_id, level.type)):
                    groups[row.org_id, row.study_id, str(row.type)]
        told: list[Any] = [(*group, sorted(months)) for group, months in sorted(groups.items(), key=str)]
        if told:
            self._dispatcher.run(CountStock(groups=told), self._actor)
        self._renew(touched["stock_rule"], touched["consent"])

    def _renew(self, rules: set[Id], consents: set[Id]) -> None:
        """Give the tubes in store that a rule or a consent is about their new end."""
        tube, rule, consent = Specimen.__table__.c, StockRule.__table__.c, Consent.__table__.c
        found: set[Id] = set()
        stored = select(tube.id).where(tube.state == "stored")
        with self._dispatcher.store.read() as connection:
            for some in _chunks(rules):
                kinds = select(rule.type).where(rule.id.in_(some))
                found |= set(connection.execute(stored.where(tube.type.in_(kinds))).scalars())
            for some in _chunks(consents):
                subjects = select(consent.subject_id).where(consent.id.in_(some))
                found |= set(connection.execute(stored.where(tube.subject_id.in_(subjects))).scalars())
        for some in _chunks(found):
            self._dispatcher.run(RenewTerms(specimen_ids=list(some)), self._actor)


def _chunks(ids: set[Id]) -> Sequence[Sequence[Id]]:
    ordered = sorted(ids)
    return [ordered[start : start + AT_ONCE] for start in range(0, len(ordered), AT_ONCE)]
