"""Where FHIRPath functions are declared, and the checks they share.

To add one, write it in the module of its kind with ``@function(name, arities)``; it gets the `Clock`, the input and
one collection an argument, returns a collection, and raises `ExpressionError` for what it is not defined on.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from forms.expressions.arithmetic import single
from forms.expressions.compare import is_number
from forms.expressions.elements import Collection
from forms.expressions.syntax import ExpressionError, LimitExceededError

LONGEST_TEXT = 20_000


@dataclass(frozen=True)
class Clock:
    """The moment of one evaluation, aware; the same for all of its ``now()``."""

    now: datetime


Function = Callable[..., Collection]
FUNCTIONS: dict[str, tuple[Function, tuple[int, ...]]] = {}


def function(name: str, *arities: int) -> Callable[[Function], Function]:
    """Declare a function under its FHIRPath name with the numbers of arguments it takes."""

    def add(made: Function) -> Function:
        FUNCTIONS[name] = (made, arities or (0,))
        return made

    return add


def text_of(values: Collection, what: str) -> str:
    """Return the only text."""
    value = single(values, what)
    if not isinstance(value, str):
        raise ExpressionError(f"{what} needs a text")
    return value


def number_of(values: Collection, what: str) -> int | Decimal:
    """Return the only number."""
    value = single(values, what)
    if not is_number(value):
        raise ExpressionError(f"{what} needs a number")
    return value  # type: ignore[no-any-return]


def whole_of(values: Collection, what: str) -> int:
    """Return the only integer."""
    value = number_of(values, what)
    if value != int(value):
        raise ExpressionError(f"{what} needs a whole number")
    return int(value)


def limited(text: str) -> str:
    """Return a text of bearable length."""
    if len(text) > LONGEST_TEXT:
        raise LimitExceededError(f"a text of more than {LONGEST_TEXT} characters")
    return text
