"""Whether an image is of the client whose case is open: what the file says against what the case knows. Pure."""

import dataclasses
import enum
from datetime import date

from domain.people.records import Sex

_SEX = {"M": Sex.MALE, "F": Sex.FEMALE}


class Match(enum.StrEnum):
    """What a comparison comes to; a `FOREIGN` image is not shown."""

    SAME = "same"
    UNSURE = "unsure"
    FOREIGN = "foreign"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a case knows of its client.

    Args of the class: `numbers` are those a device may have been given (patient, visit, identity, accession);
    `study_uids` those a PACS told for this visit.
    """

    name: str
    sex: Sex
    birth_date: date | None
    numbers: frozenset[str]
    study_uids: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """What a comparison found; `differs` names the fields (``name``, ``birth_date``, ``sex``) that contradict."""

    match: Match
    differs: tuple[str, ...] = ()


def compare(
    case: Shown, *, patient_id: str, name: str, birth_date: str, sex: str, accession: str = "", study_uid: str = ""
) -> Verdict:  # fmt: skip
    """Compare an image with a case.

    One contradiction is enough to refuse: an image of somebody else is worse than none. A name in Latin letters is
    compared by its pinyin in either order, and where that differs it counts unless a number of the case proves the
    image, because readings of names are ambiguous. Without a number or a birth date that agrees it stays unsure.

    Args:
        case: What the case knows.
        patient_id: (0010,0020) of the file.
        name: (0010,0010), groups separated by ``=``, parts by ``^``.
        birth_date: (0010,0030), YYYYMMDD.
        sex: (0010,0040), M, F or O.
        accession: (0008,0050).
        study_uid: (0020,000D).
    """
    known = {n.strip().casefold() for n in case.numbers if n.strip()}
    proven = (
        patient_id.strip().casefold() in known
        or accession.strip().casefold() in known
        or (study_uid in case.study_uids and bool(study_uid))
    )
    differs = []
    said_name = _same_name(case.name, name, proven)
    if said_name is False:
        differs.append("name")
    born = _day(birth_date)
    if born is not None and case.birth_date is not None and born != case.birth_date:
        differs.append("birth_date")
    said_sex = _SEX.get(sex.strip().upper())
    if said_sex is not None and case.sex in _SEX.values() and said_sex is not case.sex:
        differs.append("sex")
    if differs:
        return Verdict(Match.FOREIGN, tuple(differs))
    agrees = said_name is True and born is not None and born == case.birth_date
    return Verdict(Match.SAME if proven or agrees else Match.UNSURE)


def _day(text: str) -> date | None:
    digits = text.strip()
    if len(digits) != 8 or not digits.isdigit():
        return None
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def _same_name(known: str, said: str, proven: bool) -> bool | None:
    """Return whether two names agree, None where that cannot be told."""
    groups = ["".join(g.replace("^", "").split()) for g in said.split("=")]
    ours = "".join(known.split())
    written = [g for g in groups if any(c >= "\u3400" for c in g)]
    if not any(groups) or not ours:
        return None
    if written:
        return ours in written
    if not said.isascii():
        return None  # a character set the file does not name: nothing can be read off it
    latin = {_letters(part) for part in said.split("=")} - {""}
    ours_read = _readings(ours) if any(c >= "\u3400" for c in ours) else {_letters(ours)}
    if not latin:
        return None
    if latin & ours_read:
        return True
    return None if proven else False


def _letters(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalpha()).replace("v", "u").replace("ü", "u")


def _readings(name: str) -> set[str]:
    """Return every reading of a name as letters, family name first and last: WANG^MEINA and Mei Na Wang are one."""
    import itertools

    from pypinyin import Style, pinyin

    syllables = [one[:4] for one in pinyin(name, style=Style.NORMAL, heteronym=True)[:6]]
    ways = [[_letters(s) for s in way] for way in itertools.product(*syllables)]
    return {"".join(way[at:] + way[:at]) for way in ways for at in (0, 1, 2)}
