"""Comparing what several systems say of one sampling; the rule that alerts of it has the threshold."""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import or_, select

from domain.catalog.content import Catalog
from domain.checkup.difference_records import Settled, SystemDifference
from domain.checkup.records import Observation, Visit
from domain.kernel.ids import stable_id
from domain.kernel.unit_of_work import UnitOfWork

SAME_SAMPLING = timedelta(minutes=5)
"""Two times of one item of one visit that are nearer than this are one sampling, told by two clocks."""
LEAST_PERCENT = 1.0
"""Less is rounding: one system keeps a digit more than the other. What is above is listed."""
OPPOSITE = 200.0


class Known:
    """The newest result of each item of a visit, by the system that said it; rows come in the order of arrival."""

    def __init__(self, rows: Iterable[Observation]) -> None:
        self._newest = {(row.item, row.system): row for row in rows}

    def of(self, item: str, system: str | None) -> Observation | None:
        """Return what a new result of this system corrects: its own, else what no system is known of."""
        return self._newest.get((item, system)) or self._newest.get((item, None))

    def elsewhere(self, one: Observation) -> list[Observation]:
        """Return what other systems say of an item."""
        if one.system is None:
            return []
        mine = {None, one.system}
        return [row for (item, by), row in self._newest.items() if item == one.item and by not in mine]


def compare(
    work: UnitOfWork, kept: Observation, earlier: Observation | None, others: Iterable[Observation]
) -> None:
    """Keep a difference for each other system that says otherwise; one that a correction has ended is settled."""
    if earlier is not None:
        _settle_by_correction(work, earlier)
    for other in others:
        percent = deviation(work.content["catalog"], other, kept)
        near = abs(other.effective_at - kept.effective_at) <= SAME_SAMPLING
        if percent is not None and percent > LEAST_PERCENT and near:
            _keep(work, other, kept, percent)


def deviation(catalog: Catalog, one: Observation, other: Observation) -> float | None:
    """Return how far two results are apart, in percent of their mean; None where they cannot be compared.

    Findings that are present or not are apart by `OPPOSITE` or by nothing: grades are words of the systems.
    """
    a, b = one.value_number, other.value_number
    if a is None or b is None or one.ucum != other.ucum:
        return None
    if catalog.observation(one.item).kind == "presence":
        return OPPOSITE if (a > 0) is not (b > 0) else 0.0
    mean = (abs(a) + abs(b)) / 2
    return abs(a - b) / mean * 100 if mean else 0.0


def _keep(work: UnitOfWork, other: Observation, kept: Observation, percent: float) -> None:
    from domain.checkup.workflow import difference_life

    visit = work.require(Visit, kept.visit_id)
    difference = SystemDifference(
        id=stable_id("system_difference", other.id, kept.id), org_id=kept.org_id, visit_id=visit.id,
        patient_id=visit.patient_id, visit_number=visit.number, item=kept.item, label=kept.label,
        first_id=other.id, first_system=other.system, first_value=other.value_text, second_id=kept.id,
        second_system=kept.system, second_value=kept.value_text, ucum=kept.ucum, deviation=round(percent, 2),
        found_at=work.now,
    )  # fmt: skip
    work.start(difference_life, difference)
    work.add(difference)


def _settle_by_correction(work: UnitOfWork, corrected: Observation) -> None:
    """End the differences a corrected result was part of: its new value is compared anew."""
    from domain.checkup.workflow import difference_life

    part = or_(SystemDifference.first_id == corrected.id, SystemDifference.second_id == corrected.id)
    where = (SystemDifference.visit_id == corrected.visit_id, SystemDifference.state == "open", part)
    for difference in work.list(select(SystemDifference).where(*where)):
        work.move(difference_life, difference, "settle")
        difference.settled_how, difference.settled_by = Settled.AGREED, work.actor.name
