"""How each channel fares: counted with every outcome, in its transaction."""

from domain.kernel.clock import clinic
from domain.kernel.columns import to_microseconds
from domain.kernel.ids import stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.records import Channel, ChannelState

INTERRUPTED_AFTER = 3
"""Failures in a row (A-060)."""
WINDOW_S = 600
FAILING_PERCENT = 5
LEAST_COUNTED = 10
"""Outcomes within the window below which a share says nothing."""
KEPT = 100


def channel_state(work: UnitOfWork, channel: Channel) -> ChannelState:
    """Return the state of a channel, made when it is first asked for; each day is counted anew."""
    state = work.get(ChannelState, stable_id("channel_state", channel))
    today = clinic(work.now).date().isoformat()
    if state is None:
        state = work.add(
            ChannelState(
                id=stable_id("channel_state", channel), channel=channel, account="", day=today,
                checked_at=work.now, recent=[],
            )
        )  # fmt: skip
        work.flush()
        state = work.require(ChannelState, state.id)
    if state.day != today:
        state.day, state.used = today, 0
    return state


def note_outcome(work: UnitOfWork, channel: Channel, *, good: bool, sent: bool) -> None:
    """Count an answer of the vendor, or that there was none.

    Args:
        work: The unit of work that keeps the outcome.
        channel: Of the message.
        good: Whether the channel works; a number that does not exist is no fault of the channel.
        sent: Whether it counts against the quota of the day.
    """
    state = channel_state(work, channel)
    now_s = to_microseconds(work.now) // 1_000_000
    state.recent = [*state.recent[-KEPT + 1 :], now_s * 2 + good]
    state.failures = 0 if good else state.failures + 1
    state.used += sent
    counted = [one % 2 for one in state.recent if one // 2 > now_s - WINDOW_S]
    state.error_percent = (
        round(100 * (1 - sum(counted) / len(counted))) if len(counted) >= LEAST_COUNTED else 0
    )
    _judge(state)
    state.checked_at = work.now


def pause_channel(work: UnitOfWork, channel: Channel, reason: str, detail: str | None) -> None:
    """Stop a channel until somebody has mended its set-up; told once (A-060), however many messages wait."""
    state = channel_state(work, channel)
    if not state.paused:
        state.paused, state.paused_at = 1, work.now
        state.reason, state.detail = reason, detail
        _judge(state)


def resume_channel(work: UnitOfWork, channel: Channel) -> None:
    """Let a channel send again."""
    state = channel_state(work, channel)
    state.paused, state.paused_at, state.reason, state.detail, state.failures = 0, None, None, None, 0
    _judge(state)


def _judge(state: ChannelState) -> None:
    if state.paused or state.failures >= INTERRUPTED_AFTER:
        state.trouble = 2
    else:
        state.trouble = 1 if state.error_percent >= FAILING_PERCENT else 0
