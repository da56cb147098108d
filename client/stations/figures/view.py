"""The figures on the screen: the time above, then workload, satisfaction, roots and units, a tab each."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from client.stations.figures.viewmodel import TIMES, ViewModel
from client.stations.figures.widgets import Chart
from client.views.station import StationView
from domain.checkup.workflow import report_review
from domain.followup.count_commands import FollowUpStatistics
from domain.kernel.ids import Id
from domain.linting.statistics_commands import ReportFigures
from domain.messaging.statistics_commands import Pushed
from domain.reviewing.forecast import Late

WORKLOAD = ("staff", "audience", "open", "overdue", "done", "lost", "on_time", "mean_days")
REPORTS = (
    "staff", "submitted", "first_reviews", "second_reviews", "signed", "returned", "sent_back", "mean_score",
    "mean_hours", "rank",
)  # fmt: skip
FORECAST = ("number", "branch", "level", "owner", "due", "expected", "why")
MESSAGES = (
    "template",
    "channel",
    "queued",
    "sent",
    "delivered",
    "read",
    "answered",
    "failed",
    "read_rate",
    "answer_rate",
)
CAUSES = ("root", "step", "cases")
BEST = 5.0


class View(StationView):
    """F5 counts anew, F6 turns to the next part, F8 opens the months, from where they are exported."""

    model: ViewModel

    def build(self) -> None:
        """Make the parts; they are empty until something was counted."""
        self.body.addLayout(self._times())
        self.error = QLabel(self)
        self.error.setObjectName("figures_error")
        self.error.setProperty("tone", "danger")
        self.error.hide()
        self.body.addWidget(self.error)
        self.parts = QTabWidget(self)
        self.parts.setObjectName("figures_parts")
        self.parts.addTab(self._workload(), self.say("figures.part.workload"))
        self.parts.addTab(self._satisfaction(), self.say("figures.part.satisfaction"))
        self.parts.addTab(self._causes(), self.say("figures.part.causes"))
        if self.model.sees_reports:
            self.parts.addTab(self._reports(), self.say("figures.part.reports"))
            self.parts.addTab(self._forecast(), self.say("figures.part.forecast"))
        if self.model.sees_messages:
            self.parts.addTab(self._messages(), self.say("figures.part.messages"))
        if self.model.sees_units:
            self.parts.addTab(self._units(), self.say("figures.part.units"))
        self.body.addWidget(self.parts, 1)
        self.model.counted.connect(self._show)
        self.model.field_error.connect(self._tell)
        self.model.time_changed.connect(lambda days: self._show_days(*days))
        self.model.action_set.on("part", self._next_part)
        self._show_days(self.model.since, self.model.until)

    def focus_first(self) -> None:
        """Begin with the time."""
        self.time.setFocus()

    def _times(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.time = QComboBox(self)
        self.time.setObjectName("figures_time")
        self.time.setAccessibleName(self.say("figures.time"))
        for name in TIMES:
            self.time.addItem(self.say(f"figures.time.{name}"), name)
        self.time.activated.connect(lambda _at: self.model.choose_time(self.time.currentData()))
        row.addWidget(QLabel(self.say("figures.time"), self))
        row.addWidget(self.time)
        self.since, self.until = QLineEdit(self), QLineEdit(self)
        for name, line in (("since", self.since), ("until", self.until)):
            line.setObjectName(f"figures_{name}")
            line.setAccessibleName(self.say(f"figures.{name}"))
            line.setFixedWidth(130)
            line.returnPressed.connect(self._typed)
            row.addWidget(QLabel(self.say(f"figures.{name}"), self))
            row.addWidget(line)
        row.addStretch(1)
        return row

    def _table(self, name: str, heads: Sequence[str], title: str) -> QTableWidget:
        table = QTableWidget(0, len(heads), self)
        table.setObjectName(name)
        table.setAccessibleName(title)
        table.setHorizontalHeaderLabels(list(heads))
        table.verticalHeader().hide()
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setTabKeyNavigation(False)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        return table

    def _note(self, name: str) -> QLabel:
        note = QLabel(self)
        note.setObjectName(name)
        note.setProperty("role", "muted")
        note.setWordWrap(True)
        return note

    def _part(self, *inside: QWidget) -> QWidget:
        part = QWidget(self)
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 10, 0, 0)
        for one in inside:
            column.addWidget(one, 0 if isinstance(one, QLabel) else 1)
        return part

    def _workload(self) -> QWidget:
        heads = [self.say(f"figures.workload.{name}") for name in WORKLOAD]
        self.workload = self._table("figures_workload", heads, self.say("figures.part.workload"))
        self.workload_note = self._note("figures_workload_note")
        return self._part(self.workload_note, self.workload)

    def _satisfaction(self) -> QWidget:
        part = QWidget(self)
        grid = QGridLayout(part)
        grid.setContentsMargins(0, 10, 0, 0)
        self.satisfaction_note = self._note("figures_satisfaction_note")
        self.charts = {
            name: Chart(f"figures_by_{name}", self.say(f"figures.by.{name}"), part)
            for name in ("staff", "steps", "months")
        }
        grid.addWidget(self.satisfaction_note, 0, 0, 1, 2)
        grid.addWidget(self.charts["staff"], 1, 0, 1, 2)
        grid.addWidget(self.charts["steps"], 2, 0)
        grid.addWidget(self.charts["months"], 2, 1)
        return part

    def _causes(self) -> QWidget:
        heads = [self.say(f"figures.causes.{name}") for name in CAUSES]
        self.causes = self._table("figures_causes", heads, self.say("figures.part.causes"))
        self.cause_chart = Chart("figures_cause_chart", self.say("figures.by.causes"), self)
        self.causes_note = self._note("figures_causes_note")
        return self._part(self.causes_note, self.cause_chart, self.causes)

    def _reports(self) -> QWidget:
        heads = [self.say(f"figures.reports.{name}") for name in REPORTS]
        self.reports = self._table("figures_reports", heads, self.say("figures.part.reports"))
        self.reports_note = self._note("figures_reports_note")
        self.model.reports.connect(self._show_reports)
        return self._part(self.reports_note, self.reports)

    @Slot(object)
    def _show_reports(self, found: ReportFigures) -> None:
        code = "figures.reports.hint" if found.issued or found.physicians else "figures.reports.none"
        levels = "，".join(
            self._level(level, hours, found.level_late.get(level))
            for level, hours in found.level_hours.items()
        )
        self.reports_note.setText(
            self.say(
                code,
                issued=found.issued,
                hours=_or_dash(found.mean_hours),
                levels=levels or "—",
                senior="—" if found.senior_rate is None else f"{found.senior_rate:.1%}",
                score=_or_dash(found.mean_score),
            )
        )
        rows = [
            [one.staff, *(_or_dash(getattr(one, name)) for name in REPORTS[1:])] for one in found.physicians
        ]
        self._fill(self.reports, rows)

    def _messages(self) -> QWidget:
        heads = [self.say(f"figures.messages.{name}") for name in MESSAGES]
        self.messages = self._table("figures_messages", heads, self.say("figures.part.messages"))
        self.messages_note = self._note("figures_messages_note")
        self.model.pushed.connect(self._show_messages)
        return self._part(self.messages_note, self.messages)

    @Slot(object)
    def _level(self, level: str, hours: float, late: float | None) -> str:
        told = self.say("figures.reports.level", level=report_review.label_of(level), hours=hours)
        return told if late is None else told + self.say("figures.reports.late", late=f"{late:.0%}")

    def _forecast(self) -> QWidget:
        heads = [self.say(f"figures.forecast.{name}") for name in FORECAST]
        self.forecast = self._table("figures_forecast", heads, self.say("figures.part.forecast"))
        self.forecast_note = self._note("figures_forecast_note")
        self.model.forecast.connect(self._show_forecast)
        return self._part(self.forecast_note, self.forecast)

    @Slot(object)
    def _show_forecast(self, found: list[Late]) -> None:
        self.forecast_note.setText(self.say("figures.forecast.hint" if found else "figures.forecast.none"))
        moment = self.context.formatter.moment
        self._fill(
            self.forecast,
            [
                (
                    one.number, one.branch, report_review.label_of(one.state), one.owner_name or "—", moment(one.due),
                    moment(one.expected), self._why(one),
                )
                for one in found
            ],
        )  # fmt: skip

    def _why(self, one: Late) -> str:
        if one.ahead is None:
            return self.say("figures.forecast.mean")
        return self.say("figures.forecast.queue", ahead=one.ahead)

    def _show_messages(self, found: list[Pushed]) -> None:
        self.messages_note.setText(self.say("figures.messages.hint" if found else "figures.messages.none"))
        self.messages.setRowCount(len(found))
        for row, one in enumerate(found):
            channel = self.context.formatter.name(one.channel, "words:channel")
            rates = ["—" if rate is None else f"{rate:.0%}" for rate in (one.read_rate, one.answer_rate)]
            counts = [
                str(n) for n in (one.queued, one.sent, one.delivered, one.read, one.answered, one.failed)
            ]
            for column, text in enumerate([one.label, channel, *counts, *rates]):
                self.messages.setItem(row, column, QTableWidgetItem(text))

    def _units(self) -> QWidget:
        self.unit = QComboBox(self)
        self.unit.setObjectName("figures_unit")
        self.unit.setAccessibleName(self.say("figures.unit"))
        self.unit.setMaximumWidth(420)
        self.unit.activated.connect(lambda _at: self._choose_unit())
        self.units = self._table("figures_units", [], self.say("figures.part.units"))
        self.units_note = self._note("figures_units_note")
        self.units_note.setText(self.say("figures.units.none"))
        self.model.units_read.connect(self._show_units)
        self.model.reported.connect(lambda _report: self._show_report())
        part = QWidget(self)
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 10, 0, 0)
        column.addWidget(self.unit)
        column.addWidget(self.units_note)
        column.addWidget(self.units, 1)
        return part

    def _next_part(self) -> None:
        self.parts.setCurrentIndex((self.parts.currentIndex() + 1) % self.parts.count())

    @Slot()
    def _typed(self) -> None:
        self.error.hide()
        self.model.set_days(self.since.text(), self.until.text())

    @Slot(str, str)
    def _tell(self, field: str, sentence: str) -> None:
        self.error.setText(sentence)
        self.error.setVisible(bool(sentence))
        {"since": self.since, "until": self.until}.get(field, self.since).setFocus()

    def _show_days(self, since: object, until: object) -> None:
        self.since.setText(str(since))
        self.until.setText(str(until))

    @Slot(object)
    def _show(self, figures: FollowUpStatistics) -> None:
        self.error.hide()
        model = self.model
        self._fill(self.workload, model.workload_rows())
        self.workload_note.setText(
            self.say("figures.workload.hint" if figures.workload else "figures.workload.none")
        )
        low = figures.low_mean
        for name, chart in self.charts.items():
            bars = [
                (who, mean, self.say("figures.score", mean=f"{mean:.1f}", answers=answers))
                for who, mean, answers in model.scores(name)
            ]
            (chart.show_line if name == "months" else chart.show_bars)(bars, BEST, low)
        said = bool(model.scores("steps"))
        self.satisfaction_note.setText(
            self.say("figures.satisfaction.hint", low=low) if said else self.say("figures.satisfaction.none")
        )
        causes = model.causes()
        top = max((n for _name, n in causes), default=1.0)
        self.cause_chart.show_bars([(name, n, f"{n:.0f}") for name, n in causes], top)
        self._fill(self.causes, model.cause_rows())
        self.causes_note.setText(self.say("figures.causes.hint" if causes else "figures.causes.none"))

    @staticmethod
    def _fill(table: QTableWidget, rows: Sequence[Sequence[str]]) -> None:
        table.setRowCount(len(rows))
        for at, row in enumerate(rows):
            for place, said in enumerate(row):
                item = QTableWidgetItem(said)
                if said[:1].isdigit() or said == "—":
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                table.setItem(at, place, item)

    @Slot(object)
    def _show_units(self, units: list[tuple[str, Id]]) -> None:
        self.unit.clear()
        for name, own in units:
            self.unit.addItem(name, str(own))
        self.unit.setVisible(bool(units))
        if units:
            self._choose_unit()

    def _choose_unit(self) -> None:
        chosen = self.unit.currentData()
        if chosen is not None:
            self.model.report_of(Id(chosen))

    def _show_report(self) -> None:
        heads, rows = self.model.unit_table()
        self.units.setColumnCount(len(heads))
        self.units.setHorizontalHeaderLabels(heads)
        self._fill(self.units, rows)
        few = self.model.report.few if self.model.report else 0
        self.units_note.setText(self.say("figures.units.hint", few=few))


def _or_dash(value: float | None) -> str:
    return "—" if value is None else str(value)
