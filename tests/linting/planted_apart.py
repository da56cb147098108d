"""A second set of reports with planted errors, written apart from the rules and from the check.

Whoever wrote it had not read either, nor the first set: what it measures is how the check does on sentences its
author never saw. A sentence is put right here only where the label is wrong, never because the check missed it.

A scene of planted_apart.txt is a person and what was found (A and B findings and C critical values by key).
A line `=` is a right report: lines parted by ``//``, advice after ``>>``. A line `x kind | old => new` is the first
report of its scene with one error. The flag of a result comes from the range of `ITEMS` unless a letter follows.
"""

import random
from dataclasses import dataclass
from pathlib import Path

from domain.linting.case import Facts, Known, Result

ANSWERS = {
    "unmentioned": {"class_a_unmentioned", "class_b_unmentioned"},
    "critical": {"critical_unmentioned"},
} | {
    kind: {kind}
    for kind in (
        "said_normal", "all_normal", "direction", "figure", "unit", "sex", "age", "side", "presence", "identity",
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """A report as a physician would write it; `kind` is the error in it, empty where it is right."""

    facts: Facts
    conclusion: str
    advice: str
    kind: str = ""


# key, label, other names, unit, UCUM, low, high, what else tells of it when it is a finding
ITEMS = """
sbp 收缩压 血压,SBP mmHg mm[Hg] 90 139 高血压
dbp 舒张压 血压,DBP mmHg mm[Hg] 60 89 高血压
bmi 体重指数 BMI,体质指数 kg/m² kg/m2 18.5 23.9 超重,肥胖
pulse 心率 脉搏,HR 次/分 /min 60 100 -
wbc 白细胞 白细胞计数,WBC 10⁹/L 10*9/L 3.5 9.5 -
hgb 血红蛋白 Hb,HGB g/L g/L 115 175 贫血
plt 血小板 血小板计数,PLT 10⁹/L 10*9/L 125 350 -
alt 丙氨酸氨基转移酶 谷丙转氨酶,ALT,转氨酶 U/L U/L 7 50 -
ast 天门冬氨酸氨基转移酶 谷草转氨酶,AST,转氨酶 U/L U/L 13 40 -
ggt γ-谷氨酰转移酶 GGT,γ-GT,谷氨酰转肽酶 U/L U/L 7 60 -
tbil 总胆红素 TBIL μmol/L umol/L 0 23 -
alb 白蛋白 ALB g/L g/L 40 55 -
crea 肌酐 血肌酐,CREA,Cr μmol/L umol/L 41 97 -
urea 尿素 尿素氮,UREA mmol/L mmol/L 2.6 8.0 -
ua 尿酸 血尿酸,UA μmol/L umol/L 155 428 高尿酸血症
egfr 估算肾小球滤过率 eGFR mL/min/1.73m² mL/min/{1.73_m2} 90 150 -
fpg 空腹血糖 血糖,FPG,空腹葡萄糖 mmol/L mmol/L 3.9 6.1 糖尿病,空腹血糖受损
hba1c 糖化血红蛋白 HbA1c,糖化 % % 4.0 6.0 糖尿病
tc 总胆固醇 胆固醇,TC mmol/L mmol/L 2.8 5.2 高胆固醇血症
tg 甘油三酯 TG mmol/L mmol/L 0.4 1.7 高甘油三酯血症
hdl 高密度脂蛋白胆固醇 HDL-C,高密度脂蛋白 mmol/L mmol/L 1.0 2.2 -
ldl 低密度脂蛋白胆固醇 LDL-C,低密度脂蛋白 mmol/L mmol/L 1.0 3.4 -
k 钾 血钾,K mmol/L mmol/L 3.5 5.3 高钾血症,低钾血症
na 钠 血钠 mmol/L mmol/L 137 147 -
tsh 促甲状腺激素 TSH mIU/L m[IU]/L 0.55 4.78 甲减,甲亢
ft4 游离甲状腺素 FT4 pmol/L pmol/L 11.5 22.7 -
hcy 同型半胱氨酸 HCY,Hcy μmol/L umol/L 0 15 -
afp 甲胎蛋白 AFP μg/L ug/L 0 7 -
cea 癌胚抗原 CEA μg/L ug/L 0 5 -
ca125 糖类抗原125 CA125 U/mL U/mL 0 35 -
psa 总前列腺特异性抗原 PSA,tPSA,前列腺特异性抗原 μg/L ug/L 0 4 -
vitd 25-羟维生素D 维生素D ng/mL ng/mL 20 100 -
"""
# Results in words: label and names by their key.
WORDED = {
    "hbsag": ("乙肝表面抗原", ("乙肝表面抗原", "HBsAg", "乙肝")),
    "u_pro": ("尿蛋白", ("尿蛋白", "PRO")),
    "u_bld": ("尿隐血", ("尿隐血", "尿潜血", "BLD")),
    "u_glu": ("尿糖", ("尿糖",)),
    "fit": ("便免疫隐血", ("便免疫隐血", "便隐血", "FOB", "大便隐血")),
    "hpv": ("高危型HPV", ("高危型HPV", "HPV")),
    "hp": ("幽门螺杆菌呼气试验", ("幽门螺杆菌呼气试验", "幽门螺杆菌", "呼气试验", "Hp")),
    "us_thyroid": ("甲状腺彩超", ("甲状腺彩超", "甲状腺结节", "甲状腺")),
    "us_abd": ("腹部彩超", ("腹部彩超", "腹部超声")),
    "us_breast": ("乳腺彩超", ("乳腺彩超", "乳腺结节", "乳腺")),
    "us_gyn": ("妇科彩超", ("妇科彩超", "子宫肌瘤")),
    "us_neck": ("颈动脉彩超", ("颈动脉彩超", "颈动脉斑块")),
    "ct": ("胸部CT", ("胸部CT", "肺结节", "肺部结节")),
    "ecg": ("心电图", ("心电图", "房颤")),
    "eye": ("眼底检查", ("眼底检查", "眼底")),
}
GRADES = {"阴性": 0.0, "±": 0.5, "阳性": 1.0, "1+": 1.0, "2+": 2.0, "3+": 3.0}
GROUPS = {
    "肝功能": frozenset({"alt", "ast", "ggt", "tbil", "alb"}),
    "肾功能": frozenset({"crea", "urea", "ua", "egfr"}),
    "血脂": frozenset({"tc", "tg", "hdl", "ldl"}),
    "血常规": frozenset({"wbc", "hgb", "plt"}),
    "尿常规": frozenset({"u_pro", "u_bld", "u_glu"}),
    "甲状腺功能": frozenset({"tsh", "ft4"}),
    "肿瘤标志物": frozenset({"afp", "cea", "ca125", "psa"}),
    "电解质": frozenset({"k", "na"}),
}

SCENES = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")


def cases(count: int, seed: int = 11) -> list[Written]:
    """Return `count` cases, half of them right; a case that comes again is set in another manner."""
    chance = random.Random(seed)  # noqa: S311 - variety, no secret
    right, wrong = [], []
    for scene in SCENES.strip().split("@ ")[1:]:
        for case in _read(scene):
            (wrong if case.kind else right).append(case)
    half = count // 2
    made = [*_some(right, half, chance), *_some(wrong, count - half, chance)]
    chance.shuffle(made)
    return made


def _some(all_: list[Written], count: int, chance: random.Random) -> list[Written]:
    order = []
    while len(order) < count:
        order += chance.sample(all_, len(all_))
    return [
        Written(one.facts, *_set((one.conclusion, one.advice), chance), one.kind) for one in order[:count]
    ]


def _set(parts: tuple[str, str], chance: random.Random) -> list[str]:
    """Return the texts with the line ends and the punctuation of one hand."""
    end = chance.choice(("\n", "\n", " ", "\n\n", ""))
    half = chance.choice(
        ({}, {}, {"（": "(", "）": ")"}, {"，": ",", "：": ":", "；": ";", "（": "(", "）": ")"})
    )
    return [part.replace("//", end).translate(str.maketrans(half)) for part in parts]


def _read(scene: str) -> list[Written]:
    head, *lines = scene.strip().split("\n")
    facts, made, first = _facts(head), [], ""
    for line in lines:
        if line.startswith("= "):
            first = first or line[2:]
            made.append(_written(facts, line[2:], ""))
            continue
        kind, _, change = line.removeprefix("x ").partition(" | ")
        old, _, new = change.partition(" =>")
        if first.count(old) != 1 or kind not in ANSWERS:
            raise ValueError(line)
        made.append(_written(facts, first.replace(old, new.strip()), kind))
    return made


def _written(facts: Facts, text: str, kind: str) -> Written:
    conclusion, _, advice = text.partition(">>")
    return Written(facts, conclusion, advice, kind)


def _facts(head: str) -> Facts:
    person, results, *known = head.split("; ")
    sex, age, name = person.split()
    of = {one.item: one for one in (_result(part) for part in results.split())}
    listed = {part[0]: part[3:].split() for part in known}
    findings = [_known(of[item], class_) for class_ in "AB" for item in listed.get(class_, ())]
    return Facts(
        sex="1" if sex == "男" else "2",
        age=int(age),
        name=name,
        results=tuple(of.values()),
        findings=tuple(findings),
        criticals=tuple(_known(of[item], "") for item in listed.get("C", ())),
        others=tuple((one[1], *one[2].split(",")) for one in _TABLE.values()),
        groups=GROUPS,
    )


_TABLE = {line.split()[0]: line.split() for line in ITEMS.strip().splitlines()}


def _result(part: str) -> Result:
    item, _, value = part.partition("=")
    if item in WORDED:
        label, names = WORDED[item]
        grade = GRADES.get(value)
        return Result(item, label, names, value, flag="A" if grade != 0 else "N", grade=grade)
    _, label, names, unit, ucum, low, high, _ = _TABLE[item]
    number = float(value.rstrip("HLN"))
    flag = value.lstrip("0123456789.") or (
        "H" if number > float(high) else "L" if number < float(low) else "N"
    )
    return Result(
        item,
        label,
        (label, *names.split(",")),
        value.rstrip("HLN"),
        number,
        unit,
        ucum,
        flag,
    )


def _known(result: Result, class_: str) -> Known:
    told = _TABLE[result.item][7].split(",") if result.item in _TABLE else ()
    return Known(result.label, tuple(dict.fromkeys([*result.names, *(t for t in told if t != "-")])), class_)
