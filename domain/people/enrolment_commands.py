"""Letting a workstation join: a one-time code, then a device key that never leaves the workstation."""

import base64
import dataclasses
import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import and_, or_, select

from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.numbers import next_prefix
from domain.people.records import EnrolmentCode, Organization, Workstation

CODE_BYTES = 16
VALID_FOR = timedelta(hours=24)
LATE_KEPT, USED_KEPT = timedelta(days=7), timedelta(days=90)


@dataclasses.dataclass(frozen=True, slots=True)
class IssuedCode:
    """The code in groups of five; it is shown once, the store keeps only its digest."""

    code: str


@command("workstation.issue_code", "签发登记码", permission="workstation.enrol", place="centre")
class IssueEnrolmentCode:
    """Make a one-time code (128 bits, 24 hours) for one workstation of one organisation."""

    org_id: Id = ask("机构", kind=Kind.HIDDEN)


@handles(IssueEnrolmentCode)
def issue_code(order: IssueEnrolmentCode, work: UnitOfWork) -> IssuedCode:
    """Return the code; its digest is kept."""
    work.require(Organization, order.org_id, "org_id")
    text = base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode().rstrip("=")
    work.add(EnrolmentCode(org_id=order.org_id, digest=digest_of(text), expires_at=work.now + VALID_FOR))
    return IssuedCode("-".join(text[i : i + 5] for i in range(0, len(text), 5)))


@dataclasses.dataclass(frozen=True, slots=True)
class Enrolled:
    """Who the workstation is from now on."""

    device_id: Id
    org_id: Id
    org_name: str
    epoch: int
    number_prefix: str


@command("workstation.enrol", "登记工作站", permission=None, place="internal")
class EnrolWorkstation:
    """Join with a code; the server's enrolment endpoint is the only caller."""

    code: str = ask("登记码", max_length=60)
    name: str = ask("工作站名称")
    public_key: str = ask("设备公钥", max_length=100)


@handles(EnrolWorkstation)
def enrol(order: EnrolWorkstation, work: UnitOfWork) -> Enrolled:
    """Return the identity of the workstation.

    Raises:
        DomainError: ``enrolment.unknown_code``, ``enrolment.used_code`` or ``enrolment.expired_code``.
    """
    code = work.find(EnrolmentCode, digest=digest_of(order.code))
    if code is None:
        raise DomainError("enrolment.unknown_code", field="code")
    if code.used_at is not None:
        raise DomainError("enrolment.used_code", field="code")
    if work.now >= code.expires_at:
        raise DomainError("enrolment.expired_code", field="code")
    organization = work.require(Organization, code.org_id)
    prefix = next_prefix(work)
    station = work.add(
        Workstation(
            org_id=code.org_id, name=order.name, public_key=order.public_key, enrolled_at=work.now,
            number_prefix=prefix,
        )
    )  # fmt: skip
    code.used_at, code.workstation_id = work.now, station.id
    return Enrolled(station.id, code.org_id, organization.name, station.epoch, prefix)


@command("workstation.forget_codes", "清理登记码", permission=None, place="internal")
class ForgetEnrolmentCodes:
    """Remove codes that ran out unused, and used ones whose answer nobody can ask for again; a job of the centre."""


@handles(ForgetEnrolmentCodes)
def forget_codes(_order: ForgetEnrolmentCodes, work: UnitOfWork) -> int:
    """Return how many went. A code that ran out is kept for a week, so that it can still be called late."""
    table = EnrolmentCode
    late = work.list(
        select(table).where(
            or_(
                and_(table.used_at.is_(None), table.expires_at < work.now - LATE_KEPT),
                table.used_at < work.now - USED_KEPT,
            )
        )
    )
    for code in late:
        work.remove(code)
    return len(late)


@command("workstation.revoke", "注销工作站", permission="workstation.revoke", place="centre")
class RevokeWorkstation:
    """Shut a lost workstation out; at its next contact it is refused."""

    workstation_id: Id = ask("工作站", kind=Kind.HIDDEN)
    reason: str = ask("原因", kind=Kind.NOTE)


@handles(RevokeWorkstation)
def revoke(order: RevokeWorkstation, work: UnitOfWork) -> None:
    """Mark it revoked."""
    work.require(Workstation, order.workstation_id, "workstation_id").revoked_at = work.now
    work.note["reason"] = order.reason


def digest_of(code: str) -> str:
    """Return the digest under which a code is kept; case, spaces and hyphens do not matter."""
    plain = code.upper().replace("-", "").replace(" ", "")
    return hashlib.sha256(plain.encode()).hexdigest()
