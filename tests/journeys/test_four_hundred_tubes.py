"""Four hundred tubes: drawn at two branches without a line, received by picture and list, stored, sent.

At each end the books are right: no tube lost unseen, none in two places, every chain whole, everybody's store alike.
With AFTERCHECK_DEEP all four hundred; else two dozen, by the same way.
"""

import io
import os
from datetime import date, timedelta

import pytest
from openpyxl import Workbook
from sqlalchemy import func, select

import resources
from devices.racks.image import read_rack_image
from devices.racks.simulator import Scene, draw_rack
from domain.biobank.commands import (
    CollectSpecimen,
    CreateContainer,
    PlanSpecimen,
    ProcessSpecimen,
    ReceiveSpecimen,
)
from domain.biobank.custody_chain import ALL_CHAINS
from domain.biobank.custody_commands import TakeOutSpecimen
from domain.biobank.custody_watch import CustodyWatch
from domain.biobank.protocols import BIOBANK, load_biobank
from domain.biobank.records import EventKind, PrimaryContainer, Specimen, SpecimenEvent, SpecimenType
from domain.biobank.rules import positions
from domain.catalog.content import load_catalog
from domain.checkup.visit_commands import Arrive, OpenVisit
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex
from domain.storage.manifests import verified
from domain.storage.pick_records import Shipment, ShipmentCondition
from domain.storage.rack_commands import ReceiveRack, StoreRack
from domain.storage.racks import confirmed_by
from domain.storage.receiving_commands import CloseReceivingList, TakeReceivingList
from domain.storage.receiving_reading import read_list
from domain.storage.records import StorageTask
from domain.storage.shipment_commands import OpenShipment, PackTube, ReceiveShipment, SendShipment
from tests.sync.conftest import empty_centre, north, south, world
from tests.sync.world import HEAD, NORTH, SOUTH

assert empty_centre
assert north
assert south
assert world  # fixtures

DEEP = bool(os.environ.get("AFTERCHECK_DEEP"))
A_BRANCH = 200 if DEEP else 12
SENT = 40 if DEEP else 4
WELLS = positions(8, 12)
KINDS = (
    (SpecimenType.SERUM, PrimaryContainer.SERUM_SEPARATOR, "血清"),
    (SpecimenType.BLOOD, PrimaryContainer.POTASSIUM_EDTA, "全血"),
)


@pytest.fixture
def people(world, north, south, authority):
    """Everybody's content; the nurse of each branch and the technician of head office, who sees both branches."""
    content = {BIOBANK: load_biobank(resources.folder("biobank")), "authority": authority}
    content["catalog"] = load_catalog(resources.folder("catalog"))
    for prefix, place in (("201", north), ("202", south), ("203", world.centre)):
        place.desk.content |= content | {"number_prefix": prefix}
    world.centre.desk.content[ALL_CHAINS] = True

    def person(role, place, subtree=()):
        return authority.actor(
            staff_id=place.desk.ids(), name=f"{role} {place.org_id.hex[-2:]}", role=role, org_id=place.org_id,
            device_id=place.device_id, subtree=subtree,
        )  # fmt: skip

    technician = person("biobank_technician", world.centre, (NORTH, SOUTH))
    return {NORTH: person("nurse", north), SOUTH: person("nurse", south), HEAD: technician}


