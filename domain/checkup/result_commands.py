"""Keeping results: from the checkup system's messages, from devices at the desk, and typed by hand."""

import dataclasses
from datetime import date, datetime

from sqlalchemy import select

from domain.catalog.content import Catalog
from domain.catalog.units import shown_unit
from domain.checkup.intake import Judged, Person, ResultLine, finding_sentence, line_for, take_in
from domain.checkup.records import CriticalValue, Finding, Observation, ResultSource, ResultStatus, Visit
from domain.checkup.workflow import critical_handling, visit_life
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.numbers import next_number
from domain.people.records import Patient, Sex


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a message says it is about."""

    name: str
    sex: Sex = Sex.UNKNOWN
    birth_date: date | None = None
    id_number: str | None = None
    phone: str | None = None
    address: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Received:
    """What was kept of a message."""

    patient_id: Id | None
    visit_id: Id | None
    stored: int
    repeated: int
    pending_check: int


@command("checkup.receive_results", "接收检查结果", permission="interface.receive", place="internal")
class ReceiveResults:
    """Results of one visit from the checkup system; the interface acts for the branch named in the message."""

    message_id: str = ask("消息号", max_length=200)
    org_id: Id = ask("机构", kind=Kind.HIDDEN)
    patient: Identity = ask("客户", kind=Kind.HIDDEN)
    visit_number: str = ask("体检号", max_length=40)
    visit_date: date | None = ask("体检日期", kind=Kind.HIDDEN, default=None)
    lines: list[ResultLine] = ask("结果", kind=Kind.HIDDEN)


@handles(ReceiveResults)
def receive_results(order: ReceiveResults, work: UnitOfWork) -> Received:
    """Keep what is new, judged; a name, sex or birth date that contradicts the visit parks the results.

    The same message again changes nothing. A corrected result is a new observation that amends the old one.
    """
    visit = work.find(Visit, number=order.visit_number)
    patient = work.get(Patient, visit.patient_id) if visit else _patient_of(order, work)
    mismatch = patient is not None and _contradiction(patient, order.patient)
    if mismatch:
        return _park(order, work, mismatch)
    if patient is None:
        patient = _new_patient(order, work)
    if visit is None:
        visit = _new_visit(order, patient, work)
        known: dict[str, Observation] = {}
    else:
        rows = work.list(select(Observation).where(Observation.visit_id == visit.id).order_by(Observation.id))
        known = {o.item: o for o in rows}
    person = Person(patient.id, patient.sex, patient.birth_date)
    stored = repeated = 0
    for line in order.lines:
        earlier = known.get(line.item or line.code)
        if (
            earlier is not None
            and earlier.value_text == line.text
            and earlier.effective_at == (line.at or earlier.effective_at)
        ):
            repeated += 1
            continue
        judged = take_in(
            line,
            person,
            work.content["catalog"],
            visit_id=visit.id,
            source=ResultSource.INTERFACE,
            now=work.now,
        )
        keep(work, judged, visit.org_id, amends=earlier)
        stored += 1
    pending = sum(1 for line in order.lines if line.item is None or line.reason)
    return Received(patient.id, visit.id, stored, repeated, pending)


def _patient_of(order: ReceiveResults, work: UnitOfWork) -> Patient | None:
    if not order.patient.id_number:
        return None
    return work.find(Patient, id_number=order.patient.id_number, org_id=order.org_id)


def _contradiction(patient: Patient, said: Identity) -> str:
    if patient.name != said.name:
        return "姓名与体检号不符"
    if said.birth_date and patient.birth_date and said.birth_date != patient.birth_date:
        return "出生日期与体检号不符"
    known = {Sex.MALE, Sex.FEMALE}
    if said.sex in known and patient.sex in known and said.sex != patient.sex:
        return "性别与体检号不符"
    return ""


def _park(order: ReceiveResults, work: UnitOfWork, reason: str) -> Received:
    nobody = Person(None, Sex.UNKNOWN, None)
    for line in order.lines:
        unmatched = dataclasses.replace(line, reason=reason)
        judged = take_in(
            unmatched,
            nobody,
            work.content["catalog"],
            visit_id=None,
            source=ResultSource.INTERFACE,
            now=work.now,
        )
        judged.observation.org_id = order.org_id
        judged.observation.device = f"{order.visit_number} {order.message_id}"[:120]
        work.add(judged.observation)
    return Received(None, None, len(order.lines), 0, len(order.lines))


def _new_patient(order: ReceiveResults, work: UnitOfWork) -> Patient:
    said = order.patient
    return work.add(
        Patient(
            org_id=order.org_id, number=next_number(work, "patient", "P"), name=said.name, sex=said.sex,
            birth_date=said.birth_date, id_number=said.id_number, phone=said.phone, address=said.address,
        )
    )  # fmt: skip


def _new_visit(order: ReceiveResults, patient: Patient, work: UnitOfWork) -> Visit:
    visit = Visit(
        org_id=order.org_id,
        number=order.visit_number,
        patient_id=patient.id,
        visit_date=order.visit_date or clinic(work.now).date(),
    )
    work.start(visit_life, visit)
    return work.add(visit)


def keep(work: UnitOfWork, judged: Judged, org_id: Id, *, amends: Observation | None = None) -> Observation:
    """Keep an observation with its finding and critical value, in this unit of work."""
    observation = judged.observation
    observation.org_id = org_id
    if amends is not None:
        observation.amends = amends.id
        if observation.status is ResultStatus.FINAL:
            observation.status = ResultStatus.CORRECTED
    work.add(observation)
    if observation.important_class and observation.patient_id and observation.visit_id:
        work.add(_finding(observation, judged, work))
    if observation.critical_level and observation.patient_id:
        critical = _critical(observation)
        work.start(critical_handling, critical)
        work.add(critical)
    return observation


def _finding(observation: Observation, judged: Judged, work: UnitOfWork) -> Finding:
    rules = judged.judgement.rules if judged.judgement else ()
    return Finding(
        id=stable_id("finding", observation.id), org_id=observation.org_id, visit_id=observation.visit_id,
        patient_id=observation.patient_id, observation_id=observation.id,
        important_class=observation.important_class,
        sentence=finding_sentence(
            observation.label, observation.value_text, observation.ucum, observation.range_text
        ),
        rule="、".join(rules)[:120] or "report", unverified=observation.unverified, found_at=work.now,
    )  # fmt: skip


def _critical(observation: Observation) -> CriticalValue:
    return CriticalValue(
        id=stable_id("critical", observation.id), org_id=observation.org_id, patient_id=observation.patient_id,
        visit_id=observation.visit_id, observation_id=observation.id, label=observation.label,
        value_text=f"{observation.value_text} {shown_unit(observation.ucum)}".strip(),
        level=observation.critical_level, unverified=observation.unverified,
    )  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One measured value with its unit as the device or the nurse gave it."""

    item: str
    value: float
    unit: str


