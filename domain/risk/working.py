"""What of an assessment is kept, worked out from factors: pure, so that any process may do it."""

from datetime import date
from typing import Any

import msgspec

from domain.risk.assess import assess_known
from domain.risk.content import RiskModels
from domain.risk.definitions import Level
from domain.risk.detail import compressed
from domain.risk.factors import Known
from domain.risk.levels import SCORE, Coloured, LevelRules
from domain.risk.results import Assessment


class Worked(msgspec.Struct, frozen=True, kw_only=True):
    """An assessment and its colour as records keep them.

    Attributes:
        levels: By disease, of those that have one.
        computed: Diseases that have a level or are diagnosed already.
        outcome: Each disease's status and level, each model's number or why none.
        detail: All that was said, compressed JSON.
    """

    on: date
    models_version: str
    coloured: Coloured
    levels: dict[str, Level]
    high: int
    medium: int
    diagnosed: int
    computed: int
    unverified: bool
    outcome: dict[str, Any]
    detail: bytes


def work_out(known: Known, on: date, models: RiskModels, rules: LevelRules) -> Worked:
    """Return what models and rules of the colours say of a person on a day."""
    assessment = assess_known(known, on, models)
    of = [one for one in assessment.diseases if one.disease != SCORE]
    levels = {one.disease: one.level for one in of if one.level is not None}
    counted = list(levels.values())
    diagnosed = sum(one.status == "already_diagnosed" for one in of)
    return Worked(
        on=on, models_version=assessment.models_version, coloured=rules.colour(assessment, known), levels=levels,
        high=counted.count("high"), medium=counted.count("medium"), diagnosed=diagnosed,
        computed=len(counted) + diagnosed, unverified=any(one.unverified for one in of),
        outcome=outcome_of(assessment), detail=compressed(msgspec.json.encode(assessment)),
    )  # fmt: skip


def outcome_of(assessment: Assessment) -> dict[str, Any]:
    """Return what is kept of the results: each disease's status and level, each model's number or why none."""
    return {
        "diseases": {
            one.disease: {"status": one.status, "level": one.level, "model": one.model, "raised_by": one.raised_by}
            for one in assessment.diseases
        },
        "models": {
            one.model: {
                "version": one.version, "status": one.status, "value": one.value, "level": one.level,
                "relative": one.relative, "why": [why.code for why in one.why],
            }
            for one in assessment.results
        },
    }  # fmt: skip
