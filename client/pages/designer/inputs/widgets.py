"""Inputs that tell of a change when they are left, so that a step is one change and not one letter."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit, QWidget

from client.views.forms import FieldBox


class Words(QPlainTextEdit):
    """Text of a few lines; Tab goes on."""

    done = Signal(str)

    def __init__(self, lines: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setTabChangesFocus(True)
        self.setFixedHeight(self.fontMetrics().lineSpacing() * lines + 18)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.done.emit(self.toPlainText())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter takes what was typed without leaving."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and event.modifiers():
            self.done.emit(self.toPlainText())
        else:
            super().keyPressEvent(event)


def line(name: str, label: str, parent: QWidget, done: Callable[[str], None], *, hint: str = "") -> FieldBox:
    """Return a field of one line that tells of a change when it is left or Enter is hit."""
    editor = QLineEdit(parent)
    editor.editingFinished.connect(lambda: done(editor.text()))
    return FieldBox(name, label, editor, hint=hint, parent=parent)


def words(
    name: str, label: str, lines: int, parent: QWidget, done: Callable[[str], None], *, hint: str = ""
) -> FieldBox:
    """Return a field of several lines."""
    editor = Words(lines, parent)
    editor.done.connect(done)
    return FieldBox(name, label, editor, hint=hint, parent=parent)


def choice(
    name: str, label: str, options: list[tuple[str, str]], parent: QWidget, done: Callable[[str], None]
) -> FieldBox:
    """Return a list of codes with their names; the wheel does not change it by accident."""
    editor = Calm(parent)
    for code, text in options:
        editor.addItem(text, code)
    editor.activated.connect(lambda _row: done(str(editor.currentData())))
    return FieldBox(name, label, editor, parent=parent)


class Calm(QComboBox):
    """A list that the wheel passes over unless it has the focus."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(6)

    def wheelEvent(self, event: object) -> None:
        """Let the page scroll."""
        if self.hasFocus():
            super().wheelEvent(event)  # type: ignore[arg-type]
        else:
            event.ignore()  # type: ignore[attr-defined]
