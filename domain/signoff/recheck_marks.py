"""Marks of the rules for what is to be checked again, and the rules as they are signed. Pure."""

import hashlib
from collections.abc import Container, Iterator

import msgspec

from domain.recheck.rules import RecheckRule, RecheckRules
from domain.signoff.mark import READ, Mark

KIND = "recheck"


def recheck_marks(rules: RecheckRules) -> Iterator[Mark]:
    """Yield every rule that was read in no source, or only partly."""
    for rule in rules.rules:
        if rule.status != READ:
            yield Mark(
                f"recheck.{rule.id}", KIND, f"再检规则：{rule.title}（{rule.id}）", _said(rule),
                rules.sources[rule.source], rule.status, _digest(rule),
            )  # fmt: skip


def signed_recheck(rules: RecheckRules, keys: Container[str]) -> RecheckRules:
    """Return the rules with some of them signed."""
    return msgspec.structs.replace(
        rules,
        rules=tuple(
            msgspec.structs.replace(rule, status=READ) if f"recheck.{rule.id}" in keys else rule
            for rule in rules.rules
        ),
    )


def _digest(rule: RecheckRule) -> str:
    said = {name: one for name, one in msgspec.to_builtins(rule).items() if name not in ("status", "source")}
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()


def _said(rule: RecheckRule) -> str:
    bounds = (("≥", rule.low), (">", rule.above), ("≤", rule.high), ("<", rule.below))
    told = [f"{rule.item} {sign} {value:g}" for sign, value in bounds if value is not None]
    if rule.flags:
        told.append(f"{rule.item} 标记 {'/'.join(rule.flags)}")
    return f"{' 且 '.join(told)}：{rule.days[0]}–{rule.days[1]} 天内复查 {'、'.join(rule.items)}"
