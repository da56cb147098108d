"""Random days at the bench: whatever is done in whatever order, the books are right at the end of each.

Amounts never fall below nothing and are the sum of events; a tube lies in one place and a place holds one tube; the
last event of a tube is the state it is in; every aliquot leads back to a tube that was collected from somebody.
"""

import os
import random
from datetime import timedelta

from sqlalchemy import select

from domain.biobank.commands import (
    AliquotSpecimen,
    CreateContainer,
    ProcessSpecimen,
    ReceiveSpecimen,
    StoreSpecimen,
)
from domain.biobank.custody_commands import (
    DiscardReason,
    DiscardSpecimen,
    ReturnSpecimen,
    TakeOutSpecimen,
    UseSpecimen,
)
from domain.biobank.records import EventKind, Specimen, SpecimenEvent
from domain.biobank.rules import positions
from domain.kernel.errors import DomainError
from domain.storage.pick_records import Shipment, ShipmentCondition
from domain.storage.rack_commands import CheckBox, StoreRack
from domain.storage.shipment_commands import OpenShipment, PackTube, ReceiveShipment, SendShipment

DAYS = int(os.environ.get("AFTERCHECK_DAYS") or (10_000 if os.environ.get("AFTERCHECK_DEEP") else 20))
STEPS = 25
AFTER = {
    EventKind.COLLECTED: {"collected"}, EventKind.RECEIVED: {"received"}, EventKind.PROCESSED: {"processed"},
    EventKind.ALIQUOTED: {"processed", "used_up"}, EventKind.STORED: {"stored"}, EventKind.TAKEN_OUT: {"out"},
    EventKind.USED: {"out", "used_up"}, EventKind.RETURNED: {"stored"}, EventKind.PACKED: {"shipped"},
    EventKind.ARRIVED: {"processed"}, EventKind.DISCARDED: {"discarded"},
}  # fmt: skip
GRID = positions(3, 3)


class Day:
    """One day's random steps; what is refused changes nothing and is only counted."""

    def __init__(self, tubes, witness, seed):
        self.tubes, self.witness, self.dice = tubes, witness, random.Random(seed)  # noqa: S311
        self.refused = self.done = 0

    def run(self, order):
        try:
            receipt = self.tubes.run(order)
        except DomainError:
            self.refused += 1
            return None
        self.done += 1
        return receipt

    def any_tube(self):
        with self.tubes.desk.store.read() as connection:
            numbers = connection.execute(select(Specimen.number)).scalars().all()
        return self.dice.choice(numbers) if numbers else "123"

    def step(self):
        dice, number = self.dice, self.any_tube()
        place = dice.choice([*GRID, "D9"])
        acts = (
            lambda: self.tubes.collected(),
            lambda: self.run(ReceiveSpecimen(number=number)),
            lambda: self.run(ProcessSpecimen(number=number)),
            lambda: self.run(
                AliquotSpecimen(number=number, count=dice.randint(1, 4), volume_ul=dice.choice((100, 500)))
            ),
            lambda: self.run(
                StoreSpecimen(number=number, container=dice.choice(("DAY", "DAY2")), position=place)
            ),
            lambda: self.run(TakeOutSpecimen(number=number)),
            lambda: self.run(UseSpecimen(number=number, volume_ul=dice.randint(1, 600), purpose="试验")),
            lambda: self.run(ReturnSpecimen(number=number)),
            lambda: self.run(
                DiscardSpecimen(number=number, reason=DiscardReason.DAMAGED, witness=self.witness)
            ),
            lambda: self.run(
                StoreRack(container="DAY", tubes={place: number, dice.choice(GRID): self.any_tube()})
            ),
            lambda: self.run(CheckBox(container="DAY", found={place: number})),
            self.ship,
        )
        dice.choices(acts, weights=(4, 6, 6, 5, 8, 6, 5, 5, 1, 3, 1, 2))[0]()

    def ship(self):
        shipment = self.run(
            OpenShipment(receiver="协作医院", condition=self.dice.choice(list(ShipmentCondition)))
        )
        numbers = [self.any_tube() for _ in range(3)]
        packed = [n for n in numbers if self.run(PackTube(shipment=shipment, number=n))]
        with self.tubes.desk.store.read() as connection:
            row = connection.execute(select(Shipment.id).where(Shipment.number == shipment)).scalar_one()
        if packed and self.run(SendShipment(shipment_id=row)):
            came = " ".join(packed[: self.dice.randint(0, len(packed))]) or "X1"
            self.run(ReceiveShipment(shipment=shipment, numbers=came, complete=True))


def books(tubes):
    with tubes.desk.store.read() as connection:
        rows = connection.execute(select(Specimen.__table__)).all()
        events = connection.execute(
            select(SpecimenEvent.__table__).order_by(SpecimenEvent.occurred_at, SpecimenEvent.id)
        ).all()
    return rows, events


def check_the_books(tubes):
    rows, events = books(tubes)
    by_id = {row.id: row for row in rows}
    slots = [row.slot for row in rows if row.slot]
    assert len(slots) == len(set(slots)), "a place holds one tube"
    for row in rows:
        mine = [event for event in events if event.specimen_id == row.id]
        assert (row.slot is not None) == (row.state in {"stored", "out"}), row.state
        if row.remaining_ul is not None:
            made = sum(e.produced_ul or 0 for e in mine)
            spent = sum(e.consumed_ul or 0 for e in mine)
            assert row.remaining_ul == made - spent >= 0
        if mine:
            assert row.state in AFTER[EventKind(mine[-1].kind)], (row.state, mine[-1].kind)
        root = row
        while root.parent_id is not None:
            root = by_id[root.parent_id]
        assert root.patient_id == row.patient_id
        first = [e.kind for e in events if e.specimen_id == root.id][:1]
        assert first == ["collected"], "every tube leads back to one that was collected"


def test_the_books_are_right_at_the_end_of_every_day(tubes, second_technician):
    for code in ("DAY", "DAY2"):
        tubes.run(CreateContainer(code=code, name=code, rows=3, columns=3))
    done = refused = 0
    for seed in range(DAYS):
        day = Day(tubes, second_technician, seed)
        tubes.collected()
        for _ in range(STEPS):
            tubes.clock.advance(timedelta(minutes=day.dice.randint(0, 9)))
            day.step()
        check_the_books(tubes)
        done, refused = done + day.done, refused + day.refused
        if seed % 20 == 19:  # full boxes and used tubes would make later days idle
            clear(tubes, second_technician)
    assert done > 4 * DAYS, "days on which nothing happens prove nothing"
    assert refused > DAYS


def clear(tubes, witness):
    for row in books(tubes)[0]:
        if row.slot is not None:
            tubes.run(DiscardSpecimen(number=row.number, reason=DiscardReason.STUDY_END, witness=witness))
