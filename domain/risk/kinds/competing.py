"""Absolute risk with a competing death (Gail's projection), by steps of age."""

from collections.abc import Callable
from math import exp

from domain.risk.definitions import Competing
from domain.risk.expressions import arithmetic
from domain.risk.kinds.programs import Program, Told, build


@build.register
def competing(model: Competing, column: int, label: str) -> Program:
    """Per cent from the age on over the model's horizon; further looks ahead beside it.

    In each step h1 = λ1·(1 − AR)·RR and h2 = λ2; risk += S·h1/(h1+h2)·(1 − e^−(h1+h2)Δ), S *= e^−(h1+h2)Δ.
    """
    names, relative = arithmetic(model.relative_risk)
    end = float(model.first_age + model.step * len(model.incidence))
    edges = sorted(model.attributable.items())

    def project(risk: float, age: float, until: float) -> float:
        total, alive, now = 0.0, 1.0, float(age)
        while now < until - 1e-9:
            place = int((now - model.first_age) // model.step)
            upper = min(until, float(model.first_age + model.step * (place + 1)), end)
            share = next(value for start, value in reversed(edges) if now >= start)
            hazard = model.incidence[place] * share * risk
            both = hazard + model.death[place]
            passed = exp(-both * (upper - now))
            total += alive * hazard / both * (1.0 - passed)
            alive *= passed
            now = upper
        return 100.0 * total

    asked = ("age", *(name for name in names if name != "age"))
    picked = tuple(asked.index(name) for name in names)

    def value(*arguments: float) -> float:
        age = arguments[0]
        return project(relative(*[arguments[i] for i in picked]), age, min(end, age + (model.horizon or 0.0)))

    def ahead(until: int) -> Callable[..., float]:
        def told(*arguments: float) -> float:
            return project(relative(*[arguments[i] for i in picked]), arguments[0], min(end, float(until)))

        return told

    extras = tuple(Told(name, "%", ahead(until)) for name, until in model.until.items())
    return Program(names=asked, value=value, extras=extras)
