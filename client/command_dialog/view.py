"""The dialog of a command: fields in their order, errors beside them, Enter to submit, Esc to leave."""

from collections.abc import Collection, Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from client.at_hand import reading as at_hand
from client.at_hand.view import AtHandDialog
from client.command_dialog.viewmodel import Asked, ViewModel
from client.station import Context
from client.views.dialog import Dialog
from client.views.forms import FieldBox, latin_only
from domain.kernel.commands import Command, Kind
from domain.kernel.ids import Id

WIDTH = 520
SCROLL_BAR = 12
"""Room at the right, where a scroll bar covers no field when there are many."""


class CommandDialog(Dialog):
    """`completed` carries the `Done` of the command; the dialog is then closed.

    `about` says whom or what it is done to, as the row it was opened from says it.
    """

    completed = Signal(object)

    def __init__(
        self, context: Context, command: Command, given: Mapping[str, Any] | None = None,
        parent: QWidget | None = None, *, must: bool = False, only: Collection[str] | None = None, about: str = "",
    ) -> None:  # fmt: skip
        super().__init__(command.label, parent)
        self.setObjectName("command_dialog")
        self._must = must
        self._about = at_hand.about(command, given or {})
        self.model = ViewModel(context, command, given or {}, self, only=only)
        self._boxes: dict[str, FieldBox] = {}
        self._told = ""
        self._build(context, command, about)
        self.model.field_error.connect(self._show_error)
        self.model.busy_changed.connect(self._show_busy)
        self.model.done.connect(self._finish)

    def box(self, name: str) -> FieldBox:
        """Return a field by name."""
        return self._boxes[name]

    def take_scan(self, text: str) -> bool:
        """Put a scan into the field made for it (the focused one, else the first); False if there is none."""
        scans = [a.name for a in self.model.fields if a.kind is Kind.SCAN]
        if not scans:
            return False
        focused = next((n for n in scans if self._boxes[n].editor.hasFocus()), scans[0])
        self._boxes[focused].set_value(text)
        if len(self.model.fields) == 1:
            self._send()
        else:
            self._boxes[focused].editor.setFocus()
            self.focusNextChild()
        return True

    def _build(self, context: Context, command: Command, about: str) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(12)
        title = QLabel(command.label, self)
        title.setObjectName("dialog_title")
        title.setProperty("role", "title")
        column.addWidget(title)
        if about:
            whom = QLabel(about, self)
            whom.setObjectName("dialog_about")
            whom.setTextFormat(Qt.TextFormat.PlainText)
            whom.setWordWrap(True)
            whom.setProperty("role", "subtitle")
            column.addWidget(whom)
        self._problem = QLabel(self)
        self._problem.setObjectName("form_error")
        self._problem.setWordWrap(True)
        self._problem.setProperty("tone", "danger")
        self._problem.hide()
        column.addWidget(self._problem)
        column.addWidget(self._form(), 1)
        column.addLayout(self._buttons(context, command))
        self.setFixedWidth(WIDTH)

    def _form(self) -> QWidget:
        area = self._area = QScrollArea(self)
        inside = QWidget(area.viewport())
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, SCROLL_BAR, 0)
        column.setSpacing(10)
        for asked in self.model.fields:
            box = FieldBox(
                asked.name, asked.label, self._editor(asked), unit=asked.unit, required=asked.required,
                hint=asked.hint, parent=inside,
            )  # fmt: skip
            box.set_value(asked.value)
            self._boxes[asked.name] = box
            column.addWidget(box)
        column.addStretch(1)
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inside)
        area.setMinimumHeight(min(inside.sizeHint().height() + 8, 520))
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        return area

    def _editor(self, asked: Asked) -> QWidget:
        if asked.flag:
            return QCheckBox(self)
        if asked.choices:
            chooser = QComboBox(self)
            for choice in asked.choices:
                chooser.addItem(choice.label, choice.value)
            return chooser
        if asked.kind is Kind.NOTE:
            note = QPlainTextEdit(self)
            note.setTabChangesFocus(True)
            note.setFixedHeight(96)
            return note
        line = QLineEdit(self)
        line.setMaxLength(asked.max_length + 1)
        if asked.kind is Kind.SECRET:
            line.setEchoMode(QLineEdit.EchoMode.Password)
        return latin_only(line) if asked.kind in {Kind.SCAN, Kind.NUMBER, Kind.DATE, Kind.SECRET} else line

    def _buttons(self, context: Context, command: Command) -> QHBoxLayout:
        row = QHBoxLayout()
        hint = QLabel(context.say("form.keys_hint"), self)
        hint.setProperty("role", "muted")
        row.addWidget(hint, 1)
        found = self._about
        if found is not None:
            self._at_hand = QPushButton(context.say("at_hand.button"), self)
            self._at_hand.setObjectName("dialog_at_hand")
            self._at_hand.setAutoDefault(False)
            self._at_hand.clicked.connect(lambda: self._show_at_hand(context, *found))
            QShortcut(QKeySequence(at_hand.KEY), self).activated.connect(self._at_hand.click)
            row.addWidget(self._at_hand)
        self._cancel = QPushButton(context.say("form.cancel"), self)
        self._cancel.setObjectName("dialog_cancel")
        self._cancel.setAutoDefault(False)
        self._cancel.clicked.connect(self.reject)
        self._cancel.setVisible(not self._must)
        self._submit = QPushButton(command.label, self)
        self._submit.setObjectName("dialog_submit")
        self._submit.setProperty("primary", "true")
        self._submit.setDefault(True)
        self._submit.clicked.connect(self._send)
        row.addWidget(self._cancel)
        row.addWidget(self._submit)
        for keys in ("F9", "Ctrl+Return"):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.activated.connect(self._send)
        return row

    def _show_at_hand(self, context: Context, field: str, own: Id) -> None:
        """Show scripts, handouts and forms above this dialog; what was typed stays."""
        AtHandDialog(context, field, own, self).open()

    def reject(self) -> None:
        """Leave without doing anything, unless it must be done or runs now."""
        if not self._must and not self.model.busy:
            super().reject()

    @Slot()
    def _send(self) -> None:
        if self._told:
            self._submit.click()
            return
        self.model.submit({name: box.value() for name, box in self._boxes.items()})

    @Slot(str, str)
    def _show_error(self, field: str, sentence: str) -> None:
        if field in self._boxes:
            self._boxes[field].show_error(sentence)
            if sentence:
                self._boxes[field].editor.setFocus()
                self._area.ensureWidgetVisible(self._boxes[field])  # a long form scrolls
        else:
            self._problem.setText(sentence)
            self._problem.setVisible(bool(sentence))

    @Slot(bool)
    def _show_busy(self, busy: bool) -> None:
        self._submit.setEnabled(not busy)

    @Slot(object)
    def _finish(self, done: Any) -> None:
        told = self.model.handed_over(done.receipt)
        if told and not self._told:
            self._told = told
            self._show_once(told, done)
            return
        self.completed.emit(done)
        super().accept()

    def _show_once(self, told: str, done: Any) -> None:
        """Put what is handed over in the place of the form; closing the dialog is the end of it."""
        label = QLabel(told, self)
        label.setObjectName("dialog_handed_over")
        label.setWordWrap(True)
        label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._area.hide()
        self._problem.hide()
        column = self.layout()
        if isinstance(column, QVBoxLayout):
            column.insertWidget(2, label, 1)
        self._cancel.hide()
        self._submit.setText(self.model.context.say("centre.noted"))
        self._submit.clicked.disconnect()
        self._submit.clicked.connect(lambda: self._finish(done))
        self._submit.setEnabled(True)
        self._submit.setFocus()
