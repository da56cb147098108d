"""Two tubes, one number: noted at the bench, cleared by another person who has found out which is whose."""

from domain.biobank.commands import TubeReceipt, event_of, receipt_of, tube_of
from domain.biobank.doubts import doubt_about
from domain.biobank.records import EventKind
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import UnitOfWork


@command("specimen.report_duplicate", "登记重码", permission="biobank.receive")
class ReportDuplicate:
    """A second tube carries this number: until somebody has found out which is whose, neither is worked on."""

    number: str = ask("扫描标本条码", kind=Kind.SCAN, max_length=40)
    note: str | None = ask("备注", default=None)


@handles(ReportDuplicate)
def report_duplicate(order: ReportDuplicate, work: UnitOfWork) -> TubeReceipt:
    """Note it; the state stays, every further step is refused."""
    tube = tube_of(order.number, work)
    event_of(work, tube, EventKind.DUPLICATED, note=order.note)
    return receipt_of(tube)


@command("specimen.clear_duplicate", "解除重码", permission="biobank.clear")
class ClearDuplicate:
    """It was found out which tube is whose; the other one has a number of its own or is destroyed."""

    number: str = ask("标本条码", kind=Kind.SCAN, max_length=40)
    note: str = ask("核实结果", kind=Kind.NOTE)


@handles(ClearDuplicate)
def clear_duplicate(order: ClearDuplicate, work: UnitOfWork) -> TubeReceipt:
    """Let the tube go on.

    Raises:
        DomainError: ``specimen.not_duplicated``, or ``specimen.same_person``: another one than who noted it decides.
    """
    tube = tube_of(order.number, work)
    doubt = doubt_about(work, tube)
    if doubt is None:
        raise DomainError("specimen.not_duplicated", field="number", number=tube.number)
    if doubt.staff_id == work.actor.staff_id:
        raise DomainError("specimen.same_person", field="number", name=doubt.staff_name)
    event_of(work, tube, EventKind.CLEARED, note=order.note)
    return receipt_of(tube)
