"""What is done with a conversation: received and handed on by the program, the rest by people."""

from datetime import datetime

from sqlalchemy import select

from domain.conduct.keeping import LONGEST_REASON, ask_why, hits_of, keep_automatic, keep_said
from domain.conduct.records import MessageSource
from domain.conversations.faq import as_said, exactly, in_force
from domain.conversations.keeping import (
    AUTOMATIC,
    ENTITY,
    LONGEST_REPLY,
    conversation_with,
    hand_to,
    note_owed,
    reply_due,
    say,
    waited_of,
)
from domain.conversations.owners import next_owner
from domain.conversations.records import Conversation, ConversationKind, ConversationMessage, Direction
from domain.conversations.workflow import conversation_life
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.queueing import queue_message
from domain.messaging.records import Channel, ContactAddress
from domain.messaging.sending_commands import SENDER
from domain.people.numbers import next_number
from domain.people.records import Patient, Sex, Staff

REPLY = "conversation.reply"
MOST_LABELS = 20
MOST_SAID = 5000
LONGEST_QUESTION = 200


@command("conversation.receive", "收到客户消息", permission=SENDER, place="internal")
class ReceiveMessage:
    """A client wrote to us; `key` is the vendor's number of the message."""

    channel: Channel = ask("渠道")
    account: str = ask("账号", max_length=60)
    peer: str = ask("对方账号", max_length=120)
    key: str = ask("渠道消息号", max_length=120)
    org_id: Id = ask("机构", kind=Kind.HIDDEN)
    text: str = ask("内容", max_length=4000)
    form: str = ask("形式", default="text", max_length=20)
    media: str | None = ask("媒体编号", default=None, max_length=255)
    at: datetime = ask("时间")
    nickname: str | None = ask("昵称", default=None, max_length=100)
    patient_id: Id | None = ask("客户", kind=Kind.HIDDEN, default=None)
    kind: ConversationKind = ask("会话类型", default=ConversationKind.SERVICE)
    via: str | None = ask("对接人账号", default=None, max_length=100)


@handles(ReceiveMessage)
def receive_message(order: ReceiveMessage, work: UnitOfWork) -> bool:
    """Return whether it is new; the vendor tells it up to three times."""
    message_id = stable_id("conversation_message", order.channel, order.account, order.key)
    if work.get(ConversationMessage, message_id) is not None:
        return False
    conversation = conversation_with(
        work, order.channel, order.account, order.peer, order.org_id, nickname=order.nickname, kind=order.kind,
        patient_id=order.patient_id, via=order.via,
    )  # fmt: skip
    address = work.require(ContactAddress, conversation.address_id)
    if order.via and address.via != order.via and order.channel is Channel.WECOM_SERVICE:
        address.via = order.via  # an answer goes by the customer service that was last written to
    at = min(order.at, work.now)
    say(
        work,
        conversation,
        Direction.IN,
        order.text,
        at=at,
        message_id=message_id,
        form=order.form,
        media=order.media,
    )
    note_owed(work, conversation, at)
    _answer_by_itself(work, conversation, order)
    return True


def _answer_by_itself(work: UnitOfWork, conversation: Conversation, order: ReceiveMessage) -> None:
    """Answer a question that stands word for word among those answered automatically; a person is still owed."""
    if order.form != "text" or len(order.text) > LONGEST_QUESTION:
        return
    found = exactly(
        order.text, (one for one in in_force(work.connection, conversation.org_id) if one.automatic)
    )
    if found is None:
        return
    hits = hits_of(work, found.answer)
    if any(hit.rule.severe for hit in hits):
        # The rules have changed since it was saved: nobody is told it, and the question is looked into once.
        keep_automatic(work, conversation, (found.id, found.code, found.answer), hits)
        return
    text = f"{AUTOMATIC}{as_said(found)}"
    if Channel(conversation.channel) is Channel.PAGE:
        say(work, conversation, Direction.OUT, text, automatic=True)
        return
    address = work.require(ContactAddress, conversation.address_id)
    if address.opted_out_at is None:
        # Not `about` the conversation: its receipt must not stop the clock for the person who is still owed.
        message = queue_message(
            work, "reply", patient_id=conversation.patient_id, address=address,
            channel=Channel(conversation.channel), params={"reply": text},
        )  # fmt: skip
        say(work, conversation, Direction.OUT, text, outbox_id=message.id, automatic=True)


