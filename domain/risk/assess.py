"""All models on one person: the pure function that screens, reports, lists and levels are made of."""

from datetime import date

from domain.risk.content import RiskModels
from domain.risk.definitions import DiseaseDefinition
from domain.risk.evaluate import evaluate
from domain.risk.factors import Factors, Known
from domain.risk.prepared import worst
from domain.risk.results import Assessment, DiseaseResult, Result


def assess(factors: Factors, on: date, models: RiskModels) -> Assessment:
    """Return what every model and every disease category says of a person on a day.

    Never raises on any input: what cannot be used or computed is told with its reason.
    """
    return assess_known(models.book.know(factors, on), on, models)


def assess_known(known: Known, on: date, models: RiskModels) -> Assessment:
    """Return the same of factors that were taken in already."""
    results = {ready.model.id: evaluate(ready, known, models.book) for ready in models.in_order}
    return Assessment(
        on=on,
        age=known.age,
        sex=known.sex,
        models_version=models.version,
        results=tuple(results.values()),
        diseases=tuple(disease_level(one, results) for one in models.diseases.values()),
        refused=tuple(known.refused.values()),
    )


def disease_level(disease: DiseaseDefinition, results: dict[str, Result]) -> DiseaseResult:
    """Return the level of one category: of the first primary model that could be computed, lifted by the rules.

    A rule set that raises may stand alone only where it finds somebody at high risk: that nothing was found by it is
    no proof of a low one.
    """
    of = [(served.role, results[served.model]) for served in disease.serves]
    primary = [result for role, result in of if role in ("primary", "both")]
    for result in primary:
        if result.status == "already_diagnosed":
            return DiseaseResult(
                disease=disease.id, status="already_diagnosed", model=result.model, why=result.why
            )
    leading = next((one for one in primary if one.status == "computed"), None)
    raising = [one for role, one in of if role in ("raises", "both") and one.status == "computed"]
    high = tuple(one.model for one in raising if one.level == "high")
    if leading is None and not high:
        first = next((one for one in primary if one.status == "not_computable"), primary[0])
        return DiseaseResult(
            disease=disease.id, status=first.status, model=first.model, why=first.why, missing=first.missing
        )
    level = worst((leading.level if leading else None, *(one.level for one in raising)))
    speaks = leading or next(one for one in raising if one.level == "high")
    lifted = tuple(one.model for one in raising if one is not speaks and one.level == level)
    raised_by = lifted if leading is None or leading.level != level else ()
    decided = [speaks, *(one for one in raising if one.model in raised_by)]
    return DiseaseResult(
        disease=disease.id, status="computed", level=level, model=speaks.model, raised_by=raised_by,
        unverified=any(one.unverified or one.suggested for one in decided),
    )  # fmt: skip
