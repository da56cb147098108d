"""Setting limits of stock, keeping a tube longer, and counting what is there: run by the centre's reader."""

from datetime import date, datetime, time
from typing import Any

from sqlalchemy import func, select

from domain.biobank.commands import TubeReceipt, event_of, receipt_of, tube_of
from domain.biobank.records import EventKind, Specimen, SpecimenEvent, SpecimenType
from domain.biobank.stock_records import StockLevel, StockRule, StockUse
from domain.biobank.stock_terms import rule_of, term_of
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.studies.records import Study
from domain.studies.subject_records import StudySubject

LEAST = 10
"""Tubes of a kind of a study below which A-076 tells, where nobody set another number (as required)."""
AT_ONCE = 500


@command("biobank.set_stock_rule", "设定库存规则", permission="biobank.stock")
class SetStockRule:
    """How few tubes of a kind are too few, and how long one may be kept; of one study, or of all that say nothing."""

    study: str | None = ask("项目代码（不填为其余全部）", default=None, max_length=12)
    type: SpecimenType = ask("标本类型", kind=Kind.CHOICE)
    least: int = ask("最低库存份数", kind=Kind.NUMBER, default=LEAST, low=0, high=1_000_000)
    keep_days: int | None = ask("保存期限", kind=Kind.NUMBER, default=None, low=1, high=36_500, unit="d")


@handles(SetStockRule)
def set_stock_rule(order: SetStockRule, work: UnitOfWork) -> Id:
    """Return the rule's id; tubes in store get their new end by the centre. Raises ``study.unknown`` (``study``)."""
    study_id = None
    if order.study and order.study.strip("—"):
        study = work.find(Study, code=order.study.strip().upper())
        if study is None:
            raise DomainError("study.unknown", field="study", value=order.study)
        study_id = study.id
    own = stable_id("stock_rule", work.actor.org_id, study_id or "", order.type.value)
    rule = work.get(StockRule, own)
    if rule is None:
        rule = work.add(
            StockRule(
                id=own, study_id=study_id, type=order.type, least=order.least, keep_days=order.keep_days,
                set_at=work.now, set_name=work.actor.name,
            )
        )  # fmt: skip
    else:
        rule.least, rule.keep_days = order.least, order.keep_days
        rule.set_at, rule.set_name = work.now, work.actor.name
    return rule.id


@command("specimen.extend", "延长标本保存期", permission="biobank.stock")
class ExtendKeeping:
    """A tube may be kept longer, by an approval; the consent of its subject still ends when it ends."""

    number: str = ask("扫描标本条码", kind=Kind.SCAN, max_length=40)
    until: date = ask("保存至", kind=Kind.DATE)
    approval: str = ask("审批依据", kind=Kind.NOTE)


@handles(ExtendKeeping)
def extend(order: ExtendKeeping, work: UnitOfWork) -> TubeReceipt:
    """Keep the new end with its approval.

    Raises:
        DomainError: ``specimen.not_in_store``; ``specimen.until_past`` (``until``).
    """
    tube = tube_of(order.number, work)
    if tube.state not in ("stored", "out"):
        raise DomainError("specimen.not_in_store", field="number", number=tube.number)
    until = datetime.combine(order.until, time(), CLINIC_TIME)
    if until <= work.now:
        raise DomainError("specimen.until_past", field="until")
    tube.keep_until = until
    event_of(work, tube, EventKind.EXTENDED, note=f"{order.until.isoformat()}：{order.approval}"[:1000])
    renew_term(work, tube)
    return receipt_of(tube)


def renew_term(work: UnitOfWork, tube: Specimen) -> None:
    """Put the end of a tube in store where the alert looks; another end begins the state anew, an alert is of one."""
    ends = term_of(work, tube)
    if tube.state == "stored" and tube.due_at != ends:
        tube.due_at, tube.state_since = ends, work.now


@command("biobank.renew_terms", "更新标本保存期限", permission=None, place="internal")
class RenewTerms:
    """A rule or a consent changed: these tubes may be kept until another time."""

    specimen_ids: list[Id] = ask("标本", kind=Kind.HIDDEN)


@handles(RenewTerms)
def renew_terms(order: RenewTerms, work: UnitOfWork) -> int:
    """Return how many tubes got another end."""
    changed = 0
    for tube in work.list(select(Specimen).where(Specimen.id.in_(order.specimen_ids))):
        before = tube.due_at
        renew_term(work, tube)
        changed += tube.due_at != before
    return changed


