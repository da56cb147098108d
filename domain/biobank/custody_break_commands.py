"""Checking the chain of custody of tubes, keeping what does not hold, and settling it with what was found out."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select

from domain.biobank.custody_break_workflow import custody_break_life
from domain.biobank.custody_chain import Break, breaks, held_whole
from domain.biobank.custody_records import CustodyBreak, CustodyRound
from domain.biobank.records import Specimen, SpecimenEvent
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork

MOST = 20_000
"""Events of one check."""


@command("specimen.check_custody", "核验监管链", permission="biobank.view")
class CheckCustody:
    """Compare every event of some tubes with its digest and with the event before it in its chain."""

    specimen_ids: list[Id] = ask("标本", kind=Kind.HIDDEN)


@handles(CheckCustody)
def check_custody(order: CheckCustody, work: UnitOfWork) -> int:
    """Return how many places do not hold; each is kept once, and is an alert."""
    table = SpecimenEvent.__table__
    found = []
    for start in range(0, len(order.specimen_ids), 400):
        some = order.specimen_ids[start : start + 400]
        rows = work.connection.execute(select(table).where(table.c.specimen_id.in_(some)).limit(MOST)).all()
        found += breaks(work.connection, rows, held_whole(work))
    keep_breaks(work, found)
    return len(found)


def keep_breaks(work: UnitOfWork, found: Iterable[Break]) -> int:
    """Keep each break once, as an alert; returns how many were new."""
    new = 0
    for one in found:
        own = stable_id("custody_break", str(one.event_id), one.code)
        if work.get(CustodyBreak, own) is not None:
            continue
        tube = work.get(Specimen, one.specimen_id)
        if tube is None:
            continue  # its events travel with their organisation; whoever has the tube keeps the break
        kept = CustodyBreak(
            id=own, org_id=tube.org_id, event_id=one.event_id, specimen_id=tube.id, number=tube.number,
            code=one.code.removeprefix("custody."), found_at=work.now,
        )  # fmt: skip
        work.start(custody_break_life, kept)
        work.add(kept)
        new += 1
    return new


@command("specimen.note_round", "登记监管链定期核验", permission=None, place="internal")
class NoteRound:
    """A round through all events of this store: what does not hold, and at its end that it was made."""

    found: list[Any] = ask("断点", kind=Kind.HIDDEN)
    begun_at: datetime | None = ask("开始时间", kind=Kind.HIDDEN, default=None)
    events: int = ask("事件数", kind=Kind.HIDDEN, default=0)
    broken: int = ask("断点数", kind=Kind.HIDDEN, default=0)


@handles(NoteRound)
def note_round(order: NoteRound, work: UnitOfWork) -> int:
    """Return how many breaks were new; with `begun_at` the round is over and is noted."""
    new = keep_breaks(work, order.found)
    if order.begun_at is not None:
        work.add(
            CustodyRound(begun_at=order.begun_at, ended_at=work.now, events=order.events, broken=order.broken)
        )
    return new


@command("specimen.settle_break", "查明监管链断点", permission="biobank.decide")
class SettleCustodyBreak:
    """Say why a chain does not hold; the events stay as they are."""

    break_id: Id = ask("断点", kind=Kind.HIDDEN)
    finding: str = ask("调查结论", kind=Kind.NOTE)


@handles(SettleCustodyBreak)
def settle_break(order: SettleCustodyBreak, work: UnitOfWork) -> None:
    """Keep the finding. Raises ``custody_break.wrong_state``."""
    found = work.require(CustodyBreak, order.break_id, "break_id")
    work.move(custody_break_life, found, "settle")
    found.finding = order.finding
