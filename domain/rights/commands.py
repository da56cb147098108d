"""Adjusting rights: by administrators, by who passes on what they have, approved by a second person, and ended."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Staff
from domain.rights.reading import adjustments, is_powerful, known_permissions
from domain.rights.records import RightsChange, RightsEffect
from domain.rights.workflow import rights_life

ADJUST, DELEGATE, APPROVE = "staff.rights", "rights.delegate", "rights.approve"
LONGEST_DAYS = 90
"""Days for which somebody may pass a right on."""
SUGGESTED = 5


@command("rights.adjust_role", "调整角色权限", permission=ADJUST, place="centre")
class AdjustRole:
    """Grant a right to everybody of a role at one's organisation and below, or withdraw it."""

    role: str = ask("角色", kind=Kind.CHOICE, max_length=40)
    right: str = ask("功能名称或权限代码", max_length=80)
    effect: RightsEffect = ask("调整", kind=Kind.CHOICE)
    days: int | None = ask("有效天数（不填为长期）", kind=Kind.NUMBER, default=None, low=1, high=3650)
    reason: str = ask("原因", kind=Kind.NOTE)
    org_id: Id | None = ask("适用机构", kind=Kind.HIDDEN, default=None)


@handles(AdjustRole)
def adjust_role(order: AdjustRole, work: UnitOfWork) -> Id:
    """Return the id; one that grants something powerful waits for a second person.

    Raises:
        DomainError: ``permission.unknown_role`` (``role``); ``rights_change.unknown_right`` (``right``) with what is
            like it; ``rights_change.lockout`` (``right``): nobody could give rights any more.
    """
    if order.role not in work.content["authority"].roles:
        raise DomainError("permission.unknown_role", field="role", role=order.role)
    permission = permission_of(order.right)
    if order.effect is RightsEffect.WITHDRAW and permission == ADJUST:
        raise DomainError("rights_change.lockout", field="right")
    org_id = order.org_id or work.actor.org_id
    if not work.actor.sees(org_id):
        raise DomainError("organization.unknown", field="org_id", value=str(org_id))
    return _keep(work, permission, order.effect, order.reason, order.days, org_id=org_id, role=order.role)


@command("rights.adjust_person", "调整个人权限", permission=ADJUST, place="centre")
class AdjustPerson:
    """Grant a right to one person, or withdraw it; nobody adjusts their own."""

    staff_id: Id = ask("账号", kind=Kind.HIDDEN)
    right: str = ask("功能名称或权限代码", max_length=80)
    effect: RightsEffect = ask("调整", kind=Kind.CHOICE)
    days: int | None = ask("有效天数（不填为长期）", kind=Kind.NUMBER, default=None, low=1, high=3650)
    reason: str = ask("原因", kind=Kind.NOTE)


@handles(AdjustPerson)
def adjust_person(order: AdjustPerson, work: UnitOfWork) -> Id:
    """Return the id.

    Raises:
        DomainError: ``staff.unknown``; ``rights_change.own`` (``staff_id``); ``rights_change.unknown_right``.
    """
    staff = other_person(work, order.staff_id)
    return _keep(work, permission_of(order.right), order.effect, order.reason, order.days, staff=staff)


@command("rights.delegate", "转授权限", permission=DELEGATE, place="centre")
class DelegateRight:
    """Pass a right that one has on to a person of one's organisation or below it, for some days."""

    staff_id: Id = ask("账号", kind=Kind.HIDDEN)
    right: str = ask("功能名称或权限代码", max_length=80)
    days: int = ask("天数", kind=Kind.NUMBER, low=1, high=LONGEST_DAYS)
    reason: str = ask("原因", kind=Kind.NOTE)


@handles(DelegateRight)
def delegate_right(order: DelegateRight, work: UnitOfWork) -> Id:
    """Return the id; it is in force at once and no longer than the giver's own right is.

    Raises:
        DomainError: ``staff.unknown``; ``rights_change.own``; ``rights_change.unknown_right``;
            ``rights_change.not_yours`` (``right``): nobody gives what they have not, and nothing powerful but the
            right to pass on itself.
    """
    staff = other_person(work, order.staff_id)
    permission = permission_of(order.right)
    if not work.actor.may(permission) or (is_powerful(permission) and permission != DELEGATE):
        raise DomainError("rights_change.not_yours", field="right", right=_covers(permission))
    return _keep(
        work, permission, RightsEffect.GRANT, order.reason, order.days, staff=staff, delegated=True,
        longest=_own_end(work, permission),
    )  # fmt: skip


@command("rights.approve", "批准权限调整", permission=APPROVE, place="centre")
class ApproveRights:
    """Let a powerful right come into force; not by who proposed it, nor by who would have it."""

    rights_change_id: Id = ask("权限调整", kind=Kind.HIDDEN)


@handles(ApproveRights)
def approve_rights(order: ApproveRights, work: UnitOfWork) -> None:
    """Put it in force; ``rights_change.own_work``, ``rights_change.wrong_state``."""
    _decide(work, order.rights_change_id, "approve")


@command("rights.refuse", "不批准权限调整", permission=APPROVE, place="centre")
class RefuseRights:
    """Refuse a powerful right."""

    rights_change_id: Id = ask("权限调整", kind=Kind.HIDDEN)
    reason: str = ask("原因", kind=Kind.NOTE)


