"""Groups so small that who is in them might be known although their names are gone.

Counted over what an outsider may know of somebody: site, arm, sex and age in tens of years (k-anonymity, Sweeney
2002, doi:10.1142/S0218488502001648). It warns and hides nothing: whoever exports decides, the record keeps the count.
"""

import dataclasses
from collections import Counter
from collections.abc import Iterable

LEAST_CELL = 5
"""Usual in official statistics; the clinic's own rule may ask for more."""


@dataclasses.dataclass(frozen=True, slots=True)
class SmallCells:
    """How many groups have fewer than `least` people, how many people are in them, and the smallest few by name."""

    least: int
    cells: int
    people: int
    shown: tuple[str, ...]


def small_cells(people: Iterable[tuple[str, ...]], least: int = LEAST_CELL, shown: int = 5) -> SmallCells:
    """Return the small groups of people told by what they have in common."""
    counted = Counter(people)
    small = sorted((count, key) for key, count in counted.items() if count < least)
    return SmallCells(
        least, len(small), sum(count for count, _key in small),
        tuple(f"{'、'.join(part or '未知' for part in key)}（{count} 人）" for count, key in small[:shown]),
    )  # fmt: skip
