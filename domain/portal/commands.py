"""Binding a WeChat account to a client, taking it back, and what is looked at by it: each of them on record."""

from sqlalchemy import select

from domain.interop.one_person import require_theirs
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.links.commands import check_digest, usable
from domain.links.message_commands import renew_form_link
from domain.messaging.commands import mark_read
from domain.messaging.records import Channel, ContactAddress, OutboxMessage
from domain.outgoing.commands import EndOutgoing, HandOutDocument, end_outgoing, hand_out
from domain.outgoing.records import Destination, OutgoingResult
from domain.people.records import Patient
from domain.portal.records import PortalBinding, Relation
from domain.scales.records import FormTask

CONSENT = "2026-1"
"""Version of the sentence that is agreed to (``portal.consent`` and ``portal.consent_family``)."""
MOST_MEMBERS, MOST_ACCOUNTS = 8, 5
"""Clients one account may look at, and accounts that may look at one client."""
PAGES = "client_page.write"


@command("portal.bind", "绑定微信", permission=PAGES, place="internal")
class BindPortal:
    """Somebody with a link of the client and the birth date may look at the client's pages from now on."""

    channel: Channel = ask("渠道", kind=Kind.CHOICE)
    account: str = ask("公众号或小程序", max_length=60)
    openid: str = ask("微信账号", max_length=120)
    link_id: Id = ask("链接", kind=Kind.HIDDEN)
    relation: Relation = ask("与客户关系", kind=Kind.CHOICE)
    agreed: bool = ask("同意")


@handles(BindPortal)
def bind_portal(order: BindPortal, work: UnitOfWork) -> Id:
    """Return the binding, the one that stands if there is one; the client is reached there from now on.

    Raises:
        DomainError: ``portal.consent_missing`` (field ``agreed``); ``portal.too_many_members`` or
            ``portal.too_many_accounts`` (field ``relation``); as `usable` for the link.
    """
    link = usable(work, order.link_id)
    if not order.agreed:
        raise DomainError("portal.consent_missing", field="agreed")
    patient = work.require(Patient, link.patient_id, "link_id")
    b = PortalBinding
    of_account = work.list(
        select(b).where(b.openid == order.openid, b.account == order.account, b.unbound_at.is_(None))
    )
    known = next((one for one in of_account if one.patient_id == patient.id), None)
    if known is not None:
        return known.id
    if len(of_account) >= MOST_MEMBERS:
        raise DomainError("portal.too_many_members", field="relation", most=MOST_MEMBERS)
    others = work.list(select(b).where(b.patient_id == patient.id, b.unbound_at.is_(None)))
    if len(others) >= MOST_ACCOUNTS:
        raise DomainError("portal.too_many_accounts", field="relation", most=MOST_ACCOUNTS)
    _reach(work, order, patient)
    bound = PortalBinding(
        org_id=patient.org_id, channel=order.channel, account=order.account, openid=order.openid,
        patient_id=patient.id, relation=order.relation, consent=CONSENT, link_id=link.id, bound_at=work.now,
    )  # fmt: skip
    return work.add(bound).id


def _reach(work: UnitOfWork, order: BindPortal, patient: Patient) -> None:
    """Let messages to the client go there; who had written before anybody knew them is recognised."""
    a = ContactAddress
    known = work.list(select(a).where(a.channel == order.channel, a.address == order.openid))
    mine = next((one for one in known if one.patient_id == patient.id), None)
    unknown = next((one for one in known if one.patient_id is None and one.staff_id is None), None)
    if mine is None and unknown is not None and order.relation is Relation.SELF:
        mine, unknown.patient_id = unknown, patient.id
    if mine is None:
        work.add(
            ContactAddress(
                org_id=patient.org_id, patient_id=patient.id, channel=order.channel, address=order.openid,
                bound_at=work.now,
            )
        )  # fmt: skip
    else:
        mine.opted_out_at = mine.opted_out_why = None


@command("portal.leave", "客户解除微信绑定", permission=PAGES, place="internal")
class LeavePortal:
    """Whoever is bound does not want to be any more."""

    binding_id: Id = ask("绑定", kind=Kind.HIDDEN)


@handles(LeavePortal)
def leave_portal(order: LeavePortal, work: UnitOfWork) -> None:
    """End it; nothing is shown or sent there any more."""
    _end(work, standing(work, order.binding_id), "客户自行解除")


