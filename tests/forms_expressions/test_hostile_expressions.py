"""Nothing that a form brings along may hold the page: depth, length, steps, sizes, patterns."""

import time
import tracemalloc

import pytest

from forms.expressions.syntax import DEEPEST, LONGEST, ExpressionError

DOUBLE = ".select($this.combine($this))"
HOSTILE = {
    "too long": "1" + " + 1" * LONGEST,
    "too many parts": "1" + "+1" * (LONGEST // 2 - 2),
    "brackets": "(" * 500 + "1" + ")" * 500,
    "brackets at the limit": "(" * (DEEPEST + 1) + "1" + ")" * (DEEPEST + 1),
    "signs": "-" * 2000 + "1",
    "a long path": "a" + ".b" * 1500,
    "nested calls": "a.where(" * 300 + "true" + ")" * 300,
    "doubling a collection": "(1)" + DOUBLE * 60,
    "doubling a text": "('ab')" + ".select($this & $this)" * 60,
    "doubling a text by plus": "('ab')" + ".select($this + $this)" * 60,
    "a text by replace": "'aaaaaaaaaa'" + ".replace('a', 'aaaaaaaaaa')" * 12,
    "a text by join": "'aaaaaaaaaa'.toChars()"
    + ".select('aaaaaaaaaa'.toChars())" * 8
    + ".join('aaaaaaaaaa')",
    "a repeat without end": "(1).repeat($this + 1)",
    "a repeat that breeds": "('a').repeat(($this & 'a') | ($this & 'b'))",
    "squares": "(7)" + ".select($this * $this)" * 60,
    "a tower": "9.power(9).power(9).power(9).power(9)",
    "a pattern": "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('^(a|aa|aaa)+$')",
    "a pattern by replacing": "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.replaceMatches('(a|aa)+$', '')",
    "a pattern of counts": "'a'.matches('((a{1000}){1000}){1000}')",
    "all pairs of pairs": "%many.select(%many.select(%many))",
    "distinct objects": "%objects.repeat(%objects)",
    "library: doubling": "(1).aggregate($this)" + DOUBLE * 60,
    "library: a text": "('ab').aggregate($this)" + ".select($this & $this)" * 60,
    "library: squares": "(7).aggregate($this)" + ".select($this * $this)" * 60,
    "library: all pairs": "%many.aggregate(%many.select(%many))",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_expression_is_stopped(run, name):
    many = list(range(2000))
    objects = [{"n": number, "of": [{"m": number}]} for number in range(3000)]
    run("(1).aggregate($this)")  # the library is loaded before anything is measured
    tracemalloc.start()
    began = time.process_time()
    try:
        with pytest.raises(ExpressionError):
            run(HOSTILE[name], many=many, objects=objects)
        spent = time.process_time() - began
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert spent < 20  # unguarded, each of these takes hours
    assert peak < 100_000_000


def test_a_bearable_pattern_still_works(run):
    assert run(r"'A-2026'.matches('^[A-Z]-[0-9]{4}$')") == [True]
