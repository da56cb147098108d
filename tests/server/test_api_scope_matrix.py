"""Every command, for every role of another branch, aimed at this branch by ids and numbers: it reaches nothing."""

import time
import uuid

import pytest
from sqlalchemy import select

from domain.biobank.commands import CollectSpecimen, CreateContainer, PlanSpecimen
from domain.biobank.records import PrimaryContainer, Specimen, SpecimenType, StorageContainer
from domain.checkup.records import Visit
from domain.kernel.authority import system_actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.record import record_classes
from domain.kernel.worklists import worklists
from domain.people.staff_commands import CreateStaff
from server.api.schemas import offered_commands
from sync.digest import store_digest
from tests.fixtures.breadth import DEEP
from tests.server.conftest import PASSWORD
from tests.server.test_api_matrix import COMMANDS, LISTS, ROLES, body_of, filled  # noqa: F401  (a fixture)

WHOLE_GROUP = {"organization.create"}
"""Commands that make something of the whole group, so that no scope limits them."""


@pytest.fixture(scope="module")
def branch(filled):  # noqa: F811
    """The server with something of every kind at B01, and an account of each role at B02; nobody of head office."""
    server = filled
    with server.centre.store.read() as connection:
        visit_id = connection.execute(select(Visit.id)).scalars().first()
    plan = PlanSpecimen(
        visit_id=visit_id, type=SpecimenType.SERUM, container=PrimaryContainer.SERUM_SEPARATOR
    )
    system = system_actor(server.orgs["B01"], server.centre.identity.device_id)
    desk = Dispatcher(server.centre.store, clock=server.clock, content={"number_prefix": "777"})
    desk.run(CollectSpecimen(number=desk.run(plan, system).receipt.number), system)
    desk.run(CreateContainer(code="BOX1", name="血清盒"), system)
    for role in ROLES:
        server.as_system(
            CreateStaff(
                login=f"w{role}"[:60], name="丙某人", role=role, password=PASSWORD, org_id=server.orgs["B02"],
                must_change=False,
            ),
            "B02",
        )  # fmt: skip
    settled(server)
    return server


def ids_of(server, org):
    """Return an id of every kind of record the branch has, by entity."""
    found = {}
    with server.centre.store.read() as connection:
        for entity, kind in record_classes().items():
            table = kind.__table__
            made = connection.execute(select(table.c.id).where(table.c.org_id == org)).scalars().first()
            if made is not None:
                found[entity] = made
    return found


def numbers_of(server, org):
    with server.centre.store.read() as connection:
        number = connection.execute(select(Specimen.number).where(Specimen.org_id == org)).scalars().first()
        code = (
            connection.execute(select(StorageContainer.code).where(StorageContainer.org_id == org))
            .scalars()
            .first()
        )
    return {"number": number, "container": code}


def entity_of(field, ids):
    """Return the entity an id field means: ``critical_id`` is a ``critical_value``."""
    name = field.removesuffix("_id")
    fits = [entity for entity in ids if entity == name or entity.startswith(f"{name}_")]
    return fits[0] if fits else None


@pytest.fixture(scope="module")
def targets(branch):
    """What an order can be aimed at: an id of every kind of record of B01, and its numbers."""
    org = branch.orgs["B01"]
    return ids_of(branch, org), numbers_of(branch, org)


def bodies(server, command, targets):
    """Return the command's input with everything that can point to B01 pointing there; None if nothing can."""
    org = server.orgs["B01"]
    ids, numbers = targets
    body, aimed = body_of(command), False
    for field in command.fields:
        if field.name in numbers and field.type is str:
            body[field.name], aimed = numbers[field.name], True
        elif field.name == "org_id":
            body[field.name], aimed = str(org), True
        elif field.name.endswith("_id") and (entity := entity_of(field.name, ids)):
            body[field.name], aimed = str(ids[entity]), True
    return body if aimed else None


AIMED = set()
COUNTED = {"tracking_rate", "form_return", "service_performance", "collection_rate", "study_progress"}
"""What the centre counts by itself meanwhile, whoever asks for what."""


def digests(server):
    with server.centre.store.read() as connection:
        found = store_digest(connection, [server.orgs["B01"]])
    return {entity: digest for entity, digest in found.items() if entity not in COUNTED}


def settled(server):
    """Return the digests once the centre's readers have followed what the fixtures wrote."""
    before = digests(server)
    for _ in range(20):
        time.sleep(1.5)
        after = digests(server)
        if after == before:
            return after
        before = after
    return before


@pytest.mark.parametrize("role", ROLES)
def test_no_command_of_another_branch_reaches_this_one(branch, targets, role):
    token = branch.api.sign_in(f"w{role}"[:60])
    before, aimed = digests(branch), []
    assert before["patient"][0] >= 1
    assert before["specimen"][0] >= 1
    for command in COMMANDS[role]:
        if command.permission is None or not ROLES[role].may(command.permission):
            continue
        body = bodies(branch, command, targets)
        if body is None or command.name in WHOLE_GROUP:
            continue
        aimed.append(command.name)
        answer = branch.api.post(f"/api/commands/{command.name}", token=token, json=body)
        assert answer.status_code < 500, (command.name, answer.text)
        if DEEP:
            assert digests(branch) == before, (command.name, answer.text)
    assert digests(branch) == before, f"one of {aimed}; a deep run tells which"
    if DEEP and any(
        ROLES[role].may(p) for p in ("people.edit", "biobank.store", "alert.handle", "staff.edit")
    ):
        assert aimed, "some command of this role was aimed at the other branch"
    AIMED.update(aimed)


def test_commands_were_aimed_at_the_other_branch(branch):
    """Of those met above; a matrix that aims at nothing proves nothing."""
    assert len(AIMED) > 100


@pytest.mark.parametrize("role", ROLES)
def test_no_list_and_no_search_of_another_branch_shows_anything_of_this_one(branch, targets, role):
    token = branch.api.sign_in(f"w{role}"[:60])
    theirs = {str(i) for i in targets[0].values()}
    for name in (n for n in LISTS[role] if ROLES[role].may(worklists()[n].permission)):
        rows = branch.api.get(f"/api/worklists/{name}", token=token).json()["rows"]
        assert not theirs & {row["id"] for row in rows}, name
    branch.centre.search.prepare(branch.centre.store)
    numbers = targets[1]
    for wanted in ("欧阳", "oymn", "13812345678", "110101199003074530", numbers["number"], "V0001"):
        answer = branch.api.post("/api/search", token=token, json={"text": wanted})
        assert answer.json()["hits"] == [], wanted


def test_a_stranger_reaches_nothing(branch):
    for command in offered_commands():
        answer = branch.api.post(f"/api/commands/{command.name}", json=body_of(command))
        assert answer.status_code == 401, command.name
        forged = branch.api.post(f"/api/commands/{command.name}", token=str(uuid.uuid4()), json={})
        assert forged.status_code == 401, command.name


def test_the_same_orders_from_within_do_reach_it(branch, targets):
    """The proof that the orders above were good ones; it changes the branch, so it stands last."""
    before, done = digests(branch), []
    for role in ("nurse", "physician", "biobank_technician", "administrator"):
        for command in offered_commands():
            body = bodies(branch, command, targets)
            if body is None or command.permission is None or not ROLES[role].may(command.permission):
                continue
            answer = branch.api.post(f"/api/commands/{command.name}", token=branch.token(role), json=body)
            if answer.status_code == 200:
                done.append(command.name)
    assert len(set(done)) >= 6, done
    assert digests(branch) != before
