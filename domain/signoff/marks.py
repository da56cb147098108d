"""Which parts of the content are marked, and the content as it is with some of them signed. Pure.

Each kind of content has one `Marked`: how its marks are found, and how it looks when some are signed. To put another
kind of content under signature, add an entry to `MARKED`.
"""

import copy
import dataclasses
import hashlib
from collections.abc import Callable, Container, Iterator
from typing import Any

import msgspec

from domain.biobank.protocols import BIOBANK
from domain.care.content import CARE
from domain.catalog.definitions import ObservationDefinition, ReferenceRange, Rule
from domain.catalog.lookup import Catalog
from domain.followup.definitions import FOLLOWUP, FollowUpContent
from domain.followup.group_records import ClientLevel
from domain.recheck.rules import RECHECK
from domain.risk.content import RiskModels
from domain.scales.advice import Advice
from domain.scales.definitions import Scale
from domain.scales.exercise_draft import DraftRules
from domain.signoff.biobank_marks import biobank_marks, signed_biobank
from domain.signoff.care_marks import care_marks, factor_mark, signed_care, signed_factors
from domain.signoff.mark import READ, Mark
from domain.signoff.recheck_marks import recheck_marks, signed_recheck


@dataclasses.dataclass(frozen=True, slots=True)
class Marked:
    """How marks are found in one kind of content, and taken away."""

    find: Callable[[Any], Iterator[Mark]]
    signed: Callable[[Any, Container[str]], Any]


def _digest(value: Any, *without: str) -> str:
    said = msgspec.to_builtins(value)
    if isinstance(said, dict):
        said = {name: one for name, one in said.items() if name not in without}
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()


# Reference ranges, class A and B rules, critical limits


def _catalog_marks(catalog: Catalog) -> Iterator[Mark]:
    for rule in catalog.rules.values():
        if rule.status != READ:
            names = "、".join(catalog.observation(key).name for key in rule.items)
            kind = "critical" if rule.critical is not None else "important"
            yield Mark(
                f"catalog.rule.{rule.id}", kind, f"{names}（{rule.id}）", rule.note or _bounds(rule),
                _sources(catalog, rule.sources), rule.status, _digest(rule, "status", "sources", "note"),
            )  # fmt: skip
    for item in catalog.observations.values():
        for number, one in enumerate(item.ranges):
            if one.status != READ:
                said = f"{_who(one)}{one.text or _bounds(one)} {item.ucum}"
                yield Mark(
                    _range_key(item, number), "range", item.name, said,
                    _sources(catalog, one.sources), one.status, _digest(one, "status", "sources"),
                )  # fmt: skip


def _range_key(item: ObservationDefinition, number: int) -> str:
    return f"catalog.range.{item.key}.{number}"


def _bounds(one: Rule | ReferenceRange) -> str:
    said = [
        f"{sign} {value:g}"
        for sign, value in (("≥", one.low), (">", one.above), ("≤", one.high), ("<", one.below))
        if value is not None
    ]
    if isinstance(one, Rule):
        multiples = (("≥", one.low_uln), (">", one.above_uln))
        said += [f"{sign} {value:g} 倍上限" for sign, value in multiples if value is not None]
    return " 且 ".join(said)


def _who(one: ReferenceRange) -> str:
    sex = {"male": "男 ", "female": "女 "}.get(one.sex or "", "")
    if one.age_from is None and one.age_below is None:
        return sex
    below = f"{one.age_below}" if one.age_below is not None else ""
    return f"{sex}{one.age_from or 0}–{below} 岁 "


def _sources(catalog: Catalog, names: tuple[str, ...]) -> str:
    return "；".join(catalog.sources[name].text for name in names if name in catalog.sources)


def _signed_catalog(catalog: Catalog, keys: Container[str]) -> Catalog:
    made = copy.copy(catalog)
    made.rules = {
        name: _as_read(rule) if f"catalog.rule.{name}" in keys else rule
        for name, rule in catalog.rules.items()
    }
    fresh = {key: _signed_item(item, keys, made.rules) for key, item in catalog.observations.items()}
    made.replace_observations(fresh)
    return made


def _signed_item(
    item: ObservationDefinition, keys: Container[str], rules: dict[str, Rule]
) -> ObservationDefinition:
    return msgspec.structs.replace(
        item,
        ranges=tuple(
            _as_read(one) if _range_key(item, number) in keys else one
            for number, one in enumerate(item.ranges)
        ),
        rules=tuple(rules[rule.id] for rule in item.rules),
    )


def _as_read(part: Any) -> Any:
    return msgspec.structs.replace(part, status=READ)


# Scales


def _scale_marks(scales: dict[str, Scale]) -> Iterator[Mark]:
    for scale in scales.values():
        digest = _digest(scale, "parts", "licence", "title")
        for part in scale.parts:
            if part.status != READ:
                key = f"scale.{scale.id}.{part.what}"
                yield Mark(key, "scale", scale.title, part.what, part.source, part.status, digest)


def _signed_scales(scales: dict[str, Scale], keys: Container[str]) -> dict[str, Scale]:
    return {
        name: msgspec.structs.replace(
            scale,
            parts=tuple(
                _as_read(part) if f"scale.{scale.id}.{part.what}" in keys else part for part in scale.parts
            ),
        )
        for name, scale in scales.items()
    }


# Risk models and the rules of the colours


