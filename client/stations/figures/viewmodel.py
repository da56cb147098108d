"""The figures without their window: a time, what was counted in it, and the report of a unit. QtCore only."""

from datetime import date, timedelta
from typing import Any

from PySide6.QtCore import QObject, Signal
from sqlalchemy import select

from client.actions import Action
from client.station import Context, StationModel
from domain.followup.count_commands import CountFollowUp, FollowUpStatistics
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.linting.statistics_commands import CountReports
from domain.messaging.statistics_commands import CountMessages
from domain.reception.unit_records import ClientUnit
from domain.reception.unit_report_commands import ReportUnit, UnitReport
from domain.reviewing.forecast_commands import ForecastLateness

TIMES = ("month", "last_month", "quarter", "year")
PERFORMANCE = "worklist:followup.performance"
MOST_UNITS = 500


def span_of(name: str, today: date) -> tuple[date, date]:
    """Return first and last day of a named time up to `today`."""
    first = today.replace(day=1)
    if name == "last_month":
        last = first - timedelta(days=1)
        return last.replace(day=1), last
    if name == "quarter":
        return today - timedelta(days=89), today
    if name == "year":
        return today - timedelta(days=364), today
    return first, today


class ViewModel(StationModel):
    """`counted` carries `FollowUpStatistics`; `units_read` names and ids of units; `reported` a `UnitReport`."""

    counted = Signal(object)
    units_read = Signal(object)
    reported = Signal(object)
    pushed = Signal(object)
    """A list of `Pushed`."""
    reports = Signal(object)
    """`ReportFigures`."""
    forecast = Signal(object)
    """A list of `Late`: reports that will miss their time as things stand, whatever time is shown."""
    time_changed = Signal(object)

    actions = (
        Action("count", "figures.action.count", "F5", primary=True),
        Action("part", "figures.action.part", "F6"),
        Action("performance", "figures.action.performance", "F8"),
        Action("board", "figures.action.board", "F10", permission="followup.view"),
    )

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        self.since, self.until = span_of("month", self.today())
        self.figures: FollowUpStatistics | None = None
        self.report: UnitReport | None = None
        self.sees_messages = context.actor.may("messaging.view")
        self.sees_units = context.actor.may("unit.view")
        self.sees_reports = context.actor.may("report.view")
        self.action_set.on("count", self.load)
        self.action_set.on("performance", lambda: self.context.open_page(PERFORMANCE))
        self.action_set.on("board", lambda: self.context.open_page("progress"))

    def today(self) -> date:
        """Return today in the clinic's time."""
        return clinic(self.context.desk.clock()).date()

    def on_open(self, **arguments: Any) -> None:
        """Count this month, and read which units there are."""
        if self.figures is None:
            self.load()
            if self.sees_units:
                self._read_units()

    def choose_time(self, name: str) -> None:
        """Count another of the named times."""
        self.since, self.until = span_of(name, self.today())
        self.time_changed.emit((self.since, self.until))
        self.load()

    def set_days(self, since: str, until: str) -> bool:
        """Count between two typed days; False where one is no day, and it is said beside its field."""
        try:
            days = []
            for field, text in (("since", since), ("until", until)):
                try:
                    days.append(date.fromisoformat(text.strip()))
                except ValueError as error:
                    raise DomainError("figures.bad_day", field=field, value=text) from error
        except DomainError as error:
            self.field_error.emit(str(error.field), self.explain(error))
            return False
        self.since, self.until = days
        self.load()
        return True

    def load(self) -> None:
        """Count anew."""
        self.run(CountFollowUp(since=self.since, until=self.until), lambda done: self._take(done.receipt))

        if self.sees_messages:
            self.run(
                CountMessages(since=self.since, until=self.until), lambda done: self.pushed.emit(done.receipt)
            )

        if self.sees_reports:
            self.run(
                CountReports(since=self.since, until=self.until), lambda done: self.reports.emit(done.receipt)
            )
            self.run(ForecastLateness(), lambda done: self.forecast.emit(done.receipt))

    def _take(self, figures: FollowUpStatistics) -> None:
        self.figures = figures
        self.counted.emit(figures)

    def _read_units(self) -> None:
        desk = self.context.desk
        table = ClientUnit.__table__.c

        def work() -> list[tuple[str, Id]]:
            query = select(table.name, table.id).where(table.parent_id.is_(None)).order_by(table.name)
            with desk.store.read() as connection:
                return [(row.name, row.id) for row in connection.execute(query.limit(MOST_UNITS))]

        self.query(work, self.units_read.emit, "units")

    def report_of(self, unit_id: Id) -> None:
        """Read the report of a unit."""
        self.run(ReportUnit(unit_id=unit_id), lambda done: self._reported(done.receipt))

    def _reported(self, report: UnitReport) -> None:
        self.report = report
        self.reported.emit(report)

    def workload_rows(self) -> list[list[str]]:
        """Return the table of workload as it is shown."""
        name = self.context.formatter.name
        return [
            [
                one.staff, name(one.audience, "words:follow_audience"), f"{one.open:,}", f"{one.overdue:,}",
                f"{one.done:,}", f"{one.lost:,}", "—" if one.on_time is None else f"{100 * one.on_time:.1f}%",
                "—" if one.mean_days is None else f"{one.mean_days:.1f}",
            ]
            for one in (self.figures.workload if self.figures else [])
        ]  # fmt: skip

    def cause_rows(self) -> list[list[str]]:
        """Return the table of roots as it is shown."""
        name = self.context.formatter.name
        return [
            [
                name(one.root_cause, "words:root_cause"),
                name(one.step_kind, "words:feedback_step"),
                f"{one.cases:,}",
            ]
            for one in (self.figures.causes if self.figures else [])
        ]

    def causes(self) -> list[tuple[str, float]]:
        """Return how often each root was found, the most frequent first."""
        counted: dict[str, int] = {}
        for one in self.figures.causes if self.figures else []:
            counted[one.root_cause] = counted.get(one.root_cause, 0) + one.cases
        ordered = sorted(counted.items(), key=lambda item: -item[1])
        return [(self.context.formatter.name(code, "words:root_cause"), float(n)) for code, n in ordered]

    def scores(self, by: str) -> list[tuple[str, float, int]]:
        """Return name, mean and answers by ``staff``, ``steps`` or ``months``."""
        if self.figures is None:
            return []
        found = getattr(self.figures.satisfaction, by)
        say = self.context.formatter.name
        return [
            (say(one.name, "words:feedback_step") if by == "steps" else one.name, one.mean, one.answers)
            for one in found
        ]

    def unit_table(self) -> tuple[list[str], list[list[str]]]:
        """Return heads and rows of the report of a unit; what may not be told is a dash."""
        if self.report is None:
            return [], []
        name, report = self.context.formatter.name, self.report
        colours, groups = list(report.whole.colours), list(report.whole.groups)
        heads = [
            self.context.say("figures.unit.name"), self.context.say("figures.unit.people"),
            *(name(one, "words:risk_colour") for one in colours), *(name(one, "words:segment") for one in groups),
        ]  # fmt: skip
        rows = []
        for line in (report.whole, *report.departments):
            numbers = [line.people, *(line.colours[c] for c in colours), *(line.groups[g] for g in groups)]
            rows.append([line.name, *("—" if n is None else f"{n:,}" for n in numbers)])
        return heads, rows
