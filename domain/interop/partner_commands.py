"""Registering partner systems and changing their set-up: checked, numbered, with what changed and why."""

import ipaddress
from typing import Any

from domain.interop.partner_records import (
    Charset,
    OrderForm,
    Partner,
    PartnerChange,
    PartnerRole,
    PartnerState,
)
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Organization

PERMISSION = "interface.partners"
VERSIONS = frozenset({"2.3.1", "2.4", "2.5", "2.5.1"})
LABELS = {
    "name": "系统名称", "host": "地址", "port": "端口", "tls": "加密传输", "charset": "字符集", "version": "HL7 版本",
    "order_form": "申请消息", "orders": "发送检查申请", "persons": "发送客户资料", "reports": "发送总检结论",
    "active": "启用",
}  # fmt: skip


@command("interface.register_partner", "登记对接系统", permission=PERMISSION)
class RegisterPartner:
    """Keep a partner system of a site; with a reachable address it can be sent to."""

    system_name: str = ask("系统名称", max_length=60)
    role: PartnerRole = ask("类型", kind=Kind.CHOICE)
    application: str = ask("应用标识（MSH-3）", max_length=60)
    facility: str = ask("机构标识（MSH-4，即院区代码）", max_length=60)
    host: str | None = ask("地址（只接收时不填）", default=None, max_length=120)
    port: int | None = ask("端口", kind=Kind.NUMBER, default=None, low=1, high=65535)
    tls: bool = ask("加密传输（TLS）", default=True)
    charset: Charset = ask("字符集", kind=Kind.CHOICE, default=Charset.UTF8)
    version: str = ask("HL7 版本", default="2.5.1", max_length=10)
    order_form: OrderForm = ask("申请消息", kind=Kind.CHOICE, default=OrderForm.ORM)
    orders: bool = ask("发送检查申请", default=False)
    persons: bool = ask("发送客户资料", default=False)
    reports: bool = ask("发送总检结论", default=False)
    reason: str = ask("说明", kind=Kind.NOTE)


@handles(RegisterPartner)
def register_partner(order: RegisterPartner, work: UnitOfWork) -> Id:
    """Return the new partner.

    Raises:
        DomainError: ``partner.facility`` (a code of no organisation); ``partner.exists``; those of `_check`.
    """
    site = work.find(Organization, code=order.facility.strip())
    if site is None:
        raise DomainError("partner.facility", field="facility", given=order.facility)
    sender = f"{order.application.strip()}|{site.code}"
    known = work.find(Partner, sender=sender)
    if known is not None:
        raise DomainError("partner.exists", field="application", name=known.name)
    partner = Partner(
        org_id=site.id, name=order.system_name.strip(), role=order.role, application=order.application.strip(),
        facility=site.code, sender=sender, host=(order.host or "").strip() or None, port=order.port, tls=order.tls,
        charset=order.charset, version=order.version.strip(), order_form=order.order_form, orders=order.orders,
        persons=order.persons, reports=order.reports, active=True, number=1, changed_at=work.now,
    )  # fmt: skip
    _check(partner)
    work.add(partner)
    work.add(
        PartnerState(id=partner.id, org_id=partner.org_id, name=partner.name, recent=[], checked_at=work.now)
    )
    _note(work, partner, f"登记 {partner.role} {sender}", order.reason)
    return partner.id


@command("interface.edit_partner", "修改对接配置", permission=PERMISSION)
class EditPartner:
    """Change the set-up of a partner; what is left out stays. What waits is sent by the new one."""

    partner_id: Id = ask("对接系统", kind=Kind.HIDDEN)
    name: str | None = ask("系统名称", default=None, max_length=60)
    host: str | None = ask("地址", default=None, max_length=120)
    port: int | None = ask("端口", kind=Kind.NUMBER, default=None, low=1, high=65535)
    tls: bool | None = ask("加密传输（TLS）", default=None)
    charset: Charset | None = ask("字符集", kind=Kind.CHOICE, default=None)
    version: str | None = ask("HL7 版本", default=None, max_length=10)
    order_form: OrderForm | None = ask("申请消息", kind=Kind.CHOICE, default=None)
    orders: bool | None = ask("发送检查申请", default=None)
    persons: bool | None = ask("发送客户资料", default=None)
    reports: bool | None = ask("发送总检结论", default=None)
    active: bool | None = ask("启用", default=None)
    reason: str = ask("修改说明", kind=Kind.NOTE)


