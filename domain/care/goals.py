"""What a plan is for, as numbers: goals the diseases bring, how near a value is, what a plan came to. Pure."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from domain.kernel.content import ContentError, load_folder

Months = Annotated[int, msgspec.Meta(ge=1, le=24)]


class GoalRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One goal of a disease: exactly one of `below`, `at_most`, `loss` (per cent of the first value)."""

    item: str
    months: Months
    below: float | None = None
    at_most: float | None = None
    loss: Annotated[float, msgspec.Meta(gt=0, le=50)] | None = None
    from_age: int = 0
    to_age: int = 200


class Goals(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``resources/care/goals.yaml``: by disease."""

    version: str
    source: str
    status: str
    goals: dict[str, tuple[GoalRule, ...]]


@dataclass(frozen=True, slots=True)
class Target:
    """A goal for one client: the value has to be under `high` (or at it, unless `strict`), within so many months."""

    item: str
    high: float
    strict: bool
    months: int


class Effect(enum.StrEnum):
    """What a plan has come to so far."""

    UNKNOWN = "unknown"  # nothing was measured since it began
    REACHED = "reached"  # all its goals
    IMPROVING = (
        "improving"  # something is better, and nothing worse, than measuring and the body's swing explain
    )
    STABLE = "stable"
    WORSE = "worse"


class Advice(enum.StrEnum):
    """What is to be done about it."""

    MEASURE = "measure"  # have it measured again
    CLOSE = "close"  # end the plan, or go on at a lower level
    GO_ON = "go_on"
    ADHERE = "adhere"  # first see that it is done at all
    ADJUST = "adjust"  # it is done, and does not help: a physician changes it


@dataclass(frozen=True, slots=True)
class Stand:
    """How one goal stands, and its change since the beginning: 1 better, -1 worse, 0 neither, None unknown."""

    reached: bool
    change: int | None


def load_goals(folder: Path, diseases: Sequence[str]) -> Goals:
    """Return the goals. Raises `ContentError` for a disease that is none, or a goal without exactly one number."""
    found: Goals | None = load_folder(folder, Goals, "goals.yaml").get("goals")
    if found is None:
        raise ContentError(["goals.yaml: missing"])
    problems = [f"goals.yaml: {code}: no such disease" for code in found.goals if code not in diseases]
    problems += [
        f"goals.yaml: {code}: {rule.item}: exactly one of below, at_most, loss"
        for code, rules in found.goals.items()
        for rule in rules
        if sum(one is not None for one in (rule.below, rule.at_most, rule.loss)) != 1
    ]
    if problems:
        raise ContentError(problems)
    return found


def targets_for(book: Goals, codes: Sequence[str], age: int, first: dict[str, float]) -> list[Target]:
    """Return the goals of these diseases for somebody, of several for one item the strictest.

    Args:
        book: The goals.
        codes: The diseases.
        age: Completed years.
        first: The newest value of each item; a loss needs one, and without it there is no such goal.
    """
    found: dict[str, Target] = {}
    for rule in (rule for code in codes for rule in book.goals.get(code, ())):
        if not rule.from_age <= age <= rule.to_age or (rule.loss is not None and rule.item not in first):
            continue
        if rule.loss is not None:
            high = round(first[rule.item] * (1 - rule.loss / 100), 1)
        else:
            high = rule.below if rule.below is not None else float(rule.at_most or 0)
        target = Target(rule.item, high, rule.below is not None, rule.months)
        known = found.get(rule.item)
        if known is None or target.high < known.high:
            found[rule.item] = target
    return list(found.values())


def is_reached(value: float, high: float | None, low: float | None, *, strict: bool) -> bool:
    """Tell whether a value meets a goal."""
    under = high is None or (value < high if strict else value <= high)
    return under and (low is None or value >= low)


def progress(first: float, now: float, high: float | None, low: float | None) -> int:
    """Return how much of the way from the first value to the goal was gone, 0 to 100."""
    goal = high if high is not None and first > high else low if low is not None and first < low else None
    if goal is None:
        return 100 if is_reached(now, high, low, strict=False) else 0
    return round(100 * min(max((first - now) / (first - goal), 0.0), 1.0))


def changed(first: float, now: float, swing: float | None, *, downwards: bool) -> int | None:
    """Return 1 for better, -1 for worse, 0 for no more than the swing (per cent); None where none is known."""
    if swing is None or not first:
        return None
    if 100 * abs(now - first) / abs(first) < swing:
        return 0
    return 1 if (now < first) == downwards else -1


def effect_of(goals: Sequence[Stand], rate: float | None, low_rate: float) -> tuple[Effect, Advice]:
    """Return what a plan has come to, and what is to be done.

    Args:
        goals: How each of its goals stands.
        rate: Per cent of what was asked that was done; None where nothing was asked for yet.
        low_rate: Under which it counts as not done.
    """
    known = [one for one in goals if one.change is not None or one.reached]
    if not known:
        return Effect.UNKNOWN, Advice.MEASURE
    if len(known) == len(goals) and all(one.reached for one in goals):
        return Effect.REACHED, Advice.CLOSE
    moves = {one.change for one in goals}
    effect = Effect.WORSE if -1 in moves else Effect.IMPROVING if 1 in moves else Effect.STABLE
    if effect is Effect.IMPROVING:
        return effect, Advice.GO_ON
    return effect, Advice.ADHERE if rate is not None and rate < low_rate else Advice.ADJUST
