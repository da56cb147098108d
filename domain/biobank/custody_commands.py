"""Out of the cold and back: minutes and thaws are counted, amounts never fall below nothing."""

import dataclasses
import enum

from domain.biobank.commands import TubeReceipt, event_of, may_use, receipt_of, tube_of
from domain.biobank.course import bench_content
from domain.biobank.doubts import refuse_doubtful
from domain.biobank.records import EventKind
from domain.biobank.rules import set_remaining
from domain.biobank.stock_terms import term_of
from domain.biobank.workflow import specimen_life
from domain.consent.records import ConsentUse
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.witness import witness_of


@command("specimen.take_out", "取出标本", permission="biobank.take_out")
class TakeOutSpecimen:
    """Take a stored tube out of the cold; its position is kept for it."""

    number: str = ask("扫描标本条码", kind=Kind.SCAN, max_length=40)
    purpose: str | None = ask("用途", default=None, max_length=200)


@handles(TakeOutSpecimen)
def take_out(order: TakeOutSpecimen, work: UnitOfWork) -> TubeReceipt:
    """Move to out; the clock of the minutes out of the cold starts.

    Raises:
        DomainError: As `may_use`; ``specimen.too_many_thaws``: it has been thawed as often as allowed.
    """
    tube = tube_of(order.number, work)
    refuse_doubtful(work, tube)
    may_use(work, tube, ConsentUse.COLLECT)
    most = bench_content(work).keeping.most_thaws
    if tube.thaws >= most:
        raise DomainError(
            "specimen.too_many_thaws", field="number", number=tube.number, thaws=tube.thaws, most=most
        )
    place = tube.slot
    work.move(specimen_life, tube, "take_out")
    event_of(work, tube, EventKind.TAKEN_OUT, place=place, note=order.purpose)
    return receipt_of(tube, place)


@command("specimen.use", "使用标本", permission="biobank.take_out")
class UseSpecimen:
    """Some of a tube that is out was used; what is left goes back, nothing left ends it."""

    number: str = ask("扫描标本条码", kind=Kind.SCAN, max_length=40)
    volume_ul: int = ask("使用体积", kind=Kind.NUMBER, low=1, high=50_000, unit="uL")
    purpose: str = ask("用途", max_length=200)


@handles(UseSpecimen)
def use(order: UseSpecimen, work: UnitOfWork) -> TubeReceipt:
    """Take the volume off what is left.

    Raises:
        DomainError: As `may_use`; ``specimen.wrong_state`` unless out; ``specimen.not_enough`` with what is left.
    """
    tube = tube_of(order.number, work)
    refuse_doubtful(work, tube)
    may_use(work, tube, ConsentUse.COLLECT)
    if tube.state != "out":
        raise DomainError(
            "specimen.wrong_state", field="number", state=specimen_life.label_of(tube.state),
            target=specimen_life.label_of("used_up"), needed=specimen_life.label_of("out"),
        )  # fmt: skip
    left = tube.remaining_ul
    if left is not None and order.volume_ul > left:
        raise DomainError("specimen.not_enough", field="volume_ul", number=tube.number, left=left)
    if left is not None:
        set_remaining(tube, left - order.volume_ul)
    event_of(work, tube, EventKind.USED, consumed_ul=order.volume_ul, note=order.purpose)
    if tube.remaining_ul == 0:
        tube.slot = None
        work.move(specimen_life, tube, "use_up")
    return receipt_of(tube)


@dataclasses.dataclass(frozen=True, slots=True)
class ReturnReceipt:
    """A tube that is back: seconds out (None if the clock went backwards), thaws so far and how many are allowed.

    Unless `verified`, nobody of the institution has answered for the minutes and times yet.
    """

    number: str
    place: str | None
    out_s: int | None
    thaws: int
    most_thaws: int
    verified: bool


@command("specimen.return", "放回标本", permission="biobank.take_out")
class ReturnSpecimen:
    """A tube that was out is back in the position that was kept for it."""

    number: str = ask("扫描标本条码", kind=Kind.SCAN, max_length=40)


@handles(ReturnSpecimen)
def put_back(order: ReturnSpecimen, work: UnitOfWork) -> ReturnReceipt:
    """Move to stored; out for longer than allowed counts as a thaw, and so does a time nobody knows."""
    tube = tube_of(order.number, work)
    refuse_doubtful(work, tube)
    keeping = bench_content(work).keeping
    since = tube.state_since
    work.move(specimen_life, tube, "return")
    seconds = int((work.now - since).total_seconds())
    known = seconds if seconds >= 0 else None
    tube.due_at = term_of(work, tube)
    tube.out_s += known or 0
    if known is None or known > keeping.thaw_minutes * 60:
        tube.thaws += 1
    event_of(work, tube, EventKind.RETURNED, place=tube.slot, out_s=known)
    return ReturnReceipt(tube.number, tube.slot, known, tube.thaws, keeping.most_thaws, keeping.verified)


class DiscardReason(enum.StrEnum):
    """Why a tube is destroyed."""

    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    USED_UP = "used_up"
    DAMAGED = "damaged"
    QUALITY = "quality"
    STUDY_END = "study_end"


@command("specimen.discard", "销毁标本", permission="biobank.discard")
class DiscardSpecimen:
    """Take a tube out for good: one person does it, a second one with the same right sees it."""

    number: str = ask("扫描标本条码", kind=Kind.SCAN, max_length=40)
    reason: DiscardReason = ask("原因", kind=Kind.CHOICE)
    witness: str = ask("复核人工牌", kind=Kind.SCAN, max_length=60)
    note: str | None = ask("备注", default=None, max_length=1000)


@handles(DiscardSpecimen)
def discard(order: DiscardSpecimen, work: UnitOfWork) -> TubeReceipt:
    """Move to discarded; its position is free again. Errors of the second person as `witness_of`."""
    tube = tube_of(order.number, work)
    witness = witness_of(order.witness, work, "witness", "biobank.discard")
    place, tube.slot = tube.slot, None
    work.move(specimen_life, tube, "discard")
    event_of(
        work, tube, EventKind.DISCARDED, place=place, reason=order.reason.value, note=order.note,
        witness_id=witness.id, witness_name=witness.name,
    )  # fmt: skip
    return receipt_of(tube)
