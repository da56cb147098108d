"""Plans follow what happens: a reader of the log that works out how items stand, and takes measurements as done.

How things stand is worked out in each store for itself, from records that travel; the same rows come out everywhere.
A measurement is taken as done where it was kept, once. A tick looks at items whose next occasion is over, by index.
"""

import dataclasses
import logging
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from domain.care.execution_commands import NoteMeasured
from domain.care.goal_commands import FOLLOWED, FollowGoals, StandPlans
from domain.care.goal_records import CareGoal
from domain.care.preset_commands import DraftByPresets
from domain.care.presets import presets_in_force
from domain.care.records import CareEvent, CareItem, CareKind, CareNode, CarePlan, CareStanding
from domain.care.standing_commands import StandItems
from domain.checkup.records import Observation
from domain.exchange.rules import FILLED
from domain.interop.one_person import of_person
from domain.kernel.authority import Actor
from domain.kernel.change_log import Change, Entry
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.risk.records import RiskLevel

log = logging.getLogger(__name__)
AT_ONCE = 20
"""Items in one transaction."""
AT_A_TICK = 500
CHUNK = 400
DECIDING = {"observation": Observation, "risk_level": RiskLevel}
"""Records whose coming may make a preset hold."""
_OF_PLANS: dict[str, Any] = {"care_node": CareNode, "care_goal": CareGoal}
"""Records by whose change a plan stands differently."""
_CONCERNS = frozenset(
    {
        "care_item",
        "care_event",
        "observation",
        "diet_intake",
        "care_plan",
        "care_node",
        "care_goal",
        "care_library",
    }
)


@dataclasses.dataclass(slots=True)
class _Found:
    """What some entries concern."""

    items: set[Id] = dataclasses.field(default_factory=set)
    events: list[Id] = dataclasses.field(default_factory=list)
    measured: list[Id] = dataclasses.field(default_factory=list)
    plans: set[Id] = dataclasses.field(default_factory=set)


