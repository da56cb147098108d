"""The table of a worklist and the row of chips that tells its conditions."""

from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from client.appearance import COLOURS
from client.pages.worklist.table import TONE_ROLE, WorklistTable

ROW_HEIGHT = 36
NARROW, WIDE = 90, 340
DIGITS = {Qt.Key.Key_0 + n: n for n in range(1, 10)}


class ToneDelegate(QStyledItemDelegate):
    """Colours the text of cells that are urgent; the words say it as well."""

    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Take the tone from the model."""
        super().initStyleOption(option, index)
        tone = index.data(TONE_ROLE)
        if tone:
            option.palette.setColor(option.palette.ColorRole.Text, COLOURS[tone])
            option.palette.setColor(option.palette.ColorRole.HighlightedText, COLOURS[tone])
            option.font.setBold(True)


class RowTable(QTableView):
    """Whole rows, sorted by the header, position and cursor kept when the rows are read anew."""

    row_changed = Signal(int)
    digit_pressed = Signal(int)
    scrolled_to = Signal(int)

    def __init__(self, table: WorklistTable, context: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows = table
        self._kept: tuple[Any, int] | None = None
        self.setModel(table)
        self.setItemDelegate(ToneDelegate(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setAlternatingRowColors(True)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self._sort_header(table)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        table.modelAboutToBeReset.connect(self._keep)
        table.modelReset.connect(self._restore)
        table.reloaded.connect(self._scrolled)
        table.rowsInserted.connect(self._first_rows)
        self._sized = False

    def _sort_header(self, table: WorklistTable) -> None:
        header = self.horizontalHeader()
        header.setObjectName("worklist_header")
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionsClickable(True)
        header.setHighlightSections(False)
        header.setSortIndicatorShown(True)
        names = [c.name for c in table.columns]
        wanted = table.order.removeprefix("-")
        if wanted in names:
            falling = table.order.startswith("-")
            order = Qt.SortOrder.DescendingOrder if falling else Qt.SortOrder.AscendingOrder
            header.setSortIndicator(names.index(wanted), order)
        header.sortIndicatorChanged.connect(table.sort)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Digits run row commands; Enter opens; the rest moves the cursor."""
        number = DIGITS.get(Qt.Key(event.key()))
        if number is not None and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self.digit_pressed.emit(number)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.activated.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        """Tell the row the cursor is on."""
        super().currentChanged(current, previous)
        if current.row() != previous.row():
            self.row_changed.emit(current.row())

    @Slot()
    def _scrolled(self) -> None:
        last = self.rowAt(self.viewport().height() - 1)
        self.scrolled_to.emit(self._rows.rowCount() if last < 0 else last + 1)

    @Slot()
    def _keep(self) -> None:
        row = self.currentIndex().row()
        if 0 <= row < self._rows.rowCount():
            self._kept = (self._rows.row(row).id, self.verticalScrollBar().value())

    @Slot()
    def _restore(self) -> None:
        if not self._rows.rowCount():
            return
        at = self._rows.row_of(self._kept[0]) if self._kept else 0
        scroll = self._kept[1] if self._kept else 0
        self.selectRow(max(at, 0))
        self.verticalScrollBar().setValue(scroll)
        self.row_changed.emit(max(at, 0))
        self._size()

    @Slot()
    def _first_rows(self) -> None:
        if not self.currentIndex().isValid():
            self._restore()

    def _size(self) -> None:
        if self._sized:
            return
        self._sized = True
        self.resizeColumnsToContents()
        for at in range(self._rows.columnCount()):
            self.setColumnWidth(at, max(NARROW, min(WIDE, self.columnWidth(at) + 16)))


class ChipRow(QFrame):
    """One chip a condition, each with a button that takes it away."""

    removed = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("filter_chips")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(6)
        self._row.addStretch(1)
        self._chips: list[QFrame] = []
        self.hide()

    def show_texts(self, texts: list[str]) -> None:
        """Show these conditions."""
        for chip in self._chips:
            chip.deleteLater()
        self._chips = [self._chip(number, text) for number, text in enumerate(texts)]
        for at, chip in enumerate(self._chips):
            self._row.insertWidget(at, chip)
        self.setVisible(bool(texts))

    def _chip(self, number: int, text: str) -> QFrame:
        chip = QFrame(self)
        chip.setProperty("part", "chip")
        row = QHBoxLayout(chip)
        row.setContentsMargins(12, 0, 4, 0)
        row.addWidget(QLabel(text, chip))
        remove = QPushButton("×", chip)
        remove.setObjectName(f"remove_filter_{number}")
        remove.setAccessibleName(f"× {text}")
        remove.setProperty("plain", True)
        remove.setProperty("number", number)
        remove.setFixedSize(26, 26)
        remove.clicked.connect(self._remove)
        row.addWidget(remove)
        return chip

    @Slot()
    def _remove(self) -> None:
        self.removed.emit(self.sender().property("number"))
