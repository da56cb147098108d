"""Conditions of FHIR R4 ``enableWhen``: one condition against the answers of its question.

Which items are asked follows in `forms.evaluation`: an item is enabled if the item above it is and its own conditions
hold. An answer below a disabled item does not count, so conditions see it as not given; what was typed is kept and
counts again when the item comes back.
"""

import operator
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from forms.questionnaire import Answer, EnableWhen
from forms.values import Quantity, Temporal, compare_times, same

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}


def holds(condition: EnableWhen, answers: Sequence[Answer]) -> bool:
    """Tell whether the answers of the question fulfil a condition.

    ``=`` and the order operators hold if any answer does, ``!=`` if no answer is equal: also when there is
    none (http://hl7.org/fhir/R4/valueset-questionnaire-enable-operator.html).
    """
    if condition.operator == "exists":
        return bool(answers) is condition.answer
    if condition.operator in ("=", "!="):
        return any(same(answer, condition.answer) for answer in answers) is (condition.operator == "=")
    compare = _COMPARE[condition.operator]
    orders = (_order(answer, condition.answer) for answer in answers)
    return any(order is not None and compare(order, 0) for order in orders)


def _order(one: Answer, other: Answer) -> int | None:
    """Return -1, 0 or 1; None for values that have no order between them."""
    if isinstance(one, date | Temporal) and isinstance(other, date | Temporal):
        return compare_times(one, other)
    if isinstance(one, Quantity) and isinstance(other, Quantity) and one.comparable(other):
        one, other = one.value or Decimal(0), other.value or Decimal(0)
    if isinstance(one, str) and isinstance(other, str):
        return (one > other) - (one < other)
    if not all(isinstance(value, int | Decimal) and not isinstance(value, bool) for value in (one, other)):
        return None
    return (one > other) - (one < other)  # type: ignore[operator]


__all__ = ["holds", "same"]
