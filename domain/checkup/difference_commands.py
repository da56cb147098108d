"""Settling what two systems said differently: a person finds out which holds, and both say so from then on."""

from domain.checkup.difference_records import Settled, SystemDifference
from domain.checkup.records import Observation, ResultSource, ResultStatus
from domain.checkup.workflow import difference_life
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork

_TAKEN = (
    "visit_id", "patient_id", "item", "label", "loinc", "value_number", "value_text", "ucum", "flag", "range_text",
    "important_class", "critical_level", "unverified", "effective_at", "device",
)  # fmt: skip


@command("checkup.settle_difference", "核实跨系统差异", permission="checkup.settle_difference")
class SettleDifference:
    """Say which of two systems' values holds; the other's is corrected to it, both stay in the history."""

    difference_id: Id = ask("跨系统差异", kind=Kind.HIDDEN)
    holds: Settled = ask("以哪一方为准", kind=Kind.CHOICE)
    note: str = ask("核实说明", kind=Kind.NOTE)


@handles(SettleDifference)
def settle_difference(order: SettleDifference, work: UnitOfWork) -> Id:
    """Return the observation that takes the place of the one that did not hold.

    Raises:
        DomainError: ``difference.pick_one`` (``holds``): that the systems agree only they can say.
    """
    difference = work.require(SystemDifference, order.difference_id, "difference_id")
    if order.holds is Settled.AGREED:
        raise DomainError("difference.pick_one", field="holds")
    work.move(difference_life, difference, "settle")
    first = order.holds is Settled.FIRST
    right = work.require(Observation, difference.first_id if first else difference.second_id)
    wrong = work.require(Observation, difference.second_id if first else difference.first_id)
    difference.settled_how, difference.settled_by = order.holds, work.actor.name
    difference.note = order.note
    taken = {name: getattr(right, name) for name in _TAKEN}
    corrected = Observation(
        org_id=wrong.org_id, status=ResultStatus.CORRECTED, source=ResultSource.MANUAL, amends=wrong.id,
        system=wrong.system, **taken,
    )  # fmt: skip
    return work.add(corrected).id
