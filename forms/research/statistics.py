"""Statistics of a study: a table of its people by group, what is missing, how values are spread and how they change.

Every figure says of how many it is. Tests are scipy's; none is corrected by itself, the false discovery rate over the
whole table (Benjamini and Hochberg 1995) stands beside. Differences are told by the standardised mean difference
(Austin 2009, doi:10.1002/sim.3697), of more than two groups the largest of any two. Values are described, nothing is
imputed: who lacks a value is in no figure of it.
"""

import dataclasses
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from forms.research.frame import Frame, Numbers
from forms.research.variables import Variable

FEW = 5
"""Expected counts below this are no basis for chi-square (Cochran 1954)."""
LEAST = 2
MOST_CODES = 12
"""A code with more values than this is a name, not a group; it is described by its commonest ones."""
BINS = 12


@dataclasses.dataclass(frozen=True, slots=True)
class Described:
    """A number in one group: of how many, how many lack it, mean, SD, median, quartiles and range."""

    n: int
    missing: int
    mean: float
    sd: float
    median: float
    q1: float
    q3: float
    low: float
    high: float


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One variable of the table of people.

    Attributes:
        variable: Which.
        numbers: Of a number, its description in the whole and in each group.
        counts: Of a code, (code, what it stands for, count in the whole and in each group).
        of: People with a value, in the whole and in each group.
        missing: People without.
        test: Name of the test, empty where there are too few for one.
        p: Its p-value.
        q: The same with the false discovery rate of the whole table held.
        smd: Standardised mean difference; None for fewer than two groups.
    """

    variable: Variable
    numbers: tuple[Described | None, ...]
    counts: tuple[tuple[str, str, tuple[int, ...]], ...]
    of: tuple[int, ...]
    missing: tuple[int, ...]
    test: str
    p: float | None
    q: float | None
    smd: float | None


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """A number at each visit: visit, of how many, mean, half width of its 95 % interval; and against the first.

    `pairs` are those who have it at the first visit and at this one, `difference` the mean of their changes with its
    95 % interval and p of the paired t test.
    """

    visit: str
    n: int
    mean: float
    half: float
    pairs: int
    difference: float | None
    low: float | None
    high: float | None
    p: float | None


def described(values: Numbers) -> Described | None:
    """Describe numbers, NaN for those who lack it; None where all do. SD is that of a sample, 0 for one value."""
    there = values[~np.isnan(values)]
    if not len(there):
        return None
    q1, median, q3 = np.percentile(there, [25, 50, 75])
    sd = float(np.std(there, ddof=1)) if len(there) > 1 else 0.0
    return Described(
        len(there), len(values) - len(there), float(there.mean()), sd, float(median), float(q1), float(q3),
        float(there.min()), float(there.max()),
    )  # fmt: skip


def groups_of(frame: Frame, lines: npt.NDArray[np.int64], by: str) -> dict[str, npt.NDArray[np.int64]]:
    """Return lines by arm or sex; no groups where there are fewer than two."""
    told = {"arm": frame.arm, "sex": frame.codes.get("sex", [])}.get(by, [])
    found: dict[str, list[int]] = {}
    for line in lines:
        value = told[line] if len(told) else None
        if value is not None:
            found.setdefault(str(value), []).append(int(line))
    if len(found) < 2:
        return {}
    return {name: np.array(found[name], np.int64) for name in sorted(found)}


def table_of_people(frame: Frame, visit: str, by: str) -> tuple[list[str], list[Line]]:
    """Return the groups and a line for each variable at one visit."""
    lines = frame.at(visit)
    groups = groups_of(frame, lines, by)
    parts = [lines, *groups.values()]
    made = [
        _numeric(v, [frame.numbers[v.name][part] for part in parts])
        if v.name in frame.numbers
        else _coded(v, [[frame.codes[v.name][line] for line in part] for part in parts])
        for v in frame.variables
        if v.name != by
    ]
    return list(groups), _with_rates([line for line in made if line.of[0]])


def _numeric(variable: Variable, parts: Sequence[Numbers]) -> Line:
    told = tuple(described(part) for part in parts)
    there = [part[~np.isnan(part)] for part in parts[1:]]
    test, p = _compare_numbers(there)
    return Line(
        variable, told, (), tuple(0 if one is None else one.n for one in told),
        tuple(len(part) - (0 if one is None else one.n) for part, one in zip(parts, told, strict=True)),
        test, p, None,
        _largest([smd_of_means(a, b) for a, b in _pairs(there)]),
    )  # fmt: skip


def _compare_numbers(groups: Sequence[Numbers]) -> tuple[str, float | None]:
    from scipy import stats

    if len(groups) < 2 or any(len(one) < LEAST for one in groups):
        return "", None
    if all(np.ptp(one) == 0 for one in groups):
        return "", None
    if len(groups) == 2:
        return "Welch t", _finite(stats.ttest_ind(*groups, equal_var=False).pvalue)
    return "Kruskal-Wallis", _finite(stats.kruskal(*groups).pvalue)


def _coded(variable: Variable, parts: Sequence[Sequence[Any]]) -> Line:
    counters = [Counter(str(one) for one in part if one is not None) for part in parts]
    names = dict(variable.codes)
    order = {code: at for at, (code, _name) in enumerate(variable.codes)}
    codes = sorted(counters[0], key=lambda one: (order.get(one, len(order)), -counters[0][one], one))
    counts = tuple((code, names.get(code, code), tuple(c[code] for c in counters)) for code in codes)
    test, p = (
        ("", None)
        if len(codes) > MOST_CODES
        else _compare_counts([[c[x] for c in counters[1:]] for x in codes])
    )
    of = tuple(sum(c.values()) for c in counters)
    smds = [
        smd_of_shares([c[x] for x in codes], [d[x] for x in codes]) for c, d in _pairs(counters[1:])
    ] if len(codes) <= MOST_CODES else []  # fmt: skip
    return Line(
        variable, (), counts[:MOST_CODES], of, tuple(len(part) - n for part, n in zip(parts, of,
        strict=True)), test, p,
        None, _largest(smds),
    )  # fmt: skip


def _compare_counts(table: Sequence[Sequence[int]]) -> tuple[str, float | None]:
    """Compare groups (columns) over codes (rows): chi-square, or Fisher's exact test where counts are small."""
    from scipy import stats

    counts = np.array([row for row in table if sum(row)], np.float64)
    if counts.ndim != 2 or counts.shape[0] < 2 or counts.shape[1] < 2 or (counts.sum(0) == 0).any():
        return "", None
    expected = counts.sum(1, keepdims=True) * counts.sum(0, keepdims=True) / counts.sum()
    if (expected < FEW).any():
        if counts.shape == (2, 2):
            return "Fisher", _finite(stats.fisher_exact(counts).pvalue)
        return "", None
    return "χ²", _finite(stats.chi2_contingency(counts, correction=False).pvalue)


