"""Equal, equivalent, greater: three-valued, as FHIRPath N1 has it (6.1, 6.2)."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from forms.expressions.elements import Collection, Element, plain
from forms.expressions.syntax import ExpressionError
from forms.values import Coding, Quantity, Temporal, compare_times

Moment = (date, Temporal)


def is_number(value: Any) -> bool:
    """Tell a number from a truth value."""
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def as_moment(value: Any) -> date | Temporal | None:
    """Return a date or time; a text is read as one if it is one (JSON has no other dates)."""
    if isinstance(value, Moment):
        return value
    if not isinstance(value, str):
        return None
    for kind in ("date", "dateTime", "time"):
        if found := Temporal.parse(kind, value):
            return found
    return None


def equal(left: Collection, right: Collection) -> bool | None:
    """Return whether both hold the same in the same order; None if one is empty or a date leaves it open."""
    if not left or not right:
        return None
    if len(left) != len(right):
        return False
    told: bool | None = True
    for one, other in zip(left, right, strict=True):
        found = same_value(one, other)
        if found is False:
            return False
        told = told if found else None
    return told


def same_value(one: Any, other: Any) -> bool | None:
    """Return whether two members are equal; None if it cannot be told."""
    if one is other:
        return True
    if isinstance(one, Moment) or isinstance(other, Moment):
        left, right = as_moment(one), as_moment(other)
        if left is None or right is None:
            return False
        order = compare_times(left, right)
        return None if order is None else order == 0
    if isinstance(one, Quantity) and isinstance(other, Quantity):
        return one.value == other.value if one.comparable(other) else None
    if isinstance(one, bool) or isinstance(other, bool):
        return isinstance(one, bool) and isinstance(other, bool) and one == other
    if isinstance(one, Element) or isinstance(other, Element):
        return isinstance(one, Element) and isinstance(other, Element) and bool(plain(one) == plain(other))
    return bool(plain(one) == plain(other))


def equivalent(left: Collection, right: Collection) -> bool:
    """Return whether both hold the same in any order; texts without regard to case and space."""
    if len(left) != len(right):
        return False
    waiting = list(right)
    for one in left:
        at = next((n for n, other in enumerate(waiting) if _alike(one, other)), None)
        if at is None:
            return False
        del waiting[at]
    return True


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return " ".join(one.casefold().split()) == " ".join(other.casefold().split())
    if is_number(one) and is_number(other):
        places = min(_places(one), _places(other))
        unit = Decimal(1).scaleb(-places)
        left, right = (Decimal(value).quantize(unit, ROUND_HALF_UP) for value in (one, other))
        return left == right
    codings = _coding(one), _coding(other)
    if codings[0] and codings[1]:
        return codings[0] == codings[1]
    return same_value(one, other) is True


def _places(value: int | Decimal) -> int:
    return max(0, -int(Decimal(value).normalize().as_tuple().exponent))


def _coding(value: Any) -> tuple[str, str] | None:
    if isinstance(value, Coding):
        return value.system, value.code
    if isinstance(value, dict) and "code" in value and value.keys() <= {
        "system", "code", "display", "version", "userSelected", "extension", "id"}:  # fmt: skip
        return str(value.get("system", "")), str(value["code"])
    return None


def order(left: Collection, right: Collection) -> int | None:
    """Return -1, 0 or 1; None if one is empty or it cannot be told.

    Raises:
        ExpressionError: More than one value, or values that have no order between them.
    """
    if not left or not right:
        return None
    if len(left) > 1 or len(right) > 1:
        raise ExpressionError("a comparison needs one value on each side")
    one, other = left[0], right[0]
    if is_number(one) and is_number(other):
        return int(one > other) - int(one < other)
    if isinstance(one, Quantity) and isinstance(other, Quantity):
        if not one.comparable(other) or one.value is None or other.value is None:
            return None
        return (one.value > other.value) - (one.value < other.value)
    if isinstance(one, str) and isinstance(other, str):
        return (one > other) - (one < other)
    if isinstance(one, Moment) or isinstance(other, Moment):
        moments = as_moment(one), as_moment(other)
        if moments[0] is not None and moments[1] is not None:
            return compare_times(moments[0], moments[1])
    raise ExpressionError(f"no order between {type(one).__name__} and {type(other).__name__}")


class Distinct:
    """Values without repeats, in their order of arrival."""

    def __init__(self) -> None:
        self.found: Collection = []
        self._seen: set[Any] = set()
        self._others: Collection = []

    def add(self, values: Collection) -> Collection:
        """Take in what is new, and return it."""
        new = []
        for value in values:
            key = _key(value)
            if key is None:
                if any(same_value(value, other) for other in self._others):
                    continue
                self._others.append(value)
            elif key in self._seen:
                continue
            else:
                self._seen.add(key)
            new.append(value)
        self.found += new
        return new


def distinct(values: Collection) -> Collection:
    """Return the values without repeats, in their order."""
    return Distinct().add(values)


def _key(value: Any) -> Any:
    if isinstance(value, bool | str):
        return type(value), value
    if is_number(value):
        return "number", value
    if isinstance(value, Element):
        return id(value)
    return ("coding", value) if isinstance(value, Coding) else None
