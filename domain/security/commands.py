"""Noting what looks wrong or was looked at, and concluding what was noted."""

from datetime import datetime
from typing import Any

import msgspec

from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Staff
from domain.security.records import AuditAnchor, SecurityConclusion, SecurityFinding, Suspicion
from domain.security.workflow import finding_life

LOOK, READ_LIST = "security.look", "security.read_list"


class Suspected(msgspec.Struct, frozen=True):
    """One thing that looks wrong; `occasion` tells it from the next of its kind, so that it is noted once."""

    kind: Suspicion
    staff_id: Id | None
    org_id: Id
    occasion: str
    count: int
    since: datetime
    until: datetime
    detail: str


@command("security.note", "登记异常操作", permission=None, place="internal")
class NoteSuspicions:
    """Note what looks wrong; what is known already is left as it is."""

    found: list[Any] = ask("异常", kind=Kind.HIDDEN)


@handles(NoteSuspicions)
def note_suspicions(order: NoteSuspicions, work: UnitOfWork) -> int:
    """Return how many were new."""
    new = 0
    for one in order.found:
        own = stable_id("security_finding", one.kind, str(one.staff_id or one.org_id), one.occasion)
        if work.get(SecurityFinding, own) is not None:
            continue
        staff = work.get(Staff, one.staff_id)
        finding = SecurityFinding(
            id=own, org_id=one.org_id, kind=one.kind, staff_id=one.staff_id, count=one.count, since=one.since,
            until=one.until, detail=one.detail[:1000],
            staff_name=staff.name if staff else str(one.staff_id or "系统")[:8],
        )  # fmt: skip
        work.start(finding_life, finding)
        work.add(finding)
        new += 1
    return new


@command("security.conclude", "核实并登记结论", permission="security.conclude")
class ConcludeFinding:
    """Say what a verification came to; nobody concludes what is about themselves."""

    finding_id: Id = ask("异常操作", kind=Kind.HIDDEN)
    conclusion: SecurityConclusion = ask("结论", kind=Kind.CHOICE)
    explanation: str = ask("核实经过与处理", kind=Kind.NOTE)


@handles(ConcludeFinding)
def conclude_finding(order: ConcludeFinding, work: UnitOfWork) -> None:
    """Keep the conclusion.

    Raises:
        DomainError: ``security_finding.wrong_state``; ``security_finding.own``; ``security_finding.unexplained``
            (``explanation``) for less than five characters.
    """
    finding = work.require(SecurityFinding, order.finding_id, "finding_id")
    if finding.staff_id is not None and finding.staff_id == work.actor.staff_id:
        raise DomainError("security_finding.own", field="finding_id")
    if len(order.explanation.strip()) < 5:
        raise DomainError("security_finding.unexplained", field="explanation")
    work.move(finding_life, finding, "conclude")
    finding.conclusion, finding.explanation = order.conclusion, order.explanation.strip()
    finding.concluded_by, finding.concluded_name = work.actor.staff_id, work.actor.name


@command(LOOK, "查看客户资料", permission="own.look", place="internal")
class NoteLook:
    """Note that somebody has a client's data before them: nothing changes, the audit has a line of it."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    page: str = ask("页面", kind=Kind.HIDDEN, max_length=200)


@handles(NoteLook)
def note_look(order: NoteLook, work: UnitOfWork) -> None:
    """Leave the client and the page in the entry's note."""
    work.note |= {"patient": order.patient_id.bytes, "page": order.page}


@command(READ_LIST, "查看列表", permission="own.look", place="internal")
class NoteReading:
    """Note that rows with personal data in clear were read out of a list."""

    listing: str = ask("列表", kind=Kind.HIDDEN, max_length=80)
    rows: int = ask("行数", kind=Kind.HIDDEN, low=0)


@handles(NoteReading)
def note_reading(order: NoteReading, work: UnitOfWork) -> None:
    """Leave list and number of rows in the entry's note."""
    work.note |= {"list": order.listing, "rows": order.rows}


@command("security.anchor", "登记审计锚点", permission=None, place="internal")
class AnchorChain:
    """Keep the end of this installation's audit chain, once a day."""

    number: int = ask("审计条数", kind=Kind.HIDDEN, low=1)
    hash: str = ask("校验值", kind=Kind.HIDDEN, max_length=64)


@handles(AnchorChain)
def anchor_chain(order: AnchorChain, work: UnitOfWork) -> bool:
    """Return whether it is the day's first."""
    device_id = work.actor.device_id
    own = stable_id("audit_anchor", str(device_id), f"{clinic(work.now):%Y%m%d}")
    if work.get(AuditAnchor, own) is not None:
        return False
    work.add(
        AuditAnchor(id=own, device_id=device_id, number=order.number, hash=order.hash, anchored_at=work.now)
    )
    return True