@command("checkup.measure", "录入测量值", permission="checkup.measure")
class RecordMeasurement:
    """A set of values taken at the desk, confirmed together: a blood pressure, or weight and height."""

    visit_id: Id = ask("体检", kind=Kind.HIDDEN)
    values: list[Measured] = ask("测量值", kind=Kind.HIDDEN)
    device: str | None = ask("设备", default=None, max_length=120)
    raw: bytes | None = ask("原始数据", kind=Kind.HIDDEN, default=None)
    measured_at: datetime | None = ask("测量时间", kind=Kind.HIDDEN, default=None)


@handles(RecordMeasurement)
def record_measurement(order: RecordMeasurement, work: UnitOfWork) -> list[Id]:
    """Return the ids of the observations, in the order given; all of them are kept or none.

    Raises:
        DomainError: ``checkup.value_implausible`` with the item as field (a pressure of 400, a negative weight);
            ``checkup.pressure_reversed`` when systolic is not above diastolic.
    """
    if not order.values:
        raise DomainError("input.missing", field="values", label="测量值")
    visit = work.require(Visit, order.visit_id, "visit_id")
    patient = work.require(Patient, visit.patient_id)
    catalog: Catalog = work.content["catalog"]
    numbers = {v.item: v.value for v in order.values}
    if "sbp" in numbers and "dbp" in numbers and numbers["sbp"] <= numbers["dbp"]:
        raise DomainError("checkup.pressure_reversed", field="sbp", sbp=numbers["sbp"], dbp=numbers["dbp"])
    if work.now < (order.measured_at or work.now):
        raise DomainError("checkup.measured_in_future", field="measured_at")
    person = Person(patient.id, patient.sex, patient.birth_date)
    source = ResultSource.DEVICE if order.device else ResultSource.MANUAL
    kept = []
    for value in order.values:
        line = line_for(
            catalog, value.item, value.value, value.unit, field=value.item, device=order.device, raw=order.raw,
            at=order.measured_at,
        )  # fmt: skip
        judged = take_in(line, person, catalog, visit_id=visit.id, source=source, now=work.now)
        kept.append(keep(work, judged, visit.org_id).id)
    return kept
