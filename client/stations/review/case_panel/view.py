"""The case in the middle: critical values, findings with their proposed sentences, results, the course of one."""

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from client.stations.review.case import Case, CriticalRow
from client.stations.review.case_panel.widgets import (
    FindingDelegate,
    ResultDelegate,
    ResultsView,
)
from client.stations.review.head.widgets import restyle
from client.stations.review.result_table import ResultTable
from client.stations.review.trend.widgets import TrendChart
from domain.checkup.compared import ResultRow
from domain.checkup.workflow import critical_handling

ROWS_SEEN = 3
TALL = 900


class CriticalStrip(QFrame):
    """The critical values of the case and the entry for a read-back or for what was done; hidden without any."""

    def __init__(self, model: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self.model = model
        self._asked: CriticalRow | None = None
        self.setObjectName("critical_strip")
        self.setProperty("tone", "danger")
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 4, 10, 4)
        column.setSpacing(2)
        self._lines = QLabel(self)
        self._lines.setObjectName("critical_lines")
        self._lines.setWordWrap(True)
        self._entry = QLineEdit(self)
        self._entry.setObjectName("critical_entry")
        self._entry.setMinimumWidth(170)
        self._entry.returnPressed.connect(self._send)
        self._send_button = QPushButton(self)
        self._send_button.setObjectName("critical_send")
        self._send_button.clicked.connect(self._send)
        self._error = QLabel(self)
        self._error.setObjectName("critical_error")
        self._error.setProperty("role", "error")
        self._error.setWordWrap(True)
        row = QHBoxLayout()
        row.addWidget(self._lines, 3)
        row.addWidget(self._entry, 2)
        row.addWidget(self._send_button)
        column.addLayout(row)
        column.addWidget(self._error)
        model.criticals.asked.connect(self.ask)
        model.criticals.error.connect(self._show_error)
        self.hide()

    def show_case(self, case: Case) -> None:
        """Show the critical values of a case; an entry that is open stays open while it fits."""
        say = self.model.context.say
        lines = []
        for c in case.criticals:
            line = say(
                "review.critical.line", label=c.label, value=c.value, level=c.level, state=c.state_label
            )
            if c.due_at is not None:
                line += "　" + self.model.context.formatter.due(c.due_at, self.model.context.desk.clock())[0]
            if c.unverified:
                line += "　" + say("review.finding.unverified")
            if c.outcome:
                line += "　" + say("review.critical.handled", outcome=c.outcome)
            lines.append(line)
        self._lines.setText("\n".join(lines))
        self.setVisible(bool(lines))
        waiting = self.model.criticals.waiting(case)
        may = waiting is not None and self.model.context.actor.may("critical.receive")
        if _step(waiting) != _step(self._asked):
            self._asked = waiting
            self._entry.clear()
            self._error.hide()
        for widget in (self._entry, self._send_button):
            widget.setVisible(may)
        if waiting is not None:
            receiving = critical_handling.allows(waiting.state, "receive")
            label = say("review.critical.read_back" if receiving else "review.critical.outcome")
            self._entry.setPlaceholderText(
                say("review.critical.read_back_hint" if receiving else "review.critical.outcome_hint")
            )
            self._entry.setAccessibleName(f"{waiting.label} {label}")
            self._send_button.setText(label)
        self.setProperty("tone", "danger" if waiting is not None else "success")
        restyle(self, self._lines)

    @Slot(object)
    def ask(self, _critical: CriticalRow) -> None:
        """Put the cursor into the entry."""
        self._entry.setFocus(Qt.FocusReason.ShortcutFocusReason)

    @Slot()
    def _send(self) -> None:
        if self._asked is not None:
            self.model.criticals.answer(self._asked, self._entry.text())

    @Slot(str)
    def _show_error(self, sentence: str) -> None:
        self._error.setText(sentence)
        self._error.setVisible(bool(sentence))


def _step(critical: CriticalRow | None) -> tuple[Any, ...]:
    """Return what an entry is for: which value, at which step."""
    return () if critical is None else (critical.id, critical.state)


