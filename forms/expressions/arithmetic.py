"""Sums, products, dates plus a time: FHIRPath N1 6.6, on exact decimals."""

import calendar
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Any

from forms.expressions.compare import Moment, as_moment, is_number
from forms.expressions.elements import Collection
from forms.expressions.syntax import ExpressionError, LimitExceededError
from forms.values import Quantity, Temporal

# 28 digits, and no exponent that would make a number of a megabyte when written out.
EXACT = Context(prec=28, Emax=400, Emin=-400, traps=[InvalidOperation, DivisionByZero, Overflow])
_TEXT_LIMIT = 20_000


def single(values: Collection, what: str) -> Any:
    """Return the only value.

    Raises:
        ExpressionError: There are several.
    """
    if len(values) > 1:
        raise ExpressionError(f"{what} needs one value, not {len(values)}")
    return values[0]


def tidy(value: Any) -> int | Decimal:
    """Return a number; integers beyond 32 bits go on as decimals, so that no number grows without end."""
    if isinstance(value, int):
        return value if abs(value) < 2**31 else EXACT.create_decimal(value)
    found = EXACT.plus(value)
    if not found.is_finite():
        raise ExpressionError("no number")
    return found


def combine(operator: str, left: Collection, right: Collection) -> Collection:
    """Return ``left operator right``; empty if one is empty.

    Raises:
        ExpressionError: Several values, or values that do not go together.
    """
    if operator == "&":
        return [_joined(single(left, "&") if left else "", single(right, "&") if right else "", "&")]
    if not left or not right:
        return []
    one, other = single(left, operator), single(right, operator)
    try:
        return _computed(operator, one, other)
    except (Overflow, InvalidOperation, OverflowError) as error:
        raise ExpressionError(f"{operator}: out of range") from error


def _computed(operator: str, one: Any, other: Any) -> Collection:
    if is_number(one) and is_number(other):
        return _NUMBERS[operator](one, other)
    if operator == "+" and isinstance(one, str) and isinstance(other, str):
        return [_joined(one, other, "+")]
    if operator in "+-" and isinstance(other, Quantity) and (moment := as_moment(one)) is not None:
        return [moved(moment, other, 1 if operator == "+" else -1)]
    if isinstance(one, Quantity) or isinstance(other, Quantity):
        return _quantities(operator, one, other)
    raise ExpressionError(f"{type(one).__name__} {operator} {type(other).__name__} is not defined")


def _joined(one: Any, other: Any, operator: str) -> str:
    if not isinstance(one, str) or not isinstance(other, str):
        raise ExpressionError(f"{operator} needs texts")
    if len(one) + len(other) > _TEXT_LIMIT:
        raise LimitExceededError(f"a text of more than {_TEXT_LIMIT} characters")
    return one + other


def _quantities(operator: str, one: Any, other: Any) -> Collection:
    if isinstance(one, Quantity) and isinstance(other, Quantity):
        if operator not in "+-" or not one.comparable(other) or one.value is None or other.value is None:
            return []
        return [Quantity(_NUMBERS[operator](one.value, other.value)[0], one.unit, one.code, one.system)]
    quantity, factor = (one, other) if isinstance(one, Quantity) else (other, one)
    if not is_number(factor) or operator not in "*/" or (operator == "/" and quantity is other):
        raise ExpressionError(f"a quantity {operator} {type(factor).__name__} is not defined")
    found = _NUMBERS[operator](quantity.value, factor) if quantity.value is not None else []
    return [Quantity(Decimal(value), quantity.unit, quantity.code, quantity.system) for value in found]


def _exactly(function: Callable[[Decimal, Decimal], Decimal]) -> Callable[[Any, Any], Collection]:
    return lambda one, other: [tidy(function(Decimal(one), Decimal(other)))] if other != 0 else []


def _whole(one: Any, other: Any) -> Collection:
    if other == 0:
        return []
    return [tidy(int(EXACT.divide(Decimal(one), Decimal(other)).to_integral_value(ROUND_DOWN)))]