def smd_of_means(one: Numbers, other: Numbers) -> float | None:
    """Return |difference of means| over the root of the mean of variances; None where it is not defined."""
    if len(one) < LEAST or len(other) < LEAST:
        return None
    spread = math.sqrt((np.var(one, ddof=1) + np.var(other, ddof=1)) / 2)
    return None if spread == 0 else float(abs(one.mean() - other.mean()) / spread)


def smd_of_shares(one: Sequence[int], other: Sequence[int]) -> float | None:
    """Return the multivariate SMD of shares (Yang and Dalton 2012); for two codes it is that of a proportion."""
    n, m = sum(one), sum(other)
    if not n or not m or len(one) < 2:
        return None
    a, b = np.array(one[1:], float) / n, np.array(other[1:], float) / m
    covariance = np.array(
        [
            [
                (a[i] * (1 - a[i]) + b[i] * (1 - b[i])) / 2 if i == j else -(a[i] * a[j] + b[i] * b[j]) / 2
                for j in range(len(a))
            ]
            for i in range(len(a))
        ]
    )
    try:
        squared = float((a - b) @ np.linalg.solve(covariance, a - b))
    except np.linalg.LinAlgError:
        return None
    return math.sqrt(squared) if squared >= 0 else None


def _with_rates(lines: list[Line]) -> list[Line]:
    """Give each line the p-value with the false discovery rate held over all of them."""
    from scipy import stats

    tested = [at for at, line in enumerate(lines) if line.p is not None]
    if not tested:
        return lines
    rates = stats.false_discovery_control([lines[at].p for at in tested])
    made = list(lines)
    for at, rate in zip(tested, rates, strict=True):
        made[at] = dataclasses.replace(lines[at], q=float(rate))
    return made


