"""What people do at a workstation in a day. Each act notes in the ledger what was typed, once it was confirmed."""

import dataclasses
import hashlib
import random
import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import func, select

from domain.biobank.commands import (
    AliquotSpecimen,
    CollectSpecimen,
    CreateContainer,
    PlanSpecimen,
    ProcessSpecimen,
    ReceiveSpecimen,
    StoreSpecimen,
)
from domain.biobank.custody_commands import ReturnSpecimen, TakeOutSpecimen
from domain.biobank.records import PrimaryContainer, SpecimenType
from domain.checkup.attachment_commands import AttachFile
from domain.checkup.report_commands import (
    PassFirstReview,
    PassSecondReview,
    ReturnReport,
    SignReport,
    SubmitReport,
    WriteReport,
)
from domain.checkup.report_content import read_facts, report_content
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import OpenVisit
from domain.exchange.commands import DecideConflict
from domain.exchange.rules import Choice
from domain.kernel.authority import system_actor
from domain.kernel.canonical import content_digest
from domain.kernel.errors import DomainError
from domain.kernel.record import record_classes
from domain.people.patient_commands import EditPatient, RegisterPatient
from domain.people.records import Sex

EDITED = ("name", "phone", "address", "allergy", "blood_group")
ACTS: list[tuple[int, Callable[["People"], None]]] = []
"""Each act with its weight."""


def act(weight: int) -> Callable[[Callable[["People"], None]], Callable[["People"], None]]:
    """Declare an act, done `weight` times as often as one of weight 1."""

    def declare(work: Callable[["People"], None]) -> Callable[["People"], None]:
        ACTS.append((weight, work))
        return work

    return declare


class People:
    """Everybody who works at one workstation on one day.

    Args:
        machine: The workstation (`tests.region.station.Machine`).
        chance: Their dice.
        mark: Begins every text they type; texts are unique in the region.
    """

    def __init__(self, machine: Any, chance: random.Random, mark: str) -> None:
        self.machine, self.chance, self.mark = machine, chance, mark
        self.serial = self.done = self.refused = 0

    def work(self, acts: int) -> None:
        """Do so many things; what the rules refuse is not done."""
        weights, works = zip(*ACTS, strict=True)
        for one in [*self._first(), *self.chance.choices(works, weights, k=acts)]:
            try:
                one(self)
            except DomainError:
                self.refused += 1

    def _first(self) -> list[Callable[["People"], None]]:
        """An empty desk begins with clients: without them nobody could do anything."""
        with self.machine.store.read() as connection:
            table = record_classes()["patient"].__table__
            empty = connection.execute(select(table.c.id).limit(1)).first() is None
        return [register, register, examine, examine] if empty else []

    def text(self) -> str:
        """Return a text nobody else types, of at most 12 characters."""
        self.serial += 1
        return f"{self.mark}.{self.serial}"

    def run(self, order: Any, role: str = "nurse") -> Any:
        who = uuid.uuid5(uuid.NAMESPACE_OID, f"{self.machine.org_id}{role}")
        actor = system_actor(self.machine.org_id, self.machine.device_id)
        receipt = self.machine.desk.run(order, dataclasses.replace(actor, staff_id=who, name=role)).receipt
        self.done += 1
        return receipt

    def some(self, entity: str, **where: Any) -> Any:
        """Return a row, the oldest ones more often than not: those everybody has, and so may edit."""
        table = record_classes()[entity].__table__
        query = select(table).where(*(table.c[name] == value for name, value in where.items()))
        with self.machine.store.read() as connection:
            count = connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()
            if not count:
                raise DomainError("region.nothing_here", entity=entity)
            place = self.chance.randrange(min(count, 4) if self.chance.random() < 0.5 else count)
            return connection.execute(query.order_by(table.c.id).offset(place).limit(1)).one()

    def id_of(self, entity: str, **where: Any) -> uuid.UUID:
        """Return the id of the one record an act has just made."""
        table = record_classes()[entity].__table__
        query = select(table.c.id).where(*(table.c[name] == value for name, value in where.items()))
        with self.machine.store.read() as connection:
            return connection.execute(query).scalars().one()

    def confirmed(self, entity: str, record_id: uuid.UUID, **fields: Any) -> None:
        self.machine.ledger.confirmed(entity, record_id, **fields)


@act(4)
def register(people: People) -> None:
    typed = {name: people.text() for name in ("name", "phone", "address", "allergy")}
    order = RegisterPatient(sex=Sex.FEMALE, birth_date=date(1980, 5, 1), another_person=True, **typed)
    people.confirmed("patient", people.run(order).patient_id, **typed)


@act(8)
def edit(people: People) -> None:
    patient = people.some("patient")
    typed = {name: people.text() for name in people.chance.sample(EDITED, people.chance.randint(1, 3))}
    people.run(EditPatient(patient_id=patient.id, **typed))
    people.confirmed("patient", patient.id, **typed)


@act(5)
def examine(people: People) -> None:
    visit = people.run(OpenVisit(patient_id=people.some("patient").id)).visit_id
    systolic = people.chance.randint(100, 190)
    values = [
        Measured(item="sbp", value=systolic, unit="mm[Hg]"), Measured(item="dbp", value=60, unit="mm[Hg]"),
        Measured(item="weight", value=people.chance.randint(40, 110), unit="kg"),
    ]  # fmt: skip
    device = people.text()
    made = people.run(RecordMeasurement(visit_id=visit, values=values, device=device))
    for value, observation in zip(values, made, strict=True):
        people.confirmed("observation", observation, value_number=value.value, device=device)


