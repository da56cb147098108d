"""Signed reports that are on their way, that wait to be handed over, and every edition and hand-over."""

from sqlalchemy import select

from domain.checkup.worklists import issued
from domain.delivery.change_commands import SettleReportChange
from domain.delivery.change_records import ReportChange
from domain.delivery.commands import (
    HAND_OVER,
    ConfirmReceived,
    HandReportOver,
    ReopenReport,
    SendReportAgain,
    TellReportReady,
)
from domain.delivery.records import ReportDelivery, ReportHandOver
from domain.kernel.worklists import Query, worklist
from domain.people.records import Organization, Patient

VIEW = "report.view"


@worklist(
    "report.on_the_way",
    "报告下发与接收",
    permission="report.send_again",
    record=ReportDelivery,
    order="due_at",
)
def on_the_way() -> Query:
    """Editions the branch has not read back, by what runs out first."""
    d = ReportDelivery
    return (
        select(
            d.number, d.edition, Organization.name.label("branch"), d.state, d.due_at, d.fault, d.tries, d.issued_at,
            d.sent_at,
        )
        .outerjoin(Organization, Organization.id == d.org_id)
        .where(d.due_at.is_not(None))
    )  # fmt: skip


on_the_way.offers(ConfirmReceived, SendReportAgain)


@worklist("report.to_hand_over", "报告待交付", permission=HAND_OVER, record=ReportDelivery, order="issued_at")
def to_hand_over() -> Query:
    """Editions nobody was given, the oldest first; `replaces_handed`: the client holds an earlier one."""
    d = ReportDelivery
    return (
        select(
            d.number, d.edition, d.replaces_handed, Patient.name, Patient.number.label("patient_number"),
            Patient.phone, d.issued_at, d.received_at, d.told_at,
        )
        .join(Patient, Patient.id == d.patient_id)
        .where(d.state == "received", d.handed_at.is_(None))
    )  # fmt: skip


to_hand_over.offers(HandReportOver, TellReportReady)


@worklist("report.editions", "报告各版次", permission=VIEW, record=ReportDelivery, order="-issued_at")
def editions() -> Query:
    """Every signed edition, the latest first, with what became of it."""
    d = ReportDelivery
    return select(
        d.number, d.edition, d.state, Patient.name, Patient.number.label("patient_number"), d.issued_at, d.amends,
        d.received_at, d.received_by, d.handed_at, d.told_at, d.withdrawn_at, d.withdrawn_by, d.withdrawn_why,
    ).join(Patient, Patient.id == d.patient_id)  # fmt: skip


editions.offers(HandReportOver, TellReportReady, SendReportAgain)


issued.offers(ReopenReport)


@worklist(
    "report.changed_after", "签发后有变化的报告", permission=VIEW, record=ReportChange, order="-state_since"
)
def changed_after() -> Query:
    """Reports that are out and no longer say what is kept, the latest first, and what was decided."""
    c = ReportChange
    return select(
        c.number, c.edition, Patient.name, c.places, c.state, c.state_since, c.due_at, c.settled_by, c.settled_why,
    ).join(Patient, Patient.id == c.patient_id)  # fmt: skip


changed_after.offers(SettleReportChange)


@worklist("report.hand_overs", "报告交付记录", permission=HAND_OVER, record=ReportHandOver, order="-given_at")
def hand_overs() -> Query:
    """Who took which edition, the latest first."""
    h = ReportHandOver
    return (
        select(
            ReportDelivery.number, h.edition, h.version, h.way, Patient.name, h.taker, h.taker_name, h.proof,
            h.receipt, h.given_at, h.staff_name,
        )
        .join(Patient, Patient.id == h.patient_id)
        .join(ReportDelivery, ReportDelivery.id == h.delivery_id)
    )  # fmt: skip
