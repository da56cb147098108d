"""The rules of disease registers: written by an institution, tried on what is kept before they count."""

import dataclasses
from collections import defaultdict
from typing import Any

import msgspec
from sqlalchemy import select

from domain.checkup.records import Observation
from domain.followup.definitions import Basis, Register
from domain.followup.group_records import GroupMember, Segment
from domain.followup.own_commands import WRITE, lines_of, parts_of, publish_own
from domain.followup.own_records import ContentKind
from domain.followup.register_commands import inside_of
from domain.followup.registering import RegisterFacts, fits_of
from domain.followup.regrouping import disease_names
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.rows import scoped
from domain.kernel.unit_of_work import UnitOfWork
from domain.risk.records import RiskLevel
from domain.tags.records import ClientTag
from domain.tracking.records import AbnormalTracking, TrackingGrade

BASES: dict[str, Basis] = {
    "现患": "diagnosed", "高危": "high_level", "中危": "level", "标签": "label", "异常": "finding",
}  # fmt: skip
LEVELS = {"高危": "high", "中危": "medium"}


@dataclasses.dataclass(frozen=True, slots=True)
class TriedRegister:
    """What a rule would have done on what is kept here: who fits, who is in or decided on, who would come."""

    fits: int
    inside: int
    would_come: int
    by_itself: int


@command("register.write", "编写专病队列规则", permission=WRITE)
class WriteRegister:
    """A register, new or as a new version of one that is there; who is in stays in."""

    code: str = ask("代码（小写字母、数字、下划线）", max_length=40)
    name: str = ask("名称", max_length=30)
    topics: str | None = ask("病种代码（如 hypertension、diabetes）", default=None)
    levels: str = ask("风险等级（高危、中危）", default="高危", max_length=40)
    labels: str | None = ask("客户标签", default=None)
    items: str | None = ask("重要异常项目代码（如 afp、cea）", default=None)
    auto: str | None = ask("自动纳入依据（现患、高危、中危、标签、异常；其余待人工纳入）", default=None)
    plan: str | None = ask("随访计划模板代码", default=None, max_length=60)
    first_days: int = ask("首诊时限（天）", kind=Kind.NUMBER, default=7, low=1, high=90)
    review_days: int = ask("复核间隔（天）", kind=Kind.NUMBER, default=90, low=1, high=400)
    rules: str = ask("管理规则（每行一条）", kind=Kind.NOTE)
    ends: str = ask("出队标准", max_length=300)
    source: str = ask("来源", max_length=300)
    reason: str = ask("修订说明", kind=Kind.NOTE)


@handles(WriteRegister)
def write_register(order: WriteRegister, work: UnitOfWork) -> Id:
    """Return the id of the version; clients are judged by it from their next result, tag or level on.

    Raises:
        DomainError: ``followup.bad_code`` (``levels``, ``auto``); ``followup.bad_register`` (``code``) with what does
            not fit; ``followup.same_content``; ``input.missing`` (``reason``).
    """
    body = {
        "name": order.name.strip(), "rules": lines_of(order.rules), "ends": order.ends.strip(),
        "plan": (order.plan or "").strip() or None, "first_days": order.first_days,
        "review_days": order.review_days, **_who(order),
        "auto": [BASES[one] for one in _known(order.auto, BASES, "auto", "自动纳入依据")],
    }  # fmt: skip
    return publish_own(work, ContentKind.REGISTERS, order, body)


@command("register.try", "试算专病队列规则", permission=WRITE)
class TryRegister:
    """How many a rule would take in, by what is kept; nothing is changed."""

    code: str = ask("代码（已有队列的代码，或新代码）", max_length=40)
    topics: str | None = ask("病种代码（如 hypertension、diabetes）", default=None)
    levels: str = ask("风险等级（高危、中危）", default="高危", max_length=40)
    labels: str | None = ask("客户标签", default=None)
    items: str | None = ask("重要异常项目代码（如 afp、cea）", default=None)
    auto: str | None = ask("自动纳入依据（现患、高危、中危、标签、异常）", default=None)


