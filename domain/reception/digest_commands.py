"""A unit's own flow, what was said with it, its chat, and its figures for its contact."""

from datetime import timedelta

import msgspec
from sqlalchemy import func, select

from domain.followup.definitions import EventKind, Material
from domain.followup.group_commands import staff_of
from domain.followup.regrouping import content_of
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.commands import check_address
from domain.messaging.queueing import queue_message
from domain.messaging.records import Channel, ContactAddress
from domain.reception.digest_records import UnitChat, UnitDigest, UnitFlow, UnitNote, UnitNoteKind
from domain.reception.unit_records import ClientUnit, EventType, GroupEvent
from domain.reception.unit_report_commands import ReportUnit, report_unit
from domain.reception.workflow import chat_life

DIGEST = "unit_digest"
MOST_STEPS, MOST_WRONG = 30, 5
GOOD_FOR = timedelta(days=7)


@command("unit.set_flow", "定制接待流程", permission="unit.manage")
class SetUnitFlow:
    """What a kind of event goes through for one unit; empty steps bring back what ships."""

    unit_id: Id = ask("团检单位", kind=Kind.HIDDEN)
    kind: EventType = ask("活动类型", kind=Kind.CHOICE)
    steps: str = ask("流程（每行一步；留空恢复默认）", kind=Kind.NOTE, default="")
    materials: str = ask("物料（每行：名称|每人几份|另加几份；留空用默认）", kind=Kind.NOTE, default="")
    reason: str = ask("修订说明", max_length=400)


@handles(SetUnitFlow)
def set_unit_flow(order: SetUnitFlow, work: UnitOfWork) -> Id:
    """Return the version; events that are planned already keep theirs.

    Raises:
        DomainError: ``unit.bad_steps`` (``steps``); ``unit.bad_materials`` (``materials``) with the line;
            ``input.missing`` (``reason``).
    """
    unit = work.require(ClientUnit, order.unit_id, "unit_id")
    if not order.reason.strip():
        raise DomainError("input.missing", field="reason", label="修订说明")
    steps = [line.strip() for line in order.steps.splitlines() if line.strip()]
    if len(steps) > MOST_STEPS or len(set(steps)) < len(steps) or any(len(one) > 100 for one in steps):
        raise DomainError("unit.bad_steps", field="steps", most=MOST_STEPS)
    f = UnitFlow
    last = work.connection.execute(
        select(func.max(f.version)).where(f.unit_id == unit.id, f.kind == order.kind)
    ).scalar()
    flow = UnitFlow(
        org_id=unit.org_id, unit_id=unit.id, kind=order.kind, version=(last or 0) + 1, steps=steps,
        materials=_materials(order.materials), reason=order.reason.strip(), saved_by=work.actor.staff_id,
        saved_name=work.actor.name, saved_at=work.now,
    )  # fmt: skip
    return work.add(flow).id


