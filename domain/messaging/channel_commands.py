"""The channels as the people see them who look after them: let go on, write off, publish the budget."""

from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.channel_states import channel_state, pause_channel, resume_channel
from domain.messaging.records import Channel, ChannelBudget, ChannelState
from domain.messaging.sending_commands import SENDER


@command("messaging.resume_channel", "恢复渠道", permission="messaging.channels", place="centre")
class ResumeChannel:
    """The set-up of a channel was mended: what waits goes on."""

    state_id: Id = ask("渠道", kind=Kind.HIDDEN)


@handles(ResumeChannel)
def resume(order: ResumeChannel, work: UnitOfWork) -> None:
    """Let it send again; the next fault of its set-up stops it again and is told again."""
    resume_channel(work, Channel(work.require(ChannelState, order.state_id, "state_id").channel))


@command("messaging.stop_channel", "停用渠道", permission="messaging.channels", place="centre")
class StopChannel:
    """Nothing goes out by a channel until it is resumed."""

    state_id: Id = ask("渠道", kind=Kind.HIDDEN)


@handles(StopChannel)
def stop(order: StopChannel, work: UnitOfWork) -> None:
    """Stop it; what is under way ends."""
    pause_channel(
        work, Channel(work.require(ChannelState, order.state_id, "state_id").channel), "by_hand", None
    )


@command("messaging.write_off", "核销失败消息", permission="messaging.channels", place="centre")
class WriteOff:
    """Messages that failed after every try were sent anew or are not needed any more."""

    state_id: Id = ask("渠道", kind=Kind.HIDDEN)
    note: str = ask("说明", kind=Kind.NOTE)


@handles(WriteOff)
def write_off(order: WriteOff, work: UnitOfWork) -> int:
    """Return how many were written off; the note stays in the log."""
    state = work.require(ChannelState, order.state_id, "state_id")
    dead, state.dead = state.dead, 0
    work.note = {"note": order.note}
    return dead


@command("messaging.note_probe", "登记渠道能力", permission=SENDER, place="internal")
class NoteProbe:
    """Which parts of a vendor's interface may be used, as found at the start and each hour."""

    channel: Channel = ask("渠道")
    usable: list[str] = ask("可用功能", kind=Kind.HIDDEN, default=[])
    degraded: list[str] = ask("受限功能", kind=Kind.HIDDEN, default=[])
    detail: str | None = ask("渠道回执", default=None, max_length=255)


@handles(NoteProbe)
def note_probe(order: NoteProbe, work: UnitOfWork) -> bool:
    """Return whether something is degraded; what the channel is paused for stays as it is."""
    state = channel_state(work, order.channel)
    before = state.degraded
    state.usable, state.degraded, state.probed_at = order.usable, order.degraded or None, work.now
    if order.degraded:
        state.detail = order.detail if not state.paused else state.detail
    elif before and not state.paused:
        state.detail = None
    return bool(order.degraded)


@command("messaging.publish_budgets", "公布渠道额度", permission=SENDER, place="internal")
class PublishBudgets:
    """Tell branches what is left of each channel."""

    channels: list[str] = ask("渠道", kind=Kind.HIDDEN)


@handles(PublishBudgets)
def publish_budgets(order: PublishBudgets, work: UnitOfWork) -> int:
    """Return how many channels had changed."""
    changed = 0
    for name in order.channels:
        state = channel_state(work, Channel(name))
        told = (clinic(work.now).date().isoformat(), state.used, state.quota, state.paused, state.reason)
        row = work.get(ChannelBudget, stable_id("channel_budget", name))
        if row is None:
            row = work.add(ChannelBudget(id=stable_id("channel_budget", name), channel=Channel(name)))
        elif (row.day, row.used, row.quota, row.paused, row.reason) == told:
            continue
        row.day, row.used, row.quota, row.paused, row.reason = told
        row.published_at = work.now
        changed += 1
    return changed
