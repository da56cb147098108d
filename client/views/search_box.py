"""The search box in the bar, with the results that drop down below it."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QListWidget, QListWidgetItem, QWidget

from client.ports import Hit
from client.station import Context

HIT_ROLE = Qt.ItemDataRole.UserRole


class SearchBox(QLineEdit):
    """Ctrl+K; results drop down below, arrows and Enter choose, Esc leaves."""

    searched = Signal(str)
    hit_chosen = Signal(object)

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self._context = context
        self.setObjectName("search")
        self.setPlaceholderText(context.say("search.hint"))
        self.setAccessibleName(context.say("search.name"))
        self.setMinimumWidth(220)
        self.setMaximumWidth(420)
        self._list = QListWidget(self.window())
        self._list.setObjectName("search_results")
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.itemClicked.connect(self._choose)
        self._list.hide()
        self.textEdited.connect(self.searched)

    def show_hits(self, text: str, hits: Sequence[Hit]) -> None:
        """Show what was found for what stands in the box."""
        if not text or text != self.text().strip() or not self.hasFocus():
            self._list.hide()
            return
        self._list.clear()
        for hit in hits:
            kind = self._context.say(f"search.kind.{hit.kind}")
            item = QListWidgetItem(f"{kind}   {hit.title}   {hit.subtitle}".rstrip())
            item.setData(HIT_ROLE, hit)
            self._list.addItem(item)
        if not hits:
            empty = QListWidgetItem(self._context.say("search.nothing", text=text))
            empty.setFlags(Qt.ItemFlag.NoItemFlags)
            self._list.addItem(empty)
        else:
            self._list.setCurrentRow(0)
        self._drop()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move in the results, Enter opens, Esc leaves the box."""
        key = event.key()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self._list.isVisible():
            step = 1 if key == Qt.Key.Key_Down else -1
            self._list.setCurrentRow(max(0, min(self._list.count() - 1, self._list.currentRow() + step)))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._list.isVisible():
            self._choose(self._list.currentItem())
        elif key == Qt.Key.Key_Escape:
            self._leave()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: Any) -> None:
        """Close the results with the focus."""
        super().focusOutEvent(event)
        self._list.hide()

    @Slot(QListWidgetItem)
    def _choose(self, item: QListWidgetItem | None) -> None:
        hit = item.data(HIT_ROLE) if item is not None else None
        if hit is not None:
            self._leave()
            self.hit_chosen.emit(hit)

    def _leave(self) -> None:
        self._list.hide()
        self.clear()
        self.searched.emit("")
        self.clearFocus()

    def _drop(self) -> None:
        window = self.window()
        if self._list.parentWidget() is not window:
            self._list.setParent(window)
        place = self.mapTo(window, QPoint(0, self.height() + 2))
        rows = max(1, self._list.count())
        self._list.setGeometry(place.x(), place.y(), max(self.width(), 460), min(rows, 12) * 34 + 8)
        self._list.show()
        self._list.raise_()
