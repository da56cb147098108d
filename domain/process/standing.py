"""Where each item of a visit stands, worked out from what is kept of the visit: not done, not entered, or done.

An item is *entered* when every result that proves it is there, or its form, or the answer to its order; it is *done*
when a room said so, its tubes are drawn, or part of its results came. What is not done holds the client back, what is
only not entered does not: the two are told apart everywhere.
"""

import dataclasses
import enum
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from domain.biobank.records import Specimen
from domain.checkup.completeness import MEASURED, TUBES, Lacking, shows_lacking, tube_item
from domain.checkup.omission_records import Omission, OmissionKind
from domain.checkup.records import Observation, QuestionnaireResponse, ResultStatus
from domain.interop.order_records import ServiceRequest
from domain.kernel.ids import Id
from domain.process.records import VisitItem

_I = VisitItem.__table__
SETTLED = frozenset({"entered", "refused", "postponed", "waived", "dropped"})


class Standing(enum.StrEnum):
    """Where an item stands."""

    PLANNED = "planned"
    DONE = "done"
    ENTERED = "entered"
    REFUSED = "refused"
    POSTPONED = "postponed"


@dataclasses.dataclass(frozen=True, slots=True)
class Facts:
    """What is kept of a visit: results by item, forms, codes of answered orders, omissions, how tubes stand."""

    results: frozenset[str]
    forms: frozenset[str]
    answered: frozenset[str]
    omitted: dict[str, str]
    drawn: bool
    some_drawn: bool = False
    undrawn: str | None = None
    """Where no tube is drawn: whether they were refused or postponed; None where some may still be."""


def omission_of(code: str) -> str:
    """Return how an omission names an item of a package."""
    return f"item:{code}"


def facts_of(connection: Connection, visit_id: Id) -> Facts:
    """Return what is kept of a visit; results whose person is doubtful count for nothing yet."""
    o, q, s = Observation.__table__.c, QuestionnaireResponse.__table__.c, ServiceRequest.__table__.c
    held = ResultStatus.IDENTITY
    results = connection.execute(select(o.item).where(o.visit_id == visit_id, o.status != held)).scalars()
    forms = connection.execute(select(q.form).where(q.visit_id == visit_id)).scalars()
    orders = select(s.code, s.name).where(s.visit_id == visit_id, s.resulted_at.is_not(None))
    m, t = Omission.__table__.c, Specimen.__table__.c
    omitted = connection.execute(select(m.item, m.kind).where(m.visit_id == visit_id).order_by(m.id)).all()
    query = select(t.number, t.state).where(t.visit_id == visit_id, t.parent_id.is_(None))
    tubes = connection.execute(query).all()
    said = {row.item: str(row.kind) for row in omitted}
    kinds = {said.get(tube_item(number)) for number, _ in tubes} or {said.get(TUBES)}
    states = {state for _, state in tubes}
    return Facts(
        frozenset(results), frozenset(forms),
        frozenset(said for row in connection.execute(orders) for said in row if said),
        said, bool(states) and "planned" not in states, bool(states - {"planned"}),
        kinds.pop() if len(kinds) == 1 and states <= {"planned"} else None,
    )  # fmt: skip


def stands(item: Any, facts: Facts) -> Standing:
    """Return where an item (a `VisitItem` or its row) stands by the facts; pure."""
    keys = list(item.results or ())
    if item.code in facts.answered or item.label in facts.answered:
        return Standing.ENTERED
    if keys and facts.results.issuperset(keys):
        return Standing.ENTERED
    if not keys and item.form and item.form in facts.forms:
        return Standing.ENTERED
    if item.performed_at is not None or (item.specimen and facts.drawn) or not facts.results.isdisjoint(keys):
        return Standing.DONE
    omitted = facts.omitted.get(omission_of(item.code)) or (facts.undrawn if item.specimen else None)
    if omitted == OmissionKind.REFUSED:
        return Standing.REFUSED
    return Standing.POSTPONED if omitted == OmissionKind.POSTPONED else Standing.PLANNED


@dataclasses.dataclass(frozen=True, slots=True)
class ItemLine:
    """An item of a visit as it stands now."""

    id: Id
    code: str
    label: str
    node: str
    node_name: str
    key: bool
    standing: str
    lacks: bool
    cause: str | None
    since: datetime


def items_of(connection: Connection, visit_id: Id) -> list[ItemLine]:
    """Return the items of a visit as they stand, cancelled ones left out, by room and name; by the visit's index."""
    rows: Sequence[Row[Any]] = connection.execute(select(_I).where(_I.c.visit_id == visit_id)).all()
    if not rows:
        return []
    facts = facts_of(connection, visit_id)
    lines = [
        ItemLine(row.id, row.code, row.label, row.node, row.node_name, row.key, _shown(row, facts),
                 holds_back(row, facts), None if row.cause is None else str(row.cause), row.state_since)
        for row in rows if row.state != "dropped"
    ]  # fmt: skip
    return sorted(lines, key=lambda one: (one.node_name, not one.key, one.label))


def _shown(row: Any, facts: Facts) -> str:
    found = stands(row, facts)
    return "waived" if row.state == "waived" and found is not Standing.ENTERED else str(found)


def measured_already(item: Any) -> bool:
    """Tell whether an item is asked for by what every visit is measured for anyhow."""
    return bool(item.results) and set(item.results) <= set(MEASURED)


def holds_back(row: Any, facts: Facts) -> bool:
    """Tell whether an item is to be told by itself before the client goes, if it is not refused on record.

    What every visit is measured for, and what is examined in blood that is not drawn, is told as that already.
    """
    if row.state in {"dropped", "waived"} or measured_already(row):
        return False
    if row.specimen and not facts.drawn and (facts.undrawn or not facts.some_drawn):
        return False
    return stands(row, facts) in {Standing.PLANNED, Standing.REFUSED, Standing.POSTPONED}


@shows_lacking
def lacking_items(connection: Connection, visit_id: Id) -> Iterable[Lacking]:
    """Yield the items of a visit that nobody carried out, key items first: the client hears it before leaving.

    What is examined in blood is told by the tubes that are not drawn, not once more item by item.
    """
    rows = connection.execute(select(_I).where(_I.c.visit_id == visit_id)).all()
    if not rows:
        return
    facts = facts_of(connection, visit_id)
    for row in sorted(rows, key=lambda row: (not row.key, row.node_name, row.label)):
        if holds_back(row, facts):
            yield Lacking(omission_of(row.code), row.label)
