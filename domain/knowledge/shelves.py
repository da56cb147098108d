"""What other features keep and version by themselves, as entries of the library, found and reviewed there."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, func, select

from domain.care import library, library_records
from domain.care.content import CARE
from domain.followup.definitions import FOLLOWUP, FollowUpContent
from domain.followup.own_content import content_in_force
from domain.knowledge.content import Word, named
from domain.knowledge.records import Shelf

LONGEST = 4000


@dataclasses.dataclass(frozen=True, slots=True)
class Mirrored:
    """A piece of another feature as an entry has it."""

    kind: Shelf
    code: str
    version: int
    title: str
    topics: tuple[str, ...]
    groups: tuple[str, ...]
    points: str
    source: str
    unverified: bool
    kept_in: str


def mirrored(connection: Connection, content: Mapping[str, Any]) -> Iterator[Mirrored]:
    """Yield talk scripts, handouts, plan templates and programmes as they count now."""
    follow: FollowUpContent = content_in_force(connection, content[FOLLOWUP])
    for code, script in follow.scripts.items():
        yield _said(Shelf.SCRIPT, f"script.{code}", script, script.points, "script")
    for code, handout in follow.handouts.items():
        yield _said(Shelf.SCIENCE, f"handout.{code}", handout, handout.points, "handout")
    for code, plan in follow.plans.items():
        yield Mirrored(
            Shelf.PROGRAMME, f"plan.{code}", plan.version, plan.name, tuple(plan.topics), (str(plan.segment),),
            _lines(plan.content), plan.source, plan.status != "VERIFIED", "plan",
        )  # fmt: skip
    programmes = library.programmes_in_force(connection, content[CARE].programmes)
    c = library_records.CareLibrary.__table__.c
    newest = select(c.code, func.max(c.version)).group_by(c.code)
    versions = {row[0]: row[1] for row in connection.execute(newest)}
    for code, disease in programmes.diseases.items():
        said = [f"膳食模式 {'、'.join(disease.patterns)}", f"运动方式 {'、'.join(disease.kinds)}"]
        yield Mirrored(
            Shelf.PROGRAMME, f"programme.{code.lower()}", versions.get(code, 0) + 1, f"{disease.label}干预方案",
            (code,), (), _lines([*said, *([disease.special] if disease.special else [])]), programmes.source[:300],
            not disease.checked, "programme",
        )  # fmt: skip


def words_of(words: Iterable[Word], said: Iterable[str]) -> list[str]:
    """Return the names of those that are known; codes only another feature knows are left out."""
    known = list(words)
    return list(dict.fromkeys(name for one in said if (name := named(known, one)) is not None))


def _said(kind: Shelf, code: str, one: Any, points: Iterable[str], kept_in: str) -> Mirrored:
    groups = tuple(str(segment) for segment in one.segments)
    return Mirrored(
        kind, code, one.version, one.title, tuple(one.topics), groups, _lines(points), one.source,
        one.status != "VERIFIED", kept_in,
    )  # fmt: skip


def _lines(points: Iterable[str]) -> str:
    return "\n".join(points)[:LONGEST]
