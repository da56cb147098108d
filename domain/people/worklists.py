"""Clients and staff."""

from sqlalchemy import select
from sqlalchemy.orm import aliased

from domain.interop.one_person import stays_in_lists
from domain.kernel.worklists import Query, worklist
from domain.people.identity_commands import VerifyIdentity
from domain.people.identity_records import IdentityChange, IdentityCheck
from domain.people.light_commands import CheckIdentity
from domain.people.light_records import IdentityLight
from domain.people.patient_commands import EditPatient
from domain.people.quick_commands import SetCard
from domain.people.records import Patient, Staff
from domain.people.staff_commands import CreateStaff, ResetPassword, SetStaffActive


@worklist("people.clients", "客户", permission="people.view", record=Patient, order="number")
def clients() -> Query:
    """Every client of the organisation."""
    return select(
        Patient.number,
        Patient.name,
        Patient.sex,
        Patient.birth_date,
        Patient.id_number,
        Patient.phone,
        Patient.card_no,
    ).where(stays_in_lists(Patient.id))


clients.offers(EditPatient, CheckIdentity)


@worklist(
    "people.identity_checks", "身份待核实", permission="people.view", record=IdentityCheck, order="found_at"
)
def identity_checks() -> Query:
    """Who somebody is has to be looked at: results wait for it. The first that came, first."""
    return (
        select(
            IdentityCheck.urgent, IdentityCheck.visit_number, IdentityCheck.reason, IdentityCheck.said_name,
            IdentityCheck.said_sex, IdentityCheck.said_birth_date, IdentityCheck.said_id_number, Patient.name,
            Patient.sex, Patient.birth_date, Patient.id_number, IdentityCheck.found_at, IdentityCheck.state,
            IdentityCheck.due_at,
        )
        .outerjoin(Patient, Patient.id == IdentityCheck.patient_id)
        .where(IdentityCheck.state == "pending")
    )  # fmt: skip


identity_checks.offers(VerifyIdentity)


@worklist(
    "people.identity_changes",
    "身份更正记录",
    permission="people.view",
    record=IdentityChange,
    order="-changed_at",
)
def identity_changes() -> Query:
    """What was corrected of identities, by whom and why, the latest first."""
    return select(
        IdentityChange.changed_at, Patient.number, Patient.name, IdentityChange.summary, IdentityChange.reason,
        IdentityChange.difference, IdentityChange.staff_name,
    ).join(Patient, Patient.id == IdentityChange.patient_id)  # fmt: skip


@worklist("people.same_number", "证件号码重复", permission="people.view", record=Patient, order="number")
def same_number() -> Query:
    """Clients who share an identity number, registered where the stores did not see each other."""
    other = aliased(Patient)
    twin = select(other.id).where(other.id_number == Patient.id_number, other.id != Patient.id)
    return select(
        Patient.id_number, Patient.number, Patient.name, Patient.sex, Patient.birth_date, Patient.phone
    ).where(Patient.id_number.is_not(None), twin.exists())


same_number.offers(EditPatient)


@worklist("staff.accounts", "账号", permission="staff.view", record=Staff, order="login")
def accounts() -> Query:
    """Who can sign in."""
    return select(Staff.login, Staff.name, Staff.role, Staff.title, Staff.active, Staff.password_set_at)


accounts.offers(CreateStaff, ResetPassword, SetStaffActive, SetCard)


@worklist(
    "people.lights", "身份核查记录", permission="people.view", record=IdentityLight, order="-checked_at"
)
def lights() -> Query:
    """Every comparison of a person with a record, the latest first."""
    return select(
        IdentityLight.light, Patient.number, Patient.name, IdentityLight.reasons, IdentityLight.compared,
        IdentityLight.said_name, IdentityLight.said_id_number, IdentityLight.checked_at, IdentityLight.staff_name,
    ).join(Patient, Patient.id == IdentityLight.patient_id)  # fmt: skip
