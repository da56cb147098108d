"""The outline as a list: one row an item, indented; only rows in sight are drawn, so that length costs nothing."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QListView, QWidget

from client.station import Context
from forms.designing.tree import Path, walk

MOVES = {
    Qt.Key.Key_Up: "up", Qt.Key.Key_Down: "down", Qt.Key.Key_Right: "in", Qt.Key.Key_Left: "out",
}  # fmt: skip
NOTHING = QModelIndex()


class OutlineModel(QAbstractListModel):
    """Rows of a questionnaire; those with mistakes are marked in words and by a sign."""

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self._context = context
        self._rows: list[tuple[Path, Mapping[str, Any]]] = []
        self._wrong: set[Path] = set()

    def show(self, resource: Mapping[str, Any]) -> None:
        """Show another state; single rows that changed are drawn anew, a new order is a new list."""
        rows = list(walk(resource))
        if [path for path, _ in rows] == [path for path, _ in self._rows]:
            changed = [
                n for n, (new, old) in enumerate(zip(rows, self._rows, strict=True)) if new[1] is not old[1]
            ]
            self._rows = rows
            for row in changed:
                self.dataChanged.emit(self.index(row), self.index(row))
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def mark(self, wrong: set[Path]) -> None:
        """Mark the items with mistakes."""
        if wrong != self._wrong:
            self._wrong = wrong
            if self._rows:
                self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))

    def path(self, index: QModelIndex) -> Path | None:
        """Return the path of a row."""
        return self._rows[index.row()][0] if 0 <= index.row() < len(self._rows) else None

    def row(self, path: Path | None) -> int:
        """Return the row of a path, -1 for none."""
        return next((n for n, (one, _) in enumerate(self._rows) if one == path), -1)

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = NOTHING) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Return what a row shows."""
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole) or not index.isValid():
            return None
        path, item = self._rows[index.row()]
        say = self._context.say
        kind = say(f"designer.kind.{item.get('type')}") if item.get("type") else "?"
        marks = [
            say("designer.mark.wrong") if path in self._wrong else "",
            say("designer.mark.condition") if item.get("enableWhen") else "",
            say("designer.mark.required") if item.get("required") else "",
        ]
        text = str(item.get("text") or "").replace("\n", " ") or say("designer.untitled")
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{item.get('linkId')}　{kind}　{text}"
        indent = "　" * (len(path) - 1)
        group = "▾ " if item.get("type") == "group" else ""
        return f"{indent}{group}{' '.join(filter(None, [*marks, text]))}　〔{kind}〕"


class Outline(QListView):
    """Arrows choose, with Alt they move; Delete takes away, Insert adds, Enter goes to the properties."""

    chosen = Signal(object)
    move_asked = Signal(str)
    add_asked = Signal()
    delete_asked = Signal()
    enter_asked = Signal()

    def __init__(self, model: OutlineModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self.setObjectName("designer_outline")
        self.setUniformItemSizes(True)
        self.setModel(model)
        self.selectionModel().currentChanged.connect(self._chosen)
        self._quiet = False

    def choose(self, path: Path | None) -> None:
        """Show which item is chosen, without saying so again."""
        row = self._model.row(path)
        self._quiet = True
        self.setCurrentIndex(self._model.index(row) if row >= 0 else QModelIndex())
        self._quiet = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys of the outline; the rest moves the cursor."""
        key = Qt.Key(event.key())
        if event.modifiers() & Qt.KeyboardModifier.AltModifier and key in MOVES:
            self.move_asked.emit(MOVES[key])
        elif key == Qt.Key.Key_Delete and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self.delete_asked.emit()
        elif key == Qt.Key.Key_Insert:
            self.add_asked.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.enter_asked.emit()
        else:
            super().keyPressEvent(event)

    def _chosen(self, current: QModelIndex, _before: QModelIndex) -> None:
        if not self._quiet:
            self.chosen.emit(self._model.path(current))
