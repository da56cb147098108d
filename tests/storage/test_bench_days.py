"""Random days at the bench: whatever is done in whatever order, the books are right at the end of each.

Amounts never fall below nothing and are the sum of events; a tube lies in one place and a place holds one tube; the
last event of a tube is the state it is in; every tube leads back to tubes that were collected from one subject who
had agreed; nothing is done with tubes of who left; the chain of custody holds.

``AFTERCHECK_DAYS`` says how many days, ``AFTERCHECK_FIRST`` with which to begin (several processes can share ten
thousand), ``AFTERCHECK_MINUTES`` when to stop and tell how many there were.
"""

import os
import random
import sys
import time
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from domain.biobank.commands import (
    AliquotSpecimen,
    CreateContainer,
    ProcessSpecimen,
    ReceiveSpecimen,
    StoreSpecimen,
)
from domain.biobank.custody_chain import breaks
from domain.biobank.custody_commands import (
    DiscardReason,
    DiscardSpecimen,
    ReturnSpecimen,
    TakeOutSpecimen,
    UseSpecimen,
)
from domain.biobank.pool_commands import READY, PoolSpecimens
from domain.biobank.pool_records import PoolSource
from domain.biobank.records import EventKind, PrimaryContainer, Specimen, SpecimenEvent, SpecimenType
from domain.biobank.rules import positions
from domain.consent.records import Consent
from domain.kernel.errors import DomainError
from domain.storage.pick_records import Shipment, ShipmentCondition
from domain.storage.rack_commands import CheckBox, StoreRack
from domain.storage.shipment_commands import OpenShipment, PackTube, ReceiveShipment, SendShipment
from domain.studies.design_commands import (
    AddMember,
    AddProtocolVisit,
    CreateStudy,
    MoveStudy,
    RequireSpecimen,
    StudyStep,
)
from domain.studies.records import StudyRole
from domain.studies.subject_commands import WithdrawSubject
from domain.studies.subject_records import StudySubject
from tests.conftest import DEVICE
from tests.studies.conftest import Lab

FIRST = int(os.environ.get("AFTERCHECK_FIRST") or 0)
DAYS = int(os.environ.get("AFTERCHECK_DAYS") or (10_000 if os.environ.get("AFTERCHECK_DEEP") else 20))
MINUTES = float(os.environ.get("AFTERCHECK_MINUTES") or 0)
STEPS = 25
RECENT = 25
"""Tubes that are picked from, mostly: older ones are used up, and a day on which all is refused proves nothing."""
AFTER = {
    EventKind.COLLECTED: {"collected"}, EventKind.RECEIVED: {"received"}, EventKind.PROCESSED: {"processed"},
    EventKind.ALIQUOTED: {"processed", "used_up"}, EventKind.POOLED: {"processed", "used_up"},
    EventKind.STORED: {"stored"}, EventKind.TAKEN_OUT: {"out"}, EventKind.USED: {"out", "used_up"},
    EventKind.RETURNED: {"stored"}, EventKind.PACKED: {"shipped"}, EventKind.ARRIVED: {"processed"},
    EventKind.DISCARDED: {"discarded"},
}  # fmt: skip
USES = {
    EventKind.PROCESSED,
    EventKind.ALIQUOTED,
    EventKind.POOLED,
    EventKind.STORED,
    EventKind.TAKEN_OUT,
    EventKind.USED,
}
"""What nobody may do with a tube whose subject left."""
GRID = positions(3, 3)


class Bench:
    """A study whose subjects come one after the other, each with tubes of two kinds; `numbers` are all tubes made."""

    def __init__(self, lab):
        self.lab, self.clock, self.desk = lab, lab.clock, lab.desk
        self.numbers, self.planned, self.subject_id, self.people = [], [], None, 0
        self.run = lambda order: lab.run(order, lab.technician)
        self.set_up()

    def set_up(self):
        lab, head = self.lab, self.lab.head
        lab.study_id = lab.run(
            CreateStudy(
                code="c1", name="代谢队列", protocol="方案 V1.0", leader="head", planned_subjects=100_000,
                recruit_from=date(2026, 11, 1), recruit_until=date(2126, 1, 1),
            ),
            head,
        )  # fmt: skip
        lab.plan_id = lab.run(
            AddProtocolVisit(study_id=lab.study_id, code="V0", name="基线", day=0, after_days=3), head
        )
        for kind, tube in (
            (SpecimenType.SERUM, PrimaryContainer.SERUM_SEPARATOR),
            (SpecimenType.BLOOD, PrimaryContainer.POTASSIUM_EDTA),
        ):  # fmt: skip
            order = RequireSpecimen(plan_id=lab.plan_id, name=kind.name, type=kind, container=tube, tubes=8)
            lab.run(order, head)
        lab.run(AddMember(study_id=lab.study_id, login="nurse", role=StudyRole.NURSE), head)
        lab.run(MoveStudy(study_id=lab.study_id, step=StudyStep.OPEN), head)
        for code in ("DAY", "DAY2"):
            self.run(CreateContainer(code=code, name=code, rows=3, columns=3))

    def next_subject(self, dice):
        self.people += 1
        patient = self.lab.client(name=f"客户{self.people}")
        self.subject_id = self.lab.enrolled(patient).subject_id
        self.lab.agreed(self.subject_id)
        self.planned = [tube.number for tube in self.lab.begun(self.subject_id)]
        dice.shuffle(self.planned)

    def collected(self, dice):
        if not self.planned:
            self.next_subject(dice)
        number = self.planned.pop()
        self.lab.draw(number)
        self.numbers.append(number)
        return number


