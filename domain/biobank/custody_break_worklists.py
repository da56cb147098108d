"""Breaks in chains of custody."""

from sqlalchemy import select

from domain.biobank.custody_break_commands import SettleCustodyBreak
from domain.biobank.custody_records import CustodyBreak, CustodyRound
from domain.kernel.worklists import Query, worklist


@worklist("specimen.breaks", "监管链断点", permission="biobank.view", record=CustodyBreak, order="-found_at")
def custody_breaks() -> Query:
    """Places where a chain does not hold, the latest first."""
    b = CustodyBreak
    return select(b.number, b.code, b.found_at, b.state, b.due_at, b.finding)


custody_breaks.offers(SettleCustodyBreak)


@worklist(
    "specimen.rounds", "监管链定期核验", permission="biobank.view", record=CustodyRound, order="-ended_at"
)
def custody_rounds() -> Query:
    """When every event of this store was last compared with its chain, and what did not hold."""
    r = CustodyRound
    return select(r.begun_at, r.ended_at, r.events, r.broken)
