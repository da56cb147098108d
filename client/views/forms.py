"""A field with its label above, its unit beside and its error below; what every form is made of."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)


class FieldBox(QWidget):
    """Wraps one input; `show_error` marks it and says why beside it, for eyes and for the screen reader."""

    def __init__(
        self, name: str, label: str, editor: QWidget, *, unit: str = "", required: bool = False, hint: str = "",
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.name = name
        self.editor = editor
        editor.setObjectName(f"field_{name}")
        editor.setAccessibleName(label)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        self.label = QLabel(f"{label} *" if required else label, self)
        self.label.setBuddy(editor)
        if isinstance(editor, QCheckBox):
            editor.setText(label)
            self.label.hide()
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(editor, 1)
        if unit:
            row.addWidget(QLabel(unit, self))
        self._hint = hint
        self.note = QLabel(hint, self)
        self.note.setObjectName(f"note_{name}")
        self.note.setWordWrap(True)
        self.note.setProperty("role", "muted")
        self.note.setVisible(bool(hint))
        column.addWidget(self.label)
        column.addLayout(row)
        column.addWidget(self.note)

    def show_error(self, sentence: str) -> None:
        """Say what is wrong with the field; an empty sentence clears it."""
        self.note.setText(sentence or self._hint)
        self.note.setVisible(bool(sentence or self._hint))
        self.note.setProperty("role", "error" if sentence else "muted")
        self.editor.setProperty("invalid", bool(sentence))
        self.editor.setAccessibleDescription(sentence)
        for widget in (self.note, self.editor):
            widget.style().unpolish(widget)
            widget.style().polish(widget)

    @property
    def error(self) -> str:
        """The sentence shown, empty when the field is good."""
        return self.note.text() if self.editor.property("invalid") else ""

    def value(self) -> object:
        """Return what was entered: text, a choice's data, or a flag."""
        editor = self.editor
        if isinstance(editor, QLineEdit):
            return editor.text()
        if isinstance(editor, QPlainTextEdit):
            return editor.toPlainText()
        if isinstance(editor, QComboBox):
            return editor.currentData()
        return editor.isChecked() if isinstance(editor, QCheckBox) else None

    def set_value(self, value: object) -> None:
        """Put a value into the input."""
        editor = self.editor
        if isinstance(editor, QLineEdit):
            editor.setText("" if value is None else str(value))
        elif isinstance(editor, QPlainTextEdit):
            editor.setPlainText("" if value is None else str(value))
        elif isinstance(editor, QComboBox):
            editor.setCurrentIndex(max(0, editor.findData(value)))
        elif isinstance(editor, QCheckBox):
            editor.setChecked(bool(value))


def latin_only(editor: QLineEdit) -> QLineEdit:
    """Switch the input method off for a field of digits or codes, so that a scan or a number arrives as it is."""
    editor.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, on=False)
    editor.setInputMethodHints(Qt.InputMethodHint.ImhPreferLatin | Qt.InputMethodHint.ImhNoPredictiveText)
    return editor