@command("conversation.note_said", "登记渠道内回复", permission=SENDER, place="internal")
class NoteSaidElsewhere:
    """One of us answered in the vendor's own program, not in ours; `key` is the vendor's number of the message."""

    channel: Channel = ask("渠道")
    account: str = ask("账号", max_length=60)
    peer: str = ask("对方账号", max_length=120)
    key: str = ask("渠道消息号", max_length=120)
    org_id: Id = ask("机构", kind=Kind.HIDDEN)
    text: str = ask("内容", max_length=4000)
    form: str = ask("形式", default="text", max_length=20)
    staff: str = ask("员工账号", max_length=100)
    at: datetime = ask("时间")


@handles(NoteSaidElsewhere)
def note_said_elsewhere(order: NoteSaidElsewhere, work: UnitOfWork) -> bool:
    """Return whether it is new; what the client had said by then is answered."""
    message_id = stable_id("conversation_message", order.channel, order.account, order.key)
    if work.get(ConversationMessage, message_id) is not None:
        return False
    conversation = conversation_with(
        work,
        order.channel,
        order.account,
        order.peer,
        order.org_id,
        nickname=None,
        kind=ConversationKind.SERVICE,
    )
    at = min(order.at, work.now)
    kept = say(work, conversation, Direction.OUT, order.text, at=at, message_id=message_id, form=order.form)
    known = work.find(ContactAddress, channel=Channel.WECOM, address=order.staff)
    staff = work.get(Staff, known.staff_id) if known is not None else None
    kept.staff_id, kept.staff_name = staff.id if staff else None, staff.name if staff else order.staff
    if order.form == "text":
        keep_said(work, kept, hits_of(work, order.text), MessageSource.ELSEWHERE)
    if conversation.state == "owed" and (conversation.owed_since or at) <= at:
        waited = waited_of(work, conversation, at)
        kept.waited_s, kept.in_time = waited if waited else (None, None)
        work.move(conversation_life, conversation, "reply")
        work.move(conversation_life, conversation, "sent")
        conversation.owed_since = None
    return True


@command("conversation.reply", "回复客户", permission=REPLY)
class ReplyToClient:
    """An answer; the conversation is owed until the channel has accepted it."""

    conversation_id: Id = ask("会话", kind=Kind.HIDDEN)
    text: str = ask("内容", kind=Kind.NOTE, max_length=LONGEST_REPLY)
    reason: str | None = ask("坚持发送的理由", default=None, max_length=LONGEST_REASON)


@handles(ReplyToClient)
def reply_to_client(order: ReplyToClient, work: UnitOfWork) -> Id:
    """Return the message kept.

    Raises:
        DomainError: ``conversation.unknown`` also for one that belongs to somebody else, ``conversation.too_long``,
            ``conversation.left_us`` where the client no longer wants to be reached,
            ``conduct.reason_needed`` (``reason``) for a text that is severely against the rules.
    """
    conversation = work.require(Conversation, order.conversation_id, "conversation_id")
    if len(order.text) > LONGEST_REPLY:
        raise DomainError("conversation.too_long", field="text", most=LONGEST_REPLY)
    hits = ask_why(work, order.text, order.reason)
    if (
        Channel(conversation.channel) is Channel.PAGE
    ):  # shown on the client's page: there is nothing to be sent
        waited = waited_of(work, conversation)
        work.move(conversation_life, conversation, "reply")
        work.move(conversation_life, conversation, "sent")
        conversation.owed_since = None
        kept = say(work, conversation, Direction.OUT, order.text, waited=waited)
        keep_said(work, kept, hits, MessageSource.REPLY, order.reason)
        return kept.id
    address = work.require(ContactAddress, conversation.address_id)
    if address.opted_out_at is not None:
        raise DomainError("conversation.left_us", field="conversation_id")
    message = queue_message(
        work, "reply", patient_id=conversation.patient_id, address=address, channel=Channel(conversation.channel),
        params={"reply": order.text}, about=(ENTITY, conversation.id),
    )  # fmt: skip
    owed, waited = conversation.owed_since, waited_of(work, conversation)
    work.move(conversation_life, conversation, "reply")
    conversation.owed_since = owed
    kept = say(work, conversation, Direction.OUT, order.text, outbox_id=message.id, waited=waited)
    keep_said(work, kept, hits, MessageSource.REPLY, order.reason)
    return kept.id


