"""The data set of a risk report: what every version of it (professional, plain, phone) is made of.

Numbers are texts here (`report_numbers`); a version chooses and arranges, it never computes. What could not be
computed stands with its reason beside what could, and what is not signed by a physician keeps its mark.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from domain.risk.content import RiskModels
from domain.risk.definitions import DiseaseDefinition, ModelDefinition, Rules
from domain.risk.report_numbers import factor_value, in_own_unit, number, percent, short_of_ideal, times
from domain.risk.results import Assessment, DiseaseResult, Lever, Reason, Result, Share, Used

Say = Callable[..., str]
LEVEL_TEXT = {"high": "高", "medium": "中", "low": "低"}
STATUS_TEXT = {
    "computed": "", "not_computable": "不可计算", "not_applicable": "不适用", "already_diagnosed": "已患病",
}  # fmt: skip
_MATRIX_ROWS = 12
_SEXES = ("male", "female", "other", "unknown")


class ReportHead(msgspec.Struct, frozen=True, kw_only=True):
    """Whose report it is and who makes it; texts are shown as they are (masked by the caller where need be)."""

    organisation: str
    branch: str
    number: str
    made_at: datetime
    name: str
    sex: str
    age: int
    id_number: str | None = None
    software: tuple[str, str] = ("检后通", "")


def risk_report_content(
    head: ReportHead,
    assessment: Assessment,
    models: RiskModels,
    say: Say,
    *,
    level: Mapping[str, Any] | None = None,
    high_factors: Sequence[Mapping[str, Any]] = (),
    scales: Sequence[Mapping[str, Any]] = (),
    trends: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return the data set, as `resources/documents/risk_report/document.yaml` declares it.

    Args:
        head: Person, place and time; `made_at` with offset.
        assessment: Of `domain.risk.assess.assess`.
        models: The models that made it.
        say: `Texts.say`: turns reasons into sentences.
        level: The four-colour level in force, as the document declares it.
        high_factors: Factors at high risk as they are kept, shown in red.
        scales: Special assessments and habits, as the document declares them.
        trends: As in the final checkup report.
    """
    results = {one.model: one for one in assessment.results}
    reader = _Reader(assessment, models, results, say)
    diseases = [reader.disease(one) for one in assessment.diseases if one.disease in models.diseases]
    factors = reader.factors()
    return {
        "organisation": {"name": head.organisation, "branch": head.branch},
        "report": {
            "number": head.number, "made_at": head.made_at.isoformat(), "assessed_on": assessment.on.isoformat(),
            "models_version": assessment.models_version,
        },
        "client": {
            "name": head.name, "sex": head.sex if head.sex in _SEXES else "unknown", "age": head.age,
            "id_number": head.id_number,
        },
        "level": dict(level) if level is not None else None,
        "high_factors": [dict(one) for one in high_factors],
        "summary": _summary(diseases, [reader.why(one) for one in assessment.refused]),
        "diseases": diseases,
        "factors": factors,
        "axes": reader.axes(factors),
        "matrix": _matrix(diseases),
        "scales": [dict(one) for one in scales],
        "trends": [dict(one) for one in trends],
        "software": {"name": head.software[0], "version": head.software[1]},
    }  # fmt: skip


