"""One model on one person: whom it is for, what is missing, the number, its level, and what it is made of.

Nothing raises: whatever cannot be computed is a `Result` that says why. A number is told only when every input is
known and inside the range the model was made for.
"""

import math
from typing import Any

from domain.catalog.units import shown_unit
from domain.risk.definitions import ModelDefinition, Rules
from domain.risk.expressions import OutsideTableError
from domain.risk.factors import FactorBook, Known
from domain.risk.prepared import Column, Prepared, band_of
from domain.risk.results import Lever, Part, Reason, Result, Share, Used
from domain.risk.rule_sets import evaluate_rules
from domain.risk.telling import best_levers, missing_result, refusal, shares

_FAILS = (ArithmeticError, ValueError, TypeError)


def evaluate(ready: Prepared, known: Known, book: FactorBook) -> Result:
    """Return what a model says of a person."""
    refused = not_for(ready, known, book)
    if refused is not None:
        return refused
    if isinstance(ready.model, Rules):
        return evaluate_rules(ready, ready.model, known, book)
    column = _column(ready, known)
    if column is None:
        return refusal(ready, "not_applicable", Reason("risk.no_column"))
    arguments = column.inputs.take(known.values)
    open_names = [n for n, value in zip(column.inputs.names, arguments, strict=True) if value is None]
    if open_names:
        return missing_result(ready, open_names, known, book)
    return _computed(ready, column, arguments, known, book)


def not_for(ready: Prepared, known: Known, book: FactorBook) -> Result | None:
    """Return why a model is not for this person, or None."""
    model, applies = ready.model, ready.model.applies
    if applies.sex is not None and known.sex != applies.sex:
        if known.sex is None:
            return missing_result(ready, ["sex"], known, book)
        return refusal(
            ready, "not_applicable", Reason("risk.only_male" if applies.sex == "male" else "risk.only_female")
        )
    if applies.age_from is not None or applies.age_to is not None:
        if known.age is None:
            return missing_result(ready, ["age"], known, book)
        low, high = applies.age_from or 0, applies.age_to if applies.age_to is not None else 130
        if not low <= known.age <= high:
            return refusal(
                ready,
                "not_applicable",
                Reason("risk.other_age", {"low": str(low), "high": str(high), "age": str(known.age)}),
            )
    open_names: list[str] = []
    for check in ready.checks:
        arguments = check.inputs.take(known.values)
        holds = check.holds(*arguments)
        if holds:
            code = "risk.diagnosed" if check.exclusion.status == "already_diagnosed" else "risk.excluded"
            return refusal(ready, check.exclusion.status, Reason(code, {"what": check.exclusion.text}))
        if holds is None and check.exclusion.required:
            open_names += [n for n, v in zip(check.inputs.names, arguments, strict=True) if v is None]
    if open_names and not isinstance(model, Rules):
        column = _column(ready, known)
        names = column.inputs.names if column is not None else ()
        open_names += [name for name in names if known.values.get(name) is None]
    return missing_result(ready, open_names, known, book) if open_names else None


def _column(ready: Prepared, known: Known) -> Column | None:
    for column in ready.columns:
        if column.when is None or column.when(*[known.values.get(name) for name in column.when_names]):
            return column
    return None


