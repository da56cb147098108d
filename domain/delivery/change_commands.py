"""A report that is out and no longer says what is kept: found by whoever follows the log, decided by a reviewer."""

from sqlalchemy import select

from domain.delivery.change_records import ReportChange
from domain.delivery.records import ReportDelivery
from domain.delivery.workflow import change_life
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork

LEAST_SAID = 2
MOST_PLACES = 12


@command("report.note_change", "登记签发后变化", permission=None, place="internal")
class NoteReportChange:
    """What the signed file of an edition says otherwise than what is kept now; no places for nothing."""

    delivery_id: Id = ask("报告下发", kind=Kind.HIDDEN)
    places: list[str] = ask("变化之处", kind=Kind.HIDDEN)
    differs: str = ask("变化摘要", kind=Kind.HIDDEN, max_length=64)


@handles(NoteReportChange)
def note_change(order: NoteReportChange, work: UnitOfWork) -> str:
    """Return the state of the change, empty where there never was one; done twice it changes nothing."""
    delivery = work.require(ReportDelivery, order.delivery_id, "delivery_id")
    kept = work.find(ReportChange, delivery_id=delivery.id)
    if delivery.state == "withdrawn":
        return "" if kept is None else kept.state
    if not order.places:
        if kept is not None and kept.state == "open":
            work.move(change_life, kept, "back")
        return "" if kept is None else kept.state
    named = "；".join(order.places[:MOST_PLACES]) + ("；等" if len(order.places) > MOST_PLACES else "")
    if kept is None:
        kept = ReportChange(
            id=stable_id("report_change", delivery.id), org_id=delivery.org_id, delivery_id=delivery.id,
            report_id=delivery.report_id, patient_id=delivery.patient_id, number=delivery.number,
            edition=delivery.edition, places=named, differs=order.differs,
        )  # fmt: skip
        work.start(change_life, kept)
        work.add(kept)
    elif kept.differs != order.differs or kept.state == "back":
        kept.places, kept.differs = named, order.differs
        if change_life.allows(kept.state, "again"):
            work.move(change_life, kept, "again")
            kept.settled_by = kept.settled_why = None
    return kept.state


@command("report.settle_change", "核定为不需更正", permission="report.final_review")
class SettleReportChange:
    """What changed since the signature does not touch what the report says to the client."""

    change_id: Id = ask("签发后变化", kind=Kind.HIDDEN)
    reason: str = ask("核定说明", kind=Kind.NOTE, max_length=1000)


@handles(SettleReportChange)
def settle_change(order: SettleReportChange, work: UnitOfWork) -> None:
    """Let the edition be handed over as it is. Raises ``report_change.wrong_state``, ``delivery.no_why``."""
    kept = work.require(ReportChange, order.change_id, "change_id")
    reason = order.reason.strip()
    if len(reason) < LEAST_SAID:
        raise DomainError("delivery.no_why", field="reason")
    work.move(change_life, kept, "settle")
    kept.settled_by, kept.settled_why = work.actor.name, reason


def check_unchanged(work: UnitOfWork, delivery: ReportDelivery) -> None:
    """Refuse to give out an edition that no longer says what is kept; ``delivery.changed``."""
    kept = work.find(ReportChange, delivery_id=delivery.id, state="open")
    if kept is not None:
        raise DomainError("delivery.changed", number=delivery.number)


def corrected(work: UnitOfWork, report_id: Id) -> None:
    """End what is open of a report's editions: it is taken back to be corrected."""
    for kept in work.list(
        select(ReportChange).where(ReportChange.report_id == report_id, ReportChange.state == "open")
    ):
        work.move(change_life, kept, "correct")
