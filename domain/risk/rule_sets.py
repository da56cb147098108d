"""Rule sets on one person: decided as soon as what is not known cannot change the level any more."""

from collections.abc import Sequence
from typing import Any

from domain.risk.definitions import LEVELS, Band, Criterion, Level, Rules
from domain.risk.factors import FactorBook, Known
from domain.risk.prepared import Prepared, band_of, worst
from domain.risk.results import Lever, Part, Result, Share
from domain.risk.telling import best_levers, leaves_of, missing_result, shares

NOTHING_MET = "无上述情形"


def evaluate_rules(ready: Prepared, model: Rules, known: Known, book: FactorBook) -> Result:
    """Return the level of a rule set; the number of criteria that are met is told only when all are known."""
    met = [one.holds(*one.inputs.take(known.values)) for one in ready.ruled]
    fewest = most = _level(ready, model, met, unknown=False)
    open_names: list[str] = []
    if None in met:
        most = _level(ready, model, met, unknown=True)
        open_names = [
            name
            for one, answer in zip(ready.ruled, met, strict=True)
            if answer is None and not model.criteria[one.place].unknown_counts
            for name in one.inputs.names
            if known.values.get(name) is None
        ]
    if fewest[0] != most[0]:
        return missing_result(ready, open_names, known, book)
    level, band = fewest
    drops, levers = _vary(ready, model, met, known)
    names = ready.rule_inputs.names if ready.rule_inputs is not None else ()
    more = [name for check in ready.checks for name in check.inputs.names]
    return Result(
        disease=model.disease, model=model.id, version=model.version, status="computed",
        value=None if open_names else float(_count(model, met, unknown=False)), unit=model.unit,
        horizon=model.horizon, level=level, band=band, suggested=model.bands_status == "suggested",
        missing=leaves_of(open_names, known, book),
        contributions=drops, levers=levers,
        parts=tuple(
            Part(criterion.label, None if answer is None else float(bool(answer)))
            for criterion, answer in zip(model.criteria, met, strict=True)
        ),
        unverified=ready.unverified,
        inputs=tuple(known.used[name] for name in dict.fromkeys((*names, *more)) if name in known.used),
    )  # fmt: skip


def _holds(criterion: Criterion, answer: Any, *, unknown: bool) -> bool:
    if answer is None:
        return criterion.unknown_counts or unknown
    return bool(answer)


def _count(model: Rules, met: Sequence[Any], *, unknown: bool) -> int:
    pairs = zip(model.criteria, met, strict=True)
    return sum(
        1 for criterion, answer in pairs if criterion.counts and _holds(criterion, answer, unknown=unknown)
    )


def _level(ready: Prepared, model: Rules, met: Sequence[Any], *, unknown: bool) -> tuple[Level, str]:
    """Return the level, and the label of the band or of the criterion that gave it."""
    pairs = list(zip(model.criteria, met, strict=True))
    held = [criterion for criterion, answer in pairs if _holds(criterion, answer, unknown=unknown)]
    band = band_of(model.bands, _count(model, met, unknown=unknown))
    if band is not None and band.level == "high" and any(c.must and c not in held for c in model.criteria):
        band = Band(level="medium", label="未满足必备条件")
    implied = worst(criterion.level for criterion in held)
    whole = worst((band.level if band else "low", implied)) or "low"
    if band is not None and band.level == whole:
        return whole, band.label
    return whole, next((c.label for c in held if c.level == whole), NOTHING_MET)


def _weight(criterion: Criterion) -> float:
    return 1.0 + (LEVELS.index(criterion.level) if criterion.level else 0)


def _vary(
    ready: Prepared, model: Rules, met: Sequence[Any], known: Known
) -> tuple[tuple[Share, ...], tuple[Lever, ...]]:
    """Return what each group adds to the weight of the met criteria, and what would take most of it away."""
    if ready.rule_inputs is None or not any(met):
        return (), ()
    now = dict(zip(ready.rule_inputs.names, ready.rule_inputs.take(known.values), strict=True))
    before = _weights(ready, model, now)
    drops, levers = [], []
    for name, members in ready.varied[known.sex]:
        worse = [one for one in members if now[one.code] is not None and one.worse(now[one.code])]
        if not worse:
            continue
        drop = before - _weights(ready, model, {**now, **{one.code: one.ideal for one in worse}})
        drops.append((name, tuple(one.code for one in worse), drop))
        for one in worse:
            less = before - _weights(ready, model, {**now, one.code: one.lever})
            if one.changeable and less > 0:
                levers.append(
                    Lever(factor=one.code, now=now[one.code], target=one.lever,
                          unit=model.units.get(one.code, ""), value=None, drop=less)
                )  # fmt: skip
    return shares(drops), best_levers(levers)


def _weights(ready: Prepared, model: Rules, values: dict[str, Any]) -> float:
    return sum(
        _weight(model.criteria[one.place])
        for one in ready.ruled
        if one.holds(*[values[name] for name in one.inputs.names])
    )
