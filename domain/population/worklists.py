"""The region's health as the head office opens it, and each site its own."""

from sqlalchemy import select

from domain.kernel.worklists import Query, worklist
from domain.population.records import PopulationFigure, PopulationJudgement

VIEW = "population.view"


@worklist(
    "population.judgements", "人群健康研判", permission=VIEW, record=PopulationJudgement, order="-weight"
)
def judgements() -> Query:
    """What is more frequent at a site than in the region, or rising: what needs a look comes first."""
    j = PopulationJudgement
    return select(
        j.sentence, j.site, j.label, j.year, j.percent, j.against, j.ratio, j.low, j.high, j.expected, j.before,
        j.course, j.people, j.cases, j.weight, j.judged_at,
    )  # fmt: skip


@worklist("population.figures", "区域健康统计", permission=VIEW, record=PopulationFigure, order="label")
def figures() -> Query:
    """Every count by site, sex and age; what is too small to tell is withheld."""
    f = PopulationFigure
    return select(
        f.label, f.site, f.sex, f.band, f.people, f.cases, f.percent, f.withheld, f.year, f.counted_at,
    )  # fmt: skip
