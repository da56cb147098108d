"""Keeping what is said: what arrives, and what becomes of what we answer."""

from datetime import datetime

from domain.conversations.hours import hours_of
from domain.conversations.owners import next_owner
from domain.conversations.records import Conversation, ConversationKind, ConversationMessage, Direction
from domain.conversations.workflow import OWNERS_TIME, conversation_life
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.ending import tell_of
from domain.messaging.records import Channel, ContactAddress, OutboxMessage
from domain.people.records import Staff

ENTITY = "conversation"
AUTOMATIC = "【自动回复】"
"""What an answer begins with that nobody wrote at that moment."""
LONGEST_REPLY = 600
"""Characters: WeCom takes 2,048 bytes."""


def conversation_id(channel: Channel, account: str, peer: str) -> Id:
    """Return the id of what is said with one person by one channel."""
    return stable_id("conversation", channel, account, peer)


def conversation_with(
    work: UnitOfWork, channel: Channel, account: str, peer: str, org_id: Id, *, nickname: str | None,
    kind: ConversationKind, patient_id: Id | None = None, via: str | None = None,
) -> Conversation:  # fmt: skip
    """Return the conversation with a person, begun if it is the first; who is known already is recognised."""
    known = work.get(Conversation, conversation_id(channel, account, peer))
    if known is not None:
        return known
    address = work.find(ContactAddress, channel=channel, address=peer)
    if address is None and patient_id is None and channel is Channel.WECOM_SERVICE:
        # The company's number of a person is the same for its contacts and its customer service.
        as_contact = work.find(ContactAddress, channel=Channel.WECOM_CLIENT, address=peer)
        patient_id = as_contact.patient_id if as_contact is not None else None
    if address is None:
        address = work.add(
            ContactAddress(
                org_id=org_id, patient_id=patient_id, channel=channel, address=peer, via=via, bound_at=work.now
            )
        )  # fmt: skip
    begun = Conversation(
        id=conversation_id(channel, account, peer), org_id=address.org_id, channel=channel, account=account,
        kind=kind, address_id=address.id, nickname=nickname, patient_id=address.patient_id or patient_id, labels=[],
        last_at=work.now, last_text="",
    )  # fmt: skip
    conversation_life.enter(begun, "answered", work.now)
    work.add(begun)
    work.flush()
    return work.require(Conversation, begun.id)


def reply_due(work: UnitOfWork, org_id: Id, since: datetime) -> datetime:
    """Return when an owner's time after a moment is over, by the hours in which the organisation answers."""
    return hours_of(work.connection, org_id).due(since, OWNERS_TIME)


def clock_begins(work: UnitOfWork, org_id: Id, since: datetime) -> datetime:
    """Return from when a limit counts that knows no hours, so that an owner's time ends when it does by the hours."""
    return reply_due(work, org_id, since) - OWNERS_TIME


def note_owed(work: UnitOfWork, conversation: Conversation, at: datetime) -> None:
    """The client said something: it is owed from the first thing that nobody has answered."""
    if conversation.owner_id is None:
        owner = next_owner(
            work, conversation.org_id, ConversationKind(conversation.kind), patient_id=conversation.patient_id
        )
        conversation.owner_id = owner.id if owner is not None else None
    if conversation.state == "owed":
        return
    work.move(conversation_life, conversation, "receive")
    conversation.owed_since = at
    conversation.state_since = clock_begins(work, conversation.org_id, at)
    conversation.due_at = reply_due(work, conversation.org_id, work.now)


def say(
    work: UnitOfWork, conversation: Conversation, direction: Direction, text: str, *, at: datetime | None = None,
    message_id: Id | None = None, form: str = "text", media: str | None = None, outbox_id: Id | None = None,
    automatic: bool = False, waited: tuple[int, bool] | None = None,
) -> ConversationMessage:  # fmt: skip
    """Keep one thing said; notes of the program do not count as the latest."""
    ours = direction is not Direction.IN
    message = ConversationMessage(
        id=message_id, org_id=conversation.org_id, conversation_id=conversation.id,
        patient_id=conversation.patient_id,
        direction=direction, form=form, text=text, media=media,
        media_state="waiting" if media else None, automatic=automatic, waited_s=waited[0] if waited else None,
        in_time=waited[1] if waited else None,
        staff_id=work.actor.staff_id if ours else None,
        staff_name=work.actor.name if ours else None, outbox_id=outbox_id, at=at or work.now,
    )  # fmt: skip
    if direction is not Direction.NOTE:
        conversation.last_at, conversation.last_text = work.now, text[:200]
    return work.add(message)


def waited_of(
    work: UnitOfWork, conversation: Conversation, at: datetime | None = None
) -> tuple[int, bool] | None:
    """Return for how many seconds the client has waited, and whether that is in time; None where nothing is owed."""
    since = conversation.owed_since if conversation.state == "owed" else None
    if since is None:
        return None
    at = at or work.now
    in_time = at <= reply_due(work, conversation.org_id, since)
    return max(0, int((at - since).total_seconds())), in_time


def hand_to(work: UnitOfWork, conversation: Conversation, owner: Staff, why: str) -> None:
    """Give a conversation to somebody, whose half hour begins now."""
    conversation.owner_id = owner.id
    conversation.handed_on += 1
    if conversation.state == "owed":
        conversation.due_at = reply_due(work, conversation.org_id, work.now)
    say(work, conversation, Direction.NOTE, f"{why}，转交给{owner.name}")


@tell_of(ENTITY)
def follow_reply(work: UnitOfWork, message: OutboxMessage) -> None:
    """An answer that was accepted stops the clock; one that came to nothing lets it go on from where it was."""
    conversation = work.get(Conversation, message.about_id)
    if conversation is None or conversation.state != "replying":
        return
    if message.state in ("accepted", "delivered", "read"):
        work.move(conversation_life, conversation, "sent")
        conversation.owed_since = None
    elif message.state in ("failed", "expired", "cancelled"):
        since = conversation.owed_since or work.now
        work.move(conversation_life, conversation, "unsent")
        conversation.owed_since = since
        conversation.state_since = clock_begins(work, conversation.org_id, since)
        conversation.due_at = max(work.now, reply_due(work, conversation.org_id, since))
        say(work, conversation, Direction.NOTE, "回复未能送达，请换一种方式联系客户")
