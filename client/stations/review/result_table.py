"""The results as a table: headings between, what changed first. QtCore only."""

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from client.stations.review.wording import Wording
from domain.checkup.compared import ResultRow, leads

COLUMNS = ("item", "value", "range", "previous", "change", "trend")
ROW_ROLE = Qt.ItemDataRole.UserRole
"""The `ResultRow`, None on a heading."""
ROOT = QModelIndex()
Index = QModelIndex | QPersistentModelIndex


class ResultTable(QAbstractTableModel):
    """Results in reading order; `headings` are the numbers of the lines that only head a group."""

    def __init__(self, wording: Wording, say: Any, parent: Any = None) -> None:
        super().__init__(parent)
        self._wording = wording
        self._say = say
        self._lines: list[ResultRow | str] = []

    def show(self, rows: tuple[ResultRow, ...]) -> None:
        """Show these results."""
        self.beginResetModel()
        self._lines = []
        group = ""
        for row in rows:
            here = self._say("review.changed") if leads(row) else row.group
            if here != group:
                group = here
                self._lines.append(group)
            self._lines.append(row)
        self.endResetModel()

    @property
    def headings(self) -> list[int]:
        return [n for n, line in enumerate(self._lines) if isinstance(line, str)]

    def row_at(self, number: int) -> ResultRow | None:
        """Return the result of a line, None for a heading."""
        line = self._lines[number] if 0 <= number < len(self._lines) else None
        return line if isinstance(line, ResultRow) else None

    def line_of(self, item: str) -> int:
        """Return the line of an item, -1 if it has none."""
        return next((n for n, r in enumerate(self._lines) if isinstance(r, ResultRow) and r.item == item), -1)

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, way: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if way is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self._say(f"review.column.{COLUMNS[section]}")
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        if self.row_at(index.row()) is None:
            return Qt.ItemFlag.ItemIsEnabled
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        line = self._lines[index.row()]
        if role == ROW_ROLE:
            return line if isinstance(line, ResultRow) else None
        if isinstance(line, str):
            return line if role == Qt.ItemDataRole.DisplayRole and index.column() == 0 else None
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(line, COLUMNS[index.column()])
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(line)
        return None

    def _text(self, row: ResultRow, column: str) -> str:
        if column == "item":
            return row.label
        if column == "value":
            return f"{row.value} {self._wording.flag(row)}".strip()
        if column == "range":
            return row.range_text
        if column == "previous":
            return row.previous
        return self._wording.shift(row) if column == "change" else self._series(row)

    def _series(self, row: ResultRow) -> str:
        return "，".join(f"{p.day:%Y-%m} {p.value:g}" for p in row.points)

    def _tip(self, row: ResultRow) -> str:
        parts = [f"{row.label} {row.value} {row.unit} {self._wording.flag(row)}".strip()]
        if row.range_text:
            parts.append(f"{self._say('review.column.range')} {row.range_text}")
        if row.previous_day:
            parts.append(f"{row.previous_day} {row.previous}")
        if row.unverified:
            parts.append(self._say("checkup.unverified"))
        return "\n".join(parts)
