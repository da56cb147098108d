"""Lists that were checked, their lines, and whose identity is still to be checked."""

from sqlalchemy import select

from domain.kernel.worklists import Query, worklist
from domain.people.records import Patient
from domain.people.roster_commands import SettleIdentityDuty
from domain.people.roster_records import IdentityBatch, IdentityDuty, IdentityEntry


@worklist(
    "people.lists", "名单身份核查", permission="people.view", record=IdentityBatch, order="-imported_at"
)
def lists() -> Query:
    """Every list, the latest first; its record prints the report."""
    b = IdentityBatch
    return select(
        b.name,
        b.rows,
        b.checked,
        b.green,
        b.yellow,
        b.red,
        b.outside,
        b.file_name,
        b.imported_at,
        b.staff_name,
    )


@worklist(
    "people.list_lines", "名单核查明细", permission="people.view", record=IdentityEntry, order="-checked_at"
)
def list_lines() -> Query:
    """Every line of every list, the latest first."""
    e = IdentityEntry
    return (
        select(
            IdentityBatch.name.label("list_name"), e.row, e.said_name, e.said_sex, e.said_birth_date,
            e.said_id_number, e.light, e.reasons, e.compared, e.remarks, e.outside,
            Patient.number.label("client_number"), e.checked_at,
        )
        .join(IdentityBatch, IdentityBatch.id == e.batch_id)
        .outerjoin(Patient, Patient.id == e.compared_with)
    )  # fmt: skip


@worklist("people.duties", "待核查身份", permission="people.view", record=IdentityDuty, order="due_at")
def duties() -> Query:
    """Whose identity is still to be checked, the most urgent first."""
    d = IdentityDuty
    return (
        select(
            d.due_at, d.source, d.said_name, Patient.number.label("client_number"), d.light, d.reasons, d.state,
            d.state_since,
        )
        .outerjoin(Patient, Patient.id == d.patient_id)
        .where(d.state == "waiting")
    )  # fmt: skip


duties.offers(SettleIdentityDuty)