def _risk_marks(models: RiskModels) -> Iterator[Mark]:
    for ready in models.models.values():
        model = ready.model
        for part in ready.unverified:
            key = f"risk.{model.id}.{part}"
            digest = _digest(model, "status", "unverified", "bands_status", "checked", "note", "source")
            yield Mark(key, "risk", model.title, part, model.source, model.status, digest)
    yield from factor_mark(models)
    file = models.levels.file
    if file.status != READ:
        digest = _digest(file, "status", "source")
        yield Mark(
            "risk.levels", "levels", "四色分级规则", f"版本 {file.version}", file.source, file.status, digest
        )


def _signed_risk(models: RiskModels, keys: Container[str]) -> RiskModels:
    made = models.signed_as(
        {
            name: tuple(part for part in ready.unverified if f"risk.{name}.{part}" not in keys)
            for name, ready in models.models.items()
        }
    )
    if "risk.levels" in keys:
        made.levels = copy.copy(models.levels)
        made.levels.file = _as_read(models.levels.file)
    made.published = {}
    return signed_factors(made, keys)


# Advice and drafts


def _advice_marks(advice: Advice) -> Iterator[Mark]:
    for entry in advice.entries.values():
        if entry.status != READ:
            said = "；".join(entry.do) or entry.see
            digest = _digest(entry, "status", "source", "grade")
            yield Mark(
                f"advice.{entry.id}", "advice", entry.title, said[:1000], entry.source, entry.status, digest
            )
    for name, title, file in (
        ("library", "体质调养方库", advice.library),
        ("crossings", "体质与慢病联动", advice.crossings),
    ):
        if file.status != READ:
            digest = _digest(file, "status", "source", "grade")
            yield Mark(
                f"advice.{name}", "advice", title, f"版本 {file.version}", file.source, file.status, digest
            )


def _signed_advice(advice: Advice, keys: Container[str]) -> Advice:
    def checked(key: str, part: Any) -> Any:
        return _as_read(part) if f"advice.{key}" in keys else part

    return msgspec.structs.replace(
        advice,
        entries={name: checked(name, entry) for name, entry in advice.entries.items()},
        library=checked("library", advice.library),
        crossings=checked("crossings", advice.crossings),
    )


def _draft_marks(rules: DraftRules) -> Iterator[Mark]:
    if rules.status != READ:
        digest = _digest(rules, "status", "source")
        yield Mark(
            "exercise.draft", "advice", "运动处方草案规则", f"版本 {rules.version}", rules.source, rules.status,
            digest,
        )  # fmt: skip


def _signed_draft(rules: DraftRules, keys: Container[str]) -> DraftRules:
    return _as_read(rules) if "exercise.draft" in keys else rules


# Follow-up: groups, templates, scripts, handouts, labels, steps of receptions


def _followup_parts(content: FollowUpContent) -> Iterator[tuple[str, str, str, Any]]:
    """Yield key, title, what it says and the part itself."""
    yield "segments", "随访分组规则", f"版本 {content.rules.version}", content.rules
    yield "events", "接待与团体活动的流程和物料", f"版本 {content.events.version}", content.events
    for plan in content.plans.values():
        days = "、".join(str(day) for day in plan.after_days[ClientLevel.STANDARD])
        yield f"plans.{plan.id}", f"随访计划模板：{plan.name}", f"普通客户第 {days} 天", plan
    for script in content.scripts.values():
        yield f"scripts.{script.id}", f"话术：{script.title}", "；".join(script.points), script
    for handout in content.handouts.values():
        yield f"handouts.{handout.id}", f"资料：{handout.title}", "；".join(handout.points), handout
    for label in content.labels.values():
        yield f"labels.{label.id}", f"标签规则：{label.id}", f"随访节奏不低于 {label.rhythm}", label
    for one in content.registers.values():
        yield f"registers.{one.id}", f"专病队列规则：{one.name}", "；".join(one.rules), one


def _followup_marks(content: FollowUpContent) -> Iterator[Mark]:
    for key, title, said, part in _followup_parts(content):
        if part.status == "UNVERIFIED":
            digest = _digest(part, "status", "source")
            yield Mark(f"followup.{key}", "followup", title, said[:1000], part.source, part.status, digest)


def _signed_followup(content: FollowUpContent, keys: Container[str]) -> FollowUpContent:
    def read(key: str, part: Any) -> Any:
        signed = f"followup.{key}" in keys
        return msgspec.structs.replace(part, status="VERIFIED") if signed else part

    lists = {
        name: {code: read(f"{name}.{code}", one) for code, one in getattr(content, name).items()}
        for name in ("plans", "scripts", "handouts", "labels", "registers")
    }
    return msgspec.structs.replace(
        content, rules=read("segments", content.rules), events=read("events", content.events), **lists
    )


MARKED = {
    "catalog": Marked(_catalog_marks, _signed_catalog),
    "scales": Marked(_scale_marks, _signed_scales),
    "risk": Marked(_risk_marks, _signed_risk),
    "advice": Marked(_advice_marks, _signed_advice),
    CARE: Marked(care_marks, signed_care),
    FOLLOWUP: Marked(_followup_marks, _signed_followup),
    BIOBANK: Marked(biobank_marks, signed_biobank),
    RECHECK: Marked(recheck_marks, signed_recheck),
    "exercise_drafts": Marked(_draft_marks, _signed_draft),
}
"""By the name of the content that commands ask for."""
