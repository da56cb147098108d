"""Which visits' results are too much alike to be of two people, or of two days. Pure arithmetic over values.

The likeness of two visits is the share of *informative* variables, answered at both, that hold the same value: the
percent match of Kuriakose and Robbins, "Don't get duped: fraud through duplication in public opinion surveys",
Statistical Journal of the IAOS 32 (2016) 283-291. What most people answer alike says nothing about copying (the
objection of Simmons, Mercer, Schwarzer and Kennedy, same journal, 327-338): a variable that more than half of the
visits answer the same is left out, once enough visits have it. Fewer than `LEAST` variables in common are no set of
results. `LEAST`, `MODAL` and `ENOUGH` are this program's own choices; the threshold of 70 % is the requirement's.

Of many visits not every pair is looked at. Those are put side by side that agree in all of some few variables drawn
together (locality-sensitive hashing by bit sampling, Indyk and Motwani 1998,
doi:10.1145/276698.276876): so many that chance
brings about one stranger together, over `BANDS` draws. Two visits more than 70 % alike are missed in fewer than one
of a thousand cases where there are fifty variables; visits of one subject are all compared.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.int32]
OVER = 70.0
"""Per cent above which two sets are told (A-083)."""
LEAST = 20
MODAL = 0.5
ENOUGH = 30
BANDS = 120
LARGEST_BUCKET = 400
"""Visits that agree in a draw; more are no suspicion but a habit, and are told as not compared."""
FEW = 600
"""So many visits are compared each with each."""
AT_ONCE = 20_000
_SEED = 20_161


@dataclasses.dataclass(frozen=True, slots=True)
class Alike:
    """Two visits by their places, how many variables were compared, and how many held the same value."""

    first: int
    second: int
    compared: int
    equal: int

    @property
    def likeness(self) -> float:
        """Return the share in per cent, to two places."""
        return round(100 * self.equal / self.compared, 2)


@dataclasses.dataclass(frozen=True, slots=True)
class Comparison:
    """What a comparison came to; `crowded` draws brought so many visits together that they were not compared."""

    pairs: tuple[Alike, ...]
    variables: int
    looked_at: int
    crowded: int


def coded(rows: Sequence[Mapping[str, Any]]) -> tuple[Codes, list[str]]:
    """Return the values of each visit as whole numbers, -1 for none, and the names of the columns."""
    names = sorted({name for row in rows for name in row})
    matrix = np.full((len(rows), len(names)), -1, np.int32)
    for at, name in enumerate(names):
        known: dict[Any, int] = {}
        for line, row in enumerate(rows):
            value = row.get(name)
            if value is not None:
                matrix[line, at] = known.setdefault(value, len(known))
    return matrix, names


def informative(matrix: Codes) -> npt.NDArray[np.bool_]:
    """Tell of each variable whether equal values say anything."""
    told = np.ones(matrix.shape[1], bool)
    for at in range(matrix.shape[1]):
        there = matrix[:, at][matrix[:, at] >= 0]
        if len(there) >= ENOUGH:
            told[at] = np.bincount(there).max() <= MODAL * len(there)
    return told


def compare(matrix: Codes, subjects: Sequence[int], over: float = OVER, least: int = LEAST) -> Comparison:
    """Return all pairs of visits more than `over` per cent alike, as far as they were brought together.

    Args:
        matrix: From `coded`.
        subjects: Of each visit, a number of its subject.
        over: Per cent; exactly so much is not told.
        least: Variables that must be answered at both.
    """
    kept = matrix[:, informative(matrix)]
    if kept.shape[1] < least or len(kept) < 2:
        return Comparison((), kept.shape[1], 0, 0)
    if len(kept) <= FEW:
        together, crowded = _all_pairs(len(kept)), 0
    else:
        together, crowded = _together(kept)
        together |= _of_one_subject(subjects)
    found: list[Alike] = []
    ordered = np.array(sorted(together), np.int64)
    for start in range(0, len(ordered), AT_ONCE):
        some = ordered[start : start + AT_ONCE]
        first, second = np.divmod(some, len(kept))
        one, other = kept[first], kept[second]
        both = (one >= 0) & (other >= 0)
        compared, equal = both.sum(1), ((one == other) & both).sum(1)
        hits = np.flatnonzero((compared >= least) & (equal * 100.0 > over * compared))
        found += [Alike(int(first[n]), int(second[n]), int(compared[n]), int(equal[n])) for n in hits]
    return Comparison(tuple(found), kept.shape[1], len(ordered), crowded)


def _together(matrix: Codes) -> tuple[set[int], int]:
    """Return pairs (first * visits + second) that agree in all variables of some draw."""
    count, width = matrix.shape
    bits = np.array([_bits(matrix[:, at]) for at in range(width)])
    need, chance = math.log2(max(count, 2)), np.random.default_rng(_SEED)
    found: set[int] = set()
    draws = crowded = 0
    while draws < BANDS:
        band: list[int] = []
        for at in chance.permutation(width):
            if bits[at] <= 0:
                continue
            band.append(int(at))
            if bits[band].sum() >= need:
                crowded += _add_pairs(matrix[:, band], found)
                draws, band = draws + 1, []
        if band:
            crowded += _add_pairs(matrix[:, band], found)
            draws += 1
        if not bits.any():
            break
    return found, crowded


def _bits(column: npt.NDArray[np.int32]) -> float:
    """Return how much a variable tells two visits apart: minus the logarithm of the chance that they agree."""
    there = column[column >= 0]
    if len(there) < 2:
        return 0.0
    share = np.bincount(there) / len(there)
    return float(-np.log2((share**2).sum()))


def _add_pairs(band: Codes, found: set[int]) -> int:
    """Add the pairs of visits that agree in a whole draw; returns how many groups were too large."""
    whole = np.flatnonzero((band >= 0).all(1))
    if len(whole) < 2:
        return 0
    _keys, group = np.unique(band[whole], axis=0, return_inverse=True)
    order = np.argsort(group, kind="stable")
    edges = np.flatnonzero(np.diff(group[order])) + 1
    count, crowded = len(band), 0
    for members in np.split(whole[order], edges):
        if len(members) > LARGEST_BUCKET:
            crowded += 1
        elif len(members) > 1:
            first, second = np.triu_indices(len(members), 1)
            found.update((members[first] * count + members[second]).tolist())
    return crowded


def _all_pairs(count: int) -> set[int]:
    first, second = np.triu_indices(count, 1)
    return set((first * count + second).tolist())


def _of_one_subject(subjects: Sequence[int]) -> set[int]:
    by_subject: dict[int, list[int]] = {}
    for place, subject in enumerate(subjects):
        by_subject.setdefault(subject, []).append(place)
    return {
        first * len(subjects) + second
        for places in by_subject.values()
        for at, first in enumerate(places)
        for second in places[at + 1 :]
    }