def missing_map(frame: Frame) -> list[tuple[Variable, dict[str, tuple[int, int]]]]:
    """Return for each variable, by visit, how many of the visits that began lack it and how many began."""
    found = []
    for variable in frame.variables:
        by_visit = {}
        for code, _name in frame.visits:
            lines = frame.at(code)
            if len(lines):
                by_visit[code] = (_lack(frame, variable, lines), len(lines))
        found.append((variable, by_visit))
    return found


def _lack(frame: Frame, variable: Variable, lines: npt.NDArray[np.int64]) -> int:
    if variable.name in frame.numbers:
        return int(np.isnan(frame.numbers[variable.name][lines]).sum())
    values = frame.codes[variable.name]
    return sum(values[line] is None for line in lines)


def spread(values: Numbers, bins: int = BINS) -> list[tuple[float, float, int]]:
    """Return (from, to, count) of equal bins over the range of numbers; the last bin holds its upper edge."""
    there = values[~np.isnan(values)]
    if not len(there):
        return []
    counts, edges = np.histogram(there, bins=min(bins, max(1, len(np.unique(there)))))
    return [(float(a), float(b), int(n)) for a, b, n in zip(edges, edges[1:], counts, strict=False)]


def change_over_visits(frame: Frame, name: str) -> list[Change]:
    """Return a number at each visit that somebody has it at, held against the first of them."""
    from scipy import stats

    values = frame.numbers[name]
    by_visit: list[tuple[str, dict[str, float]]] = []
    for code, visit in frame.visits:
        there = {frame.subject[n]: float(values[n]) for n in frame.at(code) if not np.isnan(values[n])}
        if there:
            by_visit.append((visit, there))
    made: list[Change] = []
    for visit, there in by_visit:
        numbers = np.array(list(there.values()))
        half = _half_width(numbers)
        first = by_visit[0][1]
        both = [one for one in there if one in first]
        moved = np.array([there[one] - first[one] for one in both])
        if there is first or len(moved) < LEAST:
            made.append(Change(visit, len(there), float(numbers.mean()), half, len(both) if there is not first else 0,
                               None, None, None, None))  # fmt: skip
            continue
        mean, wide = float(moved.mean()), _half_width(moved)
        p = None if np.ptp(moved) == 0 else _finite(stats.ttest_1samp(moved, 0.0).pvalue)
        made.append(
            Change(
                visit, len(there), float(numbers.mean()), half, len(both), mean, mean - wide, mean + wide, p
            )
        )
    return made


def _half_width(values: Numbers) -> float:
    """Return half of the 95 % confidence interval of a mean by Student's t; 0 for one value."""
    from scipy import stats

    if len(values) < 2:
        return 0.0
    return float(stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / math.sqrt(len(values)))


def _pairs(groups: Sequence[Any]) -> list[tuple[Any, Any]]:
    return [(one, other) for at, one in enumerate(groups) for other in groups[at + 1 :]]


def _largest(values: Sequence[float | None]) -> float | None:
    return max((one for one in values if one is not None), default=None)


def _finite(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None