@act(4)
def report(people: People) -> None:
    visit, said = people.some("visit"), people.text()
    written = people.run(WriteReport(visit_id=visit.id, conclusion=said), "author")
    people.confirmed("report", written.report_id, conclusion=said)
    if people.chance.random() < 0.7:
        people.run(SubmitReport(report_id=written.report_id), "author")
        revision = people.id_of("report_revision", report_id=written.report_id, conclusion=said)
        people.confirmed("report_revision", revision, conclusion=said)


@act(3)
def review(people: People) -> None:
    """Whoever has reports on the desk: the branch's first review, the area's second and the signature."""
    steps = {"first_review": (PassFirstReview, "reviewer"), "second_review": (PassSecondReview, "expert")}
    state = people.chance.choice(
        ("first_review", "first_review", "second_review", "second_review", "final_review")
    )
    found, remark = people.some("report", state=state), people.text()
    if state == "final_review":
        sign(people, found, remark)
        return
    if people.chance.random() < 0.2:
        people.run(ReturnReport(report_id=found.id, remark=remark), "expert")
    else:
        order, role = steps[state]
        people.run(order(report_id=found.id, remark=remark), role)
    people.confirmed("review_step", people.id_of("review_step", remark=remark), remark=remark)


def sign(people: People, found: Any, signature: str) -> None:
    machine = people.machine
    pdf, at = people.chance.randbytes(people.chance.randint(2_000, 40_000)), machine.clock()
    with machine.store.read() as connection:
        facts = read_facts(connection, found.id)
    digest = content_digest(report_content(facts, machine.desk.content["catalog"], at=at))
    order = SignReport(
        report_id=found.id, digest=digest, signature=signature, public_key="region", document="report", seal="seal",
        signed_at=at.isoformat(), document_sha256=machine.blobs.put([pdf]), document_size=len(pdf),
    )  # fmt: skip
    people.run(order, "signer")
    made = people.id_of("report_signature", signature=signature)
    people.confirmed("report_signature", made, signature=signature)


@act(3)
def tube(people: People) -> None:
    visit = people.some("visit")
    order = PlanSpecimen(
        visit_id=visit.id, type=SpecimenType.SERUM, container=PrimaryContainer.SERUM_SEPARATOR
    )
    made = people.run(order)
    people.confirmed("specimen", made.specimen_id, number=made.number)


@act(6)
def move_tube(people: People) -> None:
    found, said = people.some("specimen"), people.text()
    places = f"{people.chance.choice('ABCDEFGHI')}{people.chance.randint(1, 9)}"
    step = {
        "planned": lambda: CollectSpecimen(number=found.number),
        "collected": lambda: ReceiveSpecimen(number=found.number),
        "received": lambda: ProcessSpecimen(number=found.number, note=said),
        "processed": lambda: people.chance.choice([
            lambda: StoreSpecimen(number=found.number, container=box(people), position=places),
            lambda: AliquotSpecimen(number=found.number, count=2, volume_ul=200),
        ])(),
        "stored": lambda: TakeOutSpecimen(number=found.number, purpose=said),
        "out": lambda: ReturnSpecimen(number=found.number),
    }.get(found.state)  # fmt: skip
    if step is None:
        return
    people.run(step(), "technician")
    table = record_classes()["specimen_event"].__table__
    newest = select(table).where(table.c.specimen_id == found.id).order_by(table.c.id.desc()).limit(1)
    with people.machine.store.read() as connection:
        event = connection.execute(newest).one_or_none()
    if event is not None:
        noted = {"note": said} if event.note == said else {}
        people.confirmed("specimen_event", event.id, kind=str(event.kind), **noted)


def box(people: People) -> str:
    """Return the code of the branch's box; whoever needs one first makes it."""
    code = f"BOX{people.machine.org_id.hex[-8:].upper()}"
    table = record_classes()["storage_container"].__table__
    with people.machine.store.read() as connection:
        known = connection.execute(select(table.c.id).where(table.c.code == code)).first()
    if known is None:
        name = people.text()
        made = people.run(CreateContainer(code=code, name=name), "technician")
        people.confirmed("storage_container", made, name=name)
    return code


@act(2)
def attach(people: People) -> None:
    visit, name = people.some("visit"), people.text()
    pdf = b"%PDF-1.7\n" + people.chance.randbytes(people.chance.randint(500, 120_000))
    sha256 = people.machine.blobs.put([pdf])
    assert sha256 == hashlib.sha256(pdf).hexdigest()
    order = AttachFile(
        visit_id=visit.id, sha256=sha256, size=len(pdf), media_type="application/pdf", name=name
    )
    people.confirmed("attachment", people.run(order), sha256=sha256, name=name)


@act(3)
def decide(people: People) -> None:
    found, said = people.some("conflict", state="open"), people.text()
    choice = people.chance.choice((Choice.MINE, Choice.THEIRS, Choice.OTHER))
    names = [name for name in found.mine if name in EDITED]
    values = dict.fromkeys(names[:1], said) if choice is Choice.OTHER else None
    people.run(DecideConflict(conflict_id=found.id, choice=choice, values=values), "author")
    people.confirmed("conflict", found.id, decision=choice.value)
    if values and found.entity == "patient":
        people.confirmed("patient", found.record_id, **values)
