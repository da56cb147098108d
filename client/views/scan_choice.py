"""A scanned number that names several records: a person picks one, by its digit."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from client.ports import Scanned
from client.views.dialog import Dialog

WIDTH = 520
ROW_PX = 36


class _Choices(QListWidget):
    """Leaves digits to the dialog; a list would look for a line that begins with them."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.text().isdigit():
            event.ignore()
        else:
            super().keyPressEvent(event)


class ScanChoice(Dialog):
    """`chosen` carries the one that was meant; nothing is chosen in advance, and Esc chooses nothing."""

    chosen = Signal(object)

    def __init__(self, scanned: Scanned, say: Callable[..., str], parent: QWidget) -> None:
        super().__init__(say("scan.several", text=scanned.text), parent)
        self.setObjectName("scan_choice")
        self._choices = scanned.choices
        title, hint = QLabel(self.windowTitle(), self), QLabel(say("scan.several_hint"), self)
        title.setProperty("role", "title")
        hint.setProperty("role", "muted")
        hint.setWordWrap(True)
        self._list = _Choices(self)
        self._list.setObjectName("scan_choices")
        self._list.setAccessibleName(self.windowTitle())
        for number, choice in enumerate(self._choices, 1):
            item = QListWidgetItem(f"{number}    {choice.label}", self._list)
            item.setData(Qt.ItemDataRole.UserRole, number)
        self._list.setFixedHeight(ROW_PX * min(len(self._choices), 9) + 8)
        self._list.itemActivated.connect(self._activated)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(12)
        for widget in (title, self._list, hint):
            column.addWidget(widget)
        self.setFixedWidth(WIDTH)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take a digit."""
        if event.text().isdigit() and 1 <= int(event.text()) <= len(self._choices):
            self._take(int(event.text()))
        else:
            super().keyPressEvent(event)

    @Slot(QListWidgetItem)
    def _activated(self, item: QListWidgetItem) -> None:
        self._take(item.data(Qt.ItemDataRole.UserRole))

    def _take(self, number: int) -> None:
        self.accept()
        self.chosen.emit(self._choices[number - 1])
