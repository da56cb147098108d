"""Finding and registering clients at the desk."""

import dataclasses
from datetime import date

from sqlalchemy import select

from domain.checkup.intake import Person
from domain.checkup.judging_again import judge_again
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.duties import begin_duty
from domain.people.identity import GENDER
from domain.people.identity_editing import CITIZEN_CARD, OLDEST_BIRTH_YEAR, NewIdentity, change_identity
from domain.people.idnumber import normalise, read_id
from domain.people.numbers import next_number
from domain.people.records import Patient, Sex
from domain.people.roster_records import DutySource
from domain.people.taken_numbers import refuse_taken
from domain.people.tie_commands import tie_to_maker


@dataclasses.dataclass(frozen=True, slots=True)
class Registered:
    """The client's record."""

    patient_id: Id
    number: str


@command("people.register", "登记客户", permission="people.register")
class RegisterPatient:
    """Keep a new client; whoever is likely known already is named instead."""

    name: str = ask("姓名", max_length=60)
    sex: Sex = ask("性别", kind=Kind.CHOICE)
    birth_date: date = ask("出生日期", kind=Kind.DATE)
    id_type: str = ask("证件类型", kind=Kind.CHOICE, default=CITIZEN_CARD, max_length=10)
    id_number: str | None = ask("证件号码", default=None, max_length=40)
    phone: str | None = ask("手机号", default=None, max_length=20)
    address: str | None = ask("住址", default=None)
    allergy: str | None = ask("过敏史", kind=Kind.NOTE, default=None)
    another_person: bool = ask("确认不是同一人", default=False)
    to_check: bool = ask("证件待核查", default=False)


@handles(RegisterPatient)
def register(order: RegisterPatient, work: UnitOfWork) -> Registered:
    """Return the new record.

    Raises:
        DomainError: ``patient.birth_in_future``, ``patient.birth_differs`` or ``patient.sex_differs`` (from the ID
            number), ``patient.exists`` (same ID number), ``patient.likely_same`` (same name and birth date),
            ``number.taken`` (the ID number is the number of something else).
    """
    check_person(
        work, order.birth_date, order.sex, order.id_number if order.id_type == CITIZEN_CARD else None
    )
    if order.id_number:
        known = work.find(Patient, id_number=normalise(order.id_number))
        if known is not None:
            raise DomainError("patient.exists", field="id_number", number=known.number)
        refuse_taken(work, "id_number", "证件号码", normalise(order.id_number))
    if not order.another_person:
        alike = work.find(Patient, name=order.name, birth_date=order.birth_date)
        if alike is not None:
            raise DomainError("patient.likely_same", field="name", number=alike.number)
    patient = work.add(
        Patient(
            number=next_number(work, "patient", "P"),
            name=order.name,
            sex=order.sex,
            birth_date=order.birth_date,
            id_type=order.id_type,
            id_number=normalise(order.id_number) if order.id_number else None,
            phone=order.phone,
            address=order.address,
            allergy=order.allergy,
        )
    )
    tie_to_maker(work, patient)
    if order.to_check:
        begin_duty(work, DutySource.REGISTERED, patient.name, patient.org_id, patient_id=patient.id)
    return Registered(patient.id, patient.number)


def check_person(work: UnitOfWork, birth: date, sex: Sex, citizen_number: str | None) -> None:
    """Refuse what contradicts itself: a birth in the future, or an ID number of another person."""
    today = clinic(work.now).date()
    if birth > today:
        raise DomainError("patient.birth_in_future", field="birth_date", value=birth.isoformat())
    if birth.year < OLDEST_BIRTH_YEAR:
        raise DomainError("patient.birth_too_early", field="birth_date", value=birth.isoformat())
    if citizen_number:
        read = read_id(citizen_number, today=today)
        if read.birth_date != birth:
            raise DomainError(
                "patient.birth_differs", field="birth_date", in_number=read.birth_date.isoformat()
            )
        if sex in {Sex.MALE, Sex.FEMALE} and read.sex != GENDER[sex]:
            raise DomainError("patient.sex_differs", field="sex")


@command("people.edit", "修改客户信息", permission="people.edit")
class EditPatient:
    """Change what a client's record says; fields left out stay as they are."""

    patient_id: Id = ask("客户", kind=Kind.HIDDEN)
    name: str | None = ask("姓名", default=None, max_length=60)
    phone: str | None = ask("手机号", default=None, max_length=20)
    address: str | None = ask("住址", default=None)
    allergy: str | None = ask("过敏史", kind=Kind.NOTE, default=None)
    blood_group: str | None = ask("血型", default=None, max_length=10)
    card_no: str | None = ask("会员卡号", default=None, max_length=40)
    id_type: str | None = ask("证件类型", default=None, max_length=10)
    id_number: str | None = ask("证件号码", default=None, max_length=40)
    sex: Sex | None = ask("性别", kind=Kind.CHOICE, default=None)
    birth_date: date | None = ask("出生日期", kind=Kind.DATE, default=None)
    difference_confirmed: bool = ask("确认与证件号码不一致", default=False)
    reason: str | None = ask("更正原因", kind=Kind.NOTE, default=None)


@dataclasses.dataclass(frozen=True, slots=True)
class Edited:
    """Whether the identity changed, how many results are judged otherwise now, and how many signed reports stay."""

    identity: bool
    results: int = 0
    issued_reports: int = 0


@handles(EditPatient)
def edit(order: EditPatient, work: UnitOfWork) -> Edited:
    """Write the fields that were given; number, sex and birth date need a reason and leave their history.

    With another sex or birth date the results of reports not yet signed are judged again.

    Raises:
        DomainError: Those of `change_identity`; ``number.taken`` or ``number.like_tube`` for the card.
    """
    patient = work.require(Patient, order.patient_id, "patient_id")
    before = Person(patient.id, patient.sex, patient.birth_date)
    new = NewIdentity(
        sex=order.sex, birth_date=order.birth_date, id_type=order.id_type, id_number=order.id_number
    )
    changed = change_identity(
        work, patient, new, reason=order.reason, difference_confirmed=order.difference_confirmed
    )
    if order.card_no and order.card_no != patient.card_no:
        refuse_taken(work, "card_no", "会员卡号", order.card_no, own=patient.id)
    for name in ("name", "phone", "address", "allergy", "blood_group", "card_no"):
        value = getattr(order, name)
        if value is not None and value != getattr(patient, name):
            setattr(patient, name, value)
    after = Person(patient.id, patient.sex, patient.birth_date)
    if before == after:
        return Edited(changed)
    again = judge_again(work, before, after)
    return Edited(changed, again.results, again.issued_reports)


@command("people.find_by_id", "按证件查找", permission="people.view")
class FindByIdNumber:
    """Find a client by the number a card reader read."""

    id_number: str = ask("证件号码", kind=Kind.SCAN, max_length=40)


@handles(FindByIdNumber)
def find_by_id(order: FindByIdNumber, work: UnitOfWork) -> Id | None:
    """Return the client's id, or None; nothing is changed."""
    found = work.list(select(Patient).where(Patient.id_number == normalise(order.id_number)).limit(1))
    return found[0].id if found else None
