"""Numbers of a risk report as texts, made once: every version of the report shows these and computes none.

Rounding is half up on the decimal digits of the unrounded value; a level is never decided here.
"""

from decimal import ROUND_HALF_UP, Decimal

from domain.catalog.units import shown_unit
from domain.risk.definitions import FactorDefinition, Plain
from domain.risk.factors import FactorBook


def number(value: float, decimals: int) -> str:
    """Return `value` with exactly `decimals` places; a minus zero is zero."""
    step = Decimal(1).scaleb(-decimals)
    rounded = Decimal(repr(float(value))).quantize(step, ROUND_HALF_UP)
    return f"{abs(rounded) if rounded == 0 else rounded:f}"


def measured(value: float, decimals: int) -> str:
    """Return a measured or answered number with at most `decimals` places and without trailing zeros."""
    text = number(value, decimals)
    return text.rstrip("0").rstrip(".") if "." in text else text


def times(ratio: float) -> str:
    """Return a relative risk: two places under ten, else one; beyond 100 what is certain."""
    if ratio > 100:
        return ">100"
    return number(ratio, 2 if ratio < 10 else 1)


def percent(share: float) -> str:
    """Return a share of 1 as whole per cent."""
    return number(share * 100, 0)


def factor_value(code: str, value: Plain, book: FactorBook) -> tuple[str, str]:
    """Return a factor's value as people read it, and its unit ('' for words).

    Yes and no are words, a choice is its option's words.
    """
    one: FactorDefinition | None = book.definitions.get(code)
    if code == "sex":
        return {"male": "男", "female": "女"}.get(str(value), "未知"), ""
    if one is None:
        return (value, "") if isinstance(value, str) else (measured(value, 0), "岁" if code == "age" else "")
    if one.kind == "yes_no":
        return ("是" if value in (1, True) else "否"), ""
    if one.kind == "choice" or isinstance(value, str):
        return one.options.get(str(value), str(value)), ""
    return measured(float(value), book.decimals(code)), "" if one.unit == "1" else shown_unit(one.unit)


def in_own_unit(code: str, value: Plain, unit: str, book: FactorBook) -> Plain:
    """Return a number that a model has in its own unit (mg/dL) in the canonical one, as the record has it."""
    if isinstance(value, str) or code not in book.definitions or unit in ("", book.definitions[code].unit):
        return value
    factor, offset = book.scale(code, unit)
    return float(value) * factor + offset


def short_of_ideal(code: str, value: Plain, sex: str | None, book: FactorBook) -> str:
    """Return how a factor misses its declared ideal, '' where it does not or none is declared.

    Words, not a colour: ``高于理想``, ``低于理想``, ``需改善``.
    """
    one = book.definitions.get(code)
    ideal = book.ideal(code, sex)
    if one is None or ideal is None or isinstance(value, str) != isinstance(ideal, str):
        return ""
    if isinstance(value, str):
        return "" if value == ideal else "需改善"
    wanted = float(ideal)
    if one.kind == "yes_no":
        return "" if float(value) == wanted else "需改善"
    if one.better != "higher" and float(value) > wanted:
        return "高于理想"
    return "低于理想" if one.better != "lower" and float(value) < wanted else ""
