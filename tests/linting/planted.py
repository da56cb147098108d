"""Reports as physicians write them, right or with one planted error of a known kind; seeded.

What is right is written in several styles, with what tempts a careless check: history, relatives, comparisons
with last year, 血压正常高值, names that contain other names, the rest of the results told as normal.
"""

import random
from dataclasses import dataclass, replace

from domain.linting.case import Facts, Known, Result


@dataclass(frozen=True)
class Written:
    """A case with its text; `kind` is what was planted, None for nothing."""

    facts: Facts
    conclusion: str
    advice: str
    kind: str | None


# item: label, also called, low, high, decimals, unit, UCUM, how a high value is told as a disease
ITEMS = {
    "sbp": ("收缩压", ("血压",), 90, 139, 0, "mmHg", "mm[Hg]"),
    "fpg": ("空腹血糖", (), 3.9, 6.1, 2, "mmol/L", "mmol/L"),
    "tc": ("总胆固醇", ("血脂",), 0, 5.2, 2, "mmol/L", "mmol/L"),
    "ldl": ("低密度脂蛋白胆固醇", ("血脂",), 0, 3.4, 2, "mmol/L", "mmol/L"),
    "ua": ("尿酸", (), 150, 420, 0, "μmol/L", "umol/L"),
    "alt": ("丙氨酸氨基转移酶", ("ALT",), 7, 40, 0, "U/L", "U/L"),
    "hgb": ("血红蛋白", (), 115, 150, 0, "g/L", "g/L"),
    "wbc": ("白细胞", (), 3.5, 9.5, 2, "10^9/L", "10*9/L"),
    "tsh": ("促甲状腺激素", (), 0.35, 4.94, 2, "mIU/L", "m[IU]/L"),
}
PRESENT = {"hbsag": ("乙肝表面抗原", ()), "u_pro": ("尿蛋白", ()), "fobt": ("便免疫隐血", ())}
LOWERS = ("hgb", "wbc")
GROUPS = {
    "血脂": frozenset({"tc", "ldl"}), "肝功能": frozenset({"alt"}), "肾功能": frozenset({"ua"}),
    "血常规": frozenset({"hgb", "wbc"}),
}  # fmt: skip
OTHERS = (
    ("红细胞分布宽度",),
    ("尿白细胞酯酶",),
    ("白蛋白",),
    ("尿微量白蛋白",),
    ("空腹血糖",),
    ("糖化血红蛋白",),
)
IMAGES = {
    "us_thyroid": "甲状腺右叶见 6 mm 结节，边界清",
    "us_kidney": "左肾囊肿 22 mm，右肾未见异常",
    "us_breast": "双侧乳腺增生，左侧乳腺结节 BI-RADS 3 类",
    "ct_lung": "右肺上叶磨玻璃影 5 mm",
}
TOLD = {
    "us_thyroid": "甲状腺右叶结节（6 mm）", "us_kidney": "左肾囊肿（22 mm）",
    "us_breast": "左侧乳腺结节，BI-RADS 3 类", "ct_lung": "右肺上叶磨玻璃影（5 mm）",
}  # fmt: skip
MIRRORED = str.maketrans("左右", "右左")
NAMES = ("王建国", "李娜", "欧阳明", "周桂芳", "赵强")
RIGHT = (
    "父亲有前列腺癌史，母亲曾患卵巢囊肿。", "既往血脂升高，服药后复查。", "血压正常高值，建议低盐饮食。",
    "空腹血糖较去年升高，仍在参考范围。", "红细胞分布宽度正常。", "建议 40 岁以上人群每年查一次。",
    "尿白细胞酯酶未检出。",
    "其余各项检查未见明显异常。", "余检查结果正常。", "术后复查，恢复良好。",
)  # fmt: skip
"""Sentences that are right whatever the results are, or speak of other times and people."""


def cases(count: int, seed: int = 7) -> list[Written]:
    """Return `count` cases with an error each, by turns of every kind, and as many that are right."""
    dice = random.Random(seed)  # noqa: S311
    kinds = list(PLANTS)
    wrong = [planted(dice, kinds[n % len(kinds)]) for n in range(count)]
    return wrong + [right(dice) for _ in range(count)]


