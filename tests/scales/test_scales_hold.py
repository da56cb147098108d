"""What holds for every scale that ships: bounds, missing answers, agreement with its form."""

import json
import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import resources
from domain.kernel.content import ContentError
from domain.kernel.texts import Texts
from domain.scales.definitions import exact
from domain.scales.reading import load_scales
from domain.scales.results import sentences
from domain.scales.scoring import score
from resources.tools.render_forms import rendered
from tests.scales.answering import questions
from tests.scales.conftest import FORMS, SCALES

ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
SUMS = [
    name
    for name, s in SCALES.items()
    if any(i.points for i in s.items) and any(r.id == s.total and r.kind in ("sum", "key") for r in s.scores)
]
TEXTS = Texts.load(resources.folder("texts/zh"))


def form_of(scale):
    url, _, version = scale.instrument.partition("|")
    return next(f for f in FORMS.values() if f["url"] == url and f["version"] == version)


@pytest.mark.parametrize("name", [n for n, s in SCALES.items() if s.instrument])
def test_a_scale_asks_what_its_form_asks(name):
    scale = SCALES[name]
    asked = questions(form_of(scale))
    unknown = [item.id for item in scale.items if item.id not in asked and not item.fact]
    assert unknown == []
    assert [i.id for i in scale.items if i.id in asked and i.fact == i.id] == [], (
        "what is asked is not only a fact"
    )
    for item in scale.items:
        if not item.points or item.id not in asked:
            continue
        if asked[item.id]["type"] == "boolean":
            assert scale.points[item.points].keys() == {"true", "false"}
            continue
        options = asked[item.id]["answerOption"]
        known = {code for code, _ in scale.points[item.points].items()}
        told = {o["valueCoding"]["code"]: o.get("extension", []) for o in options}
        silent = {code for code, extensions in told.items() if code not in known}
        assert silent == set(), f"{item.id}: answers that count nothing"
        for code, extensions in told.items():
            ordinal = [e["valueDecimal"] for e in extensions if e["url"] == ORDINAL]
            assert ordinal in ([], [scale.points[item.points][code]]), f"{item.id}: {code}"


@pytest.mark.parametrize(
    "source", sorted(resources.folder("instruments").glob("*.yaml")), ids=lambda p: p.stem
)
def test_the_forms_are_those_of_their_sources(source):
    form = (resources.folder("forms") / f"{source.stem}.json").read_text("utf-8")
    assert form == rendered(source), "run python -m resources.tools.render_forms"
    assert "自拟" in json.loads(form)["copyright"]


def some_answers(data, scale, facts):
    """Draw an answer to every item there is."""
    answers, asked = {}, questions(form_of(scale))
    for item in scale.items:
        if item.fact in facts:
            continue
        if item.points:
            answers[item.id] = data.draw(st.sampled_from(sorted(scale.points[item.points])), label=item.id)
        elif item.fact and item.id not in asked:
            facts[item.fact] = data.draw(st.floats(10, 120), label=item.id)
        else:
            low, high = item.low or 0, item.high if item.high is not None else 200
            answers[item.id] = data.draw(st.integers(math.ceil(low), math.floor(high)), label=item.id)
    bed, up = ([answers.get(f"{when}-{part}") for part in ("hour", "minute")] for when in ("bed", "up"))
    assume(bed != up or bed[0] is None)
    return answers


@pytest.mark.parametrize("name", [n for n, s in SCALES.items() if s.instrument])
@settings(max_examples=30, deadline=None)
@given(data=st.data(), sex=st.sampled_from(["male", "female"]))
def test_any_whole_set_of_answers_is_scored_within_bounds(name, data, sex):
    scale = SCALES[name]
    facts = {
        "sex": sex,
        "age": data.draw(st.integers(scale.applies.age_from or 18, scale.applies.age_to or 90)),
    }
    answers = some_answers(data, scale, facts)
    found = score(scale, answers, facts)
    assert found.status == "computed", found.missing
    for one in found.scores:
        assert one.value is None or one.low is None or one.low <= one.value <= one.high, one
    assert found.total is not None
    graded = any(rule.bands for rule in scale.scores if rule.id == scale.total)
    invalid = any(f.kind == "invalid" for f in found.flags)
    assert found.total.band or invalid or not graded, "every graded total means something"
    assert score(scale, answers, facts) == found
    told = sentences(found, TEXTS.say)
    assert told
    assert not any("?" in sentence or "{" in sentence for sentence in told)