@command("conversation.hand_over", "转交会话", permission=REPLY)
class HandOver:
    """Somebody else is to answer."""

    conversation_id: Id = ask("会话", kind=Kind.HIDDEN)
    staff_id: Id | None = ask("转交给", kind=Kind.HIDDEN, default=None)
    reason: str = ask("原因", default="", max_length=200)


@handles(HandOver)
def hand_over(order: HandOver, work: UnitOfWork) -> Id:
    """Return who has it now: the one named, or whoever has the least to answer (``conversation.nobody_else``)."""
    conversation = work.require(Conversation, order.conversation_id, "conversation_id")
    if order.staff_id is not None:
        owner = work.require(Staff, order.staff_id, "staff_id")
        if not owner.active or owner.org_id != conversation.org_id:
            raise DomainError("conversation.nobody_else", field="staff_id")
    else:
        found = next_owner(
            work, conversation.org_id, ConversationKind(conversation.kind), {conversation.owner_id}
        )
        if found is None:
            raise DomainError("conversation.nobody_else", field="staff_id")
        owner = found
    hand_to(work, conversation, owner, order.reason or "人工")
    return owner.id


@command("conversation.hand_on", "超时自动转交", permission=SENDER, place="internal")
class HandOnOverdue:
    """Conversations whose owner has not answered in time go to somebody else."""

    most: int = ask("最多条数", default=100)


@handles(HandOnOverdue)
def hand_on_overdue(order: HandOnOverdue, work: UnitOfWork) -> int:
    """Return how many changed hands; where there is nobody else the alert goes on alone."""
    overdue = (
        select(Conversation)
        .where(Conversation.state == "owed", Conversation.due_at <= work.now)
        .order_by(Conversation.due_at)
        .limit(order.most)
    )
    count = 0
    for conversation in work.list(overdue):
        owner = next_owner(
            work, conversation.org_id, ConversationKind(conversation.kind), {conversation.owner_id}
        )
        if owner is None:
            conversation.due_at = reply_due(work, conversation.org_id, work.now)
        else:
            hand_to(work, conversation, owner, "30 分钟未回复")
            count += 1
    return count


@command("conversation.close", "结束会话", permission=REPLY)
class CloseConversation:
    """Nothing more is owed; what the client writes next begins anew."""

    conversation_id: Id = ask("会话", kind=Kind.HIDDEN)
    note: str = ask("说明", default="", max_length=200)


@handles(CloseConversation)
def close_conversation(order: CloseConversation, work: UnitOfWork) -> None:
    """Close it, which stops the clock; one that is owed needs the note (``conversation.note_missing``)."""
    conversation = work.require(Conversation, order.conversation_id, "conversation_id")
    if conversation.state == "owed" and not order.note.strip():
        raise DomainError("conversation.note_missing", field="note")
    work.move(conversation_life, conversation, "close")
    conversation.owed_since = None
    say(work, conversation, Direction.NOTE, f"会话结束{'：' + order.note if order.note else ''}")


@command("conversation.label", "设置会话标签", permission=REPLY)
class LabelConversation:
    """Labels by which conversations are found and mass sendings are chosen."""

    conversation_id: Id = ask("会话", kind=Kind.HIDDEN)
    labels: str = ask("标签（用空格分开）", max_length=400)


