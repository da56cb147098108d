"""The line above a worklist: a column, and what is looked for in it."""

from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QWidget

HINTS = {
    "UtcTime": "filter.day_hint",
    "IsoDate": "filter.day_hint",
    "BigInteger": "filter.number_hint",
    "Float": "filter.number_hint",
}


class FilterLine(QWidget):
    """Enter adds a condition and gives the focus back (`done`); a mistake is said beside the line."""

    done = Signal()

    def __init__(self, model: Any, context: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self._context = context
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self._column = self._named(QComboBox(self), "filter_column", "worklist.filter_column")
        for column in model.filter_columns():
            self._column.addItem(column.label, column)
        self._text = self._named(QLineEdit(self), "filter_text", "worklist.filter")
        self._text.setFixedWidth(260)
        self._choice = self._named(QComboBox(self), "filter_choice", "worklist.filter")
        self._choice.setMinimumWidth(160)
        self._error = QLabel(self)
        self._error.setObjectName("filter_error")
        self._error.setProperty("role", "error")
        self.count = QLabel(self)
        self.count.setObjectName("worklist_count")
        self.count.setProperty("role", "muted")
        for widget in (self._column, self._text, self._choice, self._error):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.count)
        self._text.returnPressed.connect(self._typed)
        self._choice.activated.connect(self._chosen)
        self._column.currentIndexChanged.connect(self._turn)
        model.field_error.connect(self._show_error)
        self._turn()

    def begin(self) -> None:
        """Put the focus where the condition is entered."""
        (self._choice if self._text.isHidden() else self._text).setFocus()

    def _named(self, widget: Any, name: str, text: str) -> Any:
        widget.setObjectName(name)
        widget.setAccessibleName(self._context.say(text))
        return widget

    @Slot()
    def _turn(self) -> None:
        """Offer the closed list of the column, or a line to type in."""
        column = self._column.currentData()
        choices = self._model.choices(column) if column is not None else []
        self._choice.clear()
        self._choice.addItem(self._context.say("worklist.choose"), None)
        for choice in choices:
            self._choice.addItem(choice.label, choice.value)
        self._choice.setVisible(bool(choices))
        self._text.setVisible(not choices)
        kind = column.kind if column is not None else ""
        self._text.setPlaceholderText(self._context.say(HINTS.get(kind, "filter.text_hint")))

    @Slot()
    def _typed(self) -> None:
        self._model.add_filter(self._column.currentData(), self._text.text(), self._text.text())
        if not self._error.text():
            self._text.clear()
            self.done.emit()

    @Slot(int)
    def _chosen(self, index: int) -> None:
        if index > 0:
            self._model.add_filter(
                self._column.currentData(), self._choice.currentData(), self._choice.currentText()
            )
            self._choice.setCurrentIndex(0)
            self.done.emit()

    @Slot(str, str)
    def _show_error(self, field: str, sentence: str) -> None:
        if field == "filter":
            self._error.setText(sentence)
