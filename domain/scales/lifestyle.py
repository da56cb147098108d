"""Points between knots, drinking within limits, and the gate before exercise."""

import itertools
from fractions import Fraction

from domain.scales.definitions import exact
from domain.scales.functions import Call, scale_function


@scale_function("wine")
def wine(call: Call) -> Fraction | None:
    """Return 1 for some drinking within the limit of the sex; `of` names drinks a week, ``options`` the limits."""
    drinks = call.number(call.rule.of[0])
    limit = call.rule.options.get(str(call.facts.get("sex")))
    if drinks is None or limit is None:
        return None
    return Fraction(int(0 < drinks <= exact(limit)))


@scale_function("between_knots")
def between_knots(call: Call) -> Fraction | None:
    """Return points that run straight between ``options.knots`` (amount, points) and stay level outside."""
    value = call.number(call.rule.of[0])
    if value is None:
        return None
    knots = [(exact(x), exact(y)) for x, y in call.rule.options["knots"]]
    if value <= knots[0][0]:
        return knots[0][1]
    for (x0, y0), (x1, y1) in itertools.pairwise(knots):
        if value <= x1:
            return y0 + (y1 - y0) * (value - x0) / (x1 - x0)
    return knots[-1][1]


@scale_function("exercise_gate")
def exercise_gate(call: Call) -> str | None:
    """Return whether exercise may begin: postpone, clear, caution or medical.

    `of` names how many of the general questions, of the following ones and of the reasons to wait are answered yes.
    The following questions are only needed when a general one is.
    """
    general, following, waiting = (call.number(name) for name in call.rule.of)
    if general is None or waiting is None:
        return None
    if waiting:
        return "postpone"
    if not general:
        return "clear"
    if following is None:
        return None
    return "medical" if following else "caution"