class Day:
    """One day's random steps; what is refused changes nothing and is only counted."""

    def __init__(self, bench, witness, seed):
        self.bench, self.witness, self.dice = bench, witness, random.Random(seed)  # noqa: S311
        self.refused = self.done = 0

    def run(self, order):
        try:
            receipt = self.bench.run(order)
        except DomainError:
            self.refused += 1
            return None
        self.done += 1
        return receipt

    def any_tube(self):
        numbers = self.bench.numbers
        recent = numbers[-RECENT:] if self.dice.random() < 0.9 else numbers
        return self.dice.choice(recent) if recent else "123"

    def some_tubes(self):
        """Return tubes that may belong together, else any: most tubes of a day are of different states."""
        tube, numbers = Specimen.__table__.c, self.bench.numbers[-RECENT:]
        ready = select(tube.number, tube.subject_id, tube.type).where(
            tube.number.in_(numbers), tube.state.in_(READY)
        )
        alike = {}
        with self.bench.desk.store.read() as connection:
            for number, *kind in connection.execute(ready.order_by(tube.number)):
                alike.setdefault(tuple(kind), []).append(number)
        groups = [group for group in alike.values() if len(group) > 1]
        if not groups or self.dice.random() < 0.2:
            return [self.any_tube(), self.any_tube()]
        return self.dice.sample(self.dice.choice(groups), 2)

    def made(self, receipts):
        self.bench.numbers += [one.number for one in receipts or ()]

    def step(self):
        dice, number = self.dice, self.any_tube()
        place = dice.choice([*GRID, "D9"])
        acts = (
            lambda: self.bench.collected(dice),
            lambda: self.run(ReceiveSpecimen(number=number)),
            lambda: self.run(ProcessSpecimen(number=number, protocol=dice.choice((None, None, "plasma")))),
            lambda: self.made(
                self.run(
                    AliquotSpecimen(
                        number=number, count=dice.randint(1, 4), volume_ul=dice.choice((100, 500)),
                        type=dice.choice((None, None, SpecimenType.PLASMA)), parent_left=dice.random() < 0.3,
                    )
                )
            ),
            self.pool,
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
            self.withdraw,
        )  # fmt: skip
        dice.choices(acts, weights=(4, 6, 6, 5, 3, 8, 6, 5, 5, 1, 3, 1, 2, 0.06))[0]()

    def pool(self):
        made = self.run(PoolSpecimens(numbers=self.some_tubes(), volume_ul=self.dice.choice((200, 900))))
        self.made([made] if made else None)

    def withdraw(self):
        """Let the subject of today's tubes leave; the next tube is somebody else's."""
        bench = self.bench
        if bench.subject_id is not None:
            bench.lab.run(WithdrawSubject(subject_id=bench.subject_id, reason="不愿继续"))
            bench.subject_id, bench.planned = None, []

    def ship(self):
        shipment = self.run(
            OpenShipment(receiver="协作医院", condition=self.dice.choice(list(ShipmentCondition)))
        )
        numbers = [self.any_tube() for _ in range(3)]
        packed = [n for n in numbers if self.run(PackTube(shipment=shipment, number=n))]
        with self.bench.desk.store.read() as connection:
            row = connection.execute(select(Shipment.id).where(Shipment.number == shipment)).scalar_one()
        if packed and self.run(SendShipment(shipment_id=row)):
            came = " ".join(packed[: self.dice.randint(0, len(packed))]) or "X1"
            self.run(ReceiveShipment(shipment=shipment, numbers=came, complete=True))


