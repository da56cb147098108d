"""The client is here: today's visit is found or opened and its clock started, in one go of the writer queue."""

from typing import Any

from client.stations.front_desk.encounter import Encounter, read_encounter
from client.stations.front_desk.finding import day_of
from domain.biobank.records import Specimen
from domain.catalog.content import Catalog
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.kernel.authority import Actor
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.store import Store
from domain.kernel.worklists import records


def arrive_person(desk: Any, actor: Actor, patient_id: Id) -> tuple[Encounter, Catalog, bool]:
    """Return today's visit of a client, the catalogue, and whether the client has arrived just now.

    A visit the checkup system announced is the one that is found. The day is the clinic's, not UTC's.

    Raises:
        DomainError: Of the commands; ``visit.unknown`` if the visit is not within the reader's scope.
    """
    order = OpenVisit(patient_id=patient_id, visit_date=day_of(desk.clock()))
    visit_id = desk.dispatcher.run(order, actor).receipt.visit_id
    catalog = desk.dispatcher.content["catalog"]
    encounter = read_encounter(desk.store, actor, catalog, visit_id)
    if encounter is None:
        raise DomainError("visit.unknown", field="visit_id")
    if encounter.state != "registered":
        return encounter, catalog, False
    desk.dispatcher.run(Arrive(visit_id=visit_id), actor)
    again = read_encounter(desk.store, actor, catalog, visit_id)
    return again or encounter, catalog, True


def visit_of_tube(store: Store, actor: Actor, specimen_id: Id) -> Id | None:
    """Return the visit a tube was planned for, None if it has none."""
    with store.read() as connection:
        found = records(connection, actor, Specimen, Specimen.id == specimen_id, limit=1)
    visit_id: Id | None = found[0].visit_id if found else None
    return visit_id
