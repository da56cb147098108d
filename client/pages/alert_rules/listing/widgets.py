"""The list of the rules: one line each, drawn as it comes into sight; those that wait for their function are grey."""

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from client.appearance import COLOURS
from client.pages.alert_rules.viewmodel import Entry, ViewModel

COLUMNS = ("number", "name", "kind", "severity", "version", "state")
WIDTHS = (72, 0, 84, 64, 56, 104)
STRETCHED = 1
ROW_HEIGHT = 34
Index = QModelIndex | QPersistentModelIndex


class RuleTable(QAbstractTableModel):
    """The rules that fit what was typed."""

    def __init__(self, model: ViewModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self.shown: list[Entry] = []

    def show(self, entries: list[Entry]) -> None:
        """Show these."""
        self.beginResetModel()
        self.shown = entries
        self.endResetModel()

    def redraw(self) -> None:
        """The marks of what was changed may be others."""
        if self.shown:
            last = self.index(len(self.shown) - 1, len(COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def row_of(self, rule_id: str) -> int:
        """Return where a rule is shown, -1 if it is not."""
        return next((at for at, one in enumerate(self.shown) if one.rule.id == rule_id), -1)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self._model.context.say(f"alert_rules.column.{COLUMNS[section]}")
        return None

    def data(self, index: Index, role: int = 0) -> Any:
        if not 0 <= index.row() < len(self.shown):
            return None
        one = self.shown[index.row()]
        if role == Qt.ItemDataRole.ForegroundRole:
            drafted = self._model.is_drafted(one) and COLUMNS[index.column()] == "state"
            return COLOURS["muted"] if one.waits else COLOURS["warning"] if drafted else None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._text(one, COLUMNS[index.column()])
        return None

    def _text(self, one: Entry, column: str) -> str:
        words, say = self._model.words, self._model.context.say
        if column == "state":
            if one.waits:
                return say("alert_rules.waits")
            if self._model.is_drafted(one):
                return say("alert_rules.drafted")
            if one.patch.silent:
                return say("alert_rules.is_silent")
            return say("alert_rules.changed") if one.number else ""
        if column == "kind":
            return words.kind(one.rule)
        if column == "severity":
            return words.severity(one.rule)
        return {"number": one.rule.id, "name": one.rule.name}.get(column, str(one.rule.version))


class RuleList(QTableView):
    """Arrows choose a rule."""

    picked = Signal(str)

    def __init__(self, model: ViewModel, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("alert_rules_list")
        self.setAccessibleName(model.context.say("alert_rules.title"))
        self.rules = RuleTable(model, self)
        self.setModel(self.rules)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for at, width in enumerate(WIDTHS):
            self.setColumnWidth(at, width)
        header.setSectionResizeMode(STRETCHED, QHeaderView.ResizeMode.Stretch)

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        """Tell which rule the cursor is on."""
        super().currentChanged(current, previous)
        if current.row() != previous.row() and 0 <= current.row() < len(self.rules.shown):
            self.picked.emit(self.rules.shown[current.row()].rule.id)
