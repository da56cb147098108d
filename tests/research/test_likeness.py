"""Copied results are found among many, what everybody answers says nothing, and exactly 70 % is not over."""

import numpy as np
import pytest

from domain.research.likeness import LEAST, coded, compare, informative


def people(count, questions=60, options=4, seed=7):
    chance = np.random.default_rng(seed)
    return chance.integers(0, options, (count, questions)).astype(np.int32)


def told(matrix, **facts):
    found = compare(matrix, range(len(matrix)), **facts)
    return {(one.first, one.second): one.likeness for one in found.pairs}


def test_strangers_are_not_alike_and_a_copy_is_found():
    matrix = people(400)
    assert told(matrix) == {}
    matrix[321] = matrix[12]
    assert told(matrix) == {(12, 321): 100.0}


def test_exactly_seventy_per_cent_is_not_told_and_one_more_is():
    one = np.arange(100, dtype=np.int32)
    other = np.where(np.arange(100) < 70, one, one + 1000).astype(np.int32)
    assert told(np.array([one, other])) == {}
    other[70] = one[70]
    assert told(np.array([one, other])) == {(0, 1): 71.0}


def test_what_one_of_them_did_not_answer_is_not_compared():
    one = np.arange(60, dtype=np.int32)
    other = one.copy()
    other[:30] = -1
    [pair] = compare(np.array([one, other]), [0, 1]).pairs
    assert (pair.compared, pair.equal) == (30, 30)
    other[: 60 - LEAST + 1] = -1
    assert told(np.array([one, other])) == {}, f"fewer than {LEAST} in common are no set of results"


def test_what_most_people_answer_alike_says_nothing():
    matrix = people(200, 25)
    habit = np.zeros((200, 200), np.int32)
    habit[::3, :] = 1
    whole = np.hstack([matrix, habit])
    assert list(informative(whole)) == [True] * 25 + [False] * 200
    assert told(whole) == {}, "two of three people share 200 answers that everybody gives"


def test_two_visits_of_one_subject_are_always_compared():
    one = np.arange(40, dtype=np.int32)
    matrix = np.array([one, one, people(1, 40, 90)[0] + 100])
    found = compare(matrix, [5, 5, 6])
    assert [(p.first, p.second) for p in found.pairs] == [(0, 1)]


@pytest.mark.parametrize("share", [0.75, 0.85])
def test_nearly_all_that_are_over_are_found_although_few_pairs_are_looked_at(share):
    """100 copies with some answers changed among 2,000 people: looked at are a part of the two million pairs."""
    matrix = people(2000, 100, 4, seed=3)
    chance = np.random.default_rng(5)
    for n in range(100):
        copy = matrix[n].copy()
        changed = chance.permutation(100)[: round(100 * (1 - share))]
        copy[changed] = (copy[changed] + 1) % 4
        matrix[1900 + n] = copy
    found = compare(matrix, range(2000))
    pairs = {(one.first, one.second) for one in found.pairs}
    hits = sum((n, 1900 + n) in pairs for n in range(100))
    assert hits >= 97
    assert pairs <= {(n, 1900 + n) for n in range(100)}
    assert found.looked_at < 2000 * 1999 / 2 / 4


def test_values_are_coded_by_variable():
    matrix, names = coded([{"a": 1.5, "b": "x"}, {"b": "y"}, {"a": 1.5, "b": "x"}])
    assert names == ["a", "b"]
    assert matrix.tolist() == [[0, 0], [-1, 1], [0, 0]]