@handles(EditPartner)
def edit_partner(order: EditPartner, work: UnitOfWork) -> int:
    """Return the number of the change, that of the last where nothing differs.

    Raises:
        DomainError: Those of `_check`.
    """
    partner = work.require(Partner, order.partner_id, "partner_id")
    told = []
    for name, label in LABELS.items():
        value: Any = getattr(order, name)
        value = (
            value.strip() or None if isinstance(value, str) and name in {"name", "host", "version"} else value
        )
        before = getattr(partner, name)
        if value is None or value == before:
            continue
        told.append(f"{label}：{_shown(before)} → {_shown(value)}")
        setattr(partner, name, value)
    if not told:
        return partner.number
    _check(partner)
    partner.number, partner.changed_at = partner.number + 1, work.now
    state = work.require(PartnerState, partner.id)
    state.name, state.failures, state.retry_at, state.checked_at = partner.name, 0, None, work.now
    _note(work, partner, "；".join(told), order.reason)
    return partner.number


@command("interface.pause_partner", "暂停发送", permission=PERMISSION)
class PausePartner:
    """Stop sending to a partner (maintenance there); what is to be sent waits in its order."""

    partner_state_id: Id = ask("接口", kind=Kind.HIDDEN)
    note: str = ask("原因", kind=Kind.NOTE)


@handles(PausePartner)
def pause_partner(order: PausePartner, work: UnitOfWork) -> None:
    """Write it down; receiving goes on."""
    state = work.require(PartnerState, order.partner_state_id, "partner_state_id")
    state.paused, state.reason, state.detail, state.checked_at = True, "by_hand", order.note[:255], work.now
    state.trouble = 2


@command("interface.resume_partner", "恢复发送", permission=PERMISSION)
class ResumePartner:
    """Send again at once, whatever pause was still to be waited."""

    partner_state_id: Id = ask("接口", kind=Kind.HIDDEN)


@handles(ResumePartner)
def resume_partner(order: ResumePartner, work: UnitOfWork) -> None:
    """Write it down; the next answer tells whether the line works."""
    state = work.require(PartnerState, order.partner_state_id, "partner_state_id")
    state.paused, state.reason, state.detail, state.retry_at, state.failures = False, None, None, None, 0
    state.trouble, state.checked_at = 0, work.now


def _check(partner: Partner) -> None:
    """Refuse a set-up that cannot work, or that would send personal data over a network in the clear."""
    if partner.version not in VERSIONS:
        raise DomainError("partner.version", field="version", allowed="、".join(sorted(VERSIONS)))
    sends = partner.orders or partner.persons or partner.reports
    if sends and not (partner.host and partner.port):
        raise DomainError("partner.no_address", field="host")
    if bool(partner.host) != bool(partner.port):
        raise DomainError("partner.no_address", field="port" if partner.host else "host")
    if partner.host and not partner.tls and not _near(partner.host):
        raise DomainError("partner.in_clear", field="tls", host=partner.host)


def _near(host: str) -> bool:
    """Tell whether an address is of this machine or of a private network."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return False


def _note(work: UnitOfWork, partner: Partner, summary: str, reason: str) -> None:
    work.add(
        PartnerChange(
            id=stable_id("partner_change", partner.id, partner.number), org_id=partner.org_id,
            partner_id=partner.id, name=partner.name, number=partner.number, summary=summary[:1000],
            reason=reason, changed_by=work.actor.staff_id, changed_name=work.actor.name, changed_at=work.now,
        )
    )  # fmt: skip


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    return "空" if value is None else str(value)