def _computed(
    ready: Prepared, column: Column, arguments: list[Any], known: Known, book: FactorBook
) -> Result:
    model, program = ready.model, column.program
    for place, name, low, high in column.limits:
        if not low <= arguments[place] <= high:
            unit = shown_unit(
                model.units.get(name) or (book.definitions[name].unit if name in book.definitions else "")
            )
            facts = {
                "factor": book.label(name),
                "value": f"{arguments[place]:g}",
                "low": f"{low:g}",
                "high": f"{high:g}",
            }
            return refusal(ready, "not_computable", Reason("risk.out_of_range", {**facts, "unit": unit}))
    try:
        raw = float(program.value(*arguments))
        value, level, label = program.finish(raw) if program.finish else (raw, None, "")
        told = raw if value is None else value
        if not math.isfinite(told):
            return refusal(ready, "not_computable", Reason("risk.no_number"))
        parts = tuple(
            Part(name, float(points))
            for name, line in program.parts
            if (points := line(*arguments)) is not None
        )
        extras = tuple(
            Part(one.label, float(one.value(*arguments, told)), one.unit) for one in program.extras
        )
    except OutsideTableError as outside:
        return refusal(ready, "not_computable", Reason("risk.outside_table", {"item": str(outside)}))
    except _FAILS:
        return refusal(ready, "not_computable", Reason("risk.no_number"))
    band = band_of(column.bands, raw if model.bands_on_score else told) if value is not None else None
    reference, contributions, levers = _vary(
        column, arguments, told, known, model, program_value=_tolerant(column)
    )
    relative_wanted = model.relative if model.relative is not None else model.unit == "%"
    if program.finish is not None and value is not None:
        parts = (*parts, Part("总分", raw))
    return Result(
        disease=model.disease, model=model.id, version=model.version, status="computed",
        value=value, unit=model.unit, horizon=model.horizon,
        level=band.level if band else level, band=band.label if band else label,  # type: ignore[arg-type]
        suggested=model.bands_status == "suggested",
        reference=reference if relative_wanted else None,
        relative=value / reference if relative_wanted and value is not None and reference else None,
        contributions=contributions, levers=levers, parts=parts, extras=extras, unverified=ready.unverified,
        inputs=used_of(ready, column.inputs.names, known),
    )  # fmt: skip


def used_of(ready: Prepared, names: tuple[str, ...], known: Known) -> tuple[Used, ...]:
    """Return the inputs of a result with where they came from, those of its exclusions last."""
    more = [name for check in ready.checks for name in check.inputs.names]
    return tuple(known.used[name] for name in dict.fromkeys((*names, *more)) if name in known.used)


def _tolerant(column: Column) -> Any:
    """Return the model's number of other inputs: of a table the nearer end, None where there is none."""
    program = column.program

    def number(arguments: list[Any]) -> float | None:
        try:
            raw = program.value(*arguments)
            if program.finish is not None:
                told = program.finish(raw)[0]
                raw = raw * 1e-6 if told is None else told
        except (OutsideTableError, *_FAILS):
            return None
        return raw if math.isfinite(raw) else None

    return number


def _vary(
    column: Column,
    arguments: list[Any],
    told: float,
    known: Known,
    model: ModelDefinition,
    *,
    program_value: Any,
) -> tuple[float | None, tuple[Share, ...], tuple[Lever, ...]]:
    """Set factors to their ideal, one group at a time and all together, and look at the model's number."""
    groups = column.varied[known.sex]
    if not groups:
        return None, (), ()
    sign = -1.0 if model.higher_is_better else 1.0
    best = list(arguments)
    drops: list[tuple[str, tuple[str, ...], float]] = []
    levers: list[Lever] = []
    for name, members in groups:
        worse = [one for one in members if one.worse(arguments[one.place])]
        for one in members:
            best[one.place] = one.ideal
        if not worse:
            continue
        changed = list(arguments)
        for one in worse:
            changed[one.place] = one.ideal
        value = program_value(changed)
        if value is not None:
            drops.append((name, tuple(one.code for one in worse), sign * (told - value)))
        for one in worse:
            if not one.changeable:
                continue
            if len(worse) == 1 and one.lever == one.ideal:
                new = value
            else:
                changed = list(arguments)
                changed[one.place] = one.lever
                new = program_value(changed)
            if new is not None and sign * (told - new) > 0:
                levers.append(
                    Lever(factor=one.code, now=arguments[one.place], target=one.lever,
                          unit=model.units.get(one.code, ""), value=new, drop=sign * (told - new))
                )  # fmt: skip
    return program_value(best), shares(drops), best_levers(levers)
