"""Who looks after whom, for who sees only their own clients and for who leads them."""

from sqlalchemy import select

from domain.kernel.worklists import Query, worklist
from domain.people.records import Patient
from domain.people.tie_commands import AssignClient, EndTie, TakeOnClient
from domain.people.tie_records import ClientTie
from domain.people.worklists import clients

clients.offers(AssignClient, TakeOnClient)


@worklist("people.ties", "客户归属", permission="people.view", record=ClientTie, order="-since")
def client_ties() -> Query:
    """Who is whose, the latest first; those of conversations, tasks and receptions are in their own lists."""
    return select(
        ClientTie.since, Patient.number, Patient.name, ClientTie.staff_name, ClientTie.kind, ClientTie.until,
        ClientTie.reason, ClientTie.given_name,
    ).join(Patient, Patient.id == ClientTie.patient_id)  # fmt: skip


client_ties.offers(EndTie)
