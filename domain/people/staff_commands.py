"""Organisations, staff accounts and signing in."""

import dataclasses
import math
from datetime import datetime, timedelta
from typing import Any

from domain.designs.publishing import give_to_new
from domain.factor.checking import GOOD, Verdict, check_factor
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.attempt_turns import in_turn
from domain.people.lockout import FAILURES, Attempts
from domain.people.offline import OVER, why_over
from domain.people.password_policy import check_password, policy_of, words_of
from domain.people.passwords import hash_password, one_time_password, password_matches
from domain.people.quick_records import QuickPin
from domain.people.records import Organization, OrganizationKind, SignInState, Staff, StaffKey
from domain.rights.reading import adjusted


@command("organization.create", "新建机构", permission="organization.create", place="centre")
class CreateOrganization:
    """Add a node to the organisation tree."""

    code: str = ask("机构代码", max_length=40)
    name: str = ask("机构名称")
    kind: OrganizationKind = ask("类型", kind=Kind.CHOICE, default=OrganizationKind.BRANCH)
    parent_id: Id | None = ask("上级机构", kind=Kind.HIDDEN, default=None)


@handles(CreateOrganization)
def create_organization(order: CreateOrganization, work: UnitOfWork) -> Id:
    """Return the id of the new organisation, which is also its own scope."""
    if work.find(Organization, code=order.code) is not None:
        raise DomainError("organization.exists", field="code", value=order.code)
    own = work.new_id()
    work.add(
        Organization(
            id=own, org_id=own, code=order.code, name=order.name, kind=order.kind, parent_id=order.parent_id
        )
    )
    give_to_new(work, own, order.parent_id)
    return own


@command("staff.create", "新建账号", permission="staff.create", place="centre")
class CreateStaff:
    """Give a person an account in one role; the password must be changed at the first sign-in."""

    login: str = ask("登录名", max_length=60)
    name: str = ask("姓名")
    role: str = ask("角色", kind=Kind.CHOICE, max_length=40)
    password: str = ask("初始口令", kind=Kind.SECRET)
    org_id: Id | None = ask("机构", kind=Kind.HIDDEN, default=None)
    title: str | None = ask("职称", default=None, max_length=60)
    licence_no: str | None = ask("执业证书编号", default=None, max_length=60)
    card_no: str | None = ask("工牌号", default=None, max_length=60)
    must_change: bool = ask("首次登录须修改口令", default=True)


@handles(CreateStaff)
def create_staff(order: CreateStaff, work: UnitOfWork) -> Id:
    """Return the id of the new account."""
    if work.find(Staff, login=order.login) is not None:
        raise DomainError("staff.exists", field="login", value=order.login)
    if order.role not in work.content["authority"].roles:
        raise DomainError("permission.unknown_role", field="role", role=order.role)
    _check(work, order.password, login=order.login, name=order.name)
    staff = work.add(
        Staff(
            org_id=order.org_id, login=order.login, name=order.name, role=order.role, title=order.title,
            licence_no=order.licence_no, card_no=order.card_no, password_hash=hash_password(order.password),
            password_set_at=work.now, must_change=order.must_change,
        )
    )  # fmt: skip
    return staff.id


@command("staff.change_password", "修改口令", permission="own.password")
class ChangePassword:
    """Change one's own password."""

    old: str = ask("原口令", kind=Kind.SECRET)
    password: str = ask("新口令", kind=Kind.SECRET)


@handles(ChangePassword)
def change_password(order: ChangePassword, work: UnitOfWork) -> None:
    """Set the new hash if the old password is right and the new one is allowed and none of the last ones."""
    staff = work.require(Staff, work.actor.staff_id)
    if not password_matches(staff.password_hash, order.old):
        raise DomainError("password.wrong", field="old")
    if order.old == order.password:
        raise DomainError("password.same", field="password")
    _check(work, order.password, login=staff.login, name=staff.name)
    remembered = policy_of(work.content).remembered
    if any(password_matches(past, order.password) for past in staff.password_past or []):
        raise DomainError("password.used_before", field="password", remembered=remembered)
    _set_password(staff, order.password, work, must_change=False)


@dataclasses.dataclass(frozen=True, slots=True)
class OneTimePassword:
    """What the administrator hands over; it is shown once and kept nowhere. `hours`: how long it waits."""

    login: str
    password: str
    hours: int


