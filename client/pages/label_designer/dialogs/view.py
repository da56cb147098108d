"""The questions of the designer: what to add, where to publish, for what to print it."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from client.pages.designer.inputs.widgets import Words
from client.pages.label_designer.viewmodel import KINDS, ViewModel
from client.views.dialog import Dialog
from client.views.forms import FieldBox
from domain.biobank.records import SpecimenType

WIDTH_PX = 480


class AddDialog(Dialog):
    """One number key adds an element."""

    def __init__(self, model: ViewModel, parent: QWidget) -> None:
        say = model.context.say
        super().__init__(say("label_designer.add"), parent)
        self.setObjectName("label_add_dialog")
        self._model = model
        column = QVBoxLayout(self)
        for number, kind in enumerate(KINDS, 1):
            button = QPushButton(f"{number}　{say(f'label_designer.kind.{kind}')}", self)
            button.setObjectName(f"label_add_{kind}")
            button.setAutoDefault(False)
            button.clicked.connect(lambda _on=False, number=number: self._take(number))
            column.addWidget(button)
        self.setMinimumWidth(260)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take a digit."""
        shown = event.text()
        if not (shown.isdigit() and self._take(int(shown))):
            super().keyPressEvent(event)

    def _take(self, number: int) -> bool:
        if self._model.add(number):
            self.accept()
            return True
        return False


class _Asked(Dialog):
    """A dialog with a way out and a way on."""

    def __init__(self, title: str, name: str, model: ViewModel, parent: QWidget) -> None:
        super().__init__(title, parent)
        self.setObjectName(name)
        self.model, self.say = model, model.context.say
        self.column = QVBoxLayout(self)
        self.setFixedWidth(WIDTH_PX)

    def buttons(self, go: str, slot: Callable[[], None]) -> None:
        """Add the two buttons."""
        row = QHBoxLayout()
        row.addStretch(1)
        for name, text, do in (("cancel", self.say("form.cancel"), self.reject), ("go", self.say(go), slot)):
            button = QPushButton(text, self)
            button.setObjectName(f"{self.objectName()}_{name}")
            button.setAutoDefault(False)
            button.clicked.connect(do)
            if name == "go":
                button.setProperty("primary", "true")
                button.setDefault(True)
            row.addWidget(button)
        self.column.addLayout(row)

    def hint(self, code: str) -> None:
        """Add a sentence."""
        label = QLabel(self.say(code), self)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        self.column.addWidget(label)


class PublishDialog(_Asked):
    """Where, and why."""

    def __init__(self, model: ViewModel, parent: QWidget) -> None:
        say = model.context.say
        super().__init__(
            say("label_designer.publish_title", title=model.title), "label_publish", model, parent
        )
        self.hint("label_designer.publish_hint")
        self.everywhere = QCheckBox(say("label_designer.everywhere"), self)
        self.everywhere.setObjectName("label_publish_everywhere")
        self.column.addWidget(self.everywhere)
        self.note = Words(3, self)
        self._note = FieldBox("note", say("label_designer.note"), self.note, required=True, parent=self)
        self.column.addWidget(self._note)
        self.buttons("label_designer.publish_go", self._go)
        self.note.setFocus()

    @Slot()
    def _go(self) -> None:
        note = self.note.toPlainText().strip()
        self._note.show_error("" if note else self.say("label_designer.note_missing"))
        if note:
            self.model.publish(note, self.everywhere.isChecked())
            self.accept()


class ChooseDialog(_Asked):
    """For which kind of specimen, and at which printer."""

    def __init__(self, model: ViewModel, parent: QWidget) -> None:
        say = model.context.say
        super().__init__(say("label_designer.choose_title", title=model.title), "label_choose", model, parent)
        self.hint("label_designer.choose_hint")
        self.kind, self.printer = QComboBox(self), QComboBox(self)
        self.kind.addItem(say("label_designer.any_kind"), "")
        for kind in SpecimenType:
            self.kind.addItem(say(f"word.specimen_type.{kind}"), str(kind))
        self.printer.addItem(say("label_designer.any_printer"), "")
        for name in model.printers():
            self.printer.addItem(name, name)
        for name, box in (("kind", self.kind), ("printer", self.printer)):
            self.column.addWidget(FieldBox(f"label_{name}", say(f"label_designer.{name}"), box, parent=self))
        self.buttons("label_designer.choose_go", self._go)
        self.kind.setFocus()

    @Slot()
    def _go(self) -> None:
        self.model.assign(self.kind.currentData() or None, self.printer.currentData() or None)
        self.accept()
