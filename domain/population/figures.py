"""Counting people by site, sex and age, withholding what is too small to tell, and comparing. Pure: no database."""

import dataclasses
import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date

ALL = "all"
SMALL = 5
"""A count of one to four people is told to nobody (the usual rule of official health statistics)."""
CLIENTS = "clients"
BANDS = (
    (0, "17岁及以下"), (18, "18-29岁"), (30, "30-39岁"), (40, "40-49岁"), (50, "50-59岁"), (60, "60-69岁"),
    (70, "70岁及以上"),
)  # fmt: skip
LEAST_PEOPLE = 50
"""Fewer people of a site say nothing that could be compared."""
Z95 = 1.959964

Cell = tuple[str, str, str]
"""Site, sex, band; each may be `ALL`."""


@dataclasses.dataclass(frozen=True, slots=True)
class One:
    """One client of one site: `person` is the same at every site where it is known to be the same person."""

    person: str
    site: str
    sex: str
    band: str
    marks: frozenset[str]


@dataclasses.dataclass(frozen=True, slots=True)
class Count:
    """People of a cell and those of them who have something."""

    people: int
    cases: int


def band_of(born: date | None, on: date) -> str:
    """Return the age band on a day; `ALL` where the birth date is not known: counted in the totals alone."""
    if born is None:
        return ALL
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    return next((name for low, name in reversed(BANDS) if age >= low), ALL)


def count(everybody: Iterable[One]) -> dict[str, dict[Cell, Count]]:
    """Return the counts by measure and cell; a person known at two sites is one in the region."""
    people: dict[Cell, set[str]] = defaultdict(set)
    cases: dict[str, dict[Cell, set[str]]] = defaultdict(lambda: defaultdict(set))
    for one in everybody:
        for cell in set(itertools.product((one.site, ALL), (one.sex, ALL), (one.band, ALL))):
            people[cell].add(one.person)
            for mark in one.marks:
                cases[mark][cell].add(one.person)
    found = {CLIENTS: {cell: Count(len(who), len(who)) for cell, who in people.items()}}
    for mark, cells in cases.items():
        found[mark] = {cell: Count(len(who), len(cells.get(cell, ()))) for cell, who in people.items()}
    return found


def withheld(counts: Mapping[Cell, Count], of_people: frozenset[Cell] = frozenset()) -> frozenset[Cell]:
    """Return the cells whose numbers are told to nobody.

    Small ones first; then, until nothing changes, one more of every line whose total would give away the single one
    that is withheld: total minus the others.

    Args:
        counts: Of one measure.
        of_people: Cells whose people are withheld already.
    """
    hidden = {cell for cell, one in counts.items() if 0 < one.cases < SMALL or 0 < one.people < SMALL} | (
        of_people & counts.keys()
    )
    lines = _lines(counts)
    changed = True
    while changed:
        changed = False
        for total, members in lines:
            shut = [cell for cell in members if cell in hidden and counts[cell].cases > 0]
            if len(shut) != 1 or total in hidden:
                continue
            others = [cell for cell in members if cell not in hidden and counts[cell].cases > 0]
            hidden.add(min(others, key=lambda cell: (counts[cell].cases, cell)) if others else total)
            changed = True
    return frozenset(hidden)


def _lines(counts: Mapping[Cell, Count]) -> list[tuple[Cell, list[Cell]]]:
    """Return each total with the cells it is the sum of, along each of the three directions."""
    lines: dict[Cell, dict[int, list[Cell]]] = defaultdict(lambda: defaultdict(list))
    for cell in counts:
        for axis in range(3):
            if cell[axis] != ALL:
                a, b, c = (ALL if at == axis else part for at, part in enumerate(cell))
                lines[a, b, c][axis].append(cell)
    return [
        (total, sorted(members))
        for total, by_axis in sorted(lines.items())
        if total in counts
        for members in by_axis.values()
    ]


@dataclasses.dataclass(frozen=True, slots=True)
class Ratio:
    """Observed to expected, with its 95 % interval."""

    expected: float
    ratio: float
    low: float
    high: float


def standardised(counts: Mapping[Cell, Count], site: str) -> Ratio | None:
    """Return how a site's cases stand to those expected of people of its sexes and ages by the region's shares.

    Indirect standardisation; the interval is Byar's approximation to the exact Poisson limits (Breslow and Day,
    Statistical Methods in Cancer Research II, IARC 1987, section 2.3). None where nothing can be expected.
    """
    observed, expected = 0, 0.0
    for (where, sex, band), one in counts.items():
        if where != site or ALL in (sex, band):
            continue
        region = counts.get((ALL, sex, band))
        if region is not None and region.people:
            observed += one.cases
            expected += one.people * region.cases / region.people
    if expected <= 0:
        return None
    low = observed * (1 - 1 / (9 * observed) - Z95 / (3 * math.sqrt(observed))) ** 3 if observed else 0.0
    more = observed + 1
    high = more * (1 - 1 / (9 * more) + Z95 / (3 * math.sqrt(more))) ** 3
    return Ratio(expected, observed / expected, low / expected, high / expected)


def differs(now: Count, before: Count) -> int:
    """Return 1 where a share has risen, -1 where it has fallen, 0 where the difference may be chance.

    Two proportions with a pooled variance, two-sided at 5 %.
    """
    if not now.people or not before.people:
        return 0
    pooled = (now.cases + before.cases) / (now.people + before.people)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / now.people + 1 / before.people))
    if spread == 0:
        return 0
    z = (now.cases / now.people - before.cases / before.people) / spread
    return (z > Z95) - (z < -Z95)
