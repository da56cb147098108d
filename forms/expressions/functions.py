"""FHIRPath functions on collections, and all others loaded: `FUNCTIONS` is whole once this module is imported."""

from typing import Any

from forms.expressions import conversions, numbers, texts
from forms.expressions.arithmetic import combine, single
from forms.expressions.compare import distinct, order, same_value
from forms.expressions.elements import Collection, child
from forms.expressions.registry import FUNCTIONS, Clock, function, text_of, whole_of
from forms.expressions.syntax import ExpressionError
from forms.values import Temporal


# What is there, and how much.
@function("empty")
def _empty(_: Clock, given: Collection) -> Collection:
    return [not given]


@function("count")
def _count(_: Clock, given: Collection) -> Collection:
    return [len(given)]


@function("not")
def _not(_: Clock, given: Collection) -> Collection:
    if not given:
        return []
    value = single(given, "not()")
    return [not value] if isinstance(value, bool) else [False]


@function("hasValue")
def _has_value(_: Clock, given: Collection) -> Collection:
    return [len(given) == 1]


def _truths(name: str, wanted: bool, every: bool) -> None:
    def told(_: Clock, given: Collection) -> Collection:
        if not all(isinstance(value, bool) for value in given):
            raise ExpressionError(f"{name}() needs truth values")
        return [(all if every else any)(value is wanted for value in given)]

    FUNCTIONS[name] = (told, (0,))


for _name, _wanted, _every in (
    ("allTrue", True, True), ("anyTrue", True, False), ("allFalse", False, True), ("anyFalse", False, False),
):  # fmt: skip
    _truths(_name, _wanted, _every)


@function("distinct")
def _distinct(_: Clock, given: Collection) -> Collection:
    return distinct(given)


@function("isDistinct")
def _is_distinct(_: Clock, given: Collection) -> Collection:
    return [len(distinct(given)) == len(given)]


def _within(value: Any, others: Collection) -> bool:
    return any(same_value(value, other) is True for other in others)


@function("subsetOf", 1)
def _subset(_: Clock, given: Collection, other: Collection) -> Collection:
    return [all(_within(value, other) for value in given)]


@function("supersetOf", 1)
def _superset(_: Clock, given: Collection, other: Collection) -> Collection:
    return [all(_within(value, given) for value in other)]


# Picking and joining.
@function("first")
def _first(_: Clock, given: Collection) -> Collection:
    return given[:1]


@function("last")
def _last(_: Clock, given: Collection) -> Collection:
    return given[-1:]


@function("tail")
def _tail(_: Clock, given: Collection) -> Collection:
    return given[1:]


@function("single")
def _single(_: Clock, given: Collection) -> Collection:
    return [single(given, "single()")] if given else []


@function("skip", 1)
def _skip(_: Clock, given: Collection, count: Collection) -> Collection:
    return given[max(0, whole_of(count, "skip()")) :] if count else []


@function("take", 1)
def _take(_: Clock, given: Collection, count: Collection) -> Collection:
    return given[: max(0, whole_of(count, "take()"))] if count else []


@function("intersect", 1)
def _intersect(_: Clock, given: Collection, other: Collection) -> Collection:
    return distinct([value for value in given if _within(value, other)])


@function("exclude", 1)
def _exclude(_: Clock, given: Collection, other: Collection) -> Collection:
    return [value for value in given if not _within(value, other)]


@function("union", 1)
def _union(_: Clock, given: Collection, other: Collection) -> Collection:
    return distinct(given + other)


@function("combine", 1)
def _combine(_: Clock, given: Collection, other: Collection) -> Collection:
    return given + other


@function("sum")
def _sum(_: Clock, given: Collection) -> Collection:
    if not given:
        return [0]
    total = given[:1]
    for value in given[1:]:
        total = combine("+", total, [value])
    return total


@function("avg")
def _avg(clock: Clock, given: Collection) -> Collection:
    return combine("/", _sum(clock, given), [len(given)]) if given else []


@function("min")
def _min(_: Clock, given: Collection) -> Collection:
    return _extreme(given, -1)


@function("max")
def _max(_: Clock, given: Collection) -> Collection:
    return _extreme(given, 1)


def _extreme(given: Collection, wanted: int) -> Collection:
    found = given[:1]
    for value in given[1:]:
        if order([value], found) == wanted:
            found = [value]
    return found


# The moment, and what FHIR adds.
@function("now")
def _now(clock: Clock, _: Collection) -> Collection:
    return [Temporal("dateTime", clock.now.isoformat(timespec="seconds"))]


@function("today")
def _today(clock: Clock, _: Collection) -> Collection:
    return [clock.now.date()]


@function("timeOfDay")
def _time_of_day(clock: Clock, _: Collection) -> Collection:
    return [Temporal("time", clock.now.time().isoformat(timespec="seconds"))]


@function("trace", 1, 2)
def _trace(_: Clock, given: Collection, *__: Collection) -> Collection:
    return given


@function("extension", 1)
def _extension(_: Clock, given: Collection, url: Collection) -> Collection:
    wanted = text_of(url, "extension()") if url else ""
    found = [entry for value in given for entry in child(value, "extension")]
    return [entry for entry in found if child(entry, "url") == [wanted]]


__all__ = ["FUNCTIONS", "conversions", "numbers", "texts"]
