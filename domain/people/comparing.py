"""Is this the person the record means? Red, yellow or green, with every reason. Pure.

Red is a contradiction: two persons, or a document that cannot be right. Yellow is a doubt that a look at the document
settles. Green says what was compared; a light never stands for a check that was not made.
"""

import dataclasses
import enum
import unicodedata
from datetime import date

from domain.people.identity import Identity, differences, own_doubt
from domain.people.idnumber import normalise
from domain.people.names import search_keys


class Light(enum.StrEnum):
    """What to do: go on, look at the document, stop."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


class Likeness(enum.StrEnum):
    """How two names are alike."""

    SAME = "same"
    VARIANT = "variant"
    SOUND = "sound"
    OTHER = "other"


_ORDER = (Light.GREEN, Light.YELLOW, Light.RED)
# Written differently and the same name: traditional and variant forms that documents and typists mix.
_VARIANTS = str.maketrans(
    "張陳劉趙黃吳孫馬楊鄭謝許鄧馮葉蘇呂盧蔣賈餘潘韓羅鍾鐘錢譚賴龍顧龔閻顏麗華國偉強軍傑紅蘭鳳雲榮燕寧堃昇喆峯羣淼暐囯",
    "张陈刘赵黄吴孙马杨郑谢许邓冯叶苏吕卢蒋贾余潘韩罗钟钟钱谭赖龙顾龚阎颜丽华国伟强军杰红兰凤云荣燕宁坤升哲峰群淼炜国",
)
_LEFT_OUT = frozenset("·•・．. \u3000-")


@dataclasses.dataclass(frozen=True, slots=True)
class Verdict:
    """A light, why it is not green (codes of texts with their facts), and what was compared."""

    light: Light
    reasons: tuple[str, ...]
    compared: tuple[str, ...]


def likeness(said: str, known: str) -> Likeness:
    """Return how two names are alike: spaces, dots, widths and case never make a difference.

    Variant characters (張 and 张) are the same name written otherwise. The same sound is a doubt, not a match:
    a clerk who hears a name writes the commonest characters.
    """
    first, second = _plain(said), _plain(known)
    if not first or not second:
        return Likeness.OTHER
    if first == second:
        return Likeness.SAME
    if first.translate(_VARIANTS) == second.translate(_VARIANTS):
        return Likeness.VARIANT
    if set(search_keys(first).pinyin) & set(search_keys(second).pinyin):
        return Likeness.SOUND
    return Likeness.OTHER


def judge(said: Identity, known: Identity, today: date, outside: bool | None = None) -> Verdict:
    """Return the light of who somebody says to be against who the record says.

    Args:
        said: From the document or the list.
        known: From the record.
        today: The clinic's date.
        outside: What an authority's service answered: True fits, False does not, None was not asked or did not
            answer; an answer that did not come changes nothing but what is listed as compared.
    """
    found: list[tuple[Light, str]] = []
    compared = ["name"]
    alike = likeness(said.name, known.name)
    if alike is Likeness.OTHER:
        found.append((Light.RED, "name_other"))
    elif alike is Likeness.SOUND:
        found.append((Light.YELLOW, "name_sound"))
    doubt = own_doubt(said, today)
    if said.id_number:
        compared.append("check_digit")
        if doubt is not None:
            found.append((Light.RED, "own_contradiction"))
        elif known.id_number:
            compared.append("id_number")
            if normalise(said.id_number) != normalise(known.id_number):
                found.append((Light.RED, "number_other"))
        if doubt is None and known.birth_date is not None:
            compared += ["birth_date", "sex"]
            wrong = differences(said.id_number, known.sex, known.birth_date, today)
            found += [(Light.RED, f"{name}_other") for name in wrong]
    else:
        found.append((Light.YELLOW, "no_number"))
        if said.birth_date and known.birth_date:
            compared.append("birth_date")
            if said.birth_date != known.birth_date:
                found.append((Light.RED, "birth_date_other"))
    if outside is not None:
        compared.append("outside")
        if not outside:
            found.append((Light.RED, "outside_other"))
    light = max((light for light, _ in found), key=_ORDER.index, default=Light.GREEN)
    return Verdict(light, tuple(dict.fromkeys(code for _, code in found)), tuple(compared))


def worse(one: Light, other: Light) -> Light:
    """Return the light that says more against going on."""
    return max(one, other, key=_ORDER.index)


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(mark for mark in folded if mark not in _LEFT_OUT)