def drawn(branch, nurse):
    """Draw tubes from clients, two of each; returns number to kind in words, as the branch writes it on its list."""
    run = lambda order: branch.desk.run(order, nurse).receipt  # noqa: E731
    made = {}
    for n in range(A_BRANCH // len(KINDS)):
        order = RegisterPatient(
            name=f"客户{n}",
            sex=Sex.FEMALE,
            birth_date=date(1980, 1, 1) + timedelta(days=n),
            another_person=True,
        )
        visit = run(OpenVisit(patient_id=run(order).patient_id)).visit_id
        run(Arrive(visit_id=visit))
        for kind, container, words in KINDS:
            number = run(PlanSpecimen(visit_id=visit, type=kind, container=container)).number
            run(CollectSpecimen(number=number))
            made[number] = words
    return made


def list_of(tubes):
    book, file = Workbook(), io.BytesIO()
    sheet = book.active
    sheet.append(["标本条码", "标本类型"])
    for number, words in tubes.items():
        sheet.append([number, words])
    book.save(file)
    return file.getvalue()


def racks_of(numbers):
    return [
        dict(zip(WELLS, numbers[at : at + len(WELLS)], strict=False))
        for at in range(0, len(numbers), len(WELLS))
    ]


def seen(rack, illegible=frozenset()):
    """Return a rack as its picture is read, once a tube that was taken out told how it lies."""
    file = io.BytesIO()
    draw_rack(
        {p: n for p, n in rack.items() if p not in illegible}, Scene(turned=1.5), illegible=illegible
    ).save(file, "BMP")
    [read] = confirmed_by(read_rack_image(file.getvalue()), rack["A1"], "A1")
    return read


def received(centre, technician, tubes, missing):
    """Receive what a branch sent, but for one tube that is not there; one code is illegible and scanned by hand."""
    run = lambda order: centre.desk.run(order, technician).receipt  # noqa: E731
    order = TakeReceivingList(
        name="批次", file_name="list.xlsx", sha256=missing.rjust(64, "0"),
        lines=read_list(list_of(tubes), "list.xlsx"),
    )  # fmt: skip
    listed = run(order)
    assert (listed.expected, listed.doubtful) == (len(tubes), 0)
    for at, rack in enumerate(racks_of([number for number in tubes if number != missing])):
        read = seen(rack, frozenset({"A2"} if at == 0 else ()))
        assert read.unread == ({"A2"} if at == 0 else set())
        receipt = run(ReceiveRack(numbers=list(read.wells.values()), list_id=listed.list_id))
        assert receipt.refused == []
        assert receipt.done == len(read.wells)
        if at == 0:
            run(ReceiveSpecimen(number=rack["A2"], list_id=listed.list_id))
    closed = run(CloseReceivingList(receiving_list_id=listed.list_id))
    assert (closed.arrived, closed.missing) == (len(tubes) - 1, 1)


def stored(centre, technician, numbers):
    run = lambda order: centre.desk.run(order, technician).receipt  # noqa: E731
    for number in numbers:
        run(ProcessSpecimen(number=number))
    for at, rack in enumerate(racks_of(numbers)):
        run(CreateContainer(code=f"BOX{at}", name=f"{at} 号盒", rows=8, columns=12))
        receipt = run(StoreRack(container=f"BOX{at}", tubes=dict(seen(rack).wells)))
        assert (receipt.done, receipt.refused) == (len(rack), [])


def sent(centre, technician, numbers):
    """Send tubes and receive all but the last; returns the one that did not come."""
    run = lambda order: centre.desk.run(order, technician).receipt  # noqa: E731
    shipment = run(OpenShipment(receiver="协作医院", condition=ShipmentCondition.DRY_ICE))
    for number in numbers:
        run(TakeOutSpecimen(number=number))
        run(PackTube(shipment=shipment, number=number))
    with centre.store.read() as connection:
        own = connection.execute(select(Shipment.id).where(Shipment.number == shipment)).scalar_one()
    manifest, _ = verified(run(SendShipment(shipment_id=own)))
    assert sorted(tube["number"] for tube in manifest["tubes"]) == sorted(numbers)
    came = run(ReceiveShipment(shipment=shipment, numbers=" ".join(numbers[:-1]), complete=True))
    assert (came.arrived, came.missing, came.extra) == (len(numbers) - 1, 1, [])
    return numbers[-1]


def test_from_the_arm_to_the_shipment_no_tube_is_lost_unseen(world, north, south, people):
    tubes = {NORTH: drawn(north, people[NORTH]), SOUTH: drawn(south, people[SOUTH])}
    assert not tubes[NORTH].keys() & tubes[SOUTH].keys(), "two branches that were apart make no number twice"
    world.settle()
    centre, technician = world.centre, people[HEAD]
    lost = {org: list(made)[7] for org, made in tubes.items()}
    for org, made in tubes.items():
        received(centre, technician, made, lost[org])
    here = [n for org, made in tubes.items() for n in made if n != lost[org]]
    stored(centre, technician, here)
    world.clock.advance(timedelta(hours=2))
    gone = sent(centre, technician, here[:SENT])
    world.settle()
    _books(world, people, tubes, here, {*lost.values(), gone})


def _books(world, people, tubes, here, searched):
    centre = world.centre
    with centre.store.read() as connection:
        table = Specimen.__table__.c
        rows = connection.execute(select(table.number, table.state, table.slot)).all()
        events = connection.execute(
            select(SpecimenEvent.specimen_id, func.min(SpecimenEvent.chain_number))
        ).all()
        tasks = {t.number for t in connection.execute(StorageTask.__table__.select())}
        kinds = dict(
            connection.execute(
                select(SpecimenEvent.kind, func.count()).group_by(SpecimenEvent.kind)
            ).all()
        )  # fmt: skip
    assert events
    assert len(rows) == sum(len(made) for made in tubes.values())
    assert tasks == searched, "what did not come is searched for, and nothing else is"
    slots = [row.slot for row in rows if row.slot]
    assert len(slots) == len(set(slots)) == len(here) - SENT, "one tube a place"
    states = {row.number: row.state for row in rows}
    assert sum(state == "stored" for state in states.values()) == len(here) - SENT
    assert sum(state == "collected" for state in states.values()) == 2
    assert kinds[EventKind.COLLECTED] == len(rows)
    assert kinds[EventKind.RECEIVED] == kinds[EventKind.PROCESSED] == kinds[EventKind.STORED] == len(here)
    for place in (centre, *world.branches):
        assert CustodyWatch(place.desk, place.actor).whole() == 0, "every chain is whole where it is held"
    for branch in world.branches:
        assert world.explain(branch) is None
        mine = tubes[branch.org_id].keys()
        assert {row.number for row in branch.rows("specimen")} == mine
        assert {row.number: row.state for row in branch.rows("specimen")} == {n: states[n] for n in mine}
