"""Data sets of risk reports: from the product's own models, for made-up people."""

from datetime import UTC, datetime

import resources
from domain.kernel.texts import Texts
from domain.risk.assess import assess
from domain.risk.report_content import ReportHead, risk_report_content
from tests.risk.people import DAY, healthy, models, person

ILL = {
    "sbp": 148.0, "dbp": 92.0, "smoking": "current", "cig_per_day": 20, "smoke_years": 30, "tc": 6.4, "ldl": 4.3,
    "hdl": 0.95, "tg": 2.6, "waist": 96.0, "weight": 84.0, "height": 172.0, "fpg": 6.4, "sleep_hours": 5.5,
    "exercise_days": 1, "moderate_minutes": 40, "daily_activity": False,
}  # fmt: skip
SAY = Texts.load(resources.folder("texts") / "zh").say


def head(number="R20261123-0007", name="陈静怡", sex="male", age=58):
    return ReportHead(
        organisation="安和健康体检集团", branch="城东分院", number=number, name=name, sex=sex, age=age,
        made_at=datetime(2026, 11, 23, 7, 30, tzinfo=UTC), id_number="110105********0018",
        software=("检后通", "0.2.0"),
    )  # fmt: skip


def content_of(factors, *, number="R20261123-0007", **more):
    found = assess(factors, DAY, models())
    who = head(number=number, sex=found.sex or "unknown", age=found.age or 0)
    return risk_report_content(who, found, models(), SAY, **more)


def ill_content(**more):
    return content_of(healthy("male", 58, **ILL), **more)


def bare_content():
    """Return the data set of somebody about whom nothing but sex and age is known."""
    return content_of(person("female", 44))
