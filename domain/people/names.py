"""Chinese names for search: pinyin and initials, surname readings and the variants of heteronyms.

`pypinyin` (its dictionaries take about 0.1 s and 10 MB) is imported on first use.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import islice, product

import msgspec

MOST_VARIANTS = 8
_MOST_READINGS = 3
_MOST_MARKS = 8192
"""Characters whose readings are kept; names in use have some five thousand different ones."""
_LAST_LETTERS = re.compile("[0-9A-Za-z]+$")
_UMLAUT = re.compile("([ln])v")

# Readings as a surname that differ from the character's usual one; the first is the common one.
_SURNAMES: dict[str, tuple[str, ...]] = {
    "仇": ("qiu",),
    "单": ("shan",),
    "解": ("xie",),
    "曾": ("zeng",),
    "查": ("zha",),
    "朴": ("piao",),
    "区": ("ou",),
    "乐": ("yue", "le"),
    "缪": ("miao",),
    "翟": ("zhai",),
    "薄": ("bo",),
    "能": ("nai",),
    "都": ("du",),
    "阚": ("kan",),
    "乜": ("nie",),
    "秘": ("bi", "mi"),
    "种": ("chong",),
    "重": ("chong",),
    "繁": ("po",),
    "覃": ("qin", "tan"),
    "折": ("she",),
    "盖": ("ge", "gai"),
    "员": ("yun", "yuan"),
    "贠": ("yun",),
    "黑": ("he", "hei"),
    "么": ("yao",),
    "洗": ("xian",),
    "冼": ("xian",),
    "召": ("shao", "zhao"),
    "祭": ("zhai",),
    "谌": ("chen", "shen"),
    "牟": ("mou", "mu"),
    "卜": ("bu",),
    "藏": ("zang", "cang"),
    "粘": ("nian",),
    "佴": ("nai",),
    "扎": ("za", "zha"),
    "六": ("lu", "liu"),
    "不": ("fou", "bu"),
    "浣": ("wan", "huan"),
    "貟": ("yun",),
    "隗": ("wei", "kui"),
    "郇": ("xun", "huan"),
    "晁": ("chao",),
    "长": ("chang",),
    "石抹": ("shi mo",),
    "万俟": ("mo qi",),
    "尉迟": ("yu chi",),
    "单于": ("chan yu",),
    "澹台": ("tan tai",),
    "子车": ("zi ju",),
    "长孙": ("zhang sun",),
    "皇甫": ("huang fu", "huang pu"),
    "令狐": ("ling hu",),
    "诸葛": ("zhu ge",),
    "乐正": ("yue zheng",),
}


class SearchKeys(msgspec.Struct, frozen=True):
    """What a name is found by: whole pinyin without spaces (``wangxiaoming``), initials (``wxm``)."""

    pinyin: tuple[str, ...]
    initials: tuple[str, ...]


@lru_cache(maxsize=4096)
def search_keys(name: str) -> SearchKeys:
    """Return the search keys of a name; at most `MOST_VARIANTS` spellings, surname readings first.

    Letters in the name stay, small and without accents; the dot of ethnic names is left out. ``ü`` is
    given as ``v``, as passports have it (``yu``) and as many type it (``u``).
    """
    plain = "".join(mark for mark in unicodedata.normalize("NFKD", name) if mark.isalnum())
    if not plain:
        return SearchKeys((), ())
    surname, readings = _surname(plain)
    syllables = [readings] if surname else []
    syllables += _readings(plain[len(surname) :])
    if not surname and len(syllables) > 1:
        syllables[0] = syllables[0][:1]  # a rare reading is no surname's unless the table says so
    spellings = [" ".join(one).split() for one in islice(product(*syllables), MOST_VARIANTS)]
    pinyin = ["".join(one) for one in spellings]
    if any("v" in one for one in pinyin):
        pinyin += [_UMLAUT.sub(other, one) for other in (r"\1yu", r"\1u") for one in pinyin]
    initials = ("".join(syllable[0] for syllable in one) for one in spellings)
    return SearchKeys(tuple(dict.fromkeys(pinyin)), tuple(dict.fromkeys(initials)))


def _surname(name: str) -> tuple[str, tuple[str, ...]]:
    for length in (2, 1):
        if len(name) > length and (readings := _SURNAMES.get(name[:length])):
            return name[:length], readings
    return "", ()


def common_readings(text: str) -> list[str]:
    """Return the commonest reading of each character; what is no Chinese character stays."""
    return [_common(mark) for mark in text]


def _readings(text: str) -> list[tuple[str, ...]]:
    """Return for each character its readings, the commonest first; other letters stay one syllable."""
    letters = _LAST_LETTERS.search(text)
    if letters is not None:  # 王丽2, 张伟A: namesakes told apart
        return [*_readings(text[: letters.start()]), (letters[0].lower(),)]
    if not _each_by_itself(text):
        return _read(text)
    return [_readings_of(mark) for mark in text]


def _each_by_itself(text: str) -> bool:
    """Tell whether no two characters stand together in the dictionary of phrases, as in nearly all names.

    A phrase is read as a phrase, which takes a millisecond; a character by itself is read once and kept.
    """
    from pypinyin.constants import PHRASES_DICT, PINYIN_DICT

    if not all(ord(mark) in PINYIN_DICT for mark in text):
        return False
    ends = range(2, len(text) + 1)
    return not any(text[start:end] in PHRASES_DICT for end in ends for start in range(end - 1))


def _read(text: str) -> list[tuple[str, ...]]:
    if not text:
        return []
    from pypinyin import Style, pinyin

    found = pinyin(text, style=Style.NORMAL, heteronym=True)
    usual = pinyin(text, style=Style.NORMAL)
    return [
        tuple(dict.fromkeys((best[0].lower(), *(one.lower() for one in every))))[:_MOST_READINGS]
        for best, every in zip(usual, found, strict=True)
    ]


@lru_cache(maxsize=_MOST_MARKS)
def _readings_of(mark: str) -> tuple[str, ...]:
    return _read(mark)[0]


@lru_cache(maxsize=_MOST_MARKS)
def _common(mark: str) -> str:
    from pypinyin import lazy_pinyin

    return "".join(lazy_pinyin([mark]))