def right(dice: random.Random) -> Written:
    sex = dice.choice(("1", "2"))
    results, findings, sentences = [], [], []
    high = dice.sample(sorted(ITEMS), dice.randint(1, 3))
    for item in sorted(ITEMS):
        result = measured(dice, item, abnormal=item in high)
        results.append(result)
        if item in high:
            sentences.append(told(dice, result))
            class_ = dice.choice(("A", "B"))
            findings.append(Known(result.label, (result.label, *ITEMS[item][1]), class_))
    for item, (label, also) in PRESENT.items():
        grade = 1.0 if dice.random() < 0.25 else 0.0
        results.append(
            Result(
                item,
                label,
                (label, *also),
                "阳性" if grade else "阴性",
                flag="A" if grade else "N",
                grade=grade,
            )
        )
        if grade or dice.random() < 0.3:
            sentences.append(f"{label}{'阳性' if grade else '阴性'}。")
    for item in dice.sample(sorted(IMAGES), 2):
        if item == "us_breast" and sex == "1":
            continue
        results.append(Result(item, "检查所见", ("检查所见",), IMAGES[item]))
        sentences.append(TOLD[item] + "。")
    age = dice.randint(25, 75)
    facts = Facts(
        sex=sex, age=age, name=dice.choice(NAMES), results=tuple(results), findings=tuple(findings), others=OTHERS,
        groups=GROUPS,
    )  # fmt: skip
    dice.shuffle(sentences)
    normal = [r for r in results if r.flag == "N" and r.number is not None]
    if normal and dice.random() < 0.6:
        sentences.append(f"{dice.choice(normal).label}{dice.choice(('正常', '未见异常', '在参考范围内'))}。")
    sentences.append(dice.choice(RIGHT))
    if dice.random() < 0.3:
        sentences.insert(0, f"受检者，{'男' if sex == '1' else '女'}，{age} 岁。")
    advice = dice.choice(
        ("两周内复查上述异常指标。", "请到专科门诊就诊，三个月后随访。", "低脂饮食，一个月后复查。")
    )
    return Written(facts, dice.choice(("", "\n")).join(sentences), advice, None)


def measured(dice: random.Random, item: str, *, abnormal: bool) -> Result:
    label, also, low, high, decimals, unit, ucum = ITEMS[item]
    below = item in LOWERS and dice.random() < 0.5
    span = high - low
    if not abnormal:
        number, flag = low + span * dice.uniform(0.3, 0.9), "N"
    elif below:
        number, flag = low - span * dice.uniform(0.1, 0.3), "L"
    else:
        number, flag = high + span * dice.uniform(0.1, 0.6), "H"
    text = f"{number:.{decimals}f}"
    return Result(item, label, (label, *also), text, float(text), unit, ucum, flag)


def told(dice: random.Random, result: Result) -> str:
    word = dice.choice(("升高", "偏高", "增高") if result.flag == "H" else ("降低", "偏低"))
    style = dice.randrange(3)
    if style == 0:
        return f"{result.label}{word}（{result.value} {result.unit}）。"
    if style == 1:
        return f"{result.label} {result.value}{result.unit}，{word}；"
    return f"{result.label}{word}。"


# Planting: each takes a right case and makes it wrong in one way, None where the case has no place for it.


def plant(case: Written, kind: str, conclusion: str, advice: str | None = None, **facts) -> Written:
    return Written(replace(case.facts, **facts), conclusion, case.advice if advice is None else advice, kind)


def abnormal_of(case):
    return [r for r in case.facts.results if r.flag in {"H", "L"}]


def without(case, result):
    """Return the conclusion without the sentences that name an item."""
    names = (result.label, *result.names)
    kept = [s for s in split(case.conclusion) if not any(name in s for name in names)]
    return "".join(kept)


def split(text):
    found, at = [], 0
    for number, char in enumerate(text):
        if char in "。；\n":
            found.append(text[at : number + 1])
            at = number + 1
    return [*found, text[at:]]


def left_out(dice, case):
    known = dice.choice(case.facts.findings)
    result = next(r for r in case.facts.results if r.label == known.label)
    text = without(case, result)
    if any(name in text for name in known.names):
        return None
    return plant(case, "unmentioned", text)


def critical_left_out(dice, case):
    label = "钾"
    return plant(case, "critical", case.conclusion, criticals=(Known(label, ("血钾", "高钾")),))