@command("staff.reset_password", "重置口令", permission="staff.edit", place="centre")
class ResetPassword:
    """Give a person who cannot sign in a password for one sign-in, and open the login if it is locked."""

    staff_id: Id = ask("账号", kind=Kind.HIDDEN)
    reason: str = ask("原因", kind=Kind.NOTE)


@handles(ResetPassword)
def reset_password(order: ResetPassword, work: UnitOfWork) -> OneTimePassword:
    """Return the one-time password; sessions of the account end with the change."""
    staff = work.require(Staff, order.staff_id, "staff_id")
    password = one_time_password()
    _set_password(staff, password, work, must_change=True)
    state = work.find(SignInState, login=staff.login)
    if state is not None:
        state.failures, state.locks, state.locked_until = 0, 0, None
    work.note["reason"] = order.reason
    hours = int(policy_of(work.content).one_time.total_seconds() // 3600)
    return OneTimePassword(staff.login, password, hours)


def _check(work: UnitOfWork, password: str, *, login: str, name: str) -> None:
    check_password(
        password, login=login, name=name, policy=policy_of(work.content), words=words_of(work.content)
    )


def _set_password(staff: Staff, password: str, work: UnitOfWork, *, must_change: bool) -> None:
    past = [staff.password_hash, *(staff.password_past or [])]
    staff.password_past = past[: policy_of(work.content).remembered - 1]
    staff.password_hash = hash_password(password)
    staff.password_set_at = work.now
    staff.must_change = must_change


@command("staff.set_active", "启用或停用账号", permission="staff.edit", place="centre")
class SetStaffActive:
    """Switch an account on or off; off ends its sessions."""

    staff_id: Id = ask("账号", kind=Kind.HIDDEN)
    active: bool = ask("启用")


@handles(SetStaffActive)
def set_staff_active(order: SetStaffActive, work: UnitOfWork) -> None:
    """Set the switch."""
    work.require(Staff, order.staff_id, "staff_id").active = order.active


@command("staff.unlock", "解锁账号", permission="staff.edit")
class UnlockAccount:
    """Open a login that too many failures locked, with a reason for the audit."""

    login: str = ask("登录名", max_length=60)
    reason: str = ask("原因", kind=Kind.NOTE)


@handles(UnlockAccount)
def unlock_account(order: UnlockAccount, work: UnitOfWork) -> None:
    """Forget the failures of this login on this store."""
    state = work.find(SignInState, login=order.login)
    if state is None:
        raise DomainError("staff.not_locked", field="login", value=order.login)
    state.failures, state.locks, state.locked_until = 0, 0, None
    work.note["reason"] = order.reason


@dataclasses.dataclass(frozen=True, slots=True)
class SignInResult:
    """What came of a sign-in.

    `code` tells why not: ``sign_in.refused`` with the fact `left` (tries before the lock), ``sign_in.locked`` with
    `until` (clinic time) and `minutes`, ``sign_in.one_time_over``, ``sign_in.offline_too_long``; where a second
    factor is bound, ``sign_in.code_needed``, ``sign_in.code_wrong`` and ``sign_in.code_used`` with `left`.
    """

    staff_id: Id | None
    code: str = ""
    facts: dict[str, Any] = dataclasses.field(default_factory=dict)
    must_change: bool = False


@command("staff.sign_in", "登录", permission=None, place="internal")
class SignIn:
    """Note an attempt to sign in.

    `verified` is the outcome of the password check made outside the write door, `renewed` the password's hash by
    today's parameters where the stored one was made with others, `code` what was typed for the second factor.
    """

    login: str = ask("登录名", max_length=60)
    verified: bool = ask("口令正确", kind=Kind.HIDDEN)
    renewed: str | None = ask("口令摘要", kind=Kind.HIDDEN, default=None)
    code: str | None = ask("动态码", kind=Kind.HIDDEN, default=None, max_length=40)


@handles(SignIn)
def note_sign_in(order: SignIn, work: UnitOfWork) -> SignInResult:
    """Count failures and lock; a locked login is refused also with the right password."""
    in_turn(work, order.login)
    state = work.find(SignInState, login=order.login)
    if state is None:
        state = work.add(SignInState(login=order.login, org_id=work.actor.org_id))
    attempts = _attempts(state)
    staff = work.find(Staff, login=order.login)
    work.note |= {"login": order.login, "verified": order.verified}
    if attempts.locked_for(work.now) is not None:
        work.note["outcome"] = "locked"
        return SignInResult(None, "sign_in.locked", _lock_facts(attempts, work.now))
    if not order.verified or staff is None or not staff.active:
        return _failed(state, attempts, work, "sign_in.refused")
    policy = policy_of(work.content)
    if staff.must_change and policy.waited_too_long(staff.password_set_at, work.now):
        work.note["outcome"] = "one-time password over"
        return SignInResult(None, "sign_in.one_time_over")
    over = term_over(work, staff)
    if over is not None:
        return over
    verdict = check_factor(work, staff.id, order.code)
    work.note["factor"] = verdict.value
    if verdict is Verdict.MISSING:  # neither counts nor forgives: the right password alone opens nothing
        work.note["outcome"] = "code asked"
        return SignInResult(None, "sign_in.code_needed")
    if verdict not in GOOD:
        used = verdict is Verdict.USED
        return _failed(state, attempts, work, "sign_in.code_used" if used else "sign_in.code_wrong")
    state.failures, state.locks, state.locked_until = 0, 0, None
    work.note["outcome"] = "signed in"
    if order.renewed is not None:
        staff.password_hash = order.renewed
    quick = work.find(QuickPin, staff_id=staff.id)
    if quick is not None:  # for some hours now the PIN is enough at this workstation
        quick.password_at, quick.failures = work.now, 0
    return SignInResult(
        staff.id, must_change=staff.must_change or policy.expired(staff.password_set_at, work.now)
    )


def term_over(work: UnitOfWork, staff: Staff) -> SignInResult | None:
    """Return the refusal of somebody whose workstation was without the centre for too long, None if it was not."""
    authority = work.content.get("authority")
    if authority is None or staff.role not in authority.roles:
        return None
    role = adjusted(work.connection, authority.role(staff.role), staff, work.now)
    facts = why_over(work.connection, role, work.now)
    if facts is None:
        return None
    work.note["outcome"] = "term over"
    return SignInResult(None, OVER, facts)


def locked_for(state: SignInState, now: datetime) -> timedelta | None:
    """Return how long a login stays locked on this store, None if it is open."""
    return _attempts(state).locked_for(now)


def _attempts(state: SignInState) -> Attempts:
    return Attempts(state.failures or 0, state.locks or 0, state.last_failure_at, state.locked_until)


def _failed(state: SignInState, attempts: Attempts, work: UnitOfWork, code: str) -> SignInResult:
    """Count a failure, of the password or of the second factor alike, and say what is left before the lock."""
    after = attempts.failed(work.now)
    state.failures, state.locks = after.failures, after.locks
    state.last_failure_at, state.locked_until = after.last_failure_at, after.locked_until
    work.note["outcome"] = "refused"
    if after.locked_for(work.now) is not None:
        return SignInResult(None, "sign_in.locked", _lock_facts(after, work.now))
    return SignInResult(None, code, {"left": FAILURES - after.failures})


def _lock_facts(attempts: Attempts, now: datetime) -> dict[str, Any]:
    """Return when a lock ends, as people read it: a clock set back counts from the present time."""
    remaining = attempts.locked_for(now) or timedelta()
    until = clinic(now + remaining)
    told = until.strftime("%H:%M" if until.date() == clinic(now).date() else "%m月%d日 %H:%M")
    return {"until": told, "minutes": math.ceil(remaining.total_seconds() / 60)}


@command("staff.keep_key", "建立签名密钥", permission="own.key", place="internal")
class KeepSigningKey:
    """Keep the signing key of the person signed in; its public half becomes part of the account."""

    private_key: bytes = ask("私钥", kind=Kind.HIDDEN)
    public_key: str = ask("公钥", kind=Kind.HIDDEN, max_length=100)


@handles(KeepSigningKey)
def keep_key(order: KeepSigningKey, work: UnitOfWork) -> None:
    """Keep both halves; a person has one key on an installation."""
    staff = work.require(Staff, work.actor.staff_id)
    work.add(StaffKey(org_id=staff.org_id, staff_id=staff.id, private_key=order.private_key))
    staff.signing_key = order.public_key
