"""The widgets of the diagnosis: a line that says how it stands, and the findings with what to do."""

from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFileDialog, QHeaderView, QLabel, QProgressBar, QTableWidget, QTableWidgetItem

from client.appearance import COLOURS
from client.pages.diagnosis.viewmodel import ViewModel
from client.views.page import PageView

COLUMNS = ("level", "check", "means", "remedy")
SIGNS = {"success": "✓", "warning": "▲", "danger": "✕"}
"""Level is said by a word and a sign, never by a colour alone."""
MEANS, REMEDY = COLUMNS.index("means"), COLUMNS.index("remedy")


class View(PageView):
    """F5 looks anew, F9 saves the bundle for support."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        self.set_title(self.say("nav.diagnosis"))
        self._summary = QLabel(self)
        self._summary.setObjectName("diagnosis_summary")
        self._summary.setWordWrap(True)
        self.body.addWidget(self._summary)
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self.body.addWidget(self._bar)
        self._table = QTableWidget(0, len(COLUMNS), self)
        self._table.setObjectName("diagnosis")
        self._table.setAccessibleName(self.say("nav.diagnosis"))
        self._table.setHorizontalHeaderLabels([self.say(f"diagnosis.column.{name}") for name in COLUMNS])
        header = self._table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(MEANS, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(REMEDY, QHeaderView.ResizeMode.Stretch)
        self._table.verticalHeader().hide()
        self._table.setWordWrap(True)
        self._table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self._table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self._table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self._table.setTabKeyNavigation(False)
        self.body.addWidget(self._table, 1)
        private = QLabel(self.say("diagnosis.private"), self)
        private.setProperty("role", "muted")
        private.setWordWrap(True)
        self.body.addWidget(private)
        self.model.changed.connect(self.show_state)
        self.model.where_asked.connect(self._ask_where)
        self.show_state()

    def focus_first(self) -> None:
        """Begin in the table."""
        self._table.setFocus()

    @Slot()
    def show_state(self) -> None:
        """Show how far it is and what was found."""
        self._summary.setText(self.model.summary)
        if self._summary.property("tone") != self.model.tone:
            self._summary.setProperty("tone", self.model.tone)
            self._summary.style().unpolish(self._summary)
            self._summary.style().polish(self._summary)
        done, total = self.model.share
        self._bar.setVisible(self.model.running is not None)
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        lines = self.model.lines
        if len(lines) == self._table.rowCount() and self.model.running is not None:
            return  # only the share moved
        self._table.setRowCount(len(lines))
        for row, line in enumerate(lines):
            texts = (f"{SIGNS[line.tone]} {line.level}", line.check, line.means, line.remedy)
            for at, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                if at == 0:
                    item.setForeground(COLOURS[line.tone])
                self._table.setItem(row, at, item)
        self._table.resizeRowsToContents()
        if lines and self._table.currentRow() < 0:
            self._table.selectRow(0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give each row the height its sentences need at this width."""
        super().resizeEvent(event)
        self._table.resizeRowsToContents()

    @Slot(str)
    def _ask_where(self, name: str) -> None:
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DesktopLocation)
        chosen, _ = QFileDialog.getSaveFileName(
            self, self.say("diagnosis.save"), str(Path(folder) / name), "ZIP (*.zip)"
        )
        if chosen:
            self.model.save(Path(chosen))
