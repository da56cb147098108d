"""The widgets of the transfers: one table, a bar of progress in each row."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QHeaderView,
    QLabel,
    QProgressBar,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from client.pages.transfers.viewmodel import ViewModel
from client.pages.transfers.widgets import LimitDialog
from client.views.page import PageView

COLUMNS = ("what", "size", "share", "done", "speed", "left", "state")
SHARE = COLUMNS.index("share")
NUMBERS = frozenset({"size", "done", "speed", "left"})


class View(PageView):
    """F5 tries now, F6 pauses, F7 goes on, F8 tries a refused file again: the chosen row. F2 limits the uploads."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        self.set_title(self.say("nav.transfers"))
        self._summary = QLabel(self)
        self._summary.setProperty("role", "subtitle")
        self.body.addWidget(self._summary)
        self._empty = QLabel(self.say("transfers.empty"), self)
        self._empty.setProperty("role", "muted")
        self.body.addWidget(self._empty)
        self._table = QTableWidget(0, len(COLUMNS), self)
        self._table.setObjectName("transfers")
        self._table.setAccessibleName(self.say("nav.transfers"))
        self._table.setHorizontalHeaderLabels([self.say(f"transfers.column.{name}") for name in COLUMNS])
        header = self._table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(SHARE, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(SHARE, 140)
        header.setSectionResizeMode(len(COLUMNS) - 1, QHeaderView.ResizeMode.Stretch)
        self._table.verticalHeader().hide()
        self._table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self._table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self._table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self._table.setTabKeyNavigation(False)
        self._table.currentCellChanged.connect(self._chosen)
        self.body.addWidget(self._table, 1)
        self.model.changed.connect(self.show_lines)
        self.model.limit_asked.connect(self._ask_limit)
        self.show_lines()

    def focus_first(self) -> None:
        """Begin in the table."""
        self._table.setFocus()

    @Slot()
    def _ask_limit(self) -> None:
        LimitDialog(self.model, self).open()

    @Slot()
    def show_lines(self) -> None:
        """Show how it stands; rows are changed in place, so the chosen one stays chosen."""
        lines = self.model.lines
        self._summary.setText(self.model.summary)
        self._empty.setVisible(not lines)
        self._table.setRowCount(len(lines))
        for row, line in enumerate(lines):
            for at, name in enumerate(COLUMNS):
                if at == SHARE:
                    self._bar(row).setValue(line.share)
                    continue
                item = self._item(row, at)
                item.setText(getattr(line, name))
                item.setToolTip(line.sha256 if at == 0 else item.text())
        self._chosen(self._table.currentRow())

    def _item(self, row: int, at: int) -> QTableWidgetItem:
        item = self._table.item(row, at)
        if item is None:
            item = QTableWidgetItem()
            side = Qt.AlignmentFlag.AlignRight if COLUMNS[at] in NUMBERS else Qt.AlignmentFlag.AlignLeft
            item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
            self._table.setItem(row, at, item)
        return item

    def _bar(self, row: int) -> QProgressBar:
        cell = self._table.cellWidget(row, SHARE)
        if cell is None:
            cell = QWidget(self._table)
            cell.setObjectName("bar_cell")
            cell.setStyleSheet("#bar_cell { background: transparent; }")
            middle = QVBoxLayout(cell)
            middle.setContentsMargins(6, 0, 6, 0)
            bar = QProgressBar(cell)
            bar.setRange(0, 1000)
            bar.setTextVisible(False)
            middle.addWidget(bar, 0, Qt.AlignmentFlag.AlignVCenter)
            self._table.setCellWidget(row, SHARE, cell)
        return cell.findChild(QProgressBar)

    @Slot(int, int, int, int)
    def _chosen(self, row: int, _column: int = 0, _before: int = 0, _column_before: int = 0) -> None:
        lines = self.model.lines
        self.model.select(lines[row].sha256 if 0 <= row < len(lines) else "")
