"""Bringing tubes of one draw together: several become one, and each of them stays in its family.

A pool of two people is nobody's: it could be frozen for neither of them and be given back to neither. So all sources
are of one person, one subject, one kind and one way of processing.
"""

from collections.abc import Sequence

from domain.biobank.commands import TubeReceipt, event_of, may_use, new_number, receipt_of, tube_of
from domain.biobank.course import thaws_of, way_of
from domain.biobank.doubts import refuse_doubtful
from domain.biobank.pool_records import PoolSource
from domain.biobank.records import EventKind, PrimaryContainer, Specimen
from domain.biobank.rules import set_remaining
from domain.biobank.workflow import specimen_life
from domain.consent.records import ConsentUse
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import UnitOfWork

FEWEST, MOST = 2, 20
READY = ("processed", "out")
"""States of a tube that can be emptied into another."""


@command("specimen.pool", "汇合标本", permission="biobank.process")
class PoolSpecimens:
    """Empty several processed tubes of one person into one with a number of its own."""

    numbers: list[str] = ask("来源标本条码", kind=Kind.HIDDEN)
    volume_ul: int = ask("汇合后体积", kind=Kind.NUMBER, low=10, high=50_000, unit="uL")


@handles(PoolSpecimens)
def pool(order: PoolSpecimens, work: UnitOfWork) -> TubeReceipt:
    """Return the pool; all its sources are used up, what each brought and what came of it are kept apart.

    Raises:
        DomainError: As `refuse_unlike` and `may_use`; ``specimen.pool_count``, ``specimen.pool_twice``,
            ``specimen.wrong_state``, ``specimen.duplicated``, ``specimen.pool_too_much`` with what there is.
    """
    tubes = [tube_of(number, work) for number in order.numbers]
    if not FEWEST <= len(tubes) <= MOST:
        raise DomainError("specimen.pool_count", field="numbers", low=FEWEST, high=MOST)
    seen: set[str] = set()
    for tube in tubes:
        if tube.number in seen:
            raise DomainError("specimen.pool_twice", field="numbers", number=tube.number)
        seen.add(tube.number)
        refuse_unready(work, tube)
        refuse_unlike(work, tubes[0], tube)
    brought = shares([tube.remaining_ul for tube in tubes], order.volume_ul)
    made = _made(work, tubes, order.volume_ul)
    for tube, volume in zip(tubes, brought, strict=True):
        work.add(PoolSource(org_id=made.org_id, pool_id=made.id, source_id=tube.id, volume_ul=volume))
        if tube.remaining_ul is not None:
            set_remaining(tube, 0)
        tube.slot = None  # one that was taken out for it had its place kept
        work.move(specimen_life, tube, "use_up")
        event_of(work, tube, EventKind.POOLED, consumed_ul=volume, note=made.number)
    event_of(
        work, made, EventKind.POOLED, produced_ul=order.volume_ul, note="、".join(t.number for t in tubes)
    )
    return receipt_of(made)


def refuse_unready(work: UnitOfWork, tube: Specimen) -> None:
    """Let only tubes into a pool that may be used and are at hand.

    Raises:
        DomainError: As `may_use`; ``specimen.duplicated``; ``specimen.wrong_state``.
    """
    may_use(work, tube, ConsentUse.COLLECT)
    refuse_doubtful(work, tube)
    if tube.state not in READY:
        raise DomainError(
            "specimen.wrong_state", field="numbers", state=specimen_life.label_of(tube.state),
            target=specimen_life.label_of("used_up"), needed="、".join(specimen_life.label_of(s) for s in READY),
        )  # fmt: skip


def refuse_unlike(work: UnitOfWork, first: Specimen, tube: Specimen) -> None:
    """Let no tube into a pool that is not of the same person, subject, kind and way of processing as the first.

    Raises:
        DomainError: ``specimen.pool_person``, ``specimen.pool_study``, ``specimen.pool_kind`` or
            ``specimen.pool_protocol``, each with the number that differs.
    """
    if tube is first:
        return
    facts = {"number": tube.number, "first": first.number}
    if tube.patient_id != first.patient_id:
        raise DomainError("specimen.pool_person", field="numbers", **facts)
    if tube.subject_id != first.subject_id:
        raise DomainError("specimen.pool_study", field="numbers", **facts)
    if tube.type is not first.type:
        raise DomainError("specimen.pool_kind", field="numbers", **facts)
    if way_of(work, tube) != way_of(work, first):
        raise DomainError("specimen.pool_protocol", field="numbers", **facts)


def shares(left: Sequence[int | None], volume_ul: int) -> list[int]:
    """Return what each source brings: all that is known to be in it; the others share what is not explained yet.

    Raises:
        DomainError: ``specimen.pool_too_much``: more came out than is in all of them, and all are known.
    """
    known = sum(one for one in left if one is not None)
    unknown = sum(one is None for one in left)
    if not unknown and volume_ul > known:
        raise DomainError("specimen.pool_too_much", field="volume_ul", left=known)
    rest, given = max(0, volume_ul - known), []
    for one in left:
        if one is None:
            given.append(rest // unknown)
            rest, unknown = rest - rest // unknown, unknown - 1
        else:
            given.append(one)
    return given


def _made(work: UnitOfWork, tubes: Sequence[Specimen], volume_ul: int) -> Specimen:
    """Add the pool: a child of its first source, with the most thaws any of them has had."""
    first = tubes[0]
    made = Specimen(
        org_id=first.org_id, number=new_number(work), type=first.type, container=PrimaryContainer.POLYPROPYLENE,
        patient_id=first.patient_id, parent_id=first.id, sources=len(tubes), subject_id=first.subject_id,
        visit_id=first.visit_id if len({t.visit_id for t in tubes}) == 1 else None,
        expected_id=first.expected_id if len({t.expected_id for t in tubes}) == 1 else None,
        initial_ul=volume_ul, remaining_ul=volume_ul, remaining_percent=100,
        thaws=max(thaws_of(work, tube) for tube in tubes),
    )  # fmt: skip
    specimen_life.enter(made, "processed", work.now)
    return work.add(made)
