"""Clients and staff."""

from sqlalchemy import select

from domain.kernel.worklists import Query, worklist
from domain.people.patient_commands import EditPatient
from domain.people.records import Patient, Staff


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
    )


clients.offers(EditPatient)


@worklist("staff.accounts", "账号", permission="staff.view", record=Staff, order="login")
def accounts() -> Query:
    """Who can sign in."""
    return select(Staff.login, Staff.name, Staff.role, Staff.title, Staff.active, Staff.password_set_at)