class CareFollower:
    """Give it to a `Follower`, and call `tick` from time to time.

    Args:
        dispatcher: Runs its commands; its content has the care content.
        actor: The system's actor of this installation.
    """

    name = "care"

    def __init__(self, dispatcher: Dispatcher, actor: Actor) -> None:
        self.dispatcher, self.actor = dispatcher, actor

    def act(self, entries: Sequence[Entry]) -> None:
        """Take measurements that were waited for, and look at the items that were touched."""
        if any(entry.glance.command == FILLED for entry in entries):
            self.rebuild()
        found = _Found()
        for entry in entries:
            if not any(touch.entity in _CONCERNS for touch in entry.glance.changes):
                continue
            own = entry.device_id == self.actor.device_id.bytes
            for change in entry.body.changes:
                self._note(found, change, own=own)
        self._draft(entries)
        for start in range(0, len(found.measured), CHUNK):
            some = found.measured[start : start + CHUNK]
            self._run(NoteMeasured(observation_ids=some))
            if self._goals_wait_for(some):
                self._run(FollowGoals(observation_ids=some))
        touched = found.items | self._items_of(found.events)
        self._stand(touched)
        self._stand_plans(found.plans | self._plans_with(sorted(touched)))

    def _note(self, found: "_Found", change: Change, *, own: bool) -> None:
        record_id = uuid.UUID(bytes=change.record_id)
        if change.entity == "care_item":
            found.items.add(record_id)
        elif change.entity == "diet_intake" and "patient_id" in change.fields:
            found.items |= self._supplements_of(uuid.UUID(bytes=change.fields["patient_id"]))
        elif change.entity == "care_event":
            found.events.append(record_id)
        elif change.entity == "observation" and own and change.op == "ins":
            found.measured.append(record_id)
        elif change.entity == "care_plan":
            found.plans.add(record_id)
        elif change.entity == "care_library":
            found.plans |= self._plans_by(str(change.fields.get("code", "")))
        elif change.entity in _OF_PLANS:
            found.plans |= self._plans_of(change.entity, record_id)

    def _draft(self, entries: Sequence[Entry]) -> None:
        """Draft plans for whom results or a colour came in here, where presets of the institution hold for them."""
        own = [entry for entry in entries if entry.device_id == self.actor.device_id.bytes]
        touched = [touch for entry in own for touch in entry.glance.changes if touch.entity in DECIDING]
        if not touched:
            return
        with self.dispatcher.store.read() as connection:
            if not presets_in_force(connection):
                return
            people: set[Id] = set()
            for entity, kind in DECIDING.items():
                ids = sorted({Id(bytes=touch.record_id) for touch in touched if touch.entity == entity})
                c = kind.__table__.c
                for start in range(0, len(ids), CHUNK):
                    query = select(c.patient_id).where(c.id.in_(ids[start : start + CHUNK]))
                    people |= {one for one in connection.execute(query).scalars() if one is not None}
        for patient_id in sorted(people):
            self._run(DraftByPresets(patient_id=patient_id))

    def tick(self) -> int:
        """Look at the items whose next occasion is over; returns how many, at most `AT_A_TICK`."""
        s = CareStanding.__table__.c
        query = select(s.id).where(s.due_at <= self.dispatcher.clock()).order_by(s.due_at).limit(AT_A_TICK)
        with self.dispatcher.store.read() as connection:
            due = list(connection.execute(query).scalars())
        self._stand(due)
        self._stand_plans(self._plans_with(due))
        return len(due)

    def _plans_with(self, items: Sequence[Id]) -> set[Id]:
        """Return the plans of items that were looked at because an occasion was over: their weeks have changed."""
        found: set[Id] = set()
        with self.dispatcher.store.read() as connection:
            for start in range(0, len(items), CHUNK):
                query = select(CareItem.plan_id).where(CareItem.id.in_(items[start : start + CHUNK]))
                found |= set(connection.execute(query.distinct()).scalars())
        return found

    def rebuild(self) -> int:
        """Look at every item that runs, for a store that was filled without a log; returns how many."""
        with self.dispatcher.store.read() as connection:
            running = select(CareItem.id).where(CareItem.state == "running")
            ids = list(connection.execute(running).scalars())
            plans = list(connection.execute(select(CarePlan.id).where(CarePlan.state == "running")).scalars())
        self._stand(ids)
        self._stand_plans(plans)
        return len(ids)

    def _supplements_of(self, patient_id: Id) -> set[Id]:
        with self.dispatcher.store.read() as connection:
            query = select(CareItem.id).where(
                of_person(connection, CareItem.patient_id, patient_id),
                CareItem.kind == CareKind.SUPPLEMENT,
                CareItem.state == "running",
            )
            return set(connection.execute(query).scalars())

    def _items_of(self, event_ids: Sequence[Id]) -> set[Id]:
        found: set[Id | None] = set()
        with self.dispatcher.store.read() as connection:
            for start in range(0, len(event_ids), CHUNK):
                some = event_ids[start : start + CHUNK]
                found |= set(
                    connection.execute(select(CareEvent.item_id).where(CareEvent.id.in_(some))).scalars()
                )
        return {one for one in found if one is not None}  # events of nodes have no item

    def _stand(self, items: Any) -> None:
        ordered = sorted(items, key=str)
        for start in range(0, len(ordered), AT_ONCE):
            self._run(StandItems(item_ids=ordered[start : start + AT_ONCE]))

    def _plans_of(self, entity: str, record_id: Id) -> set[Id]:
        table = _OF_PLANS[entity].__table__
        with self.dispatcher.store.read() as connection:
            query = select(table.c.plan_id).where(table.c.id == record_id)
            return set(connection.execute(query).scalars())

    def _plans_by(self, code: str) -> set[Id]:
        """Return the running plans that were made for a disease, whose programme has a newer version."""
        query = select(CarePlan.id).where(
            CarePlan.state == "running", CarePlan.programme.contains(code, autoescape=True)
        )
        with self.dispatcher.store.read() as connection:
            return set(connection.execute(query).scalars())

    def _goals_wait_for(self, observation_ids: Sequence[Id]) -> bool:
        """Tell whether a goal that is followed is about any of some results: one look by index."""
        o, g = Observation.__table__.c, CareGoal.__table__.c
        query = (
            select(g.id)
            .join(Observation.__table__, (o.patient_id == g.patient_id) & (o.item == g.item))
            .where(o.id.in_(observation_ids), g.state.in_(FOLLOWED))
            .limit(1)
        )
        with self.dispatcher.store.read() as connection:
            return connection.execute(query).first() is not None

    def _stand_plans(self, plans: Any) -> None:
        ordered = sorted(plans, key=str)
        for start in range(0, len(ordered), AT_ONCE):
            self._run(StandPlans(plan_ids=ordered[start : start + AT_ONCE]))

    def _run(self, order: Any) -> None:
        try:
            self.dispatcher.run(order, self.actor)
        except DomainError as error:  # another reader of this store was faster: it did the same
            log.warning("care %s refused: %s", type(order).__name__, error.code)
