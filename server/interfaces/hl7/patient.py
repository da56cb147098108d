"""PID: who a message is about."""

from datetime import date

from domain.kernel.errors import DomainError
from server.interfaces.hl7.message import Field, Segment
from server.interfaces.hl7.results import Gender, Identifier, PatientIdentity
from server.interfaces.hl7.times import read_date

# HL7 table 0001, GB/T 2261.1, and the words Chinese systems write.
_GENDER: dict[str, Gender] = {
    "M": "male",
    "F": "female",
    "1": "male",
    "2": "female",
    "男": "male",
    "女": "female",
    "男性": "male",
    "女性": "female",
    "O": "other",
    "A": "other",
    "9": "other",
}
_IDEOGRAPHIC = "I"


def read_patient(pid: Segment, today: date) -> PatientIdentity:
    """Return the identity a PID segment states.

    Raises:
        DomainError: ``hl7.bad_time`` or ``hl7.birth_in_future``, with their location.
    """
    birth_date = read_date(pid.text(7), "PID^1^7")
    if birth_date is not None and birth_date > today:
        raise DomainError(
            "hl7.birth_in_future", "PID-7", location="PID^1^7", birth_date=birth_date.isoformat()
        )
    identifiers = (Identifier(one.text(1), one.text(5), one.text(4)) for one in pid.repetitions(3))
    phones = (one.text(1) or one.text(12) for one in pid.repetitions(13))
    return PatientIdentity(
        identifiers=tuple(one for one in identifiers if one.value),
        name=_name(pid.repetitions(5)),
        birth_date=birth_date,
        gender=_GENDER.get(pid.text(8).upper(), "unknown"),
        phones=tuple(dict.fromkeys(phone for phone in phones if phone)),
    )


def _name(repetitions: list[Field]) -> str:
    """Return the name in Chinese characters if there is one: family and given name without a space."""
    if not repetitions:
        return ""
    chosen = next((one for one in repetitions if one.text(8) == _IDEOGRAPHIC), repetitions[0])
    family, given = chosen.text(1), chosen.text(2)
    if (family + given).isascii():
        return " ".join(part for part in (given, chosen.text(3), family) if part)
    return family + given
