"""One month of a programme for one person: from diseases, level, month and body to numbers. Pure, deterministic.

The strictest limit of all diseases counts; what one disease gives up for another is told in `notes`. Nothing
here is issued: a physician signs the plan that is made of it.

Sources: resting energy by Mifflin and St Jeor (Am J Clin Nutr 1990;51:241-7); Karvonen's heart rate reserve;
limits as `resources/care/programmes.yaml` names them.
"""

import dataclasses
import itertools
import math
from collections.abc import Iterable, Sequence

from domain.care.programmes import Disease, Level, Programmes, Range

KCAL_FAT, KCAL_OTHER = 9, 4
IDEAL_LESS = 105
"""Ideal weight in kilograms is the height in centimetres less this."""
OLD, VERY_OLD = 65, 75
MOST_DEFICIT_FRAIL = 500
LEVELS: tuple[Level, ...] = ("low", "medium", "high")


@dataclasses.dataclass(frozen=True, slots=True)
class Body:
    """What is known of a person; `sodium_mg` is what they eat a day, `resting_rate` beats a minute."""

    sex: str
    age: int
    height_cm: float
    weight_kg: float
    activity: str = "light"
    fitness: str = "middle"
    sodium_mg: float | None = None
    resting_rate: float | None = None

    @property
    def bmi(self) -> float:
        """Weight over height squared, kg/m2."""
        return self.weight_kg / (self.height_cm / 100) ** 2

    @property
    def ideal_kg(self) -> float:
        """Ideal weight, kg."""
        return self.height_cm - IDEAL_LESS


@dataclasses.dataclass(frozen=True, slots=True)
class Note:
    """A rule that changed something, and what came of it."""

    rule: str
    said: str


