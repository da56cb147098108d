"""What an excursion did: every tube with its exposure, a decision for each study, and only then its end."""

import dataclasses
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from domain.biobank.records import Specimen, StorageContainer
from domain.environment.judging import exposure
from domain.environment.reading_commands import limits_of, points_of
from domain.environment.records import (
    EnvironmentExcursion,
    EnvironmentProbe,
    ExcursionDecision,
    ExposedTube,
    TubeDisposition,
)
from domain.environment.workflow import excursion_life
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.studies.subject_records import StudySubject

AT_ONCE = 2000
"""Tubes listed in one step: an entry of the log stays small, a freezer is listed in some."""
DEEPEST = 8


@dataclasses.dataclass(frozen=True, slots=True)
class ListedTubes:
    """How many tubes were listed in this step, in all, and whether more are to come."""

    listed: int
    total: int
    more: bool


@command("environment.list_tubes", "列出受影响标本", permission="biobank.environment")
class ListExposedTubes:
    """List the tubes that lay in the container during an excursion that is over, some thousand at a time."""

    excursion_id: Id = ask("环境偏差", kind=Kind.HIDDEN)


@handles(ListExposedTubes)
def list_tubes(order: ListExposedTubes, work: UnitOfWork) -> ListedTubes:
    """Go on behind the last place that was listed; DomainError ``environment.not_over``."""
    excursion = work.require(EnvironmentExcursion, order.excursion_id, "excursion_id")
    if excursion.ended_at is None:
        raise DomainError("environment.not_over", field="excursion_id")
    probe = work.require(EnvironmentProbe, excursion.probe_id)
    end = excursion.ended_at
    points = points_of(work, probe.id, excursion.begun_at, end)
    limits = limits_of(probe)
    spans: dict[tuple[datetime, datetime], float] = {}
    rows = _tubes(work, excursion, AT_ONCE + 1)
    listed = 0
    for tube in rows[:AT_ONCE]:
        span = _inside(tube, excursion.begun_at, end)
        excursion.listed_up_to = tube.slot
        if span is None:
            continue
        if span not in spans:
            spans[span] = exposure(points, limits, *span)
        listed += 1
        work.add(
            ExposedTube(
                id=stable_id("exposed", excursion.id, tube.id), org_id=tube.org_id, excursion_id=excursion.id,
                specimen_id=tube.id, number=tube.number, slot=tube.slot, study_id=tube.study_id,
                minutes=round((span[1] - span[0]).total_seconds() / 60, 2), degree_minutes=round(spans[span], 3),
            )
        )  # fmt: skip
    excursion.tubes = (excursion.tubes or 0) + listed
    return ListedTubes(listed, excursion.tubes, len(rows) > AT_ONCE)


@command("environment.decide", "处置受影响标本", permission="biobank.decide")
class DecideExposed:
    """Say what is to become of the tubes of one study; of those that belong to none, without a study."""

    excursion_id: Id = ask("环境偏差", kind=Kind.HIDDEN)
    study_id: Id | None = ask("研究", kind=Kind.HIDDEN, default=None)
    disposition: TubeDisposition = ask("处置", kind=Kind.CHOICE)
    note: str | None = ask("说明", default=None, max_length=1000)


@handles(DecideExposed)
def decide(order: DecideExposed, work: UnitOfWork) -> int:
    """Return how many tubes the decision is about; DomainError ``environment.no_such_tubes``, ``.decided``."""
    excursion = work.require(EnvironmentExcursion, order.excursion_id, "excursion_id")
    row_id = stable_id("excursion_decision", excursion.id, order.study_id)
    if work.get(ExcursionDecision, row_id) is not None:
        raise DomainError("environment.decided", field="study_id")
    tubes = counts_by_study(work, excursion.id).get(order.study_id, 0)
    if not tubes:
        raise DomainError("environment.no_such_tubes", field="study_id")
    work.add(
        ExcursionDecision(
            id=row_id, org_id=excursion.org_id, excursion_id=excursion.id, study_id=order.study_id,
            disposition=order.disposition, tubes=tubes, decided_at=work.now, decided_by=work.actor.name,
            note=order.note,
        )
    )  # fmt: skip
    return tubes


