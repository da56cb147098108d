"""Inputs that tell of a change when they are left, so that a step is one change and not one letter."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QComboBox, QCompleter, QLineEdit, QPlainTextEdit, QWidget

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


class Picker(FieldBox):
    """A long list of codes that is searched by typing a part of a name; what is no name goes back to what was."""

    def __init__(
        self, name: str, label: str, parent: QWidget, done: Callable[[str], None], hint: str
    ) -> None:
        self._box = Calm(parent)
        self._box.setEditable(True)
        self._box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        completer = self._box.completer()
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        super().__init__(name, label, self._box, hint=hint, parent=parent)
        self._done = done
        self._box.activated.connect(self._chosen)
        editor = self._box.lineEdit()
        if editor is not None:
            editor.editingFinished.connect(self._left)

    def offer(self, options: list[tuple[str, str]]) -> None:
        """Fill the list; what is chosen stays."""
        chosen = self.value()
        self._box.clear()
        for code, text in options:
            self._box.addItem(text, code)
        self.set_value(chosen)

    def set_value(self, value: object) -> None:
        """Show a code; one that is not in the list is shown as it is."""
        if value and self._box.findData(value) < 0:
            self._box.addItem(str(value), value)
        super().set_value(value or "")

    def _chosen(self) -> None:
        self._done(str(self._box.currentData() or ""))

    def _left(self) -> None:
        text = self._box.currentText().strip()
        if not text:
            self._box.setCurrentIndex(0)
            self._chosen()
        elif text != self._box.itemText(self._box.currentIndex()):
            at = self._box.findText(text)
            self._box.setCurrentIndex(at if at >= 0 else self._box.currentIndex())
            if at >= 0:
                self._chosen()
            else:
                self._box.setEditText(self._box.itemText(self._box.currentIndex()))


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
