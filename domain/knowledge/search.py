"""Finding entries by the words people use: other names of a disease count as its name, the title more than the text.

Pure. Chinese has no spaces, so a question is cut into pairs of characters (and words of letters and digits); an entry
must bear at least half of them, or stand under a disease the question names. What few entries bear weighs more, and
words such as 吃 ask for a library.
"""

import dataclasses
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence

from domain.knowledge.content import Word, Words

LEAST = 0.5
"""Share of a question's parts that an entry must bear."""
_RUN = re.compile(r"[a-z0-9.]+|[一-鿿]+")
_EMPTY = re.compile("(请问|怎么办|怎么|如何|什么|哪些|应该|可以|需要|一下|客户|患者|病人|的|了|吗|呢|要)")
TITLE, TAG, TEXT, UNDER, KIND = 5.0, 3.0, 1.0, 4.0, 5.0


@dataclasses.dataclass(frozen=True, slots=True)
class Shelved:
    """An entry as it is searched."""

    code: str
    kind: str
    title: str
    diseases: tuple[str, ...]
    groups: tuple[str, ...]
    tags: tuple[str, ...]
    points: str
    age_from: int | None = None
    age_to: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for: words, and what the list is narrowed to; nothing of it is everything."""

    words: str = ""
    kind: str | None = None
    disease: str | None = None
    group: str | None = None
    age: int | None = None


def find(entries: Iterable[Shelved], asked: Asked, words: Words) -> list[Shelved]:
    """Return what fits, the best first; without words by library and title.

    What names no disease or group is for all of them, and stands behind what names the one that is asked for.
    """
    fitting = [one for one in entries if _fits(one, asked)]
    if not plain(asked.words):
        return sorted(fitting, key=lambda one: (not _names(one, asked), one.kind, one.title))
    question = _Question.of(asked.words, fitting, words)
    scored = [(_score(one, question, words), one) for one in fitting]
    found = [(score + _names(one, asked), one) for score, one in scored if score > 0]
    return [one for _, one in sorted(found, key=lambda pair: (-pair[0], pair[1].kind, pair[1].title))]


def plain(text: str) -> str:
    """Return a text as it is compared: half-width, small."""
    return unicodedata.normalize("NFKC", text).lower()


def parts_of(text: str) -> list[str]:
    """Return the parts by which a text is compared."""
    said = plain(text)
    told = _EMPTY.sub(" ", said)
    found: list[str] = []
    for run in _RUN.findall(told if _RUN.search(told) else said):
        whole = run.isascii() or len(run) == 1
        found += [run] if whole else [run[at : at + 2] for at in range(len(run) - 1)]
    return list(dict.fromkeys(found))


def _fits(one: Shelved, asked: Asked) -> bool:
    if asked.kind is not None and one.kind != asked.kind:
        return False
    if asked.disease is not None and one.diseases and asked.disease not in one.diseases:
        return False
    if asked.group is not None and one.groups and asked.group not in one.groups:
        return False
    low, high = one.age_from or 0, 200 if one.age_to is None else one.age_to
    return asked.age is None or low <= asked.age <= high


def _names(one: Shelved, asked: Asked) -> int:
    return (asked.disease in one.diseases) + (asked.group in one.groups)


def _says(text: str, word: Word) -> bool:
    said = plain(text)
    return any(plain(one) in said for one in (word.name, *word.also) if len(one) > 1)


@dataclasses.dataclass(frozen=True, slots=True)
class _Question:
    """A question made ready: its parts with their weight (what few entries bear says more), what it names."""

    weights: dict[str, float]
    diseases: tuple[Word, ...]
    libraries: frozenset[str]

    @classmethod
    def of(cls, text: str, entries: Sequence[Shelved], words: Words) -> "_Question":
        said = plain(text)
        texts = [plain(" ".join([e.title, *e.tags, e.points, *_also(e, words)])) for e in entries]
        weights = {
            part: math.log(1 + len(texts) / (1 + sum(part in one for one in texts)))
            for part in parts_of(text)
        }
        wanted = frozenset(str(k) for k, hints in words.libraries.items() if any(h in said for h in hints))
        return cls(weights, tuple(w for w in words.diseases if _says(text, w)), wanted)


def _score(one: Shelved, asked: _Question, words: Words) -> float:
    title, text = plain(one.title), plain(one.points)
    tags = plain(" ".join([*one.tags, *one.groups, *_also(one, words)]))
    score, borne = 0.0, 0
    for part, weight in asked.weights.items():
        here = TITLE if part in title else TAG if part in tags else TEXT if part in text else 0.0
        score += here * weight
        borne += here > 0
    under = sum(w.name in one.diseases for w in asked.diseases)
    if not under and (not asked.weights or borne / len(asked.weights) < LEAST):
        return 0.0
    kind = KIND if one.kind in asked.libraries else 0.0
    return score / max(sum(asked.weights.values()), 1e-9) + UNDER * under + kind


def _also(one: Shelved, words: Words) -> list[str]:
    """Return every name of the diseases an entry stands under."""
    return [name for w in words.diseases if w.name in one.diseases for name in (w.name, *w.also)]
