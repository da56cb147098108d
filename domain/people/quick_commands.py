"""A PIN for changing persons at a shared desk: set and dropped by oneself, and every use of it noted."""

import enum
import itertools
from datetime import datetime, timedelta

from sqlalchemy import select

from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.password_policy import policy_of
from domain.people.passwords import hash_password, password_matches
from domain.people.quick_records import QuickPin
from domain.people.records import SignInState, Staff
from domain.people.staff_commands import SignInResult, locked_for, term_over

SHORTEST, LONGEST = 6, 12
LEAST_DIFFERENT = 4
REFUSED = "sign_in.quick_refused"
WRONG_MOST = 3
"""Wrong PINs in a row after which the password is asked; other ways of signing in stay open."""


class QuickWay(enum.StrEnum):
    """How somebody came in at a shared desk."""

    PIN = "pin"
    CARD = "card"


@command("staff.set_pin", "设置本机 PIN", permission="own.pin", place="branch")
class SetPin:
    """Set the PIN by which one comes back to this workstation within the hours after one's password."""

    password: str = ask("口令", kind=Kind.SECRET)
    pin: str = ask("新 PIN（6–12 位数字）", kind=Kind.SECRET, max_length=40)
    again: str = ask("再输一次 PIN", kind=Kind.SECRET, max_length=40)


@handles(SetPin)
def set_pin(order: SetPin, work: UnitOfWork) -> None:
    """Keep its hash on this workstation alone; the password given counts as come in by password.

    Raises:
        DomainError: ``password.wrong`` (``password``); ``pin.shape``, ``pin.easy`` (``pin``); ``pin.differs``
            (``again``).
    """
    staff = work.require(Staff, work.actor.staff_id)
    if not password_matches(staff.password_hash, order.password):
        raise DomainError("password.wrong", field="password")
    check_pin(order.pin)
    if order.again != order.pin:
        raise DomainError("pin.differs", field="again")
    known = work.find(QuickPin, staff_id=staff.id)
    if known is None:
        known = work.add(
            QuickPin(
                org_id=staff.org_id, staff_id=staff.id, pin_hash=hash_password(order.pin), set_at=work.now, failures=0
            )
        )  # fmt: skip
    known.pin_hash, known.set_at, known.password_at, known.failures = (
        hash_password(order.pin), work.now, work.now, 0,
    )  # fmt: skip


@command("staff.drop_pin", "停用本机 PIN", permission="own.pin", place="branch")
class DropPin:
    """Come in by password alone from now on at this workstation."""


@handles(DropPin)
def drop_pin(order: DropPin, work: UnitOfWork) -> None:
    """Take it away; ``pin.none`` where there is none."""
    known = work.find(QuickPin, staff_id=work.actor.staff_id)
    if known is None:
        raise DomainError("pin.none")
    work.remove(known)


@command("staff.set_card", "登记工牌", permission="staff.edit", place="centre")
class SetCard:
    """Give a person another staff card, or take the one they have away; a lost one opens nothing from then on."""

    staff_id: Id = ask("账号", kind=Kind.HIDDEN)
    card_no: str | None = ask("工牌号（扫描；不填为收回）", kind=Kind.SCAN, default=None, max_length=60)


@handles(SetCard)
def set_card(order: SetCard, work: UnitOfWork) -> None:
    """Keep its number; ``staff.card_taken`` (``card_no``) if it is somebody else's."""
    staff = work.require(Staff, order.staff_id, "staff_id")
    number = (order.card_no or "").strip() or None
    holders = work.list(select(Staff).where(Staff.card_no == number, Staff.id != staff.id)) if number else []
    if holders:
        raise DomainError("staff.card_taken", field="card_no", name=holders[0].name)
    staff.card_no = number


@command("staff.quick_sign_in", "快速切换登录", permission=None, place="internal")
class QuickSignIn:
    """Note that somebody came in by PIN or card, or tried to.

    `verified` is the outcome of the check made outside the write door, `hours` what this workstation allows.
    """

    staff_id: Id = ask("账号", kind=Kind.HIDDEN)
    way: QuickWay = ask("方式", kind=Kind.HIDDEN)
    verified: bool = ask("已核对", kind=Kind.HIDDEN)
    hours: int = ask("小时数", kind=Kind.HIDDEN)


@handles(QuickSignIn)
def note_quick_sign_in(order: QuickSignIn, work: UnitOfWork) -> SignInResult:
    """Return whom it lets in. Wrong PINs count here alone: nobody locks a colleague's account with them."""
    staff = work.get(Staff, order.staff_id)
    known = work.find(QuickPin, staff_id=order.staff_id)
    work.note |= {"way": order.way.value, "login": "" if staff is None else staff.login}
    if staff is None or known is None or not may_be_quick(staff, known, order.hours, work):
        work.note["outcome"] = "password asked"
        return SignInResult(None, REFUSED)
    if order.verified:
        over = term_over(work, staff)
        if over is not None:
            return over
        known.failures = 0
        work.note["outcome"] = "signed in"
        return SignInResult(staff.id)
    known.failures += 1
    if known.failures >= WRONG_MOST:
        known.password_at = None
    work.note["outcome"] = "refused"
    return SignInResult(None, REFUSED)


def may_be_quick(staff: Staff, known: QuickPin, hours: int, work: UnitOfWork) -> bool:
    """Tell whether a PIN or card is enough now: an account in order whose password was given here lately."""
    state = work.find(SignInState, login=staff.login)
    return (
        staff.active
        and not staff.must_change
        and not policy_of(work.content).expired(staff.password_set_at, work.now)
        and (state is None or locked_for(state, work.now) is None)
        and known.failures < WRONG_MOST
        and is_fresh(known.password_at, staff.password_set_at, hours, work.now)
    )


def is_fresh(password_at: datetime | None, set_at: datetime, hours: int, now: datetime) -> bool:
    """Tell whether the password was given lately: after it was set, and not at a time that is yet to come."""
    return password_at is not None and set_at <= password_at <= now < password_at + timedelta(hours=hours)


def check_pin(pin: str) -> None:
    """Refuse a PIN that is none or is guessed at once; ``pin.shape``, ``pin.easy`` on ``pin``."""
    if not (pin.isascii() and pin.isdigit() and SHORTEST <= len(pin) <= LONGEST):
        raise DomainError("pin.shape", field="pin", least=SHORTEST, most=LONGEST)
    steps = {int(after) - int(before) for before, after in itertools.pairwise(pin)}
    if len(set(pin)) < LEAST_DIFFERENT or steps in ({1}, {-1}) or pin[: len(pin) // 2] * 2 == pin:
        raise DomainError("pin.easy", field="pin", least=LEAST_DIFFERENT)
