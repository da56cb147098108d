"""What the bench looks at."""

from sqlalchemy import select

from domain.biobank.commands import ProcessSpecimen, ReceiveSpecimen
from domain.biobank.custody_commands import (
    DiscardSpecimen,
    ReturnSpecimen,
    TakeOutSpecimen,
    UseSpecimen,
)
from domain.biobank.duplicate_commands import ClearDuplicate
from domain.biobank.records import Specimen, SpecimenEvent
from domain.kernel.worklists import Query, worklist

OPEN = ("collected", "received", "processed")


@worklist("specimen.waiting", "待处理标本", permission="biobank.view", record=Specimen, order="due_at")
def waiting() -> Query:
    """Tubes that must be moved on, the most urgent first.

    Each of these states has a time limit; saying so spares the walk over all tubes in store, which have none.
    """
    return select(
        Specimen.number,
        Specimen.type,
        Specimen.container,
        Specimen.state,
        Specimen.state_since,
        Specimen.due_at,
    ).where(Specimen.state.in_(OPEN), Specimen.due_at.is_not(None))


waiting.offers(ReceiveSpecimen, ProcessSpecimen, ClearDuplicate)


@worklist("specimen.stored", "在库标本", permission="biobank.view", record=Specimen, order="number")
def stored() -> Query:
    """Tubes in store, with their positions."""
    return select(
        Specimen.number,
        Specimen.type,
        Specimen.slot,
        Specimen.state_since,
        Specimen.remaining_ul,
        Specimen.thaws,
        Specimen.sprec,
    ).where(Specimen.state == "stored")


stored.offers(TakeOutSpecimen, DiscardSpecimen, ClearDuplicate)
stored.opens("lifeline")


@worklist("specimen.out", "取出未放回标本", permission="biobank.view", record=Specimen, order="due_at")
def out() -> Query:
    """Tubes out of the cold, the one that must be back first at the top."""
    return select(
        Specimen.number,
        Specimen.type,
        Specimen.slot,
        Specimen.state_since,
        Specimen.due_at,
        Specimen.remaining_ul,
        Specimen.thaws,
    ).where(Specimen.state == "out")


out.offers(ReturnSpecimen, UseSpecimen, DiscardSpecimen)
out.opens("lifeline")


@worklist(
    "specimen.code_gaps", "SPREC 编码不全标本", permission="biobank.view", record=Specimen, order="number"
)
def code_gaps() -> Query:
    """Stored tubes whose pre-analytical code has an unknown element: a time or a step was not noted."""
    return select(Specimen.number, Specimen.type, Specimen.sprec, Specimen.slot, Specimen.state_since).where(
        Specimen.state.in_(("stored", "out")), Specimen.sprec.like("%-X%")
    )


@worklist(
    "specimen.events", "标本事件", permission="biobank.view", record=SpecimenEvent, order="-occurred_at"
)
def events() -> Query:
    """Everything that happened to tubes, the latest first."""
    return select(
        Specimen.number, SpecimenEvent.kind, SpecimenEvent.occurred_at, SpecimenEvent.staff_name,
        SpecimenEvent.produced_ul, SpecimenEvent.consumed_ul, SpecimenEvent.condition, SpecimenEvent.place,
        SpecimenEvent.protocol, SpecimenEvent.out_s, SpecimenEvent.reason, SpecimenEvent.witness_name,
    ).join(Specimen, Specimen.id == SpecimenEvent.specimen_id)  # fmt: skip
