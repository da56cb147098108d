"""The check of reports: every planted kind is found, what is right is left alone, places and scores are as said."""

import pytest

import resources
from domain.linting.case import ADVICE, CONCLUSION, Facts, Known, Result
from domain.linting.checks import lint, score
from domain.linting.definitions import load_rules
from tests.fixtures.refusals import TEXTS
from tests.linting import planted

RULES = load_rules(resources.folder("linting"))
SET = planted.cases(300)


def remarks(case):
    return lint(case.facts, case.conclusion, case.advice, RULES)


def measure(cases):
    """Return recall by kind, and the share of remarks that are right."""
    found, wanted, true, false = {}, {}, 0, []
    for case in cases:
        kinds = {r.kind for r in remarks(case)}
        right = planted.ANSWERS[case.kind] if case.kind else set()
        if case.kind:
            wanted[case.kind] = wanted.get(case.kind, 0) + 1
            hit = bool(kinds & right)
            found[case.kind] = found.get(case.kind, 0) + hit
            true += hit
        false += [(case, kind) for kind in kinds - right]
    return {kind: found[kind] / n for kind, n in wanted.items()}, true, false


def test_planted_errors_are_found_and_hardly_anything_else():
    recall, true, false = measure(SET)
    assert recall.keys() == planted.PLANTS.keys()
    assert sum(recall.values()) / len(recall) >= 0.95, recall
    assert true / (true + len(false)) >= 0.95, [(kind, case.conclusion) for case, kind in false[:5]]


@pytest.mark.parametrize("kind", planted.PLANTS)
def test_each_kind_is_found(kind):
    recall, _true, _false = measure([case for case in SET if case.kind == kind])
    assert recall[kind] >= 0.9


def test_every_kind_has_its_sentence_and_its_points():
    said = {kind for kind in RULES.kinds if f"lint.{kind}" in TEXTS}
    assert said == set(RULES.kinds)
    for case in SET:
        for remark in remarks(case):
            assert "{" not in TEXTS.say(remark.code, **remark.facts)
            text = case.conclusion if remark.field == CONCLUSION else case.advice
            assert 0 <= remark.start <= remark.end <= len(text)


SBP = Result("sbp", "收缩压", ("收缩压", "血压"), "168", 168.0, "mmHg", "mm[Hg]", "H")
DBP = Result("dbp", "舒张压", ("舒张压", "血压"), "82", 82.0, "mmHg", "mm[Hg]", "N")
HIGH = Known("收缩压", ("收缩压", "血压"), "A")


def check(conclusion, advice="请尽快就诊", *, sex="1", age=50, results=(SBP, DBP), **more):
    facts = Facts(sex=sex, age=age, name="王强", results=tuple(results), **more)
    return [(r.kind, conclusion[r.start : r.end]) for r in lint(facts, conclusion, advice, RULES)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("收缩压升高（168 mmHg）。", []),
        ("收缩压 186，升高。", [("figure", "186")]),
        ("收缩压升高（168 kPa）。", [("unit", "kPa")]),
        ("血压升高。", []),  # one of the two is high
        ("血压正常。", [("said_normal", "血压正常")]),
        ("血压正常高值。", []),
        ("血压未恢复正常。", []),
        ("既往血压正常。", []),
        ("收缩压偏低。", [("direction", "收缩压偏低")]),
        ("舒张压、收缩压正常。", [("said_normal", "收缩压正常")]),
        (
            "本次体检各项检查未见异常。",
            [("all_normal", "本次体检各项检查未见异常"), ("class_a_unmentioned", "")],
        ),
        ("血压升高，其余各项检查未见异常。", []),
        ("血压升高。子宫肌瘤。", [("sex", "子宫")]),
        ("血压升高。母亲有子宫肌瘤史。", []),
        ("血压升高。青春期后发现。", [("age", "青春期")]),
        ("血压升高。\n姓名：李敏", [("identity", "李敏")]),
        ("患者，女，50 岁，血压升高。", [("identity", "女")]),
        ("男，62岁，血压升高。", [("identity", "62岁")]),
        ("血压升高，见 XX 报告。", [("leftover", "XX")]),
        ("血压升高，请低盐饮食。血压升高，请低盐饮食。", [("repeated", "血压升高，请低盐饮食")]),
        ("血压升高。尿酸正常。", []),  # not examined
    ],
)
def test_what_is_said_of_a_result(text, found):
    assert check(text, findings=(HIGH,)) == found


def test_what_must_not_be_left_out():
    kinds = [
        kind
        for kind, _ in check("血脂正常。", "多运动", findings=(HIGH,), criticals=(Known("钾", ("血钾",)),))
    ]
    assert kinds == ["critical_unmentioned", "class_a_unmentioned", "advice_missing"]
    assert check("血压升高。", "多运动", findings=(HIGH,))[0][0] == "advice_missing"
    before = (Known("甲胎蛋白", ("甲胎蛋白", "AFP"), "B"),)
    assert check("血压升高。", before=before, findings=(HIGH,)) == [("not_followed", "")]
    assert check("血压升高，AFP 建议三个月后复查。", before=before, findings=(HIGH,)) == []
    assert check("血压升高。", missing=("身高",), findings=(HIGH,)) == [("missing_item", "")]


def test_a_lesion_at_the_other_side():
    seen = Result("us", "超声", ("超声",), "左肾囊肿 20 mm，右肾结石")
    assert check("右肾囊肿。", results=(seen,)) == [("side", "右肾囊肿")]
    assert check("左肾囊肿，右肾结石。", results=(seen,)) == []
    assert check("双肾囊肿。", results=(seen,)) == [("side", "双肾囊肿")]
    both = Result("us", "超声", ("超声",), "双侧甲状腺结节")
    assert check("甲状腺左叶结节，右侧甲状腺结节。", results=(both,)) == []


def test_the_score_is_what_the_rules_say_and_bounded():
    facts = Facts(
        sex="1", age=50, name="王强", criticals=tuple(Known(f"项{n}", (f"项{n}",)) for n in range(9))
    )
    found = lint(facts, "未写", "", RULES)
    assert score(found, RULES) == 100 - RULES.kinds["critical_unmentioned"].most
    assert score([], RULES) == 100
    assert {r.field for r in lint(facts, "未写", "", RULES)} <= {CONCLUSION, ADVICE}