@pytest.mark.parametrize("name", [n for n, s in SCALES.items() if s.instrument])
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_required_answer_that_is_missing_gives_no_total(name, data):
    scale = SCALES[name]
    facts = {"sex": "male", "age": scale.applies.age_from or 50}
    answers = some_answers(data, scale, facts)
    needed = [i.id for i in scale.items if i.default is None and i.id in answers and (i.sex in ("", "male"))]
    optional = {n for s in scale.scores if s.optional for n in s.of}
    required = {n for s in scale.scores if not s.optional for n in (*s.of, *s.yes, *s.no)}
    conditional = {
        n for n in required if n.endswith("-minutes") or n in ("drinks", "heavy", "cigarettes", "years")
    }
    required -= conditional  # whether they are asked depends on another answer
    name_left_out = data.draw(
        st.sampled_from([n for n in needed if n not in optional and n in required] or needed)
    )
    if name_left_out not in required:
        return
    del answers[name_left_out]
    found = score(scale, answers, facts)
    assert (found.status, found.total) == ("incomplete", None)
    assert name_left_out in found.missing
    assert not any(one.text for one in found.scores)


@pytest.mark.parametrize("name", [n for n in SUMS if n != "six_minute_walk"])  # its points are no answers
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_worse_answer_never_makes_a_sum_better(name, data):
    scale = SCALES[name]
    facts = {"sex": "female", "age": scale.applies.age_from or 50}
    answers = some_answers(data, scale, facts)
    item = data.draw(st.sampled_from([i for i in scale.items if i.points and i.id in answers]))
    table = scale.points[item.points]
    higher = data.draw(st.sampled_from([c for c, v in table.items() if v >= table[answers[item.id]]]))
    before, after = score(scale, answers, facts), score(scale, answers | {item.id: higher}, facts)
    if before.total.value is None:
        return
    falls = {n for s in scale.scores for n in (*s.reversed, *s.no)}
    step = after.total.value - before.total.value
    assert step <= 0 if item.id in falls else step >= 0


@pytest.mark.parametrize("name", SCALES)
def test_bands_meet_without_gap_or_overlap(name):
    for rule in SCALES[name].scores:
        numeric = [
            b for b in rule.bands if any(v is not None for v in (b.at_least, b.above, b.up_to, b.below))
        ]
        if not numeric:
            continue
        low, high = exact(rule.low or 0), exact(rule.high if rule.high is not None else 100)
        cuts = {exact(v) for b in numeric for v in (b.at_least, b.above, b.up_to, b.below) if v is not None}
        eps = exact(0.001)
        points = sorted({low, high, *cuts, *(c - eps for c in cuts), *(c + eps for c in cuts)})
        for sex in ("male", "female"):
            for value in (p for p in points if low <= p <= high):
                fitting = [b.code for b in numeric if b.sex in ("", sex) and b.holds(value)]
                assert len(fitting) == 1, f"{rule.id} {float(value)} {sex}: {fitting}"


def test_every_mistake_of_a_file_is_told(tmp_path):
    (tmp_path / "x.yaml").write_text(
        "{id: y, version: '1', title: t, group: mood, licence: l, parts: [], total: z, "
        "items: [{id: a, points: none}, {id: a}], "
        "scores: [{id: s, label: s, of: [b], part: p}, {id: f, label: f, kind: function, function: nothing}]}",
        "utf-8",
    )
    with pytest.raises(ContentError) as refused:
        load_scales(tmp_path)
    told = " ".join(refused.value.problems)
    for part in ("y is not the name", "a stands there twice", "no points none", "no value b", "no function nothing",
                 "no score z", "p is named and not told", "a counts nowhere"):  # fmt: skip
        assert part in told, part


def test_an_unknown_key_in_a_file_is_refused(tmp_path):
    (tmp_path / "x.yaml").write_text("{id: x, colour: red}", "utf-8")
    with pytest.raises(ContentError):
        load_scales(tmp_path)
