"""The tables of the board: rooms, and the people at one, drawn as they come into sight."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from client.appearance import COLOURS

ROW_PX = 34
Index = QModelIndex | QPersistentModelIndex


class Lines(QAbstractTableModel):
    """Rows of words with a tone each; a change keeps the place of who looks at it."""

    def __init__(self, heads: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self._heads = tuple(heads)
        self.rows: list[tuple[Any, tuple[str, ...], str]] = []
        """Key, words, tone (``danger``, ``warning`` or none) of each row."""

    def show(self, rows: list[tuple[Any, tuple[str, ...], str]]) -> None:
        """Show these rows; where only words changed nothing else moves."""
        if [row[0] for row in rows] == [row[0] for row in self.rows]:
            self.rows = rows
            if rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(self._heads) - 1))
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def row_of(self, key: Any) -> int:
        """Return where a row is shown, -1 if it is not."""
        return next((at for at, row in enumerate(self.rows) if row[0] == key), -1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._heads)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self._heads[section]
        return None

    def data(self, index: Index, role: int = 0) -> Any:
        if not 0 <= index.row() < len(self.rows):
            return None
        _key, words, tone = self.rows[index.row()]
        said = words[index.column()]
        if role == Qt.ItemDataRole.ForegroundRole:
            return COLOURS[tone] if tone else None
        if role == Qt.ItemDataRole.TextAlignmentRole and said[:1].isdigit() and len(said) < 12:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return said
        return None


def table_of(name: str, label: str, model: Lines, widths: Sequence[int], parent: QWidget) -> QTableView:
    """Return a view of whole rows; a width of 0 takes what is left."""
    view = QTableView(parent)
    view.setObjectName(name)
    view.setAccessibleName(label)
    view.setModel(model)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setTabKeyNavigation(False)
    view.setWordWrap(False)
    view.verticalHeader().hide()
    view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    view.verticalHeader().setDefaultSectionSize(ROW_PX)
    header = view.horizontalHeader()
    header.setHighlightSections(False)
    for at, width in enumerate(widths):
        if width:
            view.setColumnWidth(at, width)
        else:
            header.setSectionResizeMode(at, QHeaderView.ResizeMode.Stretch)
    return view
