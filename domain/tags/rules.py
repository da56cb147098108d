"""Which tags follow from what is known of a client; their names stand in ``resources/tags/tags.yaml``."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import msgspec
from sqlalchemy import select

from domain.checkup.records import Visit
from domain.followup.group_records import GroupMember, Segment
from domain.followup.register_records import RegisterMember
from domain.interop.one_person import of_person
from domain.kernel.clock import clinic
from domain.kernel.content import ContentError, load_folder
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient
from domain.reception.unit_records import ServiceContract
from domain.risk.levels import Colour
from domain.risk.records import RiskLevel
from domain.tags.records import TagKind

TAGS = "tags"
"""Name of the rules among the dispatcher's content."""
LONGEST = 30
"""Characters of a tag's name in WeCom; UNVERIFIED (待核定)."""
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST)]


class AgeBand(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"start": "from"}):
    """People of `start` completed years and more, up to the next band."""

    start: int
    name: Name


class TagRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The names of the automatic tags."""

    version: int
    risk: dict[Colour, Name]
    groups: dict[Segment, Name]
    ages: tuple[AgeBand, ...]
    wecom: dict[TagKind, Name]


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag that follows from facts; `good_until` is the last day it is right without anything happening."""

    kind: TagKind
    name: str
    good_until: date | None = None


def load_tags(folder: Path) -> TagRules:
    """Return ``tags.yaml``.

    Raises:
        ContentError: It is not there, a colour, group or kind has no name, or the age bands do not begin at birth and
            rise.
    """
    found = load_folder(folder, TagRules, "tags.yaml").get("tags")
    if found is None:
        raise ContentError(["tags.yaml: missing"])
    wanted = {
        "risk": (set(found.risk), set(Colour)),
        "groups": (set(found.groups), set(Segment) - {Segment.LABEL}),
        "wecom": (set(found.wecom), set(TagKind)),
    }
    problems = [f"tags.yaml: {field}: every one has a name" for field, (a, b) in wanted.items() if a != b]
    starts = [band.start for band in found.ages]
    if not starts or starts[0] != 0 or starts != sorted(set(starts)):
        problems.append("tags.yaml: ages: begin at 0 and rise")
    if problems:
        raise ContentError(problems)
    return found


def age_tag(bands: Sequence[AgeBand], born: date, today: date) -> Tag | None:
    """Return the age band of somebody; None for who is not born yet.

    A birthday on 29 February is on 1 March in other years.
    """
    if born > today:
        return None
    own = years(born, today)
    at = max(i for i, band in enumerate(bands) if band.start <= own)
    nxt = bands[at + 1].start if at + 1 < len(bands) else None
    last = None if nxt is None else birthday(born, nxt) - timedelta(days=1)
    return Tag(TagKind.AGE, bands[at].name, last)


def years(born: date, today: date) -> int:
    """Return completed years."""
    return today.year - born.year - (today < birthday(born, today.year - born.year))


def birthday(born: date, age: int) -> date:
    """Return the day somebody completes `age` years."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)


def tags_of(work: UnitOfWork, patient: Patient, rules: TagRules) -> set[Tag]:
    """Return the tags that follow from what is known of a client now."""
    found: set[Tag] = set()
    for level in work.list(select(RiskLevel).where(RiskLevel.patient_id == patient.id)):
        if level.colour is not None:
            found.add(Tag(TagKind.RISK, rules.risk[Colour(level.colour)]))
    if patient.birth_date is not None:
        band = age_tag(rules.ages, patient.birth_date, clinic(work.now).date())
        found |= {band} if band else set()
    found |= {Tag(TagKind.PACKAGE, fitting(name)) for name in _packages(work, patient.id)}
    members = work.list(
        select(GroupMember).where(
            of_person(work.connection, GroupMember.patient_id, patient.id), GroupMember.state != "left"
        )
    )
    places = work.list(
        select(RegisterMember).where(
            of_person(work.connection, RegisterMember.patient_id, patient.id),
            RegisterMember.state == "enrolled",
        )
    )
    found |= {Tag(TagKind.GROUP, fitting(place.register_name)) for place in places}
    return found | set(_grouped(members, rules))


def _grouped(members: Iterable[GroupMember], rules: TagRules) -> Iterable[Tag]:
    for member in members:
        segment = Segment(member.segment)
        if segment is Segment.LABEL:
            yield Tag(TagKind.OWN, fitting(member.topic_label))
            continue
        yield Tag(TagKind.GROUP, rules.groups[segment])
        if segment is Segment.DISEASE:
            yield Tag(TagKind.DISEASE, fitting(member.topic_label))


def _packages(work: UnitOfWork, patient_id: Id) -> set[str]:
    """Return the service packages in force and the checkup package of the last visit."""
    contract, visit = ServiceContract.__table__.c, Visit.__table__.c
    signed = select(contract.package).where(
        of_person(work.connection, contract.patient_id, patient_id), contract.state == "active"
    )
    last = (
        select(visit.package)
        .where(of_person(work.connection, visit.patient_id, patient_id))
        .order_by(visit.id.desc())
        .limit(1)
    )
    names: list[Any] = [
        *work.connection.execute(signed).scalars(),
        *work.connection.execute(last).scalars(),
    ]
    return {name for name in names if name and name.strip()}


def fitting(name: str) -> str:
    """Return a name that WeCom takes: one line, no longer than `LONGEST`."""
    return " ".join(name.split())[:LONGEST]


def remote_name(rules: TagRules, told: str) -> tuple[str, str]:
    """Return group and name in WeCom of a tag written ``kind/name``."""
    kind, _, name = told.partition("/")
    groups: Mapping[TagKind, str] = rules.wecom
    return groups[TagKind(kind)], name
