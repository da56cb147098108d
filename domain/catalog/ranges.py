"""Reference intervals as text: how ours are shown, and how those of a laboratory's report are read."""

import re
from functools import lru_cache

import msgspec

from domain.catalog.definitions import Interval, ReferenceRange

_NUMBER = r"([+-]?\d+(?:\.\d+)?)"
_BETWEEN = (
    re.compile(rf"{_NUMBER}(?:[-~～–—－]|至|to){_NUMBER}", re.IGNORECASE),
    re.compile(rf"{_NUMBER}(?:--|~~|——){_NUMBER}"),
)
_ONE_SIDED = re.compile(rf"(<=|>=|≤|≥|＜|＞|<|>|小于|大于){_NUMBER}")
_BOUND = {"<": "below", "＜": "below", "小于": "below", "<=": "high", "≤": "high"}
_BOUND |= {">": "above", "＞": "above", "大于": "above", ">=": "low", "≥": "low"}


def range_text(reference: ReferenceRange, decimals: int) -> str:
    """Return the interval as a report shows it, e.g. ``3.5–9.5``, ``<5.20``, ``≥90``."""
    if reference.text:
        return reference.text
    if reference.low is not None and reference.high is not None:
        return f"{reference.low:.{decimals}f}–{reference.high:.{decimals}f}"
    parts = [
        f"{sign}{bound:.{decimals}f}"
        for sign, bound in (
            ("≥", reference.low),
            (">", reference.above),
            ("≤", reference.high),
            ("<", reference.below),
        )
        if bound is not None
    ]
    return " ".join(parts)


@lru_cache(maxsize=2048)
def read_range(text: str) -> Interval | None:
    """Return the interval a report states (``3.9-6.1``, ``≤5.2``), None unless it is one plain interval."""
    plain = text.replace(" ", "").strip("()[]（）")
    for between in _BETWEEN:
        if (match := between.fullmatch(plain)) and float(match[1]) <= float(match[2]):
            return Interval(low=float(match[1]), high=float(match[2]))
    if match := _ONE_SIDED.fullmatch(plain):
        return msgspec.structs.replace(Interval(), **{_BOUND[match[1]]: float(match[2])})
    return None


def scale(interval: Interval, factor: float, offset: float = 0.0) -> Interval:
    """Return the interval in another unit: every bound times `factor` plus `offset`."""

    def moved(bound: float | None) -> float | None:
        return None if bound is None else bound * factor + offset

    return Interval(
        low=moved(interval.low),
        above=moved(interval.above),
        high=moved(interval.high),
        below=moved(interval.below),
    )
