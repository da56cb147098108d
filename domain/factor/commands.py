"""Binding an authenticator app to one's account, and taking it off again for somebody who lost it."""

import dataclasses
from datetime import timedelta

from domain.factor.checking import FACTOR_KEY
from domain.factor.codes import (
    RECOVERY_CODES,
    base32,
    enrolment_uri,
    is_app_code,
    matching_step,
    new_secret,
    plain,
    recovery_code,
    recovery_digest,
    seal,
    unseal,
)
from domain.factor.records import SecondFactor
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.passwords import password_matches
from domain.people.records import Staff

PENDING_FOR = timedelta(minutes=15)


@dataclasses.dataclass(frozen=True, slots=True)
class Enrolment:
    """What the app needs, shown once: `uri` for the QR code, `secret` (base 32) to type in."""

    uri: str
    secret: str
    minutes: int


@command("factor.begin", "绑定双因素认证", permission="own.factor", place="centre")
class BeginFactor:
    """Make a new secret for one's own account; it holds once its first code has been seen."""

    password: str = ask("口令", kind=Kind.SECRET)


@handles(BeginFactor)
def begin_factor(order: BeginFactor, work: UnitOfWork) -> Enrolment:
    """Return what the app needs; asked again before it is confirmed, the former secret is worth nothing.

    Raises:
        DomainError: ``factor.already``: it is bound, only a reset by somebody else takes it off; ``factor.password``.
    """
    key = _key(work)
    staff = work.require(Staff, work.actor.staff_id)
    held = work.find(SecondFactor, staff_id=staff.id)
    if held is not None and held.bound:
        raise DomainError("factor.already")
    if not password_matches(staff.password_hash, order.password):
        raise DomainError("factor.password", field="password")
    if held is None:
        held = work.add(SecondFactor(org_id=staff.org_id, staff_id=staff.id))
    secret = new_secret()
    held.pending, held.pending_until = seal(key, staff.id, secret), work.now + PENDING_FOR
    issuer = work.content["texts"].say("factor.issuer")
    minutes = int(PENDING_FOR.total_seconds() // 60)
    return Enrolment(enrolment_uri(secret, staff.login, issuer), base32(secret), minutes)


@dataclasses.dataclass(frozen=True, slots=True)
class RecoveryCodes:
    """Ten codes, each good once in place of the app's; shown this once."""

    codes: list[str]


@command("factor.confirm", "确认双因素认证", permission="own.factor", place="centre")
class ConfirmFactor:
    """Prove that the app has the secret; from now on sign-ins at the centre ask for its codes."""

    code: str = ask("动态码", max_length=20)


@handles(ConfirmFactor)
def confirm_factor(order: ConfirmFactor, work: UnitOfWork) -> RecoveryCodes:
    """Return the recovery codes. All sessions of the account end, so that none goes on without the second factor.

    Raises:
        DomainError: ``factor.not_begun`` (or too long ago), ``factor.wrong``.
    """
    key = _key(work)
    staff = work.require(Staff, work.actor.staff_id)
    held = work.find(SecondFactor, staff_id=staff.id)
    if held is None or held.pending is None or held.pending_until is None or work.now > held.pending_until:
        raise DomainError("factor.not_begun", field="code")
    secret, given = unseal(key, staff.id, held.pending), plain(order.code)
    step = matching_step(secret, given, work.now) if secret is not None and is_app_code(given) else None
    if step is None:
        raise DomainError("factor.wrong", field="code")
    codes = [recovery_code() for _ in range(RECOVERY_CODES)]
    held.sealed, held.pending, held.pending_until = held.pending, None, None
    held.recovery, held.recovery_left = [recovery_digest(key, staff.id, c) for c in codes], len(codes)
    held.last_step, held.since, held.bound = step, work.now, True
    return RecoveryCodes(codes)


@command("factor.reset", "重置双因素认证", permission="factor.reset", place="centre")
class ResetFactor:
    """Take the second factor off an account whose owner lost app and recovery codes; never off one's own."""

    staff_id: Id = ask("账号", kind=Kind.HIDDEN)
    reason: str = ask("原因", kind=Kind.NOTE)


@handles(ResetFactor)
def reset_factor(order: ResetFactor, work: UnitOfWork) -> None:
    """Forget secret and recovery codes and end the account's sessions; the reason goes into the audit.

    Raises:
        DomainError: ``factor.own``, ``factor.not_bound``.
    """
    if order.staff_id == work.actor.staff_id:
        raise DomainError("factor.own", field="staff_id")
    staff = work.require(Staff, order.staff_id, "staff_id")
    held = work.find(SecondFactor, staff_id=staff.id)
    if held is None or not held.bound:
        raise DomainError("factor.not_bound", field="staff_id", name=staff.name)
    held.sealed = held.pending = held.pending_until = held.recovery = None
    held.recovery_left, held.bound, held.since = 0, False, work.now
    work.note["reason"] = order.reason


def _key(work: UnitOfWork) -> bytes:
    key: bytes | None = work.content.get(FACTOR_KEY)
    if key is None:
        raise DomainError("factor.only_centre")
    return key
