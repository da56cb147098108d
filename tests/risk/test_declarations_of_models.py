"""The small arithmetic takes only what it should; a mistake in a file is told with its place, all at once."""

import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

import resources
from domain.catalog.content import load_catalog
from domain.kernel.content import ContentError
from domain.risk.content import load_risk
from domain.risk.expressions import (
    ExpressionError,
    OutsideTableError,
    arithmetic,
    bands_source,
    condition,
    function,
    names_of,
    parse,
)

CATALOG = load_catalog(resources.folder("catalog"))

HOSTILE = [
    "__import__('os').system('x')", "(1).__class__", "a.b", "a[0]", "[x for x in a]", "lambda: 1", "f'{a}'", "2 ** 9",
    "open('x')", "'a' * 1000000000", "a if b", "exec('1')", "min(a, key=b)", "_or((1,))", "a := 1", "1e999", "",
    "-" * 3000, "(" * 300, "9" * 14, "a @ b", "a is b", "a in b", "print(1)", "ln", "True.real", "...", "b'x' == a",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_but_arithmetic_is_an_expression(text):
    if text == "ln":  # a name like another; it stands for the function and is no input
        assert names_of(text) == ()
        return
    with pytest.raises(ExpressionError):
        parse(text)


@given(st.text(max_size=60))
def test_any_text_is_an_expression_or_refused(text):
    try:
        names_of(text)
    except ExpressionError:
        return


def test_arithmetic_reads_as_it_is_printed():
    names, value = arithmetic("ln(age) * (1 - treated) + max(0, sbp - 110) / 20")
    assert names == ("age", "treated", "sbp")
    assert value(1, 0, 150) == 2.0


@pytest.mark.parametrize(
    ("text", "known", "expected"),
    [
        ("a or b", {"a": True, "b": None}, True), ("a or b", {"a": False, "b": None}, None),
        ("a and b", {"a": False, "b": None}, False), ("a and b", {"a": True, "b": None}, None),
        ("not a", {"a": None}, None), ("not a", {"a": 0}, True), ("a >= 5", {"a": None}, None),
        ("a >= 5 or b < 2", {"a": None, "b": 1}, True), ("(a and b) or c", {"a": None, "b": 0, "c": 0}, False),
        ("a == 'x'", {"a": None}, None), ("a != 'x'", {"a": "y"}, True),
        ("a if b > 1 else c", {"a": 1, "b": None, "c": 0}, None),
    ],
)  # fmt: skip
def test_what_is_not_known_stays_open(text, known, expected):
    names, holds = condition(text)
    answer = holds(*[known[name] for name in names])
    assert (answer is None) == (expected is None)
    assert bool(answer) == bool(expected)


def test_bands_hold_their_edges_and_end():
    value = function(["x"], bands_source("x", {"<25": 0, "<=30": 1, "<40": 3}.items(), "体重指数"))
    assert [value(x) for x in (24.9, 25, 30, 30.1, 39.9)] == [0, 1, 1, 3, 3]
    with pytest.raises(OutsideTableError, match="体重指数"):
        value(40)
    with pytest.raises(ExpressionError):
        bands_source("x", {"25": 0}.items(), "")


@pytest.fixture
def folder(tmp_path):
    copy = tmp_path / "risk"
    shutil.copytree(resources.folder("risk"), copy)
    return copy


def change(path, before, after):
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")


MISTAKES = [
    ("models/osta.yaml", "0.2 * (weight - age)", "0.2 * (wieght - age)", "wieght is no factor"),
    ("models/osta.yaml", "weight - age", "weight.__class__", "not allowed"),
    ("models/pce_2013.yaml", "mean: [-29.18, 86.61, 61.18, 19.54]", "mean: [-29.18]", "1 numbers for 4 columns"),
    ("models/china_par.yaml", "below: 10", "below: 4", "bands: not in order"),
    ("models/china_par.yaml", "status: V", "status: sure", "status"),
    ("models/china_par.yaml", "tc: mg/dL", "tc: kg", "units: tc: kg"),
    ("models/china_par.yaml", "measure:", "mesure:", "china_par.yaml"),
    ("models/fsrp.yaml", "  female: {1: 1", "  woman: {1: 1", "tables: none for 'female'"),
    ("factors/measured.yaml", "{code: height, observation: height}", "{code: height, observation: heigth}", "heigth"),
    ("factors/computed.yaml", "value: waist / height", "value: whtr / height", "circle"),
    ("diseases.yaml", "- {model: pce_2013}", "- {model: pce_2031}", "pce_2031 is no model"),
    ("level_rules.yaml", "when: high_count >= 3", "when: hihg_count >= 3", "hihg_count is not known"),
    ("level_rules.yaml", "id: L-02", "id: L-01", "stands twice"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "before", "after", "told"), MISTAKES)
def test_a_mistake_is_told_with_its_file(folder, file, before, after, told):
    change(folder / file, before, after)
    with pytest.raises(ContentError) as found:
        load_risk(folder, CATALOG)
    assert any(told in problem for problem in found.value.problems), found.value.problems


def test_all_mistakes_are_told_at_once(folder):
    change(folder / "models/osta.yaml", "weight - age", "wieght - age")
    change(folder / "models/fli.yaml", "ln(ggt)", "ln(gtt)")
    with pytest.raises(ContentError) as found:
        load_risk(folder, CATALOG)
    assert {"osta", "fli"} <= {
        problem.split("/")[1].split(".")[0] for problem in found.value.problems if "/" in problem
    }


def test_the_version_changes_with_any_number(folder):
    before = load_risk(folder, CATALOG).version
    change(folder / "models/osta.yaml", "0.2 *", "0.21 *")
    assert load_risk(folder, CATALOG).version != before
