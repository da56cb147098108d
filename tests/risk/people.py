"""People to assess: builders, and a seeded population of the product's own."""

import functools
import random
from datetime import date

import resources
from domain.catalog.content import load_catalog
from domain.risk.assess import assess
from domain.risk.content import RiskModels, load_risk
from domain.risk.evaluate import evaluate
from domain.risk.factors import Factors, Given

DAY = date(2026, 11, 23)


@functools.cache
def models() -> RiskModels:
    """Return the shipped models."""
    return load_risk(resources.folder("risk"), load_catalog(resources.folder("catalog")))


def person(sex=None, age=None, units=None, at=None, **values) -> Factors:
    """Return factors by code; `units` says the unit of some of them."""
    given = tuple(
        Given(code=code, value=value, unit=(units or {}).get(code, ""), at=at)
        for code, value in values.items()
    )
    return Factors(sex=sex, age=age, given=given)


def results_of(factors, on=DAY):
    """Return the results by model."""
    return {one.model: one for one in assess(factors, on, models()).results}


def result_of(model, factors, on=DAY):
    """Return what one model says."""
    book = models().book
    return evaluate(models().models[model], book.know(factors, on), book)


def healthy(sex="male", age=50, **changed):
    """Return somebody about whom everything is known, without disease, with ordinary values."""
    values = {}
    for code, one in models().book.definitions.items():
        if one.computed or one.code in _RESULTS:
            continue
        if one.kind == "yes_no":
            values[code] = False
        elif one.kind == "choice":
            values[code] = next(iter(one.options))
        elif one.observation is None:
            values[code] = max(one.limits[0], 0.0)
    values |= _RESULTS | {"neck": 37, "menarche_age": 13, "first_birth_age": 26, "births": 1, "sleep_hours": 7.5,
                          "exercise_days": 3, "exercise_minutes": 40, "moderate_minutes": 150, "daily_activity": True,
                          "veg_daily": True, "mepa": 9, "education": "senior", "g17": 1.0, "diet_percentile": 60,
                          "postmenopausal": age >= 51, "region_north": True, "urban": True}  # fmt: skip
    return person(sex, age, **(values | changed))


_RESULTS = {
    "height": 168.0, "weight": 66.0, "waist": 82.0, "sbp": 122.0, "dbp": 76.0, "tc": 4.8, "hdl": 1.3, "ldl": 2.9,
    "tg": 1.3, "lpa": 100.0, "fpg": 5.2, "ogtt2h": 6.5, "hba1c": 5.4, "crea": 72.0, "uacr": 8.0, "u_pro": 0.0,
    "ua": 330.0, "alt": 20.0, "ast": 22.0, "ggt": 22.0, "plt": 230.0, "alb": 45.0, "tbil": 12.0, "hgb": 145.0,
    "psa": 1.0, "fpsa_ratio": 0.25, "pg1": 120.0, "pgr": 8.0, "hp_ubt": 0.0, "hbsag": 0.0, "hcvab": 0.0, "fit": 0.0,
    "hpv": 0.0, "fev1fvc": 80.0, "bodyfat": 20.0,
}  # fmt: skip


def population(count, seed=20261123):
    """Yield people of all kinds: values across and past the ranges of the models, answers that are missing."""
    random_ = random.Random(seed)  # noqa: S311
    book = models().book
    asked = [one for one in book.definitions.values() if not one.computed]
    for _ in range(count):
        known_share = random_.choice((0.3, 0.8, 1.0, 1.0))
        values = {}
        for one in asked:
            if random_.random() > known_share:
                continue
            if one.kind == "yes_no":
                values[one.code] = random_.random() < 0.12
            elif one.kind == "choice":
                values[one.code] = random_.choice(tuple(one.options))
            elif one.code in _RESULTS:
                low, high = one.limits
                values[one.code] = min(high, max(low, _RESULTS[one.code] * random_.lognormvariate(0, 0.22)))
            else:
                low, high = one.limits
                values[one.code] = low + (high - low) * random_.random() ** 3
        yield person(random_.choice(("male", "female")), random_.randint(18, 95), **values)
