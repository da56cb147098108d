"""FHIRPath functions that turn a value into another type; what cannot be turned gives nothing (5.5)."""

from datetime import date
from decimal import Decimal, InvalidOperation

from forms.expressions.arithmetic import single
from forms.expressions.compare import as_moment, is_number
from forms.expressions.elements import Collection, plain
from forms.expressions.registry import FUNCTIONS, Clock, function, limited
from forms.values import Quantity, Temporal

# Turning into another type.
_TRUE = frozenset({"true", "t", "yes", "y", "1", "1.0"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "0.0"})


@function("toBoolean")
def _to_boolean(_: Clock, given: Collection) -> Collection:
    if not given:
        return []
    value = single(given, "toBoolean()")
    if isinstance(value, bool):
        return [value]
    told = str(value).lower() if isinstance(value, str) or is_number(value) else ""
    return [told in _TRUE] if told in _TRUE | _FALSE else []


@function("toInteger")
def _to_integer(_: Clock, given: Collection) -> Collection:
    found = _to_decimal(_, given)
    if not found or not isinstance(given[0], bool | int | str) or found[0] != int(found[0]):
        return []
    if isinstance(given[0], str) and not given[0].lstrip("+-").isdigit():
        return []
    return [int(found[0])] if abs(found[0]) < 2**31 else []


@function("toDecimal")
def _to_decimal(_: Clock, given: Collection) -> Collection:
    if not given:
        return []
    value = single(given, "toDecimal()")
    if isinstance(value, bool | int | Decimal):
        return [Decimal(value)]
    if isinstance(value, str) and len(value) < 40 and value.strip() == value:
        try:
            found = Decimal(value)
        except InvalidOperation:
            return []
        return [found] if found.is_finite() and not value.lower().count("e") else []
    return []


@function("toString")
def _to_string(_: Clock, given: Collection) -> Collection:
    if not given:
        return []
    value = single(given, "toString()")
    if isinstance(value, bool):
        return [str(value).lower()]
    if isinstance(value, Quantity):
        return [f"{value.value} '{value.code or value.unit}'"]
    if isinstance(value, Decimal):
        return [f"{value:f}"]
    found = plain(value)
    return [limited(str(found))] if isinstance(found, str | int) else []


def _moment_function(name: str, kind: str) -> None:
    def turned(_: Clock, given: Collection) -> Collection:
        if not given:
            return []
        found = as_moment(single(given, f"{name}()"))
        if found is None:
            return []
        text = found.text if isinstance(found, Temporal) else found.isoformat()
        if kind == "date":
            text = text.partition("T")[0]
            return [date.fromisoformat(text)] if len(text) == 10 else [Temporal("date", text)]
        made = Temporal.parse(kind, text)
        return (
            [made]
            if made and (kind == "time") == (isinstance(found, Temporal) and found.kind == "time")
            else []
        )

    FUNCTIONS[name] = (turned, (0,))


for _name, _kind in (("toDate", "date"), ("toDateTime", "dateTime"), ("toTime", "time")):
    _moment_function(_name, _kind)