class Books:
    """What is kept, read as one; `since` only the tubes to which something happened from then on, with their kin."""

    def __init__(self, desk, since=None):
        tube, event, source = Specimen.__table__, SpecimenEvent.__table__, PoolSource.__table__
        with desk.store.read() as connection:
            touched = (
                select(event.c.specimen_id)
                if since is None
                else select(event.c.specimen_id).where(event.c.occurred_at >= since)
            )
            self.rows = connection.execute(select(tube).where(tube.c.id.in_(touched))).all()
            self.by_id = {row.id: row for row in self.rows}
            self.sources = {}
            waiting = list(self.rows)
            while waiting:
                pools = [row.id for row in waiting if row.sources is not None]
                for row in connection.execute(select(source).where(source.c.pool_id.in_(pools))):
                    self.sources.setdefault(row.pool_id, []).append(row.source_id)
                above = {row.parent_id for row in waiting if row.parent_id} | {
                    own for pool in pools for own in self.sources[pool]
                }
                query = select(tube).where(tube.c.id.in_(above - self.by_id.keys()))
                waiting = connection.execute(query).all()
                self.by_id |= {row.id: row for row in waiting}
            query = select(event).where(event.c.specimen_id.in_(self.by_id))
            self.events = {}
            for row in connection.execute(query.order_by(event.c.occurred_at, event.c.id)):
                self.events.setdefault(row.specimen_id, []).append(row)
            people = {row.subject_id for row in self.by_id.values()}
            subject = StudySubject.__table__
            self.subjects = {
                row.id: row for row in connection.execute(select(subject).where(subject.c.id.in_(people)))
            }
            agreed = select(Consent.subject_id, func.min(Consent.signed_at)).group_by(Consent.subject_id)
            self.agreed = dict(connection.execute(agreed.where(Consent.subject_id.in_(people))).all())
            places = select(tube.c.slot).where(tube.c.slot.is_not(None))
            self.places = connection.execute(places).scalars().all()

    def check(self):
        assert len(self.places) == len(set(self.places)), "a place holds one tube"
        for row in self.rows:
            mine = self.events[row.id]
            assert (row.slot is not None) == (row.state in {"stored", "out"}), row.state
            if row.remaining_ul is not None:
                made = sum(e.produced_ul or 0 for e in mine)
                spent = sum(e.consumed_ul or 0 for e in mine)
                assert row.remaining_ul == made - spent >= 0
            assert row.state in AFTER[EventKind(mine[-1].kind)], (row.state, mine[-1].kind)
            self.check_origin(row)
            left = self.subjects[row.subject_id]
            if left.state == "withdrawn":
                done = [
                    e.kind for e in mine if e.occurred_at > left.state_since and EventKind(e.kind) in USES
                ]
                assert not done, "nothing is done with tubes of who left"
                assert row.frozen_at is not None or row.state in {"used_up", "discarded"}, (
                    "and all are frozen"
                )

    def check_origin(self, row):
        """Every way up ends at a tube collected from the same subject, after they had agreed."""
        ways = [row]
        while ways:
            one = ways.pop()
            assert one.subject_id == row.subject_id, "no tube is of two people"
            above = (
                self.sources[one.id] if one.sources is not None else [one.parent_id] if one.parent_id else []
            )
            ways += [self.by_id[own] for own in above]
            if not above:
                first = self.events[one.id][0]
                assert first.kind == "collected", "every tube leads back to one that was collected"
                assert first.occurred_at >= self.agreed[row.subject_id], "from somebody who had agreed"


@pytest.fixture
def bench(desk, clock, authority, as_role):
    return Bench(Lab(desk, clock, authority, as_role))


def test_the_books_are_right_at_the_end_of_every_day(bench, second_technician):
    done = refused = days = 0
    ends = time.monotonic() + MINUTES * 60
    for seed in range(FIRST, FIRST + DAYS):
        if MINUTES and time.monotonic() > ends:
            break
        days += 1
        day = Day(bench, second_technician, seed)
        began = bench.clock()
        bench.collected(day.dice)
        for _ in range(STEPS):
            bench.clock.advance(timedelta(minutes=day.dice.randint(0, 9)))
            day.step()
        Books(bench.desk, began).check()
        bench.clock.advance(timedelta(minutes=1))
        done, refused = done + day.done, refused + day.refused
        if seed % 20 == 19:  # full boxes and used tubes would make later days idle
            clear(bench, second_technician)
    whole = Books(bench.desk)
    whole.check()
    events = [event for mine in whole.events.values() for event in mine]
    with bench.desk.store.read() as connection:
        assert list(breaks(connection, events, DEVICE)) == [], "the chain of custody holds"
    left = sum(subject.state == "withdrawn" for subject in whole.subjects.values())
    told = {
        "days": days,
        "done": done,
        "refused": refused,
        "tubes": len(whole.rows),
        "pools": len(whole.sources),
    }
    sys.stdout.write(f"{told | {'subjects': bench.people, 'left': left}}\n")
    assert done > 3 * days, "days on which nothing happens prove nothing"
    assert refused > days
    assert days < 100 or (whole.sources and left)


def clear(bench, witness):
    table = Specimen.__table__
    with bench.desk.store.read() as connection:
        numbers = connection.execute(select(table.c.number).where(table.c.slot.is_not(None))).scalars().all()
    for number in numbers:
        bench.run(DiscardSpecimen(number=number, reason=DiscardReason.STUDY_END, witness=witness))
