"""What is at hand for a contact or a reception: scripts and handouts by group and topic, and the forms to fill in."""

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from sqlalchemy import Connection, select

from domain.followup.definitions import FollowUpContent, Handout, TalkScript
from domain.followup.group_records import GroupMember, Segment
from domain.followup.plan_records import FollowPlan
from domain.interop.one_person import of_person
from domain.kernel.ids import Id
from domain.reception.records import ReceptionKind
from domain.scales.records import FormTask

Fits = TypeVar("Fits", TalkScript, Handout)
GENERAL_FORMS = ("lifestyle",)
"""Forms that are at hand for everybody."""


@dataclasses.dataclass(frozen=True, slots=True)
class AtHand:
    """Scripts and handouts, what fits best first, and names of forms."""

    scripts: Sequence[TalkScript]
    handouts: Sequence[Handout]
    forms: Sequence[str]


def fitting(
    found: Iterable[Fits], segments: Collection[Segment], topics: Collection[str], named: str | None = None
) -> list[Fits]:
    """Return those for these groups and topics: the named one, then by topic, then by group, then for everybody."""

    def score(one: Fits) -> int | None:
        if one.id == named:
            return 0
        if one.topics:
            return 1 if set(one.topics) & set(topics) else None
        if one.segments:
            return 2 if set(one.segments) & set(segments) else None
        return 3

    scored = [(rank, one) for one in found if (rank := score(one)) is not None]
    return [one for _, one in sorted(scored, key=lambda pair: (pair[0], pair[1].id))]


def at_hand(
    content: FollowUpContent, segments: Collection[Segment], topics: Collection[str], *,
    script: str | None = None, reception: ReceptionKind | None = None, forms: Iterable[str] = (),
) -> AtHand:  # fmt: skip
    """Return what there is for a client of these groups at a contact, or at a reception of a kind."""
    if reception is None:
        scripts = [one for one in content.scripts.values() if not one.receptions]
    else:
        scripts = [one for one in content.scripts.values() if reception in one.receptions]
    return AtHand(
        fitting(scripts, segments, topics, script), fitting(content.handouts.values(), segments, topics),
        list(dict.fromkeys((*forms, *GENERAL_FORMS))),
    )  # fmt: skip


def groups_and_forms(connection: Connection, patient_id: Id) -> tuple[set[Segment], set[str], list[str]]:
    """Return the groups, the topics and the forms of a client: of plans that run, and that wait to be filled in."""
    m, p, f = GroupMember.__table__.c, FollowPlan.__table__.c, FormTask.__table__.c
    groups = select(m.segment, m.topic).where(
        of_person(connection, m.patient_id, patient_id), m.state != "left"
    )
    segments, topics = set(), set()
    for segment, topic in connection.execute(groups):
        segments.add(Segment(segment))
        topics.add(topic)
    waiting = select(f.form).where(of_person(connection, f.patient_id, patient_id), f.state == "issued")
    planned = select(p.form).where(
        of_person(connection, p.patient_id, patient_id), p.state == "active", p.form.is_not(None)
    )
    forms = [row[0] for query in (waiting, planned) for row in connection.execute(query)]
    return segments, topics - {""}, list(dict.fromkeys(forms))


def lists_of(content: FollowUpContent) -> Mapping[str, Mapping[str, object]]:
    """Return the kinds of content an institution may have its own of, by their name in `FollowUpContent`."""
    return {
        "plans": content.plans, "scripts": content.scripts, "handouts": content.handouts,
        "labels": content.labels,
    }  # fmt: skip
