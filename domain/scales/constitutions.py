"""Judging constitutions: ZYYXH/T157-2009, GB/T 46939-2025, and the form for people of 65 and more."""

from fractions import Fraction

from domain.scales.definitions import exact
from domain.scales.functions import Call, scale_function

LEANING = ("yes", "tendency")


@scale_function("tcm_peaceful")
def peaceful(call: Call) -> str | None:
    """Return yes, basic or no: the balanced score is high enough and no other too high.

    `of` names the balanced score first; ``options`` hold ``least`` and the limits ``yes`` and ``basic`` of the
    others, which belong to them where ``inclusive`` says so.
    """
    found = call.numbers(*call.rule.of)
    if found is None:
        return None
    balanced, *others = found
    if balanced < exact(call.rule.options["least"]):
        return "no"
    for verdict in ("yes", "basic"):
        limit = exact(call.rule.options[verdict])
        if all(other < limit or (call.rule.options["inclusive"] and other == limit) for other in others):
            return verdict
    return "no"


@scale_function("tcm_leaning")
def leaning(call: Call) -> Fraction | None:
    """Return how many of the eight leaning constitutions are found or tended to."""
    if call.numbers(*call.rule.of) is None:
        return None
    return Fraction(sum(call.bands.get(name) in LEANING for name in call.rule.of))


@scale_function("tcm_main")
def main_constitution(call: Call) -> str | None:
    """Return the leading constitution: the highest that is found; else balance; else the highest tendency.

    Of equal ones the first of the file leads. `of` names the judgement of balance first.
    """
    balance, *others = call.rule.of
    scores = {name: call.number(name) for name in others}
    if call.values.get(balance) is None or None in scores.values():
        return None
    order = sorted(others, key=lambda name: -(scores[name] or Fraction(0)))
    found = next((name for name in order if call.bands.get(name) == "yes"), None)
    if found is None and call.values[balance] in ("yes", "basic"):
        return "ph"
    tendency = next((name for name in order if call.bands.get(name) == "tendency"), None)
    return found or tendency or "none"