@command("environment.assess", "完成偏差评估", permission="biobank.decide")
class AssessExcursion:
    """Close an excursion: every study's tubes were decided on, the cause was looked into."""

    excursion_id: Id = ask("环境偏差", kind=Kind.HIDDEN)
    assessment: str = ask("评估结论（原因与措施）", kind=Kind.NOTE, max_length=2000)


@handles(AssessExcursion)
def assess(order: AssessExcursion, work: UnitOfWork) -> Id:
    """Move to assessed.

    Raises:
        DomainError: ``environment.not_listed``: the tubes are not listed yet; ``environment.undecided`` with how
            many studies wait; ``environment_excursion.wrong_state``.
    """
    excursion = work.require(EnvironmentExcursion, order.excursion_id, "excursion_id")
    if excursion.state == "recovered":
        if excursion.tubes is None or _tubes(work, excursion, 1):
            raise DomainError("environment.not_listed", field="excursion_id")
        decided = {
            one.study_id
            for one in work.list(
                select(ExcursionDecision).where(ExcursionDecision.excursion_id == excursion.id)
            )
        }
        waiting = counts_by_study(work, excursion.id).keys() - decided
        if waiting and not excursion.is_test:  # a test warms a probe, not tubes
            raise DomainError("environment.undecided", field="assessment", count=len(waiting))
    work.move(excursion_life, excursion, "assess")
    excursion.assessed_by, excursion.assessment = work.actor.name, order.assessment[:2000]
    return excursion.id


def counts_by_study(work: UnitOfWork, excursion_id: Id) -> dict[Id | None, int]:
    """Return how many tubes of each study an excursion touched."""
    tube = ExposedTube
    query = (
        select(tube.study_id, func.count()).where(tube.excursion_id == excursion_id).group_by(tube.study_id)
    )
    return {row[0]: row[1] for row in work.connection.execute(query)}


def boxes_in(work: UnitOfWork, container_id: Id | None) -> list[str]:
    """Return the codes of the boxes in a container, itself if it is one, in their order."""
    if container_id is None:
        return []
    found: list[str] = []
    level, c = [container_id], StorageContainer
    for depth in range(DEEPEST):
        where = c.id.in_(level) if depth == 0 else c.parent_id.in_(level)
        rows = work.connection.execute(select(c.id, c.code, c.kind).where(where)).all()
        found += [row.code for row in rows if row.kind == "box"]
        level = [row.id for row in rows if row.kind != "box"]
        if not level:
            break
    return sorted(found)


def _tubes(work: UnitOfWork, excursion: EnvironmentExcursion, limit: int) -> list[Any]:
    """Return tubes of the container that are not listed yet, in the order of their places."""
    found: list[Any] = []
    after = excursion.listed_up_to or ""
    for code in boxes_in(work, excursion.container_id):
        if f"{code};" <= after or len(found) >= limit:
            continue
        query = (
            select(
                Specimen.id, Specimen.org_id, Specimen.number, Specimen.slot, Specimen.state, Specimen.state_since,
                StudySubject.study_id,
            )
            .join(StudySubject, StudySubject.id == Specimen.subject_id, isouter=True)
            .where(Specimen.slot >= f"{code}:", Specimen.slot < f"{code};", Specimen.slot > after)
            .order_by(Specimen.slot)
            .limit(limit - len(found))
        )  # fmt: skip
        found += work.connection.execute(query).all()
    return found


def _inside(tube: Any, begun: datetime, ended: datetime) -> tuple[datetime, datetime] | None:
    """Return the part of an excursion during which a tube lay there; None if it did not."""
    if tube.state == "stored":
        start = max(begun, tube.state_since)
        return (start, ended) if start < ended else None
    # Its place is kept while it is out: it lay there until it was taken.
    if tube.state == "out" and tube.state_since > begun:
        return begun, min(ended, tube.state_since)
    return None
