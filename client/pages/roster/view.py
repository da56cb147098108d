"""The widgets of a list being checked: what is to be done, progress, one table with red lines first."""

from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHeaderView,
    QLabel,
    QProgressBar,
    QTableWidget,
    QTableWidgetItem,
)

from client.pages.roster.viewmodel import ViewModel
from client.views.page import PageView

COLUMNS = ("row", "word", "name", "number", "why", "outside", "client")
MARKS = {"green": "● ", "yellow": "■ ", "red": "▲ "}


class View(PageView):
    """F2 chooses a file, F9 checks it, F7 stops, F6 writes a workbook and F8 a PDF of what was found."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        self.set_title(self.say("nav.roster"))
        self._summary = QLabel(self)
        self._summary.setObjectName("roster_summary")
        self._summary.setProperty("role", "subtitle")
        self._summary.setWordWrap(True)
        self.body.addWidget(self._summary)
        self._problem = QLabel(self)
        self._problem.setObjectName("roster_problem")
        self._problem.setProperty("role", "error")
        self._problem.setWordWrap(True)
        self.body.addWidget(self._problem)
        self._outside = QCheckBox(self.say("roster.outside"), self)
        self._outside.setObjectName("roster_outside")
        self._outside.toggled.connect(self._choose_outside)
        self.body.addWidget(self._outside)
        self._bar = QProgressBar(self)
        self._bar.setObjectName("roster_bar")
        self._bar.hide()
        self.body.addWidget(self._bar)
        self._table = QTableWidget(0, len(COLUMNS), self)
        self._table.setObjectName("roster_lines")
        self._table.setAccessibleName(self.say("nav.roster"))
        self._table.setHorizontalHeaderLabels([self.say(f"roster.column.{name}") for name in COLUMNS])
        header = self._table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for at, width in enumerate((60, 110, 110, 190, 400, 130, 120)):
            header.resizeSection(at, width)
        header.setSectionResizeMode(COLUMNS.index("why"), QHeaderView.ResizeMode.Stretch)
        self._table.verticalHeader().hide()
        self._table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self._table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self._table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self._table.setTabKeyNavigation(False)
        self.body.addWidget(self._table, 1)
        self.model.changed.connect(self.show_lines)
        self.model.progressed.connect(self._progress)
        self.model.file_asked.connect(self._ask_file)
        self.model.save_asked.connect(self._ask_where)
        self.show_lines()

    def focus_first(self) -> None:
        """Begin in the table."""
        self._table.setFocus()

    @Slot()
    def show_lines(self) -> None:
        """Show how it stands."""
        model = self.model
        self._summary.setText(model.summary)
        self._problem.setText(model.problem)
        self._problem.setVisible(bool(model.problem))
        self._bar.hide()
        self._outside.setEnabled(model.batch_id is None)
        self._table.setRowCount(len(model.lines))
        for row, line in enumerate(model.lines):
            for at, name in enumerate(COLUMNS):
                text = getattr(line, name)
                item = QTableWidgetItem(MARKS.get(line.light, "") + text if name == "word" else text)
                item.setToolTip(text)
                self._table.setItem(row, at, item)
        if model.lines and self._table.currentRow() < 0:
            self._table.setCurrentCell(0, 0)

    @Slot(int, int)
    def _progress(self, done: int, total: int) -> None:
        self._bar.show()
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        self._bar.setFormat(self.say("roster.progress", done=done, total=total))

    @Slot(bool)
    def _choose_outside(self, wanted: bool) -> None:
        self.model.outside = wanted

    @Slot()
    def _ask_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, self.say("roster.file"), "", self.say("roster.kinds")
        )  # fmt: skip
        if name:
            self.model.take(Path(name))

    @Slot(str)
    def _ask_where(self, ending: str) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, self.say("roster.save"), f"{self.say('nav.roster')}.{ending}", f"*.{ending}"
        )  # fmt: skip
        if name:
            self.model.save(Path(name).with_suffix(f".{ending}"))
