"""Counting how complete a study's data is and comparing its visits; and what a person finds of two that are alike."""

from typing import Any

from sqlalchemy import func, select

from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.research.choosing import study_of
from domain.research.completeness import gaps_of
from domain.research.export_commands import of_member
from domain.research.quality_records import PairState, SimilarPair, StudyData, VisitData


@command("study.count_visit_data", "更新访视数据完整性", permission=None, place="internal")
class CountVisitData:
    """Count what some visits lack, and what their studies come to."""

    subject_visit_ids: list[Id] = ask("研究访视", kind=Kind.HIDDEN)


@handles(CountVisitData)
def count_visit_data(order: CountVisitData, work: UnitOfWork) -> int:
    """Return how many visits changed."""
    gaps = gaps_of(work.connection, work.now, order.subject_visit_ids)
    known = {
        one.subject_visit_id: one
        for one in work.list(select(VisitData).where(VisitData.subject_visit_id.in_(list(gaps))))
    }
    changed: list[Id] = []
    for own, gap in gaps.items():
        values = gap.told()
        kept = known.get(own)
        if kept is None:
            if not values["wanted"]:
                continue
            row = gap.row
            work.add(
                VisitData(
                    id=stable_id("visit_data", own), org_id=row.org_id, study_id=row.study_id,
                    subject_id=row.subject_id,
                    subject_visit_id=own, patient_id=row.patient_id, number=row.number, visit=row.name,
                    counted_at=work.now, **values,
                )
            )  # fmt: skip
        elif not _take(kept, values, work):
            continue
        changed.append(gap.row.study_id)
    if changed:
        work.flush()
        for study_id in sorted(set(changed)):
            _count_study(work, study_id)
    return len(changed)


def _count_study(work: UnitOfWork, study_id: Id) -> None:
    v = VisitData.__table__.c
    query = select(
        func.coalesce(func.sum(v.wanted), 0), func.coalesce(func.sum(v.present), 0),
        func.coalesce(func.sum(v.exempted), 0), func.count().filter(v.missing > 0),
    ).where(v.study_id == study_id)  # fmt: skip
    wanted, present, exempted, lacking = (int(n) for n in work.connection.execute(query).one())
    owed = wanted - exempted
    study = study_of(work.connection, study_id)
    values = {
        "code": study.code, "wanted": wanted, "present": present, "exempted": exempted, "lacking_visits": lacking,
        "rate": round(100 * present / owed, 1) if owed else None,
    }  # fmt: skip
    own = stable_id("study_data", study_id)
    known = work.get(StudyData, own)
    if known is None:
        work.add(StudyData(id=own, org_id=study.org_id, study_id=study_id, counted_at=work.now, **values))
    else:
        _take(known, values, work)


@command("study.keep_pairs", "登记相似结果", permission=None, place="internal")
class KeepPairs:
    """Keep which visits of a study are alike now; what found them read beside, and no writer waited for it."""

    study_id: Id = ask("研究项目", kind=Kind.HIDDEN)
    pairs: list[Any] = ask("相似结果", kind=Kind.HIDDEN)


@handles(KeepPairs)
def keep_pairs(order: KeepPairs, work: UnitOfWork) -> int:
    """Return how many pairs are alike; what a person found of a pair stays, one that is no more alike is closed."""
    study = study_of(work.connection, order.study_id)
    known = {
        one.id: one for one in work.list(select(SimilarPair).where(SimilarPair.study_id == order.study_id))
    }
    for pair in order.pairs:
        own = stable_id("similar_pair", pair.first_visit_id, pair.second_visit_id)
        values = {"compared": pair.compared, "equal": pair.equal, "likeness": pair.likeness}
        kept = known.pop(own, None)
        if kept is not None:
            if kept.standing == PairState.UNLIKE:
                kept.standing = PairState.OPEN
            for name, value in values.items():
                setattr(kept, name, value)
            continue
        work.add(
            SimilarPair(
                id=own, org_id=study.org_id, study_id=order.study_id, first_visit_id=pair.first_visit_id,
                second_visit_id=pair.second_visit_id, patient_id=pair.patient_id, first=pair.first,
                second=pair.second,
                same_subject=pair.same_subject, standing=PairState.OPEN, found_at=work.now, **values,
            )
        )  # fmt: skip
    for gone in known.values():
        if gone.standing == PairState.OPEN:
            gone.standing = PairState.UNLIKE
    return len(order.pairs)


@command("study.judge_pair", "核实相似结果", permission="study.correct")
class JudgePair:
    """Say what two alike sets of results are: both real, or one of them mended."""

    similar_pair_id: Id = ask("结果相似", kind=Kind.HIDDEN)
    real: bool = ask("核实为真（否表示已更正）", kind=Kind.CHOICE)
    verdict: str = ask("核实结论", kind=Kind.NOTE)


@handles(JudgePair)
def judge_pair(order: JudgePair, work: UnitOfWork) -> None:
    """Keep the verdict; ``research.judged`` where it was judged already."""
    pair = work.require(SimilarPair, order.similar_pair_id, "similar_pair_id")
    of_member(work, pair.study_id)
    if pair.standing != PairState.OPEN:
        raise DomainError("research.judged", field="similar_pair_id")
    pair.standing = PairState.REAL if order.real else PairState.CORRECTED
    pair.verdict, pair.judged_at = order.verdict, work.now
    pair.judged_by, pair.judged_name = work.actor.staff_id, work.actor.name


def _take(known: Any, values: dict[str, Any], work: UnitOfWork) -> bool:
    changed = {name: value for name, value in values.items() if getattr(known, name) != value}
    for name, value in changed.items():
        setattr(known, name, value)
    if changed:
        known.counted_at = work.now
    return bool(changed)
