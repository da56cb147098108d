"""Equations: proportional hazards, logistic, multinomial, and plain formulas."""

from domain.risk.definitions import Formula, Hazards, Logistic, Multinomial
from domain.risk.expressions import function, source_of
from domain.risk.kinds.programs import Program, Told, build, extras_of, inputs_of, weighted


@build.register
def hazards(model: Hazards, column: int, label: str) -> Program:
    """100·(1 − S^exp(Σ − mean))."""
    names, source = weighted(model.terms, column)
    mean, survival = float(model.mean[column]), float(model.survival[column])
    whole = f"100.0 * (1.0 - pow({survival!r}, exp(({source}) - ({mean!r}))))"
    return Program(names=names, value=function(names, whole), extras=extras_of(model, names))


@build.register
def logistic(model: Logistic, column: int, label: str) -> Program:
    """100 / (1 + e^−x)."""
    names, source = weighted(model.terms, column)
    whole = f"100.0 / (1.0 + exp(-({float(model.constant[column])!r} + {source})))"
    return Program(names=names, value=function(names, whole), extras=extras_of(model, names))


@build.register
def multinomial(model: Multinomial, column: int, label: str) -> Program:
    """100·e^s / (1 + Σ e^s) of the outcome that is told; the rest stands beside it."""
    sums = {}
    asked: dict[str, None] = {}
    for place, outcome in enumerate(model.outcomes):
        names, sums[outcome] = weighted(model.terms, place)
        asked |= dict.fromkeys(names)
    inputs = tuple(asked)
    below = " + ".join(f"exp({source})" for source in sums.values())
    share = "100.0 * {} / (1.0 + " + below + ")"
    others = {model.none_label: share.format("1.0")}
    others |= {name: share.format(f"exp({s})") for name, s in sums.items() if name != model.outcome}
    told = tuple(Told(name, "%", function((*inputs, "value"), source)) for name, source in others.items())
    value = function(inputs, share.format(f"exp({sums[model.outcome]})"))
    return Program(names=inputs, value=value, extras=told)


@build.register
def formula(model: Formula, column: int, label: str) -> Program:
    """The expression of the column."""
    text = model.value[column]
    extra = inputs_of(one.value for one in model.extras if one.value)
    names = tuple(dict.fromkeys((*inputs_of([text]), *(n for n in extra if n != "value"))))
    return Program(names=names, value=function(names, source_of(text)), extras=extras_of(model, names))
