"""FHIRPath functions on numbers (5.7): exact decimals of 28 digits, halves rounded up."""

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation, Overflow
from typing import Any

from forms.expressions.arithmetic import EXACT, tidy
from forms.expressions.elements import Collection
from forms.expressions.registry import FUNCTIONS, Clock, number_of
from forms.expressions.syntax import ExpressionError


def _on_number(name: str, work: Callable[..., Any], *arities: int) -> None:
    """Declare a function of one number; an empty input gives nothing, one outside its domain an error."""

    def applied(_: Clock, given: Collection, *args: Collection) -> Collection:
        if not given or not all(args):
            return []
        numbers = [number_of(values, f"{name}()") for values in (given, *args)]
        try:
            found = work(*numbers)
        except (InvalidOperation, Overflow, OverflowError) as error:
            raise ExpressionError(f"{name}() is not defined on {numbers[0]}") from error
        return [] if found is None else [tidy(found)]

    FUNCTIONS[name] = (applied, arities or (0,))


def _power(base: int | Decimal, exponent: int | Decimal) -> int | Decimal | None:
    if base < 0 and exponent != int(exponent):
        return None
    found = EXACT.power(Decimal(base), Decimal(exponent))
    whole = isinstance(base, int) and isinstance(exponent, int) and exponent >= 0
    return int(found) if whole and abs(found) < 2**31 else found


def _round(value: int | Decimal, places: int | Decimal = 0) -> Decimal:
    if not 0 <= places <= 20 or places != int(places):
        raise ExpressionError("round() takes 0 to 20 places")
    return Decimal(value).quantize(Decimal(1).scaleb(-int(places)), ROUND_HALF_UP, EXACT)


def _to_whole(rounding: str) -> Callable[[Any], int]:
    return lambda value: int(Decimal(value).to_integral_value(rounding))


_on_number("abs", abs)
_on_number("ceiling", _to_whole(ROUND_CEILING))
_on_number("floor", _to_whole(ROUND_FLOOR))
_on_number("truncate", _to_whole(ROUND_DOWN))
_on_number("exp", lambda value: EXACT.exp(Decimal(value)))
_on_number("ln", lambda value: EXACT.ln(Decimal(value)) if value > 0 else None)
_on_number(
    "log",
    lambda value, base: EXACT.divide(EXACT.ln(Decimal(value)), EXACT.ln(Decimal(base)))
    if value > 0 and base > 0 and base != 1 else None,
    1,
)  # fmt: skip
_on_number("power", _power, 1)
_on_number("sqrt", lambda value: EXACT.sqrt(Decimal(value)) if value >= 0 else None)
_on_number("round", _round, 0, 1)
