"""Clauses of a Chinese text, and the names of items in them."""

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_SENTENCE = re.compile(r"[^。；;！!\n]+")
_CLAUSE = re.compile(r"[^。；;！!\n，,]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text and where it begins; `within` is the sentence it is part of."""

    text: str
    start: int
    within: str

    def has(self, words: Iterable[str]) -> bool:
        """Tell whether one of `words` stands in it."""
        return any(word in self.text for word in words)


def sentences(text: str) -> Iterator[Piece]:
    """Yield what stands between full stops, semicolons and line ends."""
    for match in _SENTENCE.finditer(text):
        if match[0].strip():
            yield Piece(match[0], match.start(), match[0])


def clauses(text: str) -> Iterator[Piece]:
    """Yield what stands between any two marks; what 、 joins is one."""
    for sentence in sentences(text):
        for match in _CLAUSE.finditer(sentence.text):
            if match[0].strip():
                yield Piece(match[0], sentence.start + match.start(), sentence.text)


@functools.lru_cache(maxsize=64)
def any_of(words: tuple[str, ...]) -> "re.Pattern[str]":
    """Return what finds the longest of these words at each place; one of a single character takes part nowhere."""
    long = sorted((w for w in set(words) if len(w) > 1), key=len, reverse=True)
    return re.compile("|".join(re.escape(word) for word in long) or r"(?!)")


def named(text: str, names: tuple[str, ...], another_after: Sequence[str] = ()) -> "Iterator[re.Match[str]]":
    """Yield each name in `text`; one behind a word that makes it another thing is none."""
    for match in any_of(names).finditer(text):
        before = text[: match.start()]
        if not any(before.endswith(word) and not match[0].startswith(word) for word in another_after):
            yield match


def names_of(label: str, local_codes: Iterable[str] = ()) -> tuple[str, ...]:
    """Return what a report may call an item: its label, and the Chinese ones among laboratories' own names."""
    others = [code for code in local_codes if len(code) > 1 and not code.isascii()]
    return tuple(dict.fromkeys([label, *others]))
