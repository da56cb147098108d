"""Marks of the care content: programmes, foods, nutrients, interactions; and of the advice by factor. Pure."""

import copy
import hashlib
from collections.abc import Container, Iterator
from typing import Any

import msgspec

from domain.care.content import CareContent
from domain.care.kitchen import Kitchen
from domain.care.programmes import Disease
from domain.risk.content import RiskModels
from domain.signoff.mark import READ, Mark

KIND = "care"
_HOW = {"M": "UNVERIFIED", "P": "PARTIAL", "V": "DESIGN"}
"""Status of a disease by how its limits were read; the doses of all are this product's design."""


def _digest(value: Any, *without: str) -> str:
    said = msgspec.to_builtins(value)
    said = {name: one for name, one in said.items() if name not in without}
    return hashlib.sha256(msgspec.json.encode(said)).hexdigest()


def care_marks(content: CareContent) -> Iterator[Mark]:
    """Yield every part of the care content that was read in no source, or only partly."""
    programmes = content.programmes
    for code, one in programmes.diseases.items():
        if not one.checked:
            part = "运动与能量剂量" if one.limits == READ else "限量与剂量"
            yield Mark(
                f"care.disease.{code}", KIND, f"干预方案：{one.label}", f"{part}：{_said(one)}", programmes.source,
                _HOW[one.limits], _digest(one, "limits", "checked"),
            )  # fmt: skip
    for code, food in content.foods.foods.items():
        if food.status:
            yield Mark(
                f"care.food.{code}", KIND, f"食物交换份：{food.label}", f"每份 {food.grams:g} g", food.status,
                "UNVERIFIED", _digest(food, "status"),
            )  # fmt: skip
    for code, nutrient in content.nutrients.nutrients.items():
        if nutrient.status != READ:
            part = f"最高摄入量 {nutrient.ul:g} {nutrient.unit}" if nutrient.ul else nutrient.note
            yield Mark(
                f"care.nutrient.{code}", KIND, f"营养素：{nutrient.label}", part, content.nutrients.source,
                nutrient.status, _digest(nutrient, "status"),
            )  # fmt: skip
    classes = content.interactions.classes
    if classes.status != READ:
        yield Mark(
            "care.classes", KIND, "药品类与成员", "、".join(classes.members)[:1000], content.interactions.source,
            classes.status, _digest(classes, "status"),
        )  # fmt: skip
    for pair in content.interactions.pairs:
        if pair.status != READ:
            yield Mark(
                f"care.pair.{pair.id}", KIND, f"相互作用：{'/'.join(pair.a)}–{'/'.join(pair.b)}",
                f"{pair.level}：{pair.effect}"[:1000], pair.source, pair.status, _digest(pair, "status", "source"),
            )  # fmt: skip
    yield from _kitchen_marks(content.kitchen)
    yield from _diary_marks(content)


def _diary_marks(content: CareContent) -> Iterator[Mark]:
    book = content.indicators
    if book.status != READ:
        yield Mark(
            "care.indicators", KIND, "指标变异系数（趋势评价）", "、".join(book.indicators), book.source, book.status,
            _digest(book, "status", "source"),
        )  # fmt: skip
    goals = content.goals
    if goals.status != READ:
        yield Mark(
            "care.goals", KIND, "各病种管理目标值", "、".join(goals.goals), goals.source, goals.status,
            _digest(goals, "status", "source"),
        )  # fmt: skip
    file = content.activities
    for name, activity in file.activities.items():
        if activity.status:
            yield Mark(
                f"care.activity.{name}", KIND, f"运动项目：{name}", f"{activity.met:g} MET", file.source,
                activity.status, _digest(activity, "status"),
            )  # fmt: skip


def _kitchen_marks(kitchen: Kitchen) -> Iterator[Mark]:
    if kitchen.status != READ:
        said = "、".join(dish.label for dishes in kitchen.dishes.values() for dish in dishes)[:1000]
        yield Mark(
            "care.kitchen", KIND, "专家食谱的菜肴与膳食评价允许差", said, kitchen.source, kitchen.status,
            _digest({"dishes": kitchen.dishes, "tolerance": kitchen.tolerance}),
        )  # fmt: skip
    for name, named in kitchen.names.items():
        if named.status:
            yield Mark(
                f"care.named.{name}", KIND, f"食物名称：{name}", f"每份 {named.grams or 0:g} g", kitchen.source,
                named.status, _digest(named, "status"),
            )  # fmt: skip
    for code, habit in kitchen.habits.items():
        if habit.status != READ:
            yield Mark(
                f"care.habit.{code}", KIND, f"膳食习惯评价：{habit.label}", habit.advice, habit.source, habit.status,
                _digest(habit, "status", "source"),
            )  # fmt: skip


def _said(one: Disease) -> str:
    low, middle, high = one.minutes
    return (
        f"碳水 {one.carb[0]:g}–{one.carb[1]:g}%，脂肪 {one.fat[0]:g}–{one.fat[1]:g}%，钠 {one.sodium} mg，"
        f"每周有氧 {low}/{middle}/{high} 分钟"
    )


def signed_care(content: CareContent, keys: Container[str]) -> CareContent:
    """Return the content with some of its marks taken away."""

    def read(key: str, part: Any, **values: Any) -> Any:
        return msgspec.structs.replace(part, **values) if f"care.{key}" in keys else part

    diseases = {
        code: read(f"disease.{code}", one, limits=READ, checked=True)
        for code, one in content.programmes.diseases.items()
    }
    foods = {code: read(f"food.{code}", one, status="") for code, one in content.foods.foods.items()}
    nutrients = {
        code: read(f"nutrient.{code}", one, status=READ) for code, one in content.nutrients.nutrients.items()
    }
    interactions = msgspec.structs.replace(
        content.interactions,
        classes=read("classes", content.interactions.classes, status=READ),
        pairs=tuple(read(f"pair.{one.id}", one, status=READ) for one in content.interactions.pairs),
    )
    names = {name: read(f"named.{name}", one, status="") for name, one in content.kitchen.names.items()}
    habits = {code: read(f"habit.{code}", one, status=READ) for code, one in content.kitchen.habits.items()}
    activities = {
        name: read(f"activity.{name}", one, status="") for name, one in content.activities.activities.items()
    }
    indicators = read("indicators", content.indicators, status=READ)
    kitchen = read("kitchen", content.kitchen, status=READ)
    return msgspec.structs.replace(
        content,
        kitchen=msgspec.structs.replace(kitchen, names=names, habits=habits),
        indicators=indicators,
        goals=read("goals", content.goals, status=READ),
        activities=msgspec.structs.replace(content.activities, activities=activities),
        programmes=msgspec.structs.replace(content.programmes, diseases=diseases),
        foods=msgspec.structs.replace(content.foods, foods=foods),
        nutrients=msgspec.structs.replace(content.nutrients, nutrients=nutrients),
        interactions=interactions,
    )


def factor_mark(models: RiskModels) -> Iterator[Mark]:
    """Yield the mark of which advice goes with which factor."""
    file = models.factor_advice
    if file.status != READ:
        yield Mark(
            "risk.factor_advice", "advice", "高风险因素的建议对应", f"版本 {file.version}", file.source, file.status,
            _digest(file, "status", "source"),
        )  # fmt: skip


def signed_factors(models: RiskModels, keys: Container[str]) -> RiskModels:
    """Return the models with that mark taken away."""
    if "risk.factor_advice" not in keys:
        return models
    made = copy.copy(models)
    made.factor_advice = msgspec.structs.replace(models.factor_advice, status=READ)
    return made
