"""How the line to each partner fares: counted with every answer, in its transaction."""

from sqlalchemy import func, select

from domain.interop.out_records import OutMessage
from domain.interop.partner_records import Partner, PartnerState
from domain.interop.queueing import pause_after
from domain.kernel.columns import to_microseconds
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork

INTERRUPTED_AFTER = 3
"""Failures in a row."""
WINDOW_S = 600
FAILING_PERCENT = 5
LEAST_COUNTED = 10
"""Outcomes within the window below which a share says nothing."""
KEPT = 60


def line_state(work: UnitOfWork, partner_id: Id) -> PartnerState:
    """Return the state of a partner, made when it is first asked for."""
    state = work.get(PartnerState, partner_id)
    if state is None:
        partner = work.require(Partner, partner_id, "partner_id")
        state = work.add(
            PartnerState(
                id=partner.id, org_id=partner.org_id, name=partner.name, recent=[], checked_at=work.now
            )
        )
        work.flush()
        state = work.require(PartnerState, partner_id)
    return state


def note_line(
    work: UnitOfWork, partner_id: Id, *, good: bool, reason: str | None = None, detail: str | None = None
) -> PartnerState:
    """Count that a partner answered, or that it did not; a refusal is an answer."""
    state = line_state(work, partner_id)
    now_s = to_microseconds(work.now) // 1_000_000
    state.recent = [*state.recent[-KEPT + 1 :], now_s * 2 + good]
    state.failures = 0 if good else state.failures + 1
    state.retry_at = None if good else work.now + pause_after(state.failures)
    state.reason, state.detail = (None, None) if good else (reason, detail)
    counted = [one % 2 for one in state.recent if one // 2 > now_s - WINDOW_S]
    state.error_percent = (
        round(100 * (1 - sum(counted) / len(counted))) if len(counted) >= LEAST_COUNTED else 0
    )
    if state.paused or state.failures >= INTERRUPTED_AFTER:
        state.trouble = 2
    else:
        state.trouble = 1 if state.error_percent >= FAILING_PERCENT else 0
    return state


def count_queue(work: UnitOfWork, partner_id: Id) -> PartnerState:
    """Count what waits and what was not delivered; what this work changed is sent to the store first."""
    work.flush()
    m = OutMessage.__table__
    rows = work.connection.execute(
        select(m.c.state, func.count(), func.min(m.c.queued_at))
        .where(m.c.partner_id == partner_id, m.c.state.in_(("waiting", "sending", "dead")))
        .group_by(m.c.state)
    ).all()
    by_state = {row[0]: row for row in rows}
    state = line_state(work, partner_id)
    waiting = [by_state[name] for name in ("waiting", "sending") if name in by_state]
    state.waiting = sum(row[1] for row in waiting)
    state.oldest_at = min((row[2] for row in waiting), default=None)
    state.dead = by_state["dead"][1] if "dead" in by_state else 0
    state.undone = state.dead + state.parked
    state.checked_at = work.now
    return state