def _materials(text: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for number, line in enumerate((one for one in text.splitlines() if one.strip()), start=1):
        parts = [part.strip() for part in line.replace("｜", "|").split("|")]
        counts = [part for part in parts[1:] if part.isascii() and part.isdigit() and len(part) < 5]
        if not parts[0] or len(parts) > 3 or len(counts) != len(parts) - 1:
            raise DomainError("unit.bad_materials", field="materials", number=number)
        each, plus = (*(int(one) for one in counts), 0, 0)[:2]
        found.append({"name": parts[0], "each": each, "plus": plus})
        try:
            msgspec.convert(found[-1], Material)
        except msgspec.ValidationError as error:
            raise DomainError("unit.bad_materials", field="materials", number=number) from error
    return found


def flow_of(work: UnitOfWork, unit_id: Id, kind: EventType) -> EventKind:
    """Return what a kind of event goes through: the unit's own, that of the unit above, else what ships."""
    shipped = content_of(work).events.kinds[kind]
    here: Id | None = unit_id
    for _ in range(10):
        if here is None:
            break
        f = UnitFlow
        own = work.list(
            select(f).where(f.unit_id == here, f.kind == kind).order_by(f.version.desc()).limit(1)
        )
        if own and own[0].steps:
            materials = tuple(msgspec.convert(one, Material) for one in own[0].materials)
            return msgspec.structs.replace(
                shipped, steps=tuple(own[0].steps), materials=materials or shipped.materials
            )
        unit = work.get(ClientUnit, here)
        here = unit.parent_id if unit is not None else None
    return shipped


@command("unit.note", "记录团体沟通", permission="unit.enrol")
class NoteUnit:
    """What was said with a unit, on the spot or later."""

    unit_id: Id = ask("团检单位", kind=Kind.HIDDEN)
    kind: UnitNoteKind = ask("类别", kind=Kind.CHOICE, default=UnitNoteKind.FOLLOW_UP)
    text: str = ask("内容", kind=Kind.NOTE)
    with_whom: str | None = ask("沟通对象", default=None, max_length=100)
    next_step: str | None = ask("后续安排", default=None, max_length=400)


@handles(NoteUnit)
def note_unit(order: NoteUnit, work: UnitOfWork) -> Id:
    """Return the id of the note."""
    unit = work.require(ClientUnit, order.unit_id, "unit_id")
    return _note(work, unit.org_id, unit.id, None, order.kind, None, order).id


@command("unit.note_event", "记录现场沟通", permission="unit.enrol")
class NoteEvent:
    """What was said at an event, at one of its steps, or after it."""

    event_id: Id = ask("团体活动", kind=Kind.HIDDEN)
    kind: UnitNoteKind = ask("类别", kind=Kind.CHOICE, default=UnitNoteKind.ON_SITE)
    step: str | None = ask("流程步骤", default=None, max_length=100)
    text: str = ask("内容", kind=Kind.NOTE)
    with_whom: str | None = ask("沟通对象", default=None, max_length=100)
    next_step: str | None = ask("后续安排", default=None, max_length=400)


@handles(NoteEvent)
def note_event(order: NoteEvent, work: UnitOfWork) -> Id:
    """Return the id of the note. Raises ``unit.no_step`` (``step``) with those there are."""
    event = work.require(GroupEvent, order.event_id, "event_id")
    step = (order.step or "").strip() or None
    if step is not None and step not in (event.steps or ()):
        raise DomainError("unit.no_step", field="step", steps="、".join(event.steps or ()))
    return _note(work, event.org_id, event.unit_id, event.id, order.kind, step, order).id


def _note(
    work: UnitOfWork, org_id: Id, unit_id: Id, event_id: Id | None, kind: UnitNoteKind, step: str | None,
    order: NoteUnit | NoteEvent,
) -> UnitNote:  # fmt: skip
    note = UnitNote(
        org_id=org_id, unit_id=unit_id, event_id=event_id, kind=kind, step=step, text=order.text,
        with_whom=order.with_whom, next_step=order.next_step, staff_id=work.actor.staff_id,
        staff_name=work.actor.name, at=work.now,
    )  # fmt: skip
    return work.add(note)


@command("unit.ask_chat", "建立团体沟通群", permission="unit.manage")
class AskChat:
    """A chat of its own for a unit; the centre makes it in WeCom and brings the code to join it."""

    unit_id: Id = ask("团检单位", kind=Kind.HIDDEN)
    name: str = ask("群名", max_length=60)
    owner: str = ask("群主登录名", max_length=60)


@handles(AskChat)
def ask_chat(order: AskChat, work: UnitOfWork) -> Id:
    """Return the chat.

    Raises:
        DomainError: ``unit.has_chat`` (``unit_id``); ``followup.no_staff`` or ``unit.no_wecom`` (``owner``).
    """
    unit = work.require(ClientUnit, order.unit_id, "unit_id")
    c = UnitChat
    if work.list(select(c).where(c.unit_id == unit.id, c.state.in_(("asked", "ready"))).limit(1)):
        raise DomainError("unit.has_chat", field="unit_id", name=unit.name)
    owner = staff_of(work, order.owner, "owner")
    if work.find(ContactAddress, staff_id=owner.id, channel=Channel.WECOM) is None:
        raise DomainError("unit.no_wecom", field="owner", name=owner.name)
    chat = UnitChat(
        org_id=unit.org_id, unit_id=unit.id, name=order.name.strip(), owner_id=owner.id, owner_name=owner.name,
        asked_at=work.now,
    )  # fmt: skip
    work.start(chat_life, chat)
    return work.add(chat).id


@command("unit.ask_chat_again", "重新建群", permission="unit.manage")
class AskChatAgain:
    """A chat that could not be made is tried again."""

    unit_chat_id: Id = ask("团体沟通群", kind=Kind.HIDDEN)


@handles(AskChatAgain)
def ask_chat_again(order: AskChatAgain, work: UnitOfWork) -> None:
    """Ask the centre anew. Raises ``unit_chat.wrong_state``."""
    chat = work.require(UnitChat, order.unit_chat_id, "unit_chat_id")
    work.move(chat_life, chat, "ask")
    chat.problem, chat.tries = None, 0


@command("unit.push_digest", "推送团体健康汇总", permission="unit.manage")
class PushDigest:
    """The figures of a unit go to its contact by SMS, as a link that asks for the contact's number."""

    unit_id: Id = ask("团检单位", kind=Kind.HIDDEN)


@handles(PushDigest)
def push_digest(order: PushDigest, work: UnitOfWork) -> Id:
    """Return what was sent.

    Raises:
        DomainError: ``unit.no_contact`` (``unit_id``) without a name and a mobile number; ``unit.too_few`` where the
            unit is so small that its people could be recognised; as `queue_message`.
    """
    unit = work.require(ClientUnit, order.unit_id, "unit_id")
    contact, phone = (unit.contact or "").strip(), (unit.phone or "").strip()
    if not contact or not phone:
        raise DomainError("unit.no_contact", field="unit_id", name=unit.name)
    check_address(Channel.SMS, phone)
    report = report_unit(ReportUnit(unit_id=unit.id), work)
    if report.whole.people is None:
        raise DomainError("unit.too_few", field="unit_id", few=report.few)
    a = ContactAddress
    known = work.list(
        select(a).where(
            a.channel == Channel.SMS, a.address == phone, a.patient_id.is_(None), a.staff_id.is_(None)
        )
    )
    address = (
        known[0]
        if known
        else work.add(
            ContactAddress(org_id=unit.org_id, channel=Channel.SMS, address=phone, bound_at=work.now)
        )
    )
    digest = work.add(
        UnitDigest(
            org_id=unit.org_id, unit_id=unit.id, unit_name=unit.name, figures=msgspec.to_builtins(report),
            contact=contact, phone=phone, sent_by=work.actor.staff_id, sent_at=work.now,
        )
    )  # fmt: skip
    work.flush()
    message = queue_message(
        work,
        "unit_digest",
        address=address,
        channel=Channel.SMS,
        params={"unit": unit.name},
        about=(DIGEST, digest.id),
    )
    digest.message_id = message.id
    return digest.id


@command("unit.open_digest", "单位联系人查看汇总", permission="client_page.write", place="internal")
class OpenDigest:
    """Somebody with the link says the last four digits of the contact's number; of the server's page alone."""

    digest_id: Id = ask("汇总", kind=Kind.HIDDEN)
    digits: str = ask("手机号后四位", max_length=10)


@handles(OpenDigest)
def open_digest(order: OpenDigest, work: UnitOfWork) -> int:
    """Return -1 for who may see it, else how many tries are left; the link is closed after the last."""
    digest = work.require(UnitDigest, order.digest_id, "digest_id")
    if digest.wrong >= MOST_WRONG:
        return 0
    if "".join(mark for mark in order.digits if mark.isdigit()) != digest.phone[-4:]:
        digest.wrong += 1
        return MOST_WRONG - digest.wrong
    digest.openings += 1
    digest.opened_at = work.now
    return -1


def offer_digest(work: UnitOfWork, digest_id: Id | None, token_sha256: str) -> Id | None:
    """Name the link of a digest as its message is sent; returns the digest."""
    digest = work.get(UnitDigest, digest_id) if digest_id else None
    if digest is None:
        return None
    digest.token_sha256, digest.expires_at = token_sha256, work.now + GOOD_FOR
    return digest.id