@command("biobank.count_stock", "更新库存统计", permission=None, place="internal")
class CountStock:
    """Count some groups anew: organisation, study (None for none), kind, and the months that changed."""

    groups: list[Any] = ask("分组", kind=Kind.HIDDEN)


@handles(CountStock)
def count_stock(order: CountStock, work: UnitOfWork) -> int:
    """Return how many groups were counted; the work is that of the groups, by index."""
    for org_id, study_id, kind, months in order.groups:
        _level(work, org_id, study_id, kind)
        for month in months:
            _use(work, org_id, study_id, kind, month)
    return len(order.groups)


def _of_group(query: Any, org_id: Id, study_id: Id | None, kind: str) -> Any:
    tube = Specimen.__table__.c
    query = query.where(tube.org_id == org_id, tube.type == kind)
    if study_id is None:
        return query.where(tube.subject_id.is_(None))
    subject = StudySubject.__table__
    return query.where(tube.subject_id.in_(select(subject.c.id).where(subject.c.study_id == study_id)))


def _code(work: UnitOfWork, study_id: Id | None) -> str:
    if study_id is None:
        return "—"
    return str(work.connection.execute(select(Study.code).where(Study.id == study_id)).scalar() or "—")


def _level(work: UnitOfWork, org_id: Id, study_id: Id | None, kind: str) -> None:
    tube = Specimen.__table__.c
    frozen = tube.frozen_at.is_not(None)
    query = select(tube.state, frozen, func.count(), func.sum(tube.remaining_ul)).where(
        tube.state.in_(("stored", "out")), (tube.remaining_ul.is_(None)) | (tube.remaining_ul > 0)
    )
    rows = work.connection.execute(
        _of_group(query, org_id, study_id, kind).group_by(tube.state, frozen)
    ).all()
    available = sum(count for state, held, count, _ in rows if state == "stored" and not held)
    rule = rule_of(work, org_id, study_id, kind)
    least = rule.least if rule is not None else LEAST if study_id is not None else 0
    facts = {
        "available": available, "frozen": sum(count for _, held, count, _ in rows if held),
        "out": sum(count for state, held, count, _ in rows if state == "out" and not held),
        "remaining_ul": int(sum(left or 0 for _, held, _, left in rows if not held)), "least": least,
        "missing": max(0, least - available), "study_code": _code(work, study_id),
    }  # fmt: skip
    own = stable_id("stock_level", org_id, study_id or "", kind)
    _keep(work, StockLevel, own, facts, org_id=org_id, study_id=study_id, type=SpecimenType(kind))


def _use(work: UnitOfWork, org_id: Id, study_id: Id | None, kind: str, month: date) -> None:
    event, tube = SpecimenEvent.__table__.c, Specimen.__table__.c
    begins = datetime.combine(month, time(), CLINIC_TIME)
    after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    ends = datetime.combine(after, time(), CLINIC_TIME)
    query = (
        select(
            event.kind,
            func.count(),
            func.count(func.distinct(event.specimen_id)),
            func.sum(event.consumed_ul),
        )
        .join(Specimen.__table__, tube.id == event.specimen_id)
        .where(event.occurred_at >= begins, event.occurred_at < ends)
        .where(event.kind.in_((EventKind.USED, EventKind.STORED, EventKind.DISCARDED)))
    )
    rows = {
        EventKind(row[0]): row
        for row in work.connection.execute(_of_group(query, org_id, study_id, kind).group_by(event.kind))
    }
    used = rows.get(EventKind.USED, (None, 0, 0, 0))
    facts = {
        "times": used[1], "tubes": used[2], "used_ul": int(used[3] or 0),
        "stored": rows.get(EventKind.STORED, (None, 0, 0, 0))[2],
        "discarded": rows.get(EventKind.DISCARDED, (None, 0, 0, 0))[2], "study_code": _code(work, study_id),
    }  # fmt: skip
    own = stable_id("stock_use", org_id, study_id or "", kind, month.isoformat())
    _keep(work, StockUse, own, facts, org_id=org_id, study_id=study_id, type=SpecimenType(kind), month=month)


def _keep(work: UnitOfWork, kind: Any, own: Id, facts: dict[str, Any], **of: Any) -> None:
    known = work.get(kind, own)
    if known is None:
        work.add(kind(id=own, counted_at=work.now, **of, **facts))
    elif any(getattr(known, name) != value for name, value in facts.items()):
        for name, value in facts.items():
            setattr(known, name, value)
        known.counted_at = work.now


def month_of(at: datetime) -> date:
    """Return the first day of the clinic's month of a time."""
    return clinic(at).date().replace(day=1)
