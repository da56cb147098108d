"""What quality control looks at: the figures as they stand, day by day, and what was found about them."""

from sqlalchemy import select

from domain.alerts.records import Indicator
from domain.kernel.worklists import Query, worklist
from domain.people.records import Organization
from domain.quality.analysis_commands import AnalyseIndicator
from domain.quality.records import IndicatorAnalysis, IndicatorDay

VIEW = "quality.view"


@worklist("quality.indicators", "质控指标", permission=VIEW, record=Indicator, order="-under_days")
def indicators() -> Query:
    """Each figure of each organisation as of its newest day, the longest under target first."""
    i = Indicator
    return select(
        i.name, Organization.name.label("place"), i.percent, i.target, i.numerator, i.denominator, i.days, i.under,
        i.under_days, i.away, i.fall, i.strange_since, i.analysed_at, i.core, i.quality, i.messaging, i.day,
    ).join(Organization, Organization.id == i.org_id)  # fmt: skip


indicators.offers(AnalyseIndicator)


@worklist("quality.days", "指标日统计", permission=VIEW, record=IndicatorDay, order="-day")
def days() -> Query:
    """What was counted of each day, the newest first."""
    d = IndicatorDay
    return select(
        d.day, d.name, Organization.name.label("place"), d.percent, d.numerator, d.denominator, d.counted_at
    ).join(Organization, Organization.id == d.org_id)


@worklist("quality.analyses", "指标原因分析", permission=VIEW, record=IndicatorAnalysis, order="-at")
def analyses() -> Query:
    """What was found about figures and what is done, the newest first."""
    a = IndicatorAnalysis
    return select(
        a.at, a.name, Organization.name.label("place"), a.day, a.percent, a.target, a.cause, a.finding, a.measures,
        a.staff_name,
    ).join(Organization, Organization.id == a.org_id)  # fmt: skip
