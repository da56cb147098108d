"""What level rules would change before anybody publishes them: every client's latest assessment judged by both."""

import dataclasses
from collections import Counter

from sqlalchemy import select

from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.unit_of_work import UnitOfWork
from domain.risk.assess import assess_known
from domain.risk.content import RISK, RiskModels
from domain.risk.detail import unpacked
from domain.risk.gathering import factors_of
from domain.risk.levels import Colour
from domain.risk.records import RiskAssessment, RiskLevel
from domain.risk.rule_commands import LONGEST, checked, rules_in_force

MOST_CLIENTS = 5000
"""The clients assessed last are looked at; a thousand take some seconds."""
NONE = "none"


@dataclasses.dataclass(frozen=True, slots=True)
class RulePreview:
    """How many clients were looked at of how many, and how many would have another automatic colour.

    `moves` counts them by both colours (``none`` where too little is known), `physicians` those of them whose colour
    a physician has set: theirs stays until its last day.
    """

    looked: int
    clients: int
    changed: int
    physicians: int
    moves: list["Move"]


@dataclasses.dataclass(frozen=True, slots=True)
class Move:
    """So many clients from one colour to another."""

    before: str
    after: str
    count: int


@command("risk.preview_rules", "预览分级规则", permission="risk.rules")
class PreviewLevelRules:
    """What these rules would change; nothing is kept."""

    text: str = ask("规则（YAML）", kind=Kind.NOTE, max_length=LONGEST)


@handles(PreviewLevelRules)
def preview_level_rules(order: PreviewLevelRules, work: UnitOfWork) -> RulePreview:
    """Return counts over the clients in the scope of who asks; no client is told.

    Raises:
        DomainError: ``risk.bad_rules`` (``text``) with every mistake.
    """
    models: RiskModels = work.content[RISK]
    candidate, now = checked(order.text, models), rules_in_force(work, models)
    levels, kept = RiskLevel.__table__.c, RiskAssessment.__table__.c
    latest = (
        select(levels.org_id, levels.manual, kept.on_date, kept.inputs, kept.detail)
        .join_from(RiskLevel.__table__, RiskAssessment.__table__, kept.id == levels.assessment_id)
        .order_by(levels.assessed_at.desc())
    )
    clients, physicians = 0, 0
    moves: Counter[tuple[str, str]] = Counter()
    for row in work.connection.execute(latest):
        if not work.actor.sees(row.org_id):
            continue
        clients += 1
        if clients > MOST_CLIENTS:
            continue
        known = models.book.know(factors_of(row.inputs), row.on_date)
        found = unpacked(row.detail) if row.detail else assess_known(known, row.on_date, models)
        before, after = (_name(rules.colour(found, known).colour) for rules in (now, candidate))
        if before != after:
            moves[before, after] += 1
            physicians += row.manual is not None
    return RulePreview(
        min(clients, MOST_CLIENTS), clients, sum(moves.values()), physicians,
        [Move(before, after, count) for (before, after), count in sorted(moves.items())],
    )  # fmt: skip


def _name(colour: Colour | None) -> str:
    return NONE if colour is None else str(colour)
