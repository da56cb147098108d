"""Advice follows from results: complete, without treatment, safety alone; constitution with risk; exercise drafts."""

import re
from datetime import date, timedelta

import pytest

import resources
from domain.kernel.content import ContentError
from domain.scales.advice import advise, crossed, load_advice
from domain.scales.exercise_draft import exercise_draft, load_draft_rules
from domain.scales.scoring import score
from domain.scales.suggesting import Earlier, Person
from tests.scales.answering import least, reaching
from tests.scales.conftest import SCALES

ADVICE = load_advice(resources.folder("scales") / "advice")
RULES = load_draft_rules(resources.folder("scales") / "rules")
TODAY = date(2026, 11, 29)
KINDS = {"diet", "routine", "exercise", "emotion", "acupoint"}
MEDICINE = re.compile(
    "西酞普兰|舍曲林|氟西汀|帕罗西汀|唑仑|佐匹克隆|唑吡坦|褪黑素|伐尼克兰|安非他酮|阿片|当归|黄芪|人参|附子|颗粒|胶囊|口服液"
)


def keys():
    for scale in SCALES.values():
        for rule in (*scale.rules, *(band for one in scale.scores for band in one.bands)):
            yield from rule.advice


def test_every_key_of_a_scale_has_advice_and_no_advice_is_left_over():
    assert set(keys()) == set(ADVICE.entries)


def test_each_entry_says_what_to_do_where_it_is_from_and_how_sure_it_is():
    for entry in ADVICE.entries.values():
        assert entry.do, entry.id
        assert entry.source, entry.id
        if entry.area == "referral":
            assert entry.see, entry.id


def test_no_advice_names_a_medicine():
    told = [" ".join((*e.do, *e.avoid, e.title)) for e in ADVICE.entries.values()]
    told += [" ".join((*p.do, *p.avoid, p.title)) for found in ADVICE.prescriptions.values() for p in found]
    assert [text for text in told if MEDICINE.search(text)] == []


def test_where_safety_is_at_stake_nothing_else_is_said():
    danger = score(SCALES["phq9"], least(SCALES["phq9"]) | {"self-harm": "some"})
    sleepless = score(SCALES["isi"], reaching(SCALES["isi"], 20))
    told = advise(ADVICE, [sleepless, danger])
    assert (told.safety, [entry.id for entry in told.entries], told.prescriptions) == (True, ["safety"], ())
    assert [entry.id for entry in advise(ADVICE, [sleepless]).entries] == [
        "sleep_habits",
        "sleep_professional",
    ]


def test_mood_of_a_high_degree_is_sent_to_a_physician_first():
    told = advise(ADVICE, [score(SCALES["phq9"], reaching(SCALES["phq9"], 18, of=SCALES["phq9"].scores[-1].of[:-1])
                                 | {"self-harm": "none"})])  # fmt: skip
    assert [entry.area for entry in told.entries] == ["referral"]


@pytest.mark.parametrize("name", ["ph", "qx", "yangx", "yinx", "ts", "sr", "xy", "qy", "tb"])
def test_each_constitution_has_its_prescriptions_of_every_kind(name):
    found = ADVICE.prescriptions[name]
    assert {one.kind for one in found} == KINDS
    assert ADVICE.library.status == "UNVERIFIED"
    given = {i.id: "1" for i in SCALES["tcm_2025"].items}
    rule = next(r for r in SCALES["tcm_2025"].scores if r.id == name)
    given |= dict.fromkeys(rule.of, "5")
    if name == "ph":
        given |= dict.fromkeys(rule.reversed, "1")
    told = advise(ADVICE, [score(SCALES["tcm_2025"], given, {"sex": "male"})])
    assert set(found) <= set(told.prescriptions)


