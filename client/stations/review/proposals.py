"""Sentences proposed for a report. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from client.stations.review.case import Proposal
from domain.catalog.lookup import Catalog
from domain.checkup.compared import ResultRow
from domain.checkup.intake import finding_sentence

Say = Callable[..., str]
_DIRECTION = {"H": "high", "HH": "high", "L": "low", "LL": "low", "A": "positive", "AA": "positive"}


def proposals_for(
    findings: Iterable[dict[str, Any]],
    conditions: Sequence[tuple[str, ...]],
    rows: Iterable[ResultRow],
    catalog: Catalog,
    say: Say,
    also: Mapping[str, tuple[str, ...]],
) -> tuple[Proposal, ...]:
    """Return the sentences a report may take over: findings of class A and B first, then other abnormal results.

    Args:
        findings: The findings of the report's content, in its order.
        conditions: What has to be confirmed for each of them.
        rows: The results, in reading order.
        catalog: For the sources of rules.
        say: Sentences of the catalogue of texts.
        also: What else a conclusion may call an item, where it is told together with another (收缩压 as 血压).
    """  # fmt: skip
    listed = list(rows)
    names = {r.label: (*r.names, *also.get(r.item, ())) for r in listed}
    found = [_of_finding(f, c, catalog, names) for f, c in zip(findings, conditions, strict=True)]
    said = {p.names[0] for p in found}
    rest = (r for r in listed if r.abnormal and r.label not in said and r.flag in _DIRECTION)
    found += [_of_result(r, names[r.label], say) for r in rest]
    return tuple(found)


def rule_conditions(rule: str, catalog: Catalog) -> tuple[str, ...]:
    """Return what a person has to confirm before the rules named (``A-HGB-L、K1-HGB``) count in full."""
    names = [
        name for one in rule.split("、") if one in catalog.rules for name in catalog.rules[one].conditions
    ]
    return tuple(dict.fromkeys(names))


def with_sentence(text: str, sentence: str, line: int | None = None) -> str:
    """Return `text` with a sentence as a line of its own, at the end or in place of an empty line."""
    lines = text.rstrip("\n").split("\n") if text.strip() else []
    if line is not None and line < len(lines) and not lines[line].strip():
        lines[line] = sentence
    else:
        lines.append(sentence)
    return "\n".join(lines)


def _of_finding(
    finding: dict[str, Any], conditions: tuple[str, ...], catalog: Catalog, names: dict[str, tuple[str, ...]]
) -> Proposal:
    rule = finding.get("rule") or {}
    name = str(rule.get("id", ""))
    return Proposal(
        names=names.get(finding["item"], (finding["item"],)),
        important_class=finding["class"],
        sentence=f"{finding['item']} {finding['finding']}".strip(),
        advice=finding["advice"],
        rule=name,
        source=_source(name, catalog),
        unverified=rule.get("status") != "V",
        conditions=conditions,
    )


def _of_result(row: ResultRow, names: tuple[str, ...], say: Say) -> Proposal:
    plain = finding_sentence(row.label, row.value, row.unit, row.range_text)
    return Proposal(
        names=names,
        important_class="",
        sentence=say(f"review.sentence.{_DIRECTION[row.flag]}", finding=plain),
        advice="",
        rule=say("review.rule.range"),
        source=row.range_text,
        unverified=row.unverified,
    )


def _source(rule: str, catalog: Catalog) -> str:
    names = [s for one in rule.split("、") if one in catalog.rules for s in catalog.rules[one].sources]
    return "；".join(catalog.sources[n].text for n in dict.fromkeys(names) if n in catalog.sources)
