"""The form of what is refused or postponed: items, why, and the client's signature or a witness; by keys."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QEvent, Qt, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from client.stations.front_desk.omitting import OmissionModel
from client.stations.front_desk.progress import Missing
from client.views.dialog import Dialog
from client.views.forms import FieldBox, latin_only
from client.views.signature import SignaturePad
from domain.checkup.omission_records import OmissionKind

WIDTH_PX = 900


class OmissionDialog(Dialog):
    """F9 keeps, Esc leaves without; Space ticks an item, everything is ticked to begin with."""

    def __init__(self, model: OmissionModel, context: Any, missing: Sequence[Missing], parent: Any) -> None:
        super().__init__(context.say("front_desk.omit.title"), parent)
        self.setObjectName("omission_dialog")
        self._model, self._say = model, context.say
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(24, 18, 24, 16)
        self._outer.setSpacing(10)
        self._column = self._outer
        self._add_label(self.windowTitle(), "title")
        self._problem = self._add_label("", "error")
        self._problem.setObjectName("omission_error")
        row = QHBoxLayout()
        row.setSpacing(24)
        self._outer.addLayout(row, 1)
        left, right = QVBoxLayout(), QVBoxLayout()
        for column in (left, right):
            column.setSpacing(8)
            row.addLayout(column)
        self._column = left
        many = QScrollArea(self)
        many.setWidgetResizable(True)
        many.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        many.setFrameShape(QFrame.Shape.NoFrame)
        many.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        ticks = QVBoxLayout(inside)
        ticks.setContentsMargins(2, 2, 12, 2)
        self._items = {
            one.item: QCheckBox(f"{one.room} · {one.text}" if one.room else one.text, inside)
            for one in missing
        }
        for number, (item, box) in enumerate(self._items.items()):
            box.setObjectName(f"omit_{number}")
            box.setProperty("item", item)
            box.setChecked(True)
            box.installEventFilter(self)
            ticks.addWidget(box)
        ticks.addStretch(1)
        many.setWidget(inside)
        left.addWidget(many, 1)
        self._many = many
        self._kind = QComboBox(self)
        for kind in OmissionKind:
            self._kind.addItem(context.formatter.choice(kind), kind)
        self._kind.currentIndexChanged.connect(self._kind_changed)
        self._fields = {
            "kind": FieldBox("kind", self._say("front_desk.omit.kind"), self._kind, parent=self),
            "reason": self._line("reason", required=True),
            "postponed_to": self._line("postponed_to", latin=True, hint=self._say("form.date_hint")),
        }
        self._column = right
        for box in self._fields.values():
            right.addWidget(box)
        self._sign()
        right.addStretch(1)
        self._buttons()
        self.setFixedWidth(WIDTH_PX)
        model.field_error.connect(self._show_error)
        model.kept.connect(self.accept)
        self._kind_changed()
        self._fields["reason"].editor.setFocus()

    def eventFilter(self, watched: Any, event: QEvent) -> bool:
        """A box that gets the keys is in sight."""
        if event.type() is QEvent.Type.FocusIn and isinstance(watched, QCheckBox):
            self._many.ensureWidgetVisible(watched)
        return super().eventFilter(watched, event)

    def _add_label(self, words: str, role: str) -> QLabel:
        label = QLabel(words, self)
        label.setProperty("role", role)
        label.setWordWrap(True)
        label.setVisible(bool(words))
        self._column.addWidget(label)
        return label

    def _line(self, name: str, *, required: bool = False, latin: bool = False, hint: str = "") -> FieldBox:
        line = QLineEdit(self)
        line.returnPressed.connect(self._send)
        editor = latin_only(line) if latin else line
        label = self._say(f"front_desk.omit.{name}")
        return FieldBox(name, label, editor, required=required, hint=hint, parent=self)

    def _sign(self) -> None:
        hint = self._say("front_desk.omit.sign_hint")
        self.pad = SignaturePad("signature", self._say("front_desk.omit.signature"), hint, self)
        again = QPushButton(self._say("front_desk.omit.sign_again"), self)
        again.setObjectName("sign_again")
        again.setAutoDefault(False)
        again.clicked.connect(self.pad.clear)
        self._add_label(self._say("front_desk.omit.signature"), "")
        self._column.addWidget(self.pad)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(again)
        self._column.addLayout(row)
        self._fields["witness"] = self._line("witness", hint=self._say("front_desk.omit.witness_hint"))
        self._column.addWidget(self._fields["witness"])

    def _buttons(self) -> None:
        row = QHBoxLayout()
        row.addStretch(1)
        for name, words, slot in (
            ("omission_cancel", f"Esc  {self._say('form.cancel')}", self.reject),
            ("omission_keep", f"F9  {self._say('front_desk.omit.keep')}", self._send),
        ):
            button = QPushButton(words, self)
            button.setObjectName(name)
            button.setAutoDefault(False)
            button.clicked.connect(slot)
            row.addWidget(button)
        button.setProperty("primary", "true")
        self._outer.addLayout(row)
        QShortcut(QKeySequence("F9"), self).activated.connect(self._send)

    @Slot()
    def _kind_changed(self) -> None:
        self._fields["postponed_to"].setVisible(self._kind.currentData() is OmissionKind.POSTPONED)
        self.adjustSize()

    @Slot()
    def _send(self) -> None:
        texts = {name: str(self._fields[name].value()) for name in ("reason", "postponed_to", "witness")}
        self._model.submit(
            [item for item, box in self._items.items() if box.isChecked()], self._kind.currentData(),
            reason=texts["reason"], day=texts["postponed_to"], witness=texts["witness"], picture=self.pad.png(),
        )  # fmt: skip

    @Slot(str, str)
    def _show_error(self, field: str, sentence: str) -> None:
        if field in self._fields:
            self._fields[field].show_error(sentence)
            if sentence:
                self._fields[field].editor.setFocus()
        elif sentence or not field:
            self._problem.setText(sentence)
            self._problem.setVisible(bool(sentence))