@handles(LabelConversation)
def label_conversation(order: LabelConversation, work: UnitOfWork) -> None:
    """Keep them, each once; more than twenty are refused (``conversation.too_many_labels``)."""
    labels = list(dict.fromkeys(order.labels.split()))
    if len(labels) > MOST_LABELS:
        raise DomainError("conversation.too_many_labels", field="labels", most=MOST_LABELS)
    work.require(Conversation, order.conversation_id, "conversation_id").labels = labels


@command("conversation.bind", "关联客户", permission=REPLY)
class BindClient:
    """The person is this client of ours; what was said goes into the client's record."""

    conversation_id: Id = ask("会话", kind=Kind.HIDDEN)
    patient_id: Id = ask("客户", kind=Kind.HIDDEN)


@handles(BindClient)
def bind_client(order: BindClient, work: UnitOfWork) -> None:
    """Bind address, conversation and transcript; another client's are not taken over (``conversation.bound``)."""
    conversation = work.require(Conversation, order.conversation_id, "conversation_id")
    patient = work.require(Patient, order.patient_id, "patient_id")
    _bind(work, conversation, patient)


@command("conversation.register", "一键建档", permission=REPLY)
class RegisterFromConversation:
    """Make a record of the person one talks with; what is not known yet is asked at the desk."""

    conversation_id: Id = ask("会话", kind=Kind.HIDDEN)
    name: str = ask("姓名", max_length=60)
    sex: Sex = ask("性别", kind=Kind.CHOICE, default=Sex.UNKNOWN)
    phone: str | None = ask("手机号", default=None, max_length=20)


@handles(RegisterFromConversation)
def register_from_conversation(order: RegisterFromConversation, work: UnitOfWork) -> Id:
    """Return the new client, bound; one with the same name and number is named instead (``conversation.known``)."""
    conversation = work.require(Conversation, order.conversation_id, "conversation_id")
    if order.phone:
        known = work.find(Patient, phone=order.phone, name=order.name)
        if known is not None:
            raise DomainError("conversation.known", field="phone", number=known.number)
    patient = Patient(
        org_id=conversation.org_id, number=next_number(work, "patient", "P"), name=order.name, sex=order.sex,
        phone=order.phone, id_type="01",
    )  # fmt: skip
    work.add(patient)
    _bind(work, conversation, patient)
    return patient.id


def _bind(work: UnitOfWork, conversation: Conversation, patient: Patient) -> None:
    if conversation.patient_id not in (None, patient.id):
        raise DomainError("conversation.bound", field="patient_id")
    conversation.patient_id = patient.id
    address = work.require(ContactAddress, conversation.address_id)
    if address.patient_id not in (None, patient.id):
        raise DomainError("conversation.bound", field="patient_id")
    address.patient_id = patient.id
    said = select(ConversationMessage).where(ConversationMessage.conversation_id == conversation.id)
    for message in work.list(said.limit(MOST_SAID)):
        message.patient_id = patient.id


@command("conversation.follow", "登记客户关注", permission=SENDER, place="internal")
class NoteFollowing:
    """A person follows the account or has added a member of staff, or does so no longer."""

    channel: Channel = ask("渠道")
    account: str = ask("账号", max_length=60)
    peer: str = ask("对方账号", max_length=120)
    org_id: Id = ask("机构", kind=Kind.HIDDEN)
    follows: bool = ask("关注")
    via: str | None = ask("对接人账号", default=None, max_length=100)


@handles(NoteFollowing)
def note_following(order: NoteFollowing, work: UnitOfWork) -> None:
    """Keep the address; who left is not written to until he comes back."""
    conversation = conversation_with(
        work, order.channel, order.account, order.peer, order.org_id, nickname=None, kind=ConversationKind.SERVICE,
        via=order.via,
    )  # fmt: skip
    address = work.require(ContactAddress, conversation.address_id)
    if order.follows:
        address.opted_out_at = address.opted_out_why = None
        address.via = order.via or address.via
    elif address.opted_out_at is None:
        address.opted_out_at, address.opted_out_why = work.now, "取消关注或删除好友"
