"""Who a message or a person says somebody is, and what is doubtful about it: pure, no database.

Two kinds of doubt. What contradicts *itself* (an identity number with a wrong check digit, or one that says another
sex or birth date than the fields beside it) is about the right person with a wrong detail. What contradicts the
*record* it came in under may be about another person altogether.
"""

import dataclasses
from datetime import date

from domain.kernel.errors import DomainError
from domain.people.idnumber import normalise, read_id
from domain.people.records import Sex

GENDER = {Sex.MALE: "male", Sex.FEMALE: "female"}
_SEXES = {"male": Sex.MALE, "female": Sex.FEMALE}
_WHY = {
    "idcard.length": "证件号码位数不对",
    "idcard.characters": "证件号码含有不该有的字符",
    "idcard.check_digit": "证件号码校验位有误",
}
_OTHERWISE = "证件号码中的出生日期有误"


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
class Doubt:
    """What is doubtful: the sentence, the fields that cannot be relied on, and whether it may be another person."""

    reason: str
    fields: frozenset[str]
    other_person: bool = False


def own_doubt(said: Identity, today: date) -> Doubt | None:
    """Return what an identity contradicts itself in; None if it does not, or has no number to compare with."""
    if not said.id_number:
        return None
    try:
        read = read_id(said.id_number, today=today, allow_15=True)
    except DomainError as error:
        return Doubt(_WHY.get(error.code, _OTHERWISE), frozenset({"id_number"}))
    differing = differences(read.number, said.sex, said.birth_date, today)
    if not differing:
        return None
    return Doubt("；".join(differing.values()), frozenset({"id_number", *differing}))


def differences(number: str, sex: Sex, birth_date: date | None, today: date) -> dict[str, str]:
    """Return which of sex and birth date a valid number contradicts, each with its sentence."""
    read = read_id(number, today=today, allow_15=True)
    found = {}
    if birth_date is not None and birth_date != read.birth_date:
        found["birth_date"] = (
            f"出生日期 {birth_date.isoformat()} 与证件上的 {read.birth_date.isoformat()} 不一致"
        )
    if sex in GENDER and GENDER[sex] != read.sex:
        found["sex"] = f"性别与证件不一致（证件为{'男' if read.sex == 'male' else '女'}）"
    return found


def other_person(said: Identity, known: Identity, today: date, under: str) -> Doubt | None:
    """Return in what an identity contradicts the record it came in under; None if it fits.

    Args:
        said: Who the message says it is.
        known: Who the record says it is.
        today: The clinic's date.
        under: What led to the record, in Chinese (体检号, 证件号码).
    """
    both = {Sex.MALE, Sex.FEMALE}
    wrong = {
        "姓名": said.name != known.name,
        "出生日期": bool(said.birth_date and known.birth_date and said.birth_date != known.birth_date),
        "性别": {said.sex, known.sex} == both,
        "证件号码": _other_number(said.id_number, known.id_number, today),
    }
    names = [name for name, differs in wrong.items() if differs]
    if not names:
        return None
    return Doubt(f"{'、'.join(names)}与{under}不符", frozenset({"name"}), other_person=True)


def sex_of(number: str, today: date) -> Sex:
    """Return the sex a valid number states."""
    return _SEXES[read_id(number, today=today, allow_15=True).sex]


def _other_number(said: str | None, known: str | None, today: date) -> bool:
    """Tell whether two numbers are both good and are of two persons; a damaged one proves nothing."""
    if not said or not known or normalise(said) == normalise(known):
        return False
    try:
        return (
            read_id(said, today=today, allow_15=True).number
            != read_id(known, today=today, allow_15=True).number
        )
    except DomainError:
        return False
