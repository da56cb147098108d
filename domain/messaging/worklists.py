"""What people see of messages: those under way, those that need somebody, templates, mass sendings, channels."""

from sqlalchemy import select

from domain.kernel.worklists import Query, worklist
from domain.messaging.channel_commands import ResumeChannel, StopChannel, WriteOff
from domain.messaging.commands import (
    CancelMessage,
    OptOut,
    PauseClient,
    RepeatMessage,
    ResumeClient,
    ToldByPhone,
)
from domain.messaging.mass_commands import PauseMass, ResumeMass, StopMass, WriteTemplate
from domain.messaging.records import (
    ChannelBudget,
    ChannelState,
    ContactAddress,
    MassSending,
    MessageTemplate,
    MessagingPreference,
    OutboxMessage,
)
from domain.messaging.template_commands import RetireTemplate
from domain.people.records import Patient
from domain.people.worklists import clients

VIEW = "messaging.view"


def _messages() -> Query:
    return select(
        Patient.name, OutboxMessage.channel, OutboxMessage.category, OutboxMessage.title, OutboxMessage.state,
        OutboxMessage.reason, OutboxMessage.detail, OutboxMessage.attempt, OutboxMessage.queued_at,
        OutboxMessage.send_at, OutboxMessage.read_at,
    ).outerjoin(Patient, Patient.id == OutboxMessage.patient_id)  # fmt: skip


clients.offers(PauseClient, ResumeClient)


@worklist("messaging.outbox", "外发消息", permission=VIEW, record=OutboxMessage, order="-queued_at")
def outbox() -> Query:
    """Every message with its state and why, the latest first."""
    return _messages()


outbox.offers(CancelMessage, RepeatMessage, ToldByPhone)


@worklist("messaging.failed", "发送失败", permission=VIEW, record=OutboxMessage, order="-queued_at")
def failed() -> Query:
    """Messages that did not arrive and will not by themselves."""
    return _messages().where(OutboxMessage.state.in_(("failed", "expired", "unknown")))


failed.offers(RepeatMessage, ToldByPhone)


@worklist("messaging.unread", "重要信息未读", permission=VIEW, record=OutboxMessage, order="-queued_at")
def unread() -> Query:
    """Important messages that nobody opened, after the second push."""
    return _messages().where(OutboxMessage.unread_stage >= 1)


unread.offers(ToldByPhone)


@worklist("messaging.templates", "消息模板", permission=VIEW, record=MessageTemplate, order="-saved_at")
def templates() -> Query:
    """The institution's own templates in force."""
    return select(
        MessageTemplate.code, MessageTemplate.label, MessageTemplate.category, MessageTemplate.channels,
        MessageTemplate.title, MessageTemplate.text, MessageTemplate.fits, MessageTemplate.important,
        MessageTemplate.saved_at,
    ).where(MessageTemplate.active)  # fmt: skip


templates.offers(WriteTemplate, RetireTemplate)


@worklist("messaging.mass", "群发记录", permission=VIEW, record=MassSending, order="-confirmed_at")
def mass_sendings() -> Query:
    """Mass sendings: whom they were for, and what was left of the quota when they were confirmed."""
    return select(
        MassSending.label, MassSending.channel, MassSending.template, MassSending.chosen, MassSending.wanted,
        MassSending.queued, MassSending.left_out, MassSending.budget_left, MassSending.confirmed_at,
        MassSending.send_at, MassSending.paused_at, MassSending.stopped_at,
    )  # fmt: skip


mass_sendings.offers(PauseMass, ResumeMass, StopMass)


@worklist("messaging.addresses", "联系方式", permission=VIEW, record=ContactAddress, order="-bound_at")
def addresses() -> Query:
    """Where clients are reached."""
    return select(
        Patient.name, ContactAddress.channel, ContactAddress.address, ContactAddress.consents,
        ContactAddress.opted_out_at, ContactAddress.opted_out_why, ContactAddress.bound_at,
    ).join(Patient, Patient.id == ContactAddress.patient_id)  # fmt: skip


addresses.offers(OptOut)


@worklist(
    "messaging.paused", "暂停推送的客户", permission=VIEW, record=MessagingPreference, order="-changed_at"
)
def paused() -> Query:
    """Clients whose messages wait."""
    return (
        select(
            Patient.name, MessagingPreference.paused_at, MessagingPreference.paused_why,
            MessagingPreference.opted_out, MessagingPreference.changed_at,
        )
        .join(Patient, Patient.id == MessagingPreference.patient_id)
        .where(MessagingPreference.paused_at.is_not(None))
    )  # fmt: skip


@worklist("messaging.budgets", "渠道额度", permission=VIEW, record=ChannelBudget, order="channel")
def budgets() -> Query:
    """What is left of each channel today, as the centre published it."""
    return select(
        ChannelBudget.channel, ChannelBudget.day, ChannelBudget.used, ChannelBudget.quota, ChannelBudget.paused,
        ChannelBudget.reason, ChannelBudget.published_at,
    )  # fmt: skip


@worklist(
    "messaging.channels", "渠道运行", permission="messaging.channels", record=ChannelState, order="channel"
)
def channels() -> Query:
    """How each channel fares at the centre."""
    return select(
        ChannelState.channel, ChannelState.trouble, ChannelState.paused, ChannelState.degraded, ChannelState.reason,
        ChannelState.detail, ChannelState.failures, ChannelState.error_percent, ChannelState.dead,
        ChannelState.used, ChannelState.quota, ChannelState.usable, ChannelState.probed_at,
        ChannelState.checked_at,
    )  # fmt: skip


channels.offers(ResumeChannel, StopChannel, WriteOff)
