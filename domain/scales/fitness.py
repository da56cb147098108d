"""Fitness: points by norm tables of age and sex (national fitness test, 2023), their weighted whole, and formulas."""

from fractions import Fraction
from typing import Any

from domain.scales.definitions import exact
from domain.scales.functions import Call, scale_function

POINTS = (10, 30, 50, 55, 60, 65, 70, 75, 80, 85, 90, 95)
"""What reaching each column of a norm table counts; past the last one it is 100."""


def row_of(rows: dict[str, Any], call: Call) -> Any:
    """Return the row ``20-24`` of the person's sex and age, or None where there is none."""
    age = call.facts.get("age")
    if age is None:
        return None
    for years, row in rows.get(str(call.facts.get("sex")), {}).items():
        low, _, high = years.partition("-")
        if int(low) <= int(age) <= int(high):
            return row
    return None


@scale_function("norm_points")
def norm_points(call: Call) -> Fraction | None:
    """Return the points of a measurement by ``options.rows``; ``options.less_is_better`` reads it the other way.

    Below the first limit 10; from it to the second 30; then each limit belongs to its own column; past the last 100.
    """
    value, row = call.number(call.rule.of[0]), row_of(call.rule.options["rows"], call)
    if value is None or row is None:
        return None
    sign = -1 if call.rule.options.get("less_is_better") else 1
    limits = [sign * exact(limit) for limit in row]
    if sign * value < limits[0]:
        return Fraction(POINTS[0])
    reached = zip(POINTS[1:], limits[1:], strict=True)
    return Fraction(next((points for points, limit in reached if sign * value <= limit), 100))


@scale_function("fat_points")
def fat_points(call: Call) -> Fraction | None:
    """Return the points of body fat; a row of ``options.rows``: normal begins, normal ends, obesity begins."""
    value, row = call.number(call.rule.of[0]), row_of(call.rule.options["rows"], call)
    if value is None or row is None:
        return None
    begins, ends, obese = (exact(limit) for limit in row)
    if value < begins:
        return Fraction(60)
    return Fraction(100 if value <= ends else 60 if value < obese else 20)


def _weights(call: Call) -> dict[str, Any]:
    """Return the weights of the person's age, none where there are none."""
    age = call.facts.get("age")
    for years, weights in call.rule.options["weights"].items():
        low, _, high = years.partition("-")
        if age is not None and int(low) <= int(age) <= int(high):
            return dict(weights)
    return {}


@scale_function("weighted_whole", needs=_weights)
def weighted_whole(call: Call) -> Fraction | None:
    """Return the weighted points; ``options.weights`` by age say which items belong to it.

    An item that is missing leaves no whole: what the standard does then was not read.
    """
    weights = _weights(call)
    found = call.numbers(*weights)
    if not weights or found is None:
        return None
    return sum((exact(w) * v for w, v in zip(weights.values(), found, strict=True)), Fraction(0))


@scale_function("linear")
def linear(call: Call) -> Fraction | None:
    """Return ``options.constant`` plus each value times its weight; ``options`` may be one for each sex."""
    options = call.rule.options.get(str(call.facts.get("sex")), call.rule.options)
    if "constant" not in options:
        return None
    names = list(options["weights"])
    found = call.numbers(*names)
    if found is None:
        return None
    terms = zip(options["weights"].values(), found, strict=True)
    return exact(options["constant"]) + sum((exact(weight) * value for weight, value in terms), Fraction(0))