@handles(TryRegister)
def try_register(order: TryRegister, work: UnitOfWork) -> TriedRegister:
    """Return what the rule would have done. Raises as `write_register`; ``register.empty`` (``topics``)."""
    made = msgspec.convert(
        {
            "id": order.code.strip() or "?", "version": 1, "name": "?", "status": "UNVERIFIED", "source": "?",
            "first_days": 1, "review_days": 1, "rules": ["?"], "ends": "?", **_who(order),
            "auto": [BASES[one] for one in _known(order.auto, BASES, "auto", "自动纳入依据")],
        },
        Register,
    )  # fmt: skip
    if not (made.topics or made.labels or made.items):
        raise DomainError("register.empty", field="topics")
    names, inside = disease_names(work), inside_of(work, made.id)
    fits = {
        patient: found[0]
        for patient, facts in _everybody(work, made).items()
        if (found := fits_of(facts, [made], names))
    }
    coming = fits.keys() - inside
    return TriedRegister(
        len(fits), len(fits.keys() & inside), len(coming), sum(fits[one].by_itself for one in coming)
    )


def _who(order: Any) -> dict[str, Any]:
    return {
        "topics": parts_of(order.topics), "labels": parts_of(order.labels), "items": parts_of(order.items),
        "levels": [LEVELS[one] for one in _known(order.levels, LEVELS, "levels", "风险等级")],
    }  # fmt: skip


def _known(text: str | None, words: dict[str, Any], field: str, label: str) -> list[str]:
    parts = parts_of(text)
    if wrong := [part for part in parts if part not in words]:
        raise DomainError(
            "followup.bad_code", field=field, label=label, value="、".join(wrong), known="、".join(words)
        )
    return parts


def _everybody(work: UnitOfWork, register: Register) -> dict[Id, RegisterFacts]:
    """Return the facts about everybody in reach that this rule could fit: a pass over what it names, no more."""
    connection, actor = work.connection, work.actor
    diagnosed: dict[Id, dict[str, str]] = defaultdict(dict)
    levels: dict[Id, dict[str, str]] = defaultdict(dict)
    labels: dict[Id, set[str]] = defaultdict(set)
    findings: dict[Id, dict[str, str]] = defaultdict(dict)
    m, t, r = GroupMember.__table__.c, ClientTag.__table__.c, RiskLevel.__table__.c
    a, o = AbnormalTracking.__table__.c, Observation.__table__.c
    if register.topics:
        groups = select(m.patient_id, m.topic, m.topic_label).where(
            m.segment == Segment.DISEASE, m.topic.in_(register.topics), m.state != "left"
        )
        for row in connection.execute(scoped(groups, GroupMember, actor)):
            diagnosed[row.patient_id][row.topic] = row.topic_label
        for row in connection.execute(scoped(select(r.patient_id, r.levels), RiskLevel, actor)):
            for topic in register.topics:
                level = (row.levels or {}).get(topic)
                if level in register.levels and topic not in diagnosed.get(row.patient_id, ()):
                    levels[row.patient_id][topic] = level
    if register.labels:
        tags = select(t.patient_id, t.name).where(
            t.name.in_(register.labels), t.by_hand.is_(True), t.off_at.is_(None)
        )
        marked = select(m.patient_id, m.topic.label("name")).where(
            m.segment == Segment.LABEL, m.topic.in_(register.labels), m.state != "left"
        )
        for query, kind in ((tags, ClientTag), (marked, GroupMember)):
            for row in connection.execute(scoped(query, kind, actor)):
                labels[row.patient_id].add(row.name)
    if register.items:
        tracked = (
            select(a.patient_id, o.item, o.label)
            .join_from(AbnormalTracking.__table__, Observation.__table__, o.id == a.observation_id)
            .where(
                o.item.in_(register.items), a.state != "withdrawn",
                a.grade.in_((TrackingGrade.HIGH, TrackingGrade.IMPORTANT)),
            )
        )  # fmt: skip
        for row in connection.execute(scoped(tracked, AbnormalTracking, actor)):
            findings[row.patient_id][row.item] = row.label
    return {
        one: RegisterFacts(diagnosed[one], levels[one], frozenset(labels[one]), findings[one])
        for one in {*diagnosed, *levels, *labels, *findings}
    }