@command("portal.revoke", "解除微信绑定", permission="portal.revoke")
class RevokeBinding:
    """A member of staff takes a binding away: the client asks for it, the phone is lost, the wrong person."""

    portal_binding_id: Id = ask("绑定", kind=Kind.HIDDEN)
    reason: str = ask("原因", max_length=255)


@handles(RevokeBinding)
def revoke_binding(order: RevokeBinding, work: UnitOfWork) -> None:
    """End it at once. Raises ``portal.over`` (field ``portal_binding_id``), ``input.missing`` without a reason."""
    if not order.reason.strip():
        raise DomainError("input.missing", field="reason", label="原因")
    binding = work.require(PortalBinding, order.portal_binding_id, "portal_binding_id")
    if binding.unbound_at is not None:
        raise DomainError("portal.over", field="portal_binding_id")
    _end(work, binding, order.reason.strip())


def _end(work: UnitOfWork, binding: PortalBinding, why: str) -> None:
    binding.unbound_at, binding.unbound_why, binding.unbound_by = work.now, why, work.actor.staff_id
    address = work.find(
        ContactAddress, channel=binding.channel, address=binding.openid, patient_id=binding.patient_id
    )
    if address is not None and address.opted_out_at is None:
        address.opted_out_at, address.opted_out_why = work.now, f"解除微信绑定：{why}"[:255]


@command("portal.hand_out", "客户在微信查看报告", permission=PAGES, place="internal")
class ShowByPortal:
    """A report is shown, or goes as a file, to whoever is bound; on record before it does."""

    binding_id: Id = ask("绑定", kind=Kind.HIDDEN)
    what: str = ask("内容", max_length=200)


@handles(ShowByPortal)
def show_by_portal(order: ShowByPortal, work: UnitOfWork) -> None:
    """Put it on record. Raises as `standing`."""
    binding = standing(work, order.binding_id)
    told = HandOutDocument(what=order.what, destination=Destination.PHONE, patient_id=binding.patient_id)
    out = hand_out(told, work)
    end_outgoing(EndOutgoing(outgoing_id=out, result=OutgoingResult.DONE, count=1), work)


@command("portal.open_form", "客户在微信打开问卷", permission=PAGES, place="internal")
class OpenPortalForm:
    """A questionnaire that waits is opened by whoever is bound."""

    binding_id: Id = ask("绑定", kind=Kind.HIDDEN)
    task_id: Id = ask("待填问卷", kind=Kind.HIDDEN)
    token_sha256: str = ask("链接摘要", kind=Kind.HIDDEN, max_length=64)


@handles(OpenPortalForm)
def open_portal_form(order: OpenPortalForm, work: UnitOfWork) -> Id:
    """Return a link of its own, which goes on with what was answered; earlier ones are closed.

    Raises:
        DomainError: As `standing`; ``form_task.unknown`` for another client's, ``link.closed`` for one that is over.
    """
    check_digest(order.token_sha256)
    binding = standing(work, order.binding_id)
    task = require_theirs(work, FormTask, order.task_id, "task_id", binding.patient_id)
    if task.state != "issued":
        raise DomainError("link.closed", field="task_id")
    return renew_form_link(work, task, order.token_sha256).id


@command("portal.read_message", "客户在微信查看消息", permission=PAGES, place="internal")
class ReadByPortal:
    """A message is shown to whoever is bound."""

    binding_id: Id = ask("绑定", kind=Kind.HIDDEN)
    message_id: Id = ask("消息", kind=Kind.HIDDEN)


@handles(ReadByPortal)
def read_by_portal(order: ReadByPortal, work: UnitOfWork) -> None:
    """The message counts as read. Raises as `standing`; ``outbox_message.unknown`` for another client's."""
    binding = standing(work, order.binding_id)
    message = require_theirs(work, OutboxMessage, order.message_id, "message_id", binding.patient_id)
    mark_read(work, message)


def standing(work: UnitOfWork, binding_id: Id) -> PortalBinding:
    """Return a binding that is in force. Raises ``portal.over`` (field ``binding_id``)."""
    binding = work.require(PortalBinding, binding_id, "binding_id")
    if binding.unbound_at is not None:
        raise DomainError("portal.over", field="binding_id")
    return binding
