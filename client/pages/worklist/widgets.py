"""The table of a worklist and the row of chips that tells its conditions."""

from typing import Any

from PySide6.QtCore import QItemSelection, QModelIndex, QPersistentModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
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
NARROW, WIDE, MARGIN = 90, 340, 16
MOST_CHOSEN = 500
MEASURED = 24
"""Rows by which the columns are made wide enough."""
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
    in_sight = Signal(int, int)
    chosen_changed = Signal()

    def __init__(self, table: WorklistTable, context: Any, parent: QWidget, *, several: bool = False) -> None:
        super().__init__(parent)
        self._rows = table
        self._kept: tuple[Any, int] | None = None
        self._top = 0
        self.setModel(table)
        self.setItemDelegate(ToneDelegate(self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        mode = QAbstractItemView.SelectionMode
        # Shift with arrows takes more rows, Ctrl with arrows moves on and Space takes that row as well.
        self.setSelectionMode(
            mode.ExtendedSelection if several or table.listing.several else mode.SingleSelection
        )
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
        table.rowsInserted.connect(self._came)
        table.rowsRemoved.connect(self._went)
        table.dataChanged.connect(self._values_changed)
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

    def chosen(self) -> list[int]:
        """Return the rows that are chosen, from the top; of very many no more than one command takes."""
        found: list[int] = []
        for span in self.selectionModel().selection():
            found += range(span.top(), min(span.bottom(), span.top() + MOST_CHOSEN) + 1)
        return sorted(set(found))[: MOST_CHOSEN + 1]

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """Tell that other rows are chosen."""
        super().selectionChanged(selected, deselected)
        self.chosen_changed.emit()

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        """Tell the row the cursor is on."""
        super().currentChanged(current, previous)
        if current.row() != previous.row():
            self.row_changed.emit(current.row())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A taller table has more in sight."""
        super().resizeEvent(event)
        self._scrolled()

    @Slot()
    def _scrolled(self) -> None:
        self._top = max(self.rowAt(0), 0)
        last = self.rowAt(self.viewport().height() - 1)
        self.in_sight.emit(self._top, self._rows.rowCount() - 1 if last < 0 else last)

    @Slot()
    def _keep(self) -> None:
        at = self.currentIndex().row()
        row = self._rows.row(at)
        if row is not None:
            self._kept = (row.id, at - self.verticalScrollBar().value())

    @Slot()
    def _restore(self) -> None:
        """Put the cursor back on its row, at the same height of the window."""
        if not self._rows.rowCount():
            return
        at = self._rows.row_of(self._kept[0]) if self._kept else 0
        self.selectRow(max(at, 0))
        self.verticalScrollBar().setValue(at - self._kept[1] if self._kept and at >= 0 else 0)
        self.row_changed.emit(max(at, 0))
        self._size()

    @Slot(QModelIndex, int, int)
    def _came(self, _parent: QModelIndex, first: int, last: int) -> None:
        """Rows that come in above leave what is in sight where it is."""
        if first < self._top:
            self.verticalScrollBar().setValue(self.verticalScrollBar().value() + last - first + 1)
        if not self.currentIndex().isValid():
            self._restore()

    @Slot(QModelIndex, int, int)
    def _went(self, _parent: QModelIndex, first: int, last: int) -> None:
        if first < self._top:
            self.verticalScrollBar().setValue(self.verticalScrollBar().value() - (last - first + 1))

    @Slot(QModelIndex, QModelIndex)
    def _values_changed(self, first: QModelIndex, last: QModelIndex) -> None:
        """The row the cursor is on may only now be known, or have another state."""
        at = self.currentIndex().row()
        if first.row() <= at <= last.row():
            self.row_changed.emit(at)

    def _size(self) -> None:
        if self._sized:
            return
        self._sized = True
        # By the first rows: Qt would ask for the size of every cell that is loaded, which holds the screen.
        rows = range(min(MEASURED, self._rows.rowCount()))
        for at in range(self._rows.columnCount()):
            widest = self.horizontalHeader().sectionSizeHint(at)
            for row in rows:
                text = str(self._rows.index(row, at).data())
                widest = max(widest, self.fontMetrics().horizontalAdvance(text) + MARGIN)
            self.setColumnWidth(at, max(NARROW, min(WIDE, widest + 16)))


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
