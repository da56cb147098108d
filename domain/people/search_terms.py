"""What a client is found by, as terms of an inverted index; and what a typed text asks for. Pure, no database.

A term is a tag letter and a value; the tags are those of `Tag`. What may be typed in part is kept in its parts
(``王美娜``: 王, 美, 娜, 王美, 美娜, 王美娜), so a search reads one list of the index and stops at the hits it needs:
it costs the same for a hundred thousand clients as for a million. Only long prefixes are looked up as prefixes.

Names are found by the reading as a surname and by the characters' common one (单: ``shan`` and ``dan``).
"""

import dataclasses
import enum
import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

LONGEST_PART = 4
LONGEST_START = 6
SHORTEST_PHONE, LONGEST_PHONE = 3, 7
TAILS = (4, 6)
MOST_WORDS = 6

_RUNS = re.compile(r"[0-9]+x?(?![a-z])|[a-z]+|[^\W0-9a-z_]+")


class Tag(enum.StrEnum):
    """First letter of a term."""

    PART = "n"  # neighbouring characters of the name, 1 to 4
    NAME = "w"  # the whole name
    PINYIN = "p"  # the whole pinyin
    PINYIN_START = "q"  # the first 1 to 6 letters of the pinyin
    INITIALS = "i"  # the first 1 to 6 initials
    PHONE = "t"  # the whole phone number
    PHONE_START = "u"  # the first 3 to 7 digits of the phone number
    PHONE_END = "e"  # the last 4 or 6 digits of the phone number
    ID_END = "d"  # the last 4 or 6 of the identity number
    YEAR = "y"  # year of birth
    ORG = "o"  # organisation, 32 hexadecimal digits


# The same as plain text: a member of an enumeration costs four times as much to put before something.
_PART, _NAME, _ORG = str(Tag.PART), str(Tag.NAME), str(Tag.ORG)
_PINYIN, _PINYIN_START, _INITIALS = str(Tag.PINYIN), str(Tag.PINYIN_START), str(Tag.INITIALS)
_PHONE, _PHONE_START, _PHONE_END = str(Tag.PHONE), str(Tag.PHONE_START), str(Tag.PHONE_END)
_ID_END = str(Tag.ID_END)
_STARTS = range(1, LONGEST_START + 1)


@dataclasses.dataclass(frozen=True, slots=True)
class Word:
    """One word of a query: any of its terms fits, one that ends in ``*`` as a prefix.

    `whole` terms stand for a whole value and are for everybody; `terms` look into parts of personal values and
    `sensitive` ones into parts of sensitive values, for those who may see them.
    """

    terms: tuple[str, ...]
    whole: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()


def patient_terms(
    *, name: str, phone: str | None, id_number: str | None, birth_date: date | None, org: str
) -> list[str]:
    """Return the terms of a client; `org` is the organisation's id in hexadecimal."""
    terms = [*_name_terms(fold(name)), _ORG + org]
    digits = phone or ""
    if not (digits.isascii() and digits.isdigit()):
        digits = "".join(mark for mark in fold(digits) if mark.isdigit())
    if digits:
        longest = min(LONGEST_PHONE, len(digits))
        terms.append(_PHONE + digits)
        terms += [_PHONE_START + digits[:n] for n in range(SHORTEST_PHONE, longest + 1)]
        terms += [_PHONE_END + digits[-n:] for n in TAILS if len(digits) > n]
    if id_number:
        number = fold(id_number)
        terms += [_ID_END + number[-n:] for n in TAILS if len(number) > n]
    if birth_date:
        terms.append(f"{Tag.YEAR}{birth_date.year}")
    return list(dict.fromkeys(terms))


def query_words(text: str) -> list[Word]:
    """Return what a text asks for, all of which must fit; empty if there is nothing to look for.

    ``王美`` is a part of a name, ``wangm`` or ``wmn`` pinyin or initials, ``138`` or ``5678`` the start or the tail
    of a number, ``王 1980`` a name and a year of birth.
    """
    words = [word for run in _RUNS.findall(fold(text)) for word in _words(run)]
    return [word for word in words if word.terms][:MOST_WORDS]


def fold(text: str) -> str:
    """Return a text in the one form names and numbers are compared in: narrow, small, ``ü`` as ``v``."""
    return unicodedata.normalize("NFKC", text).strip().lower().replace("ü", "v")


def _words(run: str) -> Iterator[Word]:
    if run[0] in "0123456789":
        yield _number_word(run)
    elif run.isascii():
        whole = (Tag.PINYIN + run,)
        if len(run) > LONGEST_START:
            yield Word((f"{Tag.PINYIN}{run}*",), whole)
        else:
            yield Word((Tag.PINYIN_START + run, Tag.INITIALS + run), whole)
    else:
        for start in range(max(1, len(run) - LONGEST_PART + 1)):
            yield Word((Tag.PART + run[start : start + LONGEST_PART],), (Tag.NAME + run,))


def _number_word(run: str) -> Word:
    terms = []
    if len(run) > LONGEST_PHONE:
        return Word((f"{Tag.PHONE}{run}*",), (Tag.PHONE + run,))
    if len(run) >= SHORTEST_PHONE:
        terms.append(Tag.PHONE_START + run)
    if len(run) == 4 and "1900" <= run < "2100":
        terms.append(Tag.YEAR + run)
    if len(run) not in TAILS:
        return Word(tuple(terms))
    return Word((*terms, Tag.PHONE_END + run), sensitive=(Tag.ID_END + run,))


@lru_cache(maxsize=8192)
def _name_terms(name: str) -> tuple[str, ...]:
    runs = _RUNS.findall(name)
    joined = "".join(runs)
    terms = [_NAME + joined]
    for run in runs:
        if not run.isascii():
            terms += [_PART + part for part in _parts(run)]
    pinyin, initials = _spellings(name, joined)
    terms += [_PINYIN + one for one in pinyin]
    terms += [_PINYIN_START + one[:n] for one in pinyin for n in _STARTS[: len(one)]]
    terms += [_INITIALS + one[:n] for one in initials for n in _STARTS[: len(one)]]
    return tuple(dict.fromkeys(terms))


def _parts(run: str) -> Iterator[str]:
    for length in range(1, min(LONGEST_PART, len(run)) + 1):
        for start in range(len(run) - length + 1):
            yield run[start : start + length]


def _spellings(name: str, joined: str) -> tuple[list[str], list[str]]:
    """Return pinyin and initials: the readings as a name, then the common reading of each character."""
    from domain.people.names import common_readings, search_keys

    keys = search_keys(name)
    syllables = [fold(syllable) for syllable in common_readings(joined)]
    pinyin = dict.fromkeys([*keys.pinyin, "".join(syllables)])
    initials = dict.fromkeys([*keys.initials, "".join(s[:1] for s in syllables)])
    return [p for p in pinyin if p.isascii() and p], [i for i in initials if i.isascii() and i]
