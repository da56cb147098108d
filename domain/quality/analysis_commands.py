"""What people say about a figure that missed its target or left its control limits."""

from domain.alerts.records import AlertCause, Indicator
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.unit_of_work import UnitOfWork
from domain.quality.records import IndicatorAnalysis

LEAST_SAID = 2


@command("quality.analyse", "提交原因分析", permission="quality.analyse")
class AnalyseIndicator:
    """Say why a figure is as it is and what is done about it."""

    indicator_id: Id = ask("指标", kind=Kind.HIDDEN)
    cause: AlertCause = ask("根因", kind=Kind.CHOICE)
    finding: str = ask("原因分析", kind=Kind.NOTE, max_length=4000)
    measures: str = ask("改进措施", kind=Kind.NOTE, max_length=4000)


@handles(AnalyseIndicator)
def analyse_indicator(order: AnalyseIndicator, work: UnitOfWork) -> Id:
    """Return the id of the analysis; alerts that wait for one close.

    Raises:
        DomainError: ``quality.not_strange`` for a figure within its bounds; ``quality.nothing_said`` (the field) for
            an analysis or measures without words.
    """
    figure = work.require(Indicator, order.indicator_id, "indicator_id")
    if figure.strange_since is None and figure.fall_since is None and figure.analysed_at is not None:
        raise DomainError("quality.not_strange", field="indicator_id", name=figure.name)
    for name in ("finding", "measures"):
        if len(getattr(order, name).strip()) < LEAST_SAID:
            raise DomainError("quality.nothing_said", field=name)
    made = work.add(
        IndicatorAnalysis(
            org_id=figure.org_id, indicator_id=figure.id, code=figure.code, name=figure.name, day=figure.day,
            percent=figure.percent, target=round(100 * figure.target, 1), cause=order.cause,
            finding=order.finding.strip(), measures=order.measures.strip(), at=work.now,
            staff_id=work.actor.staff_id, staff_name=work.actor.name,
        )
    )  # fmt: skip
    figure.analysed_at = work.now
    return made.id