class _Reader:
    """One assessment with the models that explain it."""

    def __init__(
        self, assessment: Assessment, models: RiskModels, results: Mapping[str, Result], say: Say
    ) -> None:
        self.assessment, self.models, self.results, self.say = assessment, models, results, say
        self.book = models.book

    def why(self, reason: Reason) -> str:
        """Return a reason as a sentence."""
        return self.say(reason.code, **reason.facts)

    def disease(self, found: DiseaseResult) -> dict[str, Any]:
        """Return one category with its number, level, reasons, shares and levers."""
        declared: DiseaseDefinition = self.models.diseases[found.disease]
        result = self.results.get(found.model)
        model = self.models.models[found.model].model if found.model in self.models.models else None
        told: dict[str, Any] = {
            "id": declared.id, "name": declared.name, "category": declared.category, "plain": declared.plain,
            "status": found.status, "status_text": STATUS_TEXT[found.status], "is_score": declared.is_score,
            "level": found.level, "level_text": LEVEL_TEXT.get(found.level or "", ""),
            "why": [self.why(one) for one in found.why],
            "missing": [self.book.label(code) for code in found.missing],
            "model": None, "measure": None, "source": None, "value": None, "unit": None, "band": None,
            "reference": None, "relative": None, "shares": [], "levers": [], "inputs": [], "parts": [],
            "unverified": [], "raised_by": [], "compares": self._compares(declared, found.model),
        }  # fmt: skip
        if model is not None:
            told |= {
                "model": f"{model.title}（{result.version if result else model.version}）",
                "measure": model.measure,
                "source": model.source,
            }
        if model is None or result is None or found.status != "computed":
            return told
        known = self.models.models
        raising = [known[name].model.title if name in known else name for name in found.raised_by]
        return told | self._computed(model, result) | {"raised_by": raising}

    def _computed(self, model: ModelDefinition, result: Result) -> dict[str, Any]:
        value = _number(result.value, model)
        grade = _is_grade(model) and bool(result.band)
        return {
            "value": result.band if grade else value, "unit": result.unit or None,
            "band": None if grade else result.band or None,
            "reference": _number(result.reference, model),
            "relative": times(result.relative) if result.relative is not None else None,
            "shares": [self._share(one, model) for one in result.contributions],
            "levers": [self._lever(one, model) for one in result.levers],
            "inputs": [self._input(one) for one in result.inputs],
            "parts": [
                {"label": one.label, "value": _part(one.value, one.unit)} for one in (*result.parts, *result.extras)
            ],
            "unverified": [*result.unverified, *(["分层为本系统建议值"] if result.suggested else [])],
        }  # fmt: skip

    def _compares(self, declared: DiseaseDefinition, speaking: str) -> list[dict[str, Any]]:
        """Return the other models of the category, computed or with the reason why not."""
        told = []
        for served in declared.serves:
            result = self.results.get(served.model)  # none of a model that came after the assessment
            ready = self.models.models.get(served.model)
            if (
                result is None
                or ready is None
                or served.model == speaking
                or result.status == "not_applicable"
            ):
                continue
            model = ready.model
            grade = _is_grade(model) and bool(result.band)
            told.append({
                "model": f"{model.title}（{result.version}）",
                "value": None if grade or result.status != "computed" else _number(result.value, model),
                "unit": result.unit or None, "band": result.band or None,
                "why": [self.why(one) for one in result.why],
                "unverified": list(result.unverified),
            })  # fmt: skip
        return told

    def _share(self, share: Share, model: ModelDefinition) -> dict[str, Any]:
        return {
            "group": share.group, "factors": [self.book.label(code) for code in share.factors],
            "drop": _number(share.drop, model), "percent": percent(share.share),
        }  # fmt: skip

    def _lever(self, lever: Lever, model: ModelDefinition) -> dict[str, Any]:
        now, unit = factor_value(
            lever.factor, in_own_unit(lever.factor, lever.now, lever.unit, self.book), self.book
        )
        target, _ = factor_value(
            lever.factor, in_own_unit(lever.factor, lever.target, lever.unit, self.book), self.book
        )
        return {
            "factor": self.book.label(lever.factor), "now": now, "target": target, "unit": unit or None,
            "value": _number(lever.value, model), "drop": _number(lever.drop, model),
        }  # fmt: skip

    def _input(self, used: Used) -> dict[str, Any]:
        value, unit = factor_value(used.code, used.value, self.book)
        return {
            "label": self.book.label(used.code), "value": value, "unit": unit or None,
            "source": used.source or None, "at": used.at.isoformat() if used.at else None,
        }  # fmt: skip

    def factors(self) -> list[dict[str, Any]]:
        """Return every factor that went into a computed model, once, those short of ideal first."""
        used: dict[str, Used] = {}
        for result in self.assessment.results:
            if result.status == "computed":
                used |= {one.code: one for one in result.inputs if one.code not in ("sex", "age")}
        told = []
        for code, one in used.items():
            declared = self.book.definitions.get(code)
            value, unit = factor_value(code, one.value, self.book)
            ideal = self.book.ideal(code, self.assessment.sex)
            told.append({
                "code": code, "label": self.book.label(code), "value": value, "unit": unit or None,
                "group": (declared.group if declared else "") or "其他",
                "ideal": factor_value(code, ideal, self.book)[0] if ideal is not None else None,
                "short": short_of_ideal(code, one.value, self.assessment.sex, self.book) or None,
                "changeable": bool(declared and declared.changeable),
                "at": one.at.isoformat() if one.at else None,
            })  # fmt: skip
        return sorted(told, key=lambda one: (one["short"] is None, one["group"], one["label"]))

    def axes(self, factors: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Return the radar: the eight published lines where they could be computed, else shares at the ideal.

        Each axis is 0 to 100, 100 at best.
        """
        le8 = self.results.get("le8")
        if le8 is not None and le8.status == "computed":
            points = [{"label": one.label, "value": number(one.value or 0, 0)} for one in le8.parts]
            return {"title": "生命八要素各项得分（0–100，越高越好）", "points": points}
        groups: dict[str, list[bool]] = {}
        for one in factors:
            if one["ideal"] is not None:
                groups.setdefault(one["group"], []).append(one["short"] is None)
        points = [
            {"label": group, "value": percent(sum(met) / len(met))} for group, met in sorted(groups.items())
        ]
        return {"title": "各类因素达到理想值的比例（%，越高越好）", "points": points}


def _number(value: float | None, model: ModelDefinition) -> str | None:
    if value is None:
        return None
    return number(value, 0 if isinstance(model, Rules) else model.decimals)


def _is_grade(model: ModelDefinition) -> bool:
    """Tell whether the model's whole number only names its band (KDIGO 2, group C): people read the band."""
    return not model.unit and not model.decimals


def _part(value: float | None, unit: str) -> str:
    if value is None:
        return "未知"
    text = number(value, 2).rstrip("0").rstrip(".")
    return f"{text} {unit}".strip()


def _summary(diseases: Iterable[Mapping[str, Any]], refused: list[str]) -> dict[str, Any]:
    counted = [one for one in diseases if not one["is_score"]]
    of = {level: sum(one["level"] == level for one in counted) for level in LEVEL_TEXT}
    rest = {
        status: sum(one["status"] == status for one in counted)
        for status in STATUS_TEXT
        if status != "computed"
    }
    return {**of, **rest, "refused": refused}


def _matrix(diseases: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return factor groups by diseases: the share of each group in whole per cent, empty where it has none."""
    columns = [one for one in diseases if one["shares"] and not one["is_score"]]
    weight: dict[str, int] = {}
    for one in columns:
        for share in one["shares"]:
            weight[share["group"]] = weight.get(share["group"], 0) + int(share["percent"])
    rows = sorted(weight, key=lambda group: (-weight[group], group))[:_MATRIX_ROWS]
    cells = [
        [next((s["percent"] for s in one["shares"] if s["group"] == row), "") for one in columns]
        for row in rows
    ]
    return {"rows": rows, "columns": [one["name"] for one in columns], "cells": cells}
