"""Giving a client the risk report on the phone: a link that is open for one session, or for as many as were said.

A session begins with the birth date and lasts `SESSION`. Whoever says the birth date again within it (a lost line,
another browser of the same phone) goes on in the same session. Every time that the report is shown to somebody who
said the birth date is on record as an outgoing document.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from domain.kernel.columns import Sensitivity
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.links.commands import check_digest, usable
from domain.links.records import LinkPurpose, PersonLink
from domain.outgoing.commands import EndOutgoing, HandOutDocument, end_outgoing, hand_out
from domain.outgoing.records import Destination, OutgoingResult
from domain.people.records import Patient
from domain.risk.records import RiskAssessment

SESSION = timedelta(minutes=30)
"""How long the report may be read after the birth date was said."""
WHAT = "健康风险评估报告（手机网页）"


@dataclass(frozen=True)
class Shared:
    """A link to a report: until when it opens, and for how many sessions."""

    link_id: Id
    expires_at: datetime
    most_openings: int


@command("link.share_report", "风险报告发到客户手机", permission="risk.view")
class ShareReport:
    """The client reads the risk report on the phone; the link's secret stays with who asked."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    token_sha256: str = ask("链接摘要", kind=Kind.HIDDEN, max_length=64)
    most_openings: int = ask("可查看次数", default=1, low=1, high=50)
    valid_days: int = ask("有效天数", default=30, low=1, high=90, unit="d")


@handles(ShareReport)
def share_report(order: ShareReport, work: UnitOfWork) -> Shared:
    """Return what the link allows; earlier links to the report of the same client are closed.

    Raises:
        DomainError: ``assessment.clearance``: who may not read the report could open it by the link;
            ``risk.never_assessed``.
    """
    check_digest(order.token_sha256)
    if work.actor.clearance < Sensitivity.SENSITIVE:
        raise DomainError("assessment.clearance")
    patient = work.require(Patient, order.patient_id, "patient_id")
    if work.find(RiskAssessment, patient_id=patient.id) is None:
        raise DomainError("risk.never_assessed", field="patient_id")
    standing = select(PersonLink).where(
        PersonLink.patient_id == patient.id, PersonLink.purpose == LinkPurpose.REPORT,
        PersonLink.revoked_at.is_(None),
    )  # fmt: skip
    for earlier in work.list(standing):
        earlier.revoked_at, earlier.reason = work.now, "另发了新的链接"
    link = PersonLink(
        org_id=patient.org_id, token_sha256=order.token_sha256, patient_id=patient.id, purpose=LinkPurpose.REPORT,
        most_openings=order.most_openings, issued_by=work.actor.staff_id, issued_at=work.now,
        expires_at=work.now + timedelta(days=order.valid_days),
    )  # fmt: skip
    return Shared(work.add(link).id, link.expires_at, order.most_openings)


@command("link.read_report", "客户查看风险报告", permission="client_page.write", place="internal")
class ReadReport:
    """Somebody with the link and the birth date is shown the report; of the server's page alone."""

    link_id: Id = ask("链接", kind=Kind.HIDDEN)


@handles(ReadReport)
def read_report(order: ReadReport, work: UnitOfWork) -> datetime:
    """Return when the session that is on ends; it is counted if it begins now, and on record in any case.

    Raises:
        DomainError: ``link.seen`` with no session left; as `usable`.
    """
    link = usable(work, order.link_id)
    if is_spent(link.openings, link.most_openings, link.opened_at, work.now):
        raise DomainError("link.seen", field="link_id")
    if link.opened_at is None or work.now >= link.opened_at + SESSION:
        link.openings += 1
        link.opened_at = work.now
    out = hand_out(
        HandOutDocument(what=WHAT, destination=Destination.PHONE, patient_id=link.patient_id), work
    )
    end_outgoing(EndOutgoing(outgoing_id=out, result=OutgoingResult.DONE, count=1), work)
    return link.opened_at + SESSION


def is_spent(openings: int, most: int, opened_at: datetime | None, now: datetime) -> bool:
    """Tell whether every session has been used and the last is over."""
    return openings >= most and (opened_at is None or now >= opened_at + SESSION)
