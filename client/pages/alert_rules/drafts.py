"""What somebody changed of an alert rule and has not published: the values of the form, and the patch they make.

Pure values. A patch says only what differs from the rule as it ships, so that a later file keeps its say on the rest.
"""

import math
from dataclasses import dataclass
from typing import Any

import msgspec
import yaml

from domain.alerts.parts import Condition, Kind, Step, Way, duration
from domain.alerts.records import Severity
from domain.alerts.rule_changes import RulePatch, changed, numbers_of
from domain.alerts.rules import Rule

TIMES = {
    Kind.DEADLINE: ("limit", "offset"),
    Kind.ABSENCE: ("within",),
    Kind.ESCALATION: ("after",),
    Kind.REPEAT: ("every",),
}
"""Times of a rule that may be changed, by its kind."""
CHANNELS = ("in_app", "wecom", "sms", "email")
WAYS = tuple(Way)
DAYS = "days"
MOST_DAYS = 365
WRONG = (
    ("receivers: nobody", "receivers", "no_receivers"),
    ("receivers: no role", "receivers", "no_role"),
    ("escalate:", "steps", "steps_rise"),
    ("thresholds:", "numbers", "number_range"),
    ("limit:", "limit", "no_time"),
    ("when", "also", "bad_condition"),
    ("summary", "summary", "bad_summary"),
    ("Single", "summary", "bad_summary"),
    ("expected '}'", "summary", "bad_summary"),
    ("unmatched", "summary", "bad_summary"),
)
"""How a refusal of the rule's check begins, the field it belongs to, and the sentence for it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """The form's values: numbers as typed, times as ``30m`` (empty where the workflow's own counts)."""

    numbers: dict[str, str]
    times: dict[str, str]
    severity: Severity
    summary: str
    receivers: tuple[str, ...]
    channels: tuple[str, ...]
    steps: tuple[Step, ...]
    sites: tuple[str, ...] | None = None
    silent: bool = False
    also: tuple[Condition, ...] = ()
    ways: tuple[Way, ...] | None = None
    """None: as the level has it."""


def draft_of(file: Rule, patch: RulePatch) -> Draft:
    """Return the form's values for a rule as a patch has it; a patch that no longer fits leaves the file's."""
    try:
        rule = changed(file, patch, 0)
    except ValueError:
        rule, patch = file, RulePatch()
    numbers = {name: f"{value:g}" for name, value in numbers_of(rule).items()}
    if rule.days is not None:
        numbers[DAYS] = str(rule.days)
    times = {name: getattr(rule, name) or "" for name in TIMES.get(rule.kind, ())}
    return Draft(
        numbers,
        times,
        rule.severity,
        rule.summary,
        rule.receivers,
        rule.channels,
        rule.escalate,
        patch.sites,
        patch.silent,
        patch.also,
        rule.ways,
    )


def written(file: Rule, draft: Draft) -> tuple[str, dict[str, str]]:
    """Return the text of a patch, and by field the sentence's code of what cannot be meant."""
    wrong: dict[str, str] = {}
    given: dict[str, Any] = {}
    _numbers(file, draft, given, wrong)
    for name, value in draft.times.items():
        if value and value != getattr(file, name):
            given[name] = value
        elif not value and getattr(file, name):
            wrong[name] = "no_time"
    for name in ("severity", "summary", "receivers", "channels", "ways"):
        if getattr(draft, name) != getattr(file, name):
            given[name] = msgspec.to_builtins(getattr(draft, name))
    if draft.steps != file.escalate:
        given["escalate"] = msgspec.to_builtins(draft.steps)
    if draft.sites is not None:
        given["sites"] = list(draft.sites)
    if draft.also:
        given["also"] = msgspec.to_builtins(draft.also)
    if draft.silent:
        given["silent"] = True
    wrong |= _missing(file, draft)
    plain = msgspec.to_builtins({name: given[name] for name in sorted(given)})
    return yaml.safe_dump(plain, allow_unicode=True, default_flow_style=None), wrong


def _missing(file: Rule, draft: Draft) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if not draft.receivers and not file.tells_client:
        wrong["receivers"] = "no_receivers"
    if file.summary and not draft.summary:
        wrong["summary"] = "no_summary"
    if draft.sites == ():
        wrong["sites"] = "no_sites"
    if any(one.value in (None, "") and one.op not in {"empty", "filled"} for one in draft.also):
        wrong["also"] = "no_value"
    times = [duration(step.after) for step in draft.steps]
    if times != sorted(set(times)):
        wrong["steps"] = "steps_rise"
    elif not all(step.to for step in draft.steps):
        wrong["steps"] = "step_nobody"
    return wrong


def _numbers(file: Rule, draft: Draft, given: dict[str, Any], wrong: dict[str, str]) -> None:
    ships = numbers_of(file)
    thresholds: dict[str, float] = {}
    for name, typed in draft.numbers.items():
        try:
            number = float(typed)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            wrong[name] = "no_number"
        elif name != DAYS:
            if number != ships[name]:
                thresholds[name] = number
        elif not number.is_integer() or not 1 <= number <= MOST_DAYS:
            wrong[name] = "no_days"
        elif int(number) != file.days:
            given[DAYS] = int(number)
    if thresholds:
        given["thresholds"] = thresholds


def refusals(problems: str) -> dict[str, str]:
    """Return by field the sentence's code for what a check of the rule said; empty if it said something else."""
    found: dict[str, str] = {}
    for problem in problems.split("；"):
        known = next(((field, code) for begin, field, code in WRONG if problem.startswith(begin)), None)
        if known is None:
            return {}
        found[known[0]] = known[1]
    return found