class FindingList(QListView):
    """Enter or a double click takes a sentence over."""

    def __init__(self, model: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self._desk = model
        self._items = QStandardItemModel(self)
        self._count = 0
        self.setObjectName("finding_list")
        self.setModel(self._items)
        self.setItemDelegate(FindingDelegate(model, self))
        self.setUniformItemSizes(True)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.doubleClicked.connect(self._take)

    def show_case(self, case: Case) -> None:
        """Show the proposals of a case."""
        say = self._desk.context.say
        self._items.clear()
        for proposal in case.proposals:
            item = QStandardItem(proposal.sentence)
            item.setData(proposal, Qt.ItemDataRole.UserRole)
            tip = say("review.finding.source", rule=proposal.rule, source=proposal.source)
            item.setToolTip(tip if proposal.source else say("review.finding.no_source", rule=proposal.rule))
            self._items.appendRow(item)
        self._count = len(case.proposals)
        self.fit()
        self.setVisible(bool(case.proposals))

    def fit(self) -> None:
        """Take the height of the sentences there are, a few of them at most; more on a tall screen."""
        most = ROWS_SEEN if self.window().height() < TALL else ROWS_SEEN * 2
        self.setFixedHeight(46 * min(self._count, most) + 4)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take over with Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take()
        else:
            super().keyPressEvent(event)

    @Slot()
    def _take(self) -> None:
        if self.currentIndex().isValid():
            self._desk.take_over(self.currentIndex().data(Qt.ItemDataRole.UserRole))


class CasePanel(QWidget):
    """Everything about the person that a conclusion rests on."""

    def __init__(self, model: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self.model = model
        self.setObjectName("case_panel")
        say = model.context.say
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.critical = CriticalStrip(model, self)
        self.findings = FindingList(model, self)
        self.findings.setAccessibleName(say("review.findings"))
        self._findings_note = QLabel(say("review.findings.none"), self)
        self._findings_note.setObjectName("findings_note")
        self._findings_note.setProperty("tone", "success")
        self.table = ResultTable(model.wording, say, self)
        self.results = ResultsView(self.table, ResultDelegate(model.wording, say, self), self)
        self.results.setAccessibleName(say("review.case.results"))
        self._note = QLabel(self)
        self._note.setObjectName("results_note")
        self._note.setProperty("role", "muted")
        self._note.setWordWrap(True)
        self.trend = TrendChart(model.context, self)
        self.trend.hide()
        for widget in (self.critical, self.findings, self._findings_note):
            column.addWidget(widget)
        column.addWidget(self.results, 1)
        column.addWidget(self._note)
        column.addWidget(self.trend)
        self.results.asked.connect(self.toggle_trend)
        self.results.row_changed.connect(self._row_changed)
        model.trend_asked.connect(self.toggle_trend)
        model.checking.changed.connect(self.findings.viewport().update)

    def show_case(self, case: Case, fresh: bool) -> None:
        """Show a case; the cursor stays on its line while it is the same one."""
        at = self.results.currentIndex().row()
        row = self.table.row_at(at)
        scroll = self.results.verticalScrollBar().value()
        self.critical.show_case(case)
        self.findings.show_case(case)
        self._findings_note.setVisible(case.clear and bool(case.results) and not case.proposals)
        self.table.show(case.results)
        say = self.model.context.say
        note = ""
        if not case.results or not case.clear:
            note = say("review.case.no_results" if case.clear else "review.case.masked")
        self._note.setText(note)
        self._note.setVisible(bool(note))
        line = self.table.line_of(row.item) if row is not None and not fresh else 1
        self.results.setCurrentIndex(self.table.index(max(line, 0), 0))
        self.results.verticalScrollBar().setValue(0 if fresh else scroll)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the findings more room on a tall screen."""
        super().resizeEvent(event)
        self.findings.fit()

    @Slot()
    def toggle_trend(self) -> None:
        """Show or hide the course of the result the cursor is on."""
        self.trend.setVisible(not self.trend.isVisible())
        self._row_changed(self.table.row_at(self.results.currentIndex().row()))

    @Slot(object)
    def _row_changed(self, row: ResultRow | None) -> None:
        if not self.trend.isHidden():
            self.trend.show_row(row)
