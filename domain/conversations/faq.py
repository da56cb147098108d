"""Which of the institution's questions a client's words are: exactly one of them, or much like some."""

import dataclasses
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, func, select

from domain.conversations.faq_records import FaqEntry
from domain.kernel.ids import Id
from domain.people.records import Organization

LEAST_ALIKE = 0.34
"""Share of pairs of characters two sentences have in common (Dice) from which one is offered; our own choice."""
MOST_OFFERED = 3
_NOTHING = re.compile(r"[^\w]+|_")
_EMPTY = re.compile("(请问|您好|你好|谢谢|一下|呢|吗|啊|呀|吧|了|的)")


@dataclasses.dataclass(frozen=True, slots=True)
class Faq:
    """A question in force."""

    id: Id
    code: str
    version: int
    question: str
    variants: tuple[str, ...]
    answer: str
    advice: bool
    sources: tuple[dict[str, object], ...]
    automatic: bool

    @property
    def asked(self) -> tuple[str, ...]:
        """Every way to ask it."""
        return (self.question, *self.variants)


def plain(text: str) -> str:
    """Return a sentence as it is compared: half-width, small, without marks."""
    return _NOTHING.sub("", unicodedata.normalize("NFKC", text).lower())


def exactly(text: str, known: Iterable[Faq]) -> Faq | None:
    """Return the question that a client wrote word for word, marks aside."""
    said = plain(text)
    return next((one for one in known if said and any(plain(way) == said for way in one.asked)), None)


def alike(text: str, known: Iterable[Faq], most: int = MOST_OFFERED) -> list[Faq]:
    """Return the questions most like what a client wrote, the likest first."""
    scored = [(max(_dice(text, way) for way in one.asked), one) for one in known]
    found = sorted(
        (pair for pair in scored if pair[0] >= LEAST_ALIKE), key=lambda pair: (-pair[0], pair[1].code)
    )
    return [one for _, one in found[:most]]


def _dice(one: str, other: str) -> float:
    a, b = _pairs(one), _pairs(other)
    return 2 * len(a & b) / (len(a) + len(b)) if a and b else 0.0


def _pairs(text: str) -> set[str]:
    said = plain(text)
    told = _EMPTY.sub("", said) or said
    return {told[at : at + 2] for at in range(len(told) - 1)} or {told}


def in_force(connection: Connection, org_id: Id) -> list[Faq]:
    """Return the questions of an organisation and of those above it; its own of the same code goes before."""
    chain = _above(connection, org_id)
    f = FaqEntry.__table__.c
    newest = (
        select(f.org_id, f.code, func.max(f.version).label("version"))
        .where(f.org_id.in_(chain))
        .group_by(f.org_id, f.code)
        .subquery()
    )
    query = select(FaqEntry.__table__).join(
        newest, (f.org_id == newest.c.org_id) & (f.code == newest.c.code) & (f.version == newest.c.version)
    )
    found: dict[str, tuple[int, Faq | None]] = {}
    for row in connection.execute(query.order_by(f.code, f.id)):
        near = chain.index(row.org_id)
        if row.code not in found or near < found[row.code][0]:
            told = Faq(
                row.id, row.code, row.version, row.question, tuple(row.variants or ()), row.answer, row.advice,
                tuple(row.sources or ()), row.automatic,
            )  # fmt: skip
            found[row.code] = (near, told if row.active else None)
    return [one for _, one in found.values() if one is not None]


def _above(connection: Connection, org_id: Id) -> Sequence[Id]:
    table = Organization.__table__.c
    chain, here = [org_id], org_id
    while len(chain) < 10:
        above = connection.execute(select(table.parent_id).where(table.id == here)).scalar()
        if above is None or above in chain:
            break
        chain.append(above)
        here = above
    return chain


def as_said(faq: Faq) -> str:
    """Return an answer with its sources below, as it goes out."""
    return with_sources(faq.answer, faq.sources)


def with_sources(answer: str, sources: Sequence[Mapping[str, object]]) -> str:
    """Return a text with a line for each of its sources below."""
    lines = [answer]
    for number, source in enumerate(sources, start=1):
        year = f"，{source['year']}" if source.get("year") else ""
        lines.append(f"[{number}] {source.get('title', '')}{year}（证据等级 {source.get('grade', '')}）")
    return "\n".join(lines)