def called_normal(dice, case):
    result = dice.choice(abnormal_of(case))
    return plant(
        case, "said_normal", without(case, result) + f"{result.label}{dice.choice(('正常', '未见异常'))}。"
    )


def all_called_normal(dice, case):
    return plant(
        case,
        "all_normal",
        dice.choice(("本次体检各项检查未见明显异常。", "各项指标均正常。")) + case.conclusion,
    )


def wrong_direction(dice, case):
    result = dice.choice(abnormal_of(case))
    word = "降低" if result.flag == "H" else "升高"
    return plant(case, "direction", without(case, result) + f"{result.label}{word}。")


def wrong_figure(dice, case):
    result = dice.choice(abnormal_of(case))
    digits = list(result.value)
    places = [n for n, c in enumerate(digits) if c.isdigit() and n]
    at = dice.choice(places or [0])
    digits[at] = str((int(digits[at]) + dice.randint(1, 8)) % 10)
    text = f"{result.label}{'升高' if result.flag == 'H' else '降低'}（{''.join(digits)} {result.unit}）。"
    return plant(case, "figure", without(case, result) + text)


def wrong_unit(dice, case):
    other = {
        "mmol/L": "mg/dL",
        "mmHg": "kPa",
        "μmol/L": "mg/L",
        "U/L": "g/L",
        "g/L": "mg/L",
        "mIU/L": "ng/mL",
    }
    fitting = [r for r in abnormal_of(case) if r.unit in other]
    if not fitting:
        return None
    result = dice.choice(fitting)
    word = "升高" if result.flag == "H" else "降低"
    text = f"{result.label}{word}（{result.value} {other[result.unit]}）。"
    return plant(case, "unit", without(case, result) + text)


def other_sex(dice, case):
    words = (
        ("前列腺增生。", "附睾囊肿。")
        if case.facts.sex == "2"
        else ("子宫肌瘤。", "宫颈囊肿。", "左侧卵巢囊肿。")
    )
    return plant(case, "sex", case.conclusion + dice.choice(words))


def impossible_age(dice, case):
    if "受检者" in case.conclusion:
        return None  # the age that is written there would be a second error
    if case.facts.sex == "2" and dice.random() < 0.5:
        return plant(case, "age", case.conclusion + "绝经后改变。", age=dice.randint(20, 30))
    return plant(case, "age", case.conclusion + "老年性白内障。", age=dice.randint(20, 40))


def other_side(dice, case):
    shown = {text: item for item, text in IMAGES.items()}
    found = [shown[r.value] for r in case.facts.results if r.value in shown]
    if not found:
        return None
    item = dice.choice(found)
    text = case.conclusion.replace(TOLD[item], TOLD[item].translate(MIRRORED))
    return plant(case, "side", text)


def other_presence(dice, case):
    result = dice.choice([r for r in case.facts.results if r.grade is not None])
    word = "阴性" if result.grade else "阳性"
    return plant(case, "presence", without(case, result) + f"{result.label}{word}。")


def somebody_else(dice, case):
    other = "女" if case.facts.sex == "1" else "男"
    said = dice.choice((f"受检者，{other}，{case.facts.age} 岁。", f"姓名：{'陈平'}。"))
    return plant(case, "identity", said + case.conclusion)


PLANTS = {
    "unmentioned": left_out, "critical": critical_left_out, "said_normal": called_normal,
    "all_normal": all_called_normal,
    "direction": wrong_direction, "figure": wrong_figure, "unit": wrong_unit, "sex": other_sex, "age": impossible_age,
    "side": other_side, "presence": other_presence, "identity": somebody_else,
}  # fmt: skip
ANSWERS = {
    "unmentioned": {"class_a_unmentioned", "class_b_unmentioned"}, "critical": {"critical_unmentioned"},
} | {kind: {kind} for kind in PLANTS if kind not in {"unmentioned", "critical"}}  # fmt: skip
"""Kinds of remark that find what was planted."""


def planted(dice: random.Random, kind: str) -> Written:
    while True:
        case = right(dice)
        made = PLANTS[kind](dice, case)
        if made is not None and (made.conclusion, made.facts) != (case.conclusion, case.facts):
            return made