@handles(RefuseRights)
def refuse_rights(order: RefuseRights, work: UnitOfWork) -> None:
    """Refuse it for good; ``rights_change.own_work``, ``rights_change.wrong_state``."""
    _decide(work, order.rights_change_id, "refuse").ended_why = order.reason.strip()


@command("rights.end", "结束权限调整", permission="own.rights", place="centre")
class EndRights:
    """End an adjustment: who gave it, or who adjusts rights."""

    rights_change_id: Id = ask("权限调整", kind=Kind.HIDDEN)
    reason: str = ask("原因", kind=Kind.NOTE)


@handles(EndRights)
def end_rights(order: EndRights, work: UnitOfWork) -> int:
    """Return how many ended: with a right that was granted to somebody ends what they passed on of it, and so on.

    Raises:
        DomainError: ``rights_change.not_given`` for what somebody else gave; ``rights_change.wrong_state``.
    """
    change = work.require(RightsChange, order.rights_change_id, "rights_change_id")
    if change.given_by != work.actor.staff_id and not work.actor.may(ADJUST):
        raise DomainError("rights_change.not_given", field="rights_change_id")
    ended, waiting = 0, [change]
    while waiting:
        one = waiting.pop()
        work.move(rights_life, one, "end")
        one.ended_why, one.decided_by, one.decided_name = order.reason, work.actor.staff_id, work.actor.name
        ended += 1
        if one.staff_id is None or one.effect is not RightsEffect.GRANT:
            continue
        passed_on = select(RightsChange).where(
            RightsChange.given_by == one.staff_id, RightsChange.delegated.is_(True),
            RightsChange.permission == one.permission, RightsChange.state == "in_force",
        )  # fmt: skip
        known = {waits.id for waits in waiting}
        waiting += [
            child for child in work.list(passed_on) if child.id not in known and child.state == "in_force"
        ]
    return ended


def permission_of(text: str) -> str:
    """Return the permission somebody means: its code, or the name of a function that asks for it.

    Raises:
        DomainError: ``rights_change.unknown_right`` (``right``) with names that are like it.
    """
    known = known_permissions()
    wanted = text.strip()
    if wanted in known:
        return wanted
    named = [permission for permission, labels in known.items() if wanted in labels]
    if len(named) == 1:
        return named[0]
    like = [label for labels in known.values() for label in labels if wanted and wanted in label]
    like = named or list(dict.fromkeys(like))
    raise DomainError(
        "rights_change.unknown_right", field="right", value=wanted, like="、".join(like[:SUGGESTED]) or "—"
    )


def _covers(permission: str) -> str:
    return "、".join(dict.fromkeys(known_permissions()[permission]))[:500]


def other_person(work: UnitOfWork, staff_id: Id) -> Staff:
    """Return an account that is not one's own; ``staff.unknown``, ``rights_change.own``."""
    staff = work.require(Staff, staff_id, "staff_id")
    if staff.id == work.actor.staff_id:
        raise DomainError("rights_change.own", field="staff_id")
    return staff


def _own_end(work: UnitOfWork, permission: str) -> datetime | None:
    """Return when the actor's own right ends, where it was granted for a time and the role has it not."""
    me = work.get(Staff, work.actor.staff_id)
    shipped = work.content["authority"].roles.get(work.actor.role)
    if me is None or shipped is None or shipped.may(permission):
        return None
    ends = [
        row.until
        for row in adjustments(work.connection, me, work.now)
        if row.permission == permission and row.effect == RightsEffect.GRANT
    ]
    return None if not ends or None in ends else max(ends)


def _keep(
    work: UnitOfWork, permission: str, effect: RightsEffect, reason: str, days: int | None, **more: Any
) -> Id:
    waits = effect is RightsEffect.GRANT and is_powerful(permission) and not more.get("delegated")
    return record_change(
        work, permission, effect, reason, days, waits=waits, covers=_covers(permission), **more
    )


def record_change(
    work: UnitOfWork,
    permission: str,
    effect: RightsEffect,
    reason: str,
    days: int | None,
    *,
    covers: str,
    waits: bool,
    staff: Staff | None = None,
    longest: datetime | None = None,
    **more: Any,
) -> Id:
    """Keep one adjustment and return its id; `waits` for a second person, or in force at once."""
    if work.actor.staff_id is None:
        raise DomainError("rights_change.nobody")
    until = None if days is None else work.now + timedelta(days=days)
    if longest is not None:
        until = longest if until is None else min(until, longest)
    person = {} if staff is None else {"org_id": staff.org_id, "staff_id": staff.id, "staff_name": staff.name}
    change = RightsChange(
        permission=permission, covers=covers, effect=effect, reason=reason.strip(), until=until,
        given_by=work.actor.staff_id, given_name=work.actor.name, **person, **more,
    )  # fmt: skip
    rights_life.enter(change, "proposed" if waits else "in_force", work.now)
    return work.add(change).id


def _decide(work: UnitOfWork, change_id: Id, move: str) -> RightsChange:
    change = work.require(RightsChange, change_id, "rights_change_id")
    if work.actor.staff_id in {change.given_by, change.staff_id}:
        raise DomainError("rights_change.own_work", field="rights_change_id")
    work.move(rights_life, change, move)
    change.decided_by, change.decided_name = work.actor.staff_id, work.actor.name
    return change