def test_a_constitution_beside_a_raised_risk_is_told():
    assert [one.constitution for one in crossed(ADVICE, ["ts"], {"diabetes": "high"})] == ["ts"]
    assert crossed(ADVICE, ["ts"], {"diabetes": "low"}) == []
    assert crossed(ADVICE, ["tb"], {"diabetes": "high"}) == []
    assert len(crossed(ADVICE, ["ts", "xy"], {"ascvd": "medium"})) == 2


def test_crossings_name_constitutions_and_diseases_that_are_there():
    for one in ADVICE.crossings.crossings:
        assert one.constitution in ADVICE.prescriptions
        assert one.diseases
        assert one.text


def test_the_same_id_twice_is_refused(tmp_path):
    folder = resources.folder("scales") / "advice"
    for path in folder.glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    copy = (tmp_path / "entries_mind.yaml").read_text("utf-8")
    (tmp_path / "entries_again.yaml").write_text(copy, "utf-8")
    with pytest.raises(ContentError, match="safety: stands there twice"):
        load_advice(tmp_path)


def known(age=40, days=0, **bands):
    results = {name: Earlier(band=band, day=TODAY - timedelta(days=days)) for name, band in bands.items()}
    return Person(TODAY, age=age, results=results)


@pytest.mark.parametrize(
    ("bands", "fitness"),
    [
        ({"parq": "clear", "fitness_2023": "fail"}, "low"),
        ({"parq": "clear", "fitness_2023": "pass"}, "middle"),
        ({"parq": "clear", "fitness_2023": "excellent"}, "high"),
        ({"parq": "clear", "ipaq": "high"}, "high"),
        ({"parq": "clear", "fitness_2023": "fail", "ipaq": "high"}, "low"),
        ({"parq": "caution", "fitness_2023": "excellent"}, "low"),
    ],
)
def test_fitness_makes_the_draft_as_far_as_the_gate_allows(bands, fitness):
    draft = exercise_draft(RULES, known(**bands))
    assert (draft.fitness, draft.refused) == (fitness, "")
    assert draft.plan == RULES.plans[fitness]
    assert (draft.unverified, draft.because[0]) == (True, f"parq:{bands['parq']}")
    assert draft.stop


@pytest.mark.parametrize(
    ("bands", "days"),
    [
        ({"fitness_2023": "good"}, 0),
        ({"parq": "medical", "fitness_2023": "good"}, 0),
        ({"parq": "postpone", "fitness_2023": "good"}, 0),
        ({"parq": "clear", "fitness_2023": "good"}, 366),
        ({"parq": "clear"}, 0),
    ],
)
def test_without_a_gate_passed_in_time_there_is_no_draft(bands, days):
    draft = exercise_draft(RULES, known(days=days, **bands), resting_rate=70)
    assert draft.refused
    assert (draft.plan, draft.heart_rate) == (None, None)


def test_a_gate_holds_for_its_year():
    assert exercise_draft(RULES, known(days=365, parq="clear", ipaq="low")).plan


def test_the_target_rate_is_that_of_the_worked_example():
    """52 years, resting 74: the highest is 170.6, the reserve 96.6; 40 to 60 % are 113 and 132."""
    draft = exercise_draft(RULES, known(age=52, parq="clear", ipaq="moderate"), resting_rate=74)
    assert draft.heart_rate == (113, 132)


def test_where_the_rate_tells_nothing_effort_guides():
    draft = exercise_draft(RULES, known(parq="clear", ipaq="moderate"), resting_rate=70, by_effort=True)
    assert (draft.heart_rate, draft.plan.rpe) == (None, (12, 14))
    assert RULES.by_effort in draft.notes
    assert exercise_draft(RULES, known(parq="clear", ipaq="moderate")).heart_rate is None


@pytest.mark.parametrize(("age", "fitness", "balance"), [(64, "high", False), (65, "middle", True)])
def test_from_sixty_five_balance_belongs_to_it(age, fitness, balance):
    draft = exercise_draft(RULES, known(age=age, parq="clear", ipaq="high"))
    assert (draft.fitness, RULES.elderly.balance in draft.notes) == (fitness, balance)
