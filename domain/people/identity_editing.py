"""Changing who a client is: checked, with a reason, its history kept. Used by the commands that may do it."""

import dataclasses
from datetime import date

from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.identity import differences
from domain.people.identity_records import IdentityChange
from domain.people.idnumber import normalise, read_id
from domain.people.records import Patient, Sex
from domain.people.taken_numbers import refuse_taken

CITIZEN_CARD = "01"
OLDEST_BIRTH_YEAR = 1880
_SEXES = {Sex.UNKNOWN: "未知", Sex.MALE: "男", Sex.FEMALE: "女", Sex.UNSTATED: "未说明"}
_LABELS = {"sex": "性别", "birth_date": "出生日期", "id_type": "证件类型", "id_number": "证件号码"}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NewIdentity:
    """What is to stand in the record; None leaves a field as it is."""

    sex: Sex | None = None
    birth_date: date | None = None
    id_type: str | None = None
    id_number: str | None = None


def change_identity(
    work: UnitOfWork, patient: Patient, new: NewIdentity, *, reason: str | None, difference_confirmed: bool
) -> bool:
    """Write what differs and keep it as history; returns whether anything did.

    Raises:
        DomainError: ``patient.reason_missing`` (field ``reason``) without one; ``idcard.*`` (``id_number``);
            ``patient.exists`` where another client has the number, ``number.taken`` where something else has;
            ``patient.birth_in_future``, ``patient.birth_too_early``;
            ``patient.identity_differs`` where the number says another sex or birth date
            than the record and the person has not confirmed it.
    """
    wanted = _wanted(patient, new)
    if not wanted:
        return False
    if not (reason or "").strip():
        raise DomainError(
            "patient.reason_missing", field="reason", fields="、".join(_LABELS[n] for n in wanted)
        )
    _refuse_birth(work, wanted.get("birth_date"))
    difference = _checked_number(work, patient, wanted)
    if difference and not difference_confirmed:
        field, sentences = next(iter(difference)), "；".join(difference.values())
        raise DomainError("patient.identity_differs", field=field, difference=sentences)
    work.add(
        IdentityChange(
            org_id=patient.org_id, patient_id=patient.id, summary=_summary(patient, wanted), reason=reason,
            difference="；".join(difference.values()) or None, staff_id=work.actor.staff_id,
            staff_name=work.actor.name, changed_at=work.now,
        )
    )  # fmt: skip
    for name, value in wanted.items():
        setattr(patient, name, value)
    return True


def _wanted(patient: Patient, new: NewIdentity) -> dict[str, object]:
    given = dataclasses.asdict(new)
    if new.id_number:
        given["id_number"] = normalise(new.id_number)
    return {n: v for n, v in given.items() if v is not None and v != getattr(patient, n)}


def _refuse_birth(work: UnitOfWork, birth: object) -> None:
    if not isinstance(birth, date):
        return
    if birth > clinic(work.now).date():
        raise DomainError("patient.birth_in_future", field="birth_date", value=birth.isoformat())
    if birth.year < OLDEST_BIRTH_YEAR:
        raise DomainError("patient.birth_too_early", field="birth_date", value=birth.isoformat())


def _checked_number(work: UnitOfWork, patient: Patient, wanted: dict[str, object]) -> dict[str, str]:
    """Check the number that will stand; returns in what it differs from the sex and birth date that will."""
    number = wanted.get("id_number", patient.id_number)
    if not isinstance(number, str):
        return {}
    if "id_number" in wanted:
        other = work.find(Patient, id_number=number)
        if other is not None and other.id != patient.id:
            raise DomainError("patient.exists", field="id_number", number=other.number)
        refuse_taken(work, "id_number", _LABELS["id_number"], number, own=patient.id)
    if wanted.get("id_type", patient.id_type) != CITIZEN_CARD:
        return {}
    today = clinic(work.now).date()
    try:
        read_id(number, today=today)
    except DomainError:
        if "id_number" in wanted or "id_type" in wanted:
            raise
        return {}  # an old number that was taken as it came; it is not what is changed now
    sex, birth = wanted.get("sex", patient.sex), wanted.get("birth_date", patient.birth_date)
    return differences(number, Sex(str(sex)), birth if isinstance(birth, date) else None, today)


def _summary(patient: Patient, wanted: dict[str, object]) -> str:
    return "；".join(
        f"{_LABELS[name]}：{_shown(getattr(patient, name))} → {_shown(value)}"
        for name, value in wanted.items()
    )


def _shown(value: object) -> str:
    if isinstance(value, Sex):
        return _SEXES[value]
    return "空" if value is None else str(value)
