"""Sentences proposed for a report, and what of a written one does not fit the results. Pure."""

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from client.stations.review.anchors import Anchor
from client.stations.review.case import Proposal, ResultRow
from domain.catalog.lookup import Catalog
from domain.checkup.intake import finding_sentence

Say = Callable[..., str]
_BETWEEN = r"(?:[\s：:（(，,=]|升高|偏高|增高|降低|偏低|减低|明显|轻度|中度|重度|结果|为|是|达|约)*"
_FIGURE = r"(\d+(?:\.\d+)?)"
_DIRECTION = {"H": "high", "HH": "high", "L": "low", "LL": "low", "A": "positive", "AA": "positive"}


@dataclass(frozen=True, slots=True)
class Deviation:
    """A figure of the conclusion that is not the result's: where it stands, what it says, what was measured."""

    label: str
    written: str
    measured: str
    anchor: Anchor


def proposals_for(
    findings: Iterable[dict[str, Any]],
    conditions: Sequence[tuple[str, ...]],
    rows: Iterable[ResultRow],
    catalog: Catalog,
    say: Say,
) -> tuple[Proposal, ...]:
    """Return the sentences a report may take over: findings of class A and B first, then other abnormal results.

    Args:
        findings: The findings of the report's content, in its order.
        conditions: What has to be confirmed for each of them.
        rows: The results, in reading order.
        catalog: For the sources of rules.
        say: Sentences of the catalogue of texts.
    """  # fmt: skip
    listed = list(rows)
    names = {r.label: (*r.names, *_also(r.item, say)) for r in listed}
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


def deviations(conclusion: str, rows: Iterable[ResultRow]) -> list[Deviation]:
    """Return the figures in a conclusion that differ from the result of the item they stand behind.

    A figure belongs to an item when it follows its name with nothing between but words such as 升高 or 为; the
    longest name counts (红细胞分布宽度 is not 红细胞), and ``6.7`` is the same as ``6.70``.
    """
    by_name = {name: row for row in rows if row.number is not None for name in row.names}
    if not by_name:
        return []
    found = []
    for match in _figures(tuple(sorted(by_name))).finditer(conclusion):
        row = by_name[match[1]]
        if float(match[2]) != (float(row.value) if _is_number(row.value) else row.number):
            found.append(Deviation(row.label, match[2], row.value, Anchor("conclusion", *match.span(2))))
    return found


@functools.lru_cache(maxsize=64)
def _figures(names: tuple[str, ...]) -> "re.Pattern[str]":
    """Return what finds a figure behind any of these names; the items of a package are the same for everybody."""
    words = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(f"({words}){_BETWEEN}{_FIGURE}")


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


def _also(item: str, say: Say) -> tuple[str, ...]:
    """Return what else a conclusion may call an item, where it is told together with another (收缩压 as 血压)."""
    code = f"review.also.{item}"
    said = say(code)
    return () if said == code else tuple(said.split("、"))


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


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