def _rest(one: Any, other: Any) -> Collection:
    if other == 0:
        return []
    found = EXACT.remainder(Decimal(one), Decimal(other))
    return [int(found) if isinstance(one, int) and isinstance(other, int) else found]


def _plain(function: Callable[[Any, Any], Any], exact: Callable[[Any, Any], Decimal]) -> Any:
    def apply(one: Any, other: Any) -> Collection:
        if isinstance(one, int) and isinstance(other, int):
            return [tidy(function(one, other))]
        return [tidy(exact(Decimal(one), Decimal(other)))]

    return apply


_NUMBERS: dict[str, Callable[[Any, Any], Collection]] = {
    "+": _plain(lambda a, b: a + b, EXACT.add),
    "-": _plain(lambda a, b: a - b, EXACT.subtract),
    "*": _plain(lambda a, b: a * b, EXACT.multiply),
    "/": _exactly(EXACT.divide),
    "div": _whole,
    "mod": _rest,
}
_MONTHS = {"a": 12, "year": 12, "mo": 1, "month": 1}
_SECONDS = {"wk": 604800, "week": 604800, "d": 86400, "day": 86400, "h": 3600, "hour": 3600} | {
    "min": 60, "minute": 60, "s": 1, "second": 1}  # fmt: skip


def moved(moment: date | Temporal, by: Quantity, sign: int) -> date | Temporal:
    """Return a date or time so much later (`sign` 1) or earlier (-1); a 29 February becomes the 28th.

    Raises:
        ExpressionError: The unit is no time, finer than the date tells, or the result leaves the calendar.
    """
    unit = by.code or by.unit
    amount = int(by.value or 0) * sign
    text = moment.text if isinstance(moment, Temporal) else moment.isoformat()
    try:
        if unit in _MONTHS:
            return _by_months(moment, text, amount * _MONTHS[unit])
        if unit in _SECONDS:
            return _by_seconds(moment, text, amount * _SECONDS[unit])
    except (ValueError, OverflowError) as error:
        raise ExpressionError("the date leaves the calendar") from error
    raise ExpressionError(f"{unit!r} is no time")


def _by_months(moment: date | Temporal, text: str, months: int) -> date | Temporal:
    if isinstance(moment, Temporal) and moment.kind == "time":
        raise ExpressionError("a time of day plus months")
    day, _, clock = text.partition("T")
    parts = [int(part) for part in day.split("-")]
    if len(parts) == 1 and months % 12:
        raise ExpressionError("a year plus months")
    total = parts[0] * 12 + (parts[1] - 1 if len(parts) > 1 else 0) + months
    year, month = divmod(total, 12)
    if not 1 <= year <= 9999:
        raise ValueError("year")
    written = f"{year:04d}"
    if len(parts) > 1:
        written += f"-{month + 1:02d}"
    if len(parts) > 2:
        written += f"-{min(parts[2], calendar.monthrange(year, month + 1)[1]):02d}"
    return _like(moment, f"{written}T{clock}" if clock else written)


def _by_seconds(moment: date | Temporal, text: str, seconds: int) -> date | Temporal:
    if isinstance(moment, Temporal) and moment.kind == "time":
        start = datetime.fromisoformat(f"2000-01-01T{text}")
        return Temporal("time", (start + timedelta(seconds=seconds)).time().isoformat())
    if len(text) < 10:
        raise ExpressionError("a date that is not whole plus days")
    if len(text) == 10:
        return _like(moment, (date.fromisoformat(text) + timedelta(days=int(seconds / 86400))).isoformat())
    later = datetime.fromisoformat(text) + timedelta(seconds=seconds)
    return _like(moment, later.isoformat().replace("+00:00", "Z" if text.endswith("Z") else "+00:00"))


def _like(moment: date | Temporal, text: str) -> date | Temporal:
    return Temporal(moment.kind, text) if isinstance(moment, Temporal) else date.fromisoformat(text)


__all__ = ["EXACT", "Moment", "combine", "moved", "single", "tidy"]
