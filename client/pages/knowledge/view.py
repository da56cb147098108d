"""The widgets of the library: words and choices above, what was found at the left, the entry at the right."""

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSpinBox,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from client.command_dialog.view import CommandDialog
from client.pages.knowledge.viewmodel import ViewModel
from client.views.page import PageView
from domain.kernel.commands import Command
from domain.knowledge.search import Asked

COLUMNS = ("kind", "title", "diseases", "groups")


class View(PageView):
    """F3 to the words, Down into what was found, F6 reviews, F7 revises, F4 writes, F8 takes in a package."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        self.set_title(self.say("nav.knowledge"))
        self.body.addLayout(self._form())
        self._summary = QLabel(self)
        self._summary.setObjectName("knowledge_summary")
        self._summary.setProperty("role", "muted")
        self.body.addWidget(self._summary)
        split = QSplitter(Qt.Orientation.Horizontal, self)
        split.addWidget(self._lines())
        split.addWidget(self._beside())
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 1)
        split.setChildrenCollapsible(False)
        self.body.addWidget(split, 1)
        self.model.changed.connect(self._show_lines)
        self.model.read_changed.connect(self._show_entry)
        self.model.find_asked.connect(self._to_words)
        self.model.command_asked.connect(self._ask)
        self._show_entry()

    def focus_first(self) -> None:
        """Begin with the words."""
        self._words.setFocus()

    def _form(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        self._words = QLineEdit(self)
        self._words.setObjectName("knowledge_words")
        self._words.setAccessibleName(self.say("knowledge.words"))
        self._words.setPlaceholderText(self.say("knowledge.words"))
        self._words.setClearButtonEnabled(True)
        self._words.textChanged.connect(self._look)
        self._words.installEventFilter(self)
        row.addWidget(self._words, 3)
        words = self.model.words
        self._shelf = self._choice("shelf", self.model.shelves)
        self._disease = self._choice("disease", [(w.name, w.name) for w in words.diseases])
        self._group = self._choice("group", [(w.name, w.name) for w in words.groups])
        self._age = QSpinBox(self)
        self._age.setObjectName("knowledge_age")
        self._age.setAccessibleName(self.say("knowledge.any_age"))
        self._age.setRange(-1, 120)
        self._age.setValue(-1)
        self._age.setSpecialValueText(self.say("knowledge.any_age"))
        self._age.setSuffix(self.say("knowledge.years"))
        self._age.valueChanged.connect(self._look)
        for box in (self._shelf, self._disease, self._group, self._age):
            row.addWidget(box)
        return row

    def _choice(self, name: str, offered: list[tuple[str, str]]) -> QComboBox:
        box = QComboBox(self)
        box.setObjectName(f"knowledge_{name}")
        box.setAccessibleName(self.say(f"knowledge.any_{name}"))
        box.addItem(self.say(f"knowledge.any_{name}"), None)
        for value, text in offered:
            box.addItem(text, value)
        box.activated.connect(self._look)
        return box

    def _lines(self) -> QTableWidget:
        self._table = QTableWidget(0, len(COLUMNS), self)
        self._table.setObjectName("knowledge_lines")
        self._table.setAccessibleName(self.say("nav.knowledge"))
        self._table.setHorizontalHeaderLabels([self.say(f"knowledge.column.{name}") for name in COLUMNS])
        header = self._table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(COLUMNS.index("title"), QHeaderView.ResizeMode.Stretch)
        self._table.verticalHeader().hide()
        self._table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self._table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self._table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self._table.setTabKeyNavigation(False)
        self._table.currentCellChanged.connect(lambda row, *_rest: self.model.select(row))
        return self._table

    def _beside(self) -> QWidget:
        beside = QWidget(self)
        column = QVBoxLayout(beside)
        column.setContentsMargins(8, 0, 0, 0)
        self._heading = QLabel(beside)
        self._heading.setObjectName("knowledge_heading")
        self._heading.setProperty("role", "title")
        self._heading.setWordWrap(True)
        column.addWidget(self._heading)
        self._mark = QLabel(self.say("knowledge.unverified"), beside)
        self._mark.setObjectName("knowledge_unverified")
        self._mark.setProperty("tone", "warning")
        self._mark.setWordWrap(True)
        column.addWidget(self._mark)
        self._text = QPlainTextEdit(beside)
        self._text.setObjectName("knowledge_text")
        self._text.setAccessibleName(self.say("knowledge.text"))
        self._text.setReadOnly(True)
        self._text.setTabChangesFocus(True)
        self._text.setMinimumWidth(320)
        column.addWidget(self._text, 1)
        self._about = QLabel(beside)
        self._about.setObjectName("knowledge_about")
        self._about.setProperty("role", "muted")
        self._about.setWordWrap(True)
        column.addWidget(self._about)
        return beside

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Down and Enter lead from the words into what was found."""
        into = (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter)
        pressed = (
            isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress and event.key() in into
        )
        if watched is self._words and pressed and self._table.rowCount():
            self._table.setFocus()
            self._table.selectRow(max(0, self._table.currentRow()))
            return True
        return super().eventFilter(watched, event)

    @Slot()
    def _look(self) -> None:
        age = self._age.value()
        self.model.look_for(
            Asked(
                self._words.text().strip(), self._shelf.currentData(), self._disease.currentData(),
                self._group.currentData(), None if age < 0 else age,
            )
        )  # fmt: skip

    @Slot()
    def _to_words(self) -> None:
        self._words.setFocus()
        self._words.selectAll()

    @Slot()
    def _show_lines(self) -> None:
        """Show what was found; the entry that is read stays read where it is still there, else the first is."""
        lines, before = self.model.lines, self.model.selected
        if self._words.text().strip() != self.model.asked.words:
            self._words.blockSignals(True)
            self._words.setText(self.model.asked.words)
            self._words.blockSignals(False)
        self._summary.setText(self.model.summary)
        self._table.blockSignals(True)
        self._table.setRowCount(len(lines))
        for at, line in enumerate(lines):
            for column, text in enumerate(self.model.row(line)):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                self._table.setItem(at, column, item)
        row = next((n for n, one in enumerate(lines) if before is not None and one.code == before.code), 0)
        if lines:
            self._table.selectRow(row)
        self._table.blockSignals(False)
        self.model.select(row if lines else -1)

    @Slot()
    def _show_entry(self) -> None:
        title, text, about = self.model.told
        self._heading.setText(title)
        self._heading.setVisible(bool(title))
        self._mark.setVisible(self.model.unverified)
        self._text.setPlainText(text)
        self._about.setText(about)

    @Slot(object, dict)
    def _ask(self, command: Command, given: dict[str, Any]) -> None:
        dialog = CommandDialog(self.context, command, given, self)
        dialog.completed.connect(lambda _done: self.model.toast("knowledge.saved", "success"))
        dialog.open()