@dataclasses.dataclass(frozen=True, slots=True)
class MonthPlan:
    """The numbers of a month; per cents are of energy, `minutes` of a week, `reserve` of the heart rate reserve."""

    diseases: tuple[str, ...]
    level: Level
    month: int
    kcal: int
    carb_percent: float
    protein_percent: float
    fat_percent: float
    carb_g: int
    protein_g: int
    fat_g: int
    saturated_percent: float
    sodium_mg: int
    potassium: str
    fibre_g: Range
    water_ml: Range | None
    alcohol_g: int
    pattern: str
    weight_kg: float
    minutes: int
    times: int
    reserve: Range
    target: float
    heart_rate: int | None
    ways: tuple[str, ...]
    met_minutes: int
    resistance_days: int
    resistance: tuple[int, int, int]
    forbidden: tuple[str, ...]
    supplements: tuple[str, ...]
    special: tuple[str, ...]
    focus: tuple[str, str, str]
    stage: str
    notes: tuple[Note, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Refused:
    """Why there is no plan."""

    reason: str


def month_plan(
    book: Programmes, body: Body, codes: Sequence[str], level: Level, month: int
) -> MonthPlan | Refused:
    """Return the plan of a month (1 to 12), or why there is none.

    Raises:
        KeyError: A disease, an activity or a fitness the programmes do not know.
    """
    refused = _refused(book, body, codes)
    if refused:
        return Refused(refused)
    found = [(code, book.diseases[code]) for code in sorted(set(codes), key=list(codes).index)]
    notes: list[Note] = []
    step, at = LEVELS.index(level), book.months[month - 1]
    kcal = _energy(book, body, found, step, notes)
    protein = _protein(body, found, kcal, notes)
    fat_range = _common([(code, one.fat) for code, one in found], book, "脂肪供能比", notes)
    carb_range = _common([(code, one.carb) for code, one in found], book, "碳水供能比", notes)
    protein_percent = 100 * protein * KCAL_OTHER / kcal
    fat = _fat(fat_range, carb_range, protein_percent, notes)
    carb = 100 - fat - protein_percent
    reserve = (min(d.reserve[0] for _, d in found), min(d.reserve[1] for _, d in found))
    target = reserve[0] + (reserve[1] - reserve[0]) * at.place
    minutes = 5 * round(min(d.minutes[step] for _, d in found) * at.minutes * book.fitness[body.fitness] / 5)
    ways = _ways(found)
    days = min(d.resistance for _, d in found)
    if {"OP", "SARC"} & {code for code, _ in found}:
        days = max(days, 2)
    load = min(at.resistance.load, 60) if body.age >= OLD or body.fitness == "low" else at.resistance.load
    return MonthPlan(
        diseases=tuple(code for code, _ in found), level=level, month=month, kcal=kcal,
        carb_percent=round(carb, 1), protein_percent=round(protein_percent, 1), fat_percent=round(fat, 1),
        carb_g=round(kcal * carb / 100 / KCAL_OTHER), protein_g=round(protein),
        fat_g=round(kcal * fat / 100 / KCAL_FAT), saturated_percent=min(d.saturated for _, d in found),
        sodium_mg=_sodium(book, body, found, month), potassium=_potassium(found, notes),
        fibre_g=_common([(code, d.fibre) for code, d in found], book, "膳食纤维", notes),
        water_ml=_water(found, notes), alcohol_g=min(d.alcohol for _, d in found),
        pattern=_pattern(found, notes), weight_kg=_weight(body, found, month),
        minutes=minutes, times=min(max(round(minutes / 30), 3), 7), reserve=reserve, target=round(target, 1),
        heart_rate=rate_at(book, body, target), ways=ways, met_minutes=round(minutes * book.names[ways[0]].met),
        resistance_days=days, resistance=(at.resistance.sets, at.resistance.times, load),
        forbidden=_union(d.forbidden for _, d in found), supplements=_union(d.supplements for _, d in found),
        special=tuple(d.special for _, d in found if d.special), focus=(at.diet, at.exercise, at.lesson),
        stage=at.stage, notes=tuple(notes),
    )  # fmt: skip


def _refused(book: Programmes, body: Body, codes: Sequence[str]) -> str:
    if not codes:
        return "没有选定病种"
    if body.age < 18:
        return "未满 18 岁不用成人方案"
    if not 100 <= body.height_cm <= 230 or not 25 <= body.weight_kg <= 300:
        return "身高或体重不合理，请先核对"
    for one, other in book.apart:
        if one in codes and other in codes:
            return f"{book.diseases[one].label}与{book.diseases[other].label}不会同时成立，请核对诊断"
    return ""


Found = Sequence[tuple[str, Disease]]


def resting_kcal(body: Body) -> float:
    """Return resting energy, kcal a day (Mifflin and St Jeor)."""
    base = 10 * body.weight_kg + 6.25 * body.height_cm - 5 * body.age
    return base + (5 if body.sex == "male" else -161)


def _energy(book: Programmes, body: Body, found: Found, step: int, notes: list[Note]) -> int:
    resting = resting_kcal(body)
    under, over = body.bmi < 18.5, body.bmi >= (27 if body.age >= OLD else 24)
    deltas = {code: d.energy[step] for code, d in found}
    less = min(0, *deltas.values(), 0)
    more = max(0, *deltas.values(), 0)
    if less and (not over or body.age >= VERY_OLD):
        notes.append(Note("R17", "不超重或已满 75 岁，不减能量"))
        less = 0
    if less and {"CKD35", "HF"} & deltas.keys() and less < -MOST_DEFICIT_FRAIL:
        notes.append(Note("R18", f"能量缺口收到 {MOST_DEFICIT_FRAIL} 千卡"))
        less = -MOST_DEFICIT_FRAIL
    change = (more if under or (more and "HYPER" in deltas) else 0) or less
    if len({d for d in deltas.values() if d < 0}) > 1 and change < 0:
        notes.append(Note("R18", f"多病取最大缺口 {-change} 千卡"))
    wanted = 50 * round((resting * book.activity[body.activity] + change) / 50)
    floor = 50 * math.ceil(max(resting, book.floors["male" if body.sex == "male" else "female"]) / 50)
    if wanted < floor:
        notes.append(Note("C2", f"能量不低于静息消耗与下限，取 {floor} 千卡"))
    return max(wanted, floor)


def _protein(body: Body, found: Found, kcal: int, notes: list[Note]) -> float:
    """Return grams of protein a day: a fifth into what all diseases allow."""
    ranges: dict[str, Range] = {}
    for code, disease in found:
        low, high = disease.protein.range
        by = body.ideal_kg if disease.protein.unit == "kg" else kcal / 100 / KCAL_OTHER
        ranges[code] = (low * by, high * by)
    if "CKD35" in ranges and len(ranges) > 1:
        notes.append(Note("R06", "肾功能 3–5 期的蛋白限量优先"))
        low, high = ranges["CKD35"]
    else:
        low, high = max(r[0] for r in ranges.values()), min(r[1] for r in ranges.values())
        if low > high:
            notes.append(Note("R27", "各病蛋白区间不相容，取较低者，须医师、营养师核定"))
            low = high
    if "CKD12" in ranges and high > body.ideal_kg:
        notes.append(Note("R07", "肾功能 1–2 期蛋白不超过每公斤理想体重 1.0 克"))
        high = body.ideal_kg
        low = min(low, high)
    return low + 0.2 * (high - low)


def _common(ranges: Sequence[tuple[str, Range]], book: Programmes, what: str, notes: list[Note]) -> Range:
    low, high = max(r[0] for _, r in ranges), min(r[1] for _, r in ranges)
    if low <= high:
        if len({r for _, r in ranges}) > 1:
            notes.append(Note("R15", f"{what}取各病交集 {low:g}–{high:g}"))
        return low, high
    by_code = dict(ranges)
    first = next((code for code in book.ranks if code in by_code), ranges[0][0])
    notes.append(Note("R27", f"{what}各病不相容，保留{book.diseases[first].label}的区间，须医师、营养师核定"))
    return by_code[first]


def _fat(fat: Range, carb: Range, protein_percent: float, notes: list[Note]) -> float:
    """Return per cent of fat: four fifths up its range, moved as far as carbohydrate needs it."""
    wanted = fat[0] + 0.8 * (fat[1] - fat[0])
    low, high = 100 - protein_percent - carb[1], 100 - protein_percent - carb[0]
    moved = min(max(wanted, low), high)
    kept = min(max(moved, fat[0]), fat[1])
    if not low - 0.05 <= kept <= high + 0.05:
        notes.append(Note("R27", "三大营养素区间无法同时满足，碳水放宽，须医师、营养师核定"))
    return kept


def _sodium(book: Programmes, body: Body, found: Found, month: int) -> int:
    target = min(d.sodium for _, d in found)
    now = body.sodium_mg or book.usual_sodium
    return round(now if now <= target else now - (now - target) * min(month, 3) / 3)


def _potassium(found: Found, notes: list[Note]) -> str:
    kinds = [d.potassium for _, d in found]
    if "hi" in kinds and {"CKD12", "CKD35", "HF"} & {code for code, _ in found}:
        notes.append(Note("R04", "有肾病或心衰，不用高钾饮食，低钠盐须医师同意"))
        return "std"
    return "lim" if "lim" in kinds else "hi" if "hi" in kinds else "std"


def _water(found: Found, notes: list[Note]) -> Range | None:
    if any(d.ordered_water for _, d in found):
        notes.append(Note("R10", "水量量出为入，由医师定"))
        return None
    given = [d.water for _, d in found if d.water]
    if not given:
        return None
    return min(w[0] for w in given), min(w[1] for w in given)


def _pattern(found: Found, notes: list[Note]) -> str:
    common = [p for p in found[0][1].patterns if all(p in d.patterns for _, d in found)]
    if common:
        return common[0]
    named = {p for _, d in found for p in d.patterns}
    first = next((p for p in ("LPRO", "LPUR", "LGI", "DASH") if p in named), "BAL")
    notes.append(Note("R25", f"各病膳食模式没有交集，取 {first}"))
    return first


def _weight(body: Body, found: Found, month: int) -> float:
    loss = max(d.loss for _, d in found)
    if body.bmi < 24 or body.age >= VERY_OLD:
        return round(body.weight_kg, 1)
    least = (20 if body.age >= OLD else 18.5) * (body.height_cm / 100) ** 2
    return round(max(body.weight_kg * (1 - loss / 100 * min(month, 6) / 6), least), 1)


def rate_at(book: Programmes, body: Body, target: float) -> int | None:
    """Return beats a minute at a per cent of the reserve (Karvonen); None without a resting rate."""
    if body.resting_rate is None:
        return None
    reserve = book.hr_max.constant - book.hr_max.per_year * body.age - body.resting_rate
    return round(body.resting_rate + reserve * target / 100) if reserve > 0 else None


def _ways(found: Found) -> tuple[str, ...]:
    """Return ways of exercise every disease allows, else all of them; what any forbids is out."""
    named = _union(d.kinds for _, d in found)
    barred = {f for _, d in found for f in d.forbidden}
    common = tuple(w for w in named if all(w in d.kinds for _, d in found) and w not in barred)
    return common or tuple(w for w in named if w not in barred)


def _union(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(itertools.chain.from_iterable(parts)))
