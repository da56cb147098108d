"""Answers as numbers: what a chosen code, a tick or a number counts in a scale."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from domain.scales.definitions import Bin, Item, Scale, exact

Answers = Mapping[str, Any]
"""By linkId: the code chosen, a tick, a number, a text; a list where several may be given."""
Facts = Mapping[str, Any]
"""About the person: ``sex`` (male, female), ``age`` (years), ``bmi`` (kg/m2), ``waist`` (cm) and what scales name."""


def item_value(scale: Scale, item: Item, answers: Answers, facts: Facts) -> Fraction | None:
    """Return what an item counts; None when it is not answered or the answer is none of those it knows."""
    if not asked(item, facts):
        return None if item.default is None else exact(item.default)
    given = answers.get(item.id)
    if given in (None, "", []) and item.fact:
        given = facts.get(item.fact)
    if isinstance(given, list | tuple):
        given = given[0] if len(given) == 1 else None
    if given in (None, ""):
        return None if item.default is None else exact(item.default)
    value = _counted(scale, item, given)
    if value is None or not item.bins:
        return value
    return binned(item.bins, value, facts)


def asked(item: Item, facts: Facts) -> bool:
    """Tell whether the item is asked of this person; where the sex is not known, it is."""
    return not item.sex or facts.get("sex") in (None, "", item.sex)


def _counted(scale: Scale, item: Item, given: Any) -> Fraction | None:
    if item.points:
        code = str(given).lower() if isinstance(given, bool) else str(given)
        points = scale.points[item.points].get(code)
        return None if points is None else exact(points)
    value = number(given)
    if value is None:
        return None
    inside = (item.low is None or value >= exact(item.low)) and (
        item.high is None or value <= exact(item.high)
    )
    return value if inside else None


def number(given: Any) -> Fraction | None:
    """Return a number or a tick as a fraction; None for anything else."""
    if isinstance(given, bool):
        return Fraction(int(given))
    try:
        value = Decimal(str(given))
    except InvalidOperation:
        return None
    return Fraction(value) if value.is_finite() else None


def binned(bins: Sequence[Bin], value: Fraction, facts: Facts) -> Fraction | None:
    """Return the points of the first range a number lies in."""
    for one in bins:
        if one.holds(value) and one.sex in ("", facts.get("sex")):
            return exact(one.points)
    return None


def answers_of_response(response: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers of a FHIR QuestionnaireResponse by linkId: codes, numbers, texts; lists where repeated."""
    found: dict[str, Any] = {}
    for link_id, values in _given(response):
        found[link_id] = [*_listed(found.get(link_id)), *values] if link_id in found else values
    return {link_id: values[0] if len(values) == 1 else values for link_id, values in found.items()}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _given(parent: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    for entry in parent.get("item", ()):
        values = []
        for answer in entry.get("answer", ()):
            values += [_plain(v) for k, v in answer.items() if k.startswith("value")]
            yield from _given(answer)
        if values:
            yield str(entry.get("linkId")), values
        yield from _given(entry)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return value.get("code", value.get("value"))
    return value
