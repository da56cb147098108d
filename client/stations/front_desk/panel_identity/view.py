"""Waiting for a card, the list of hits, and the register form."""

from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QGridLayout,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from client.stations.front_desk.identity import FIELDS
from client.stations.front_desk.panel_identity.widgets import PersonList, describe
from client.stations.front_desk.widgets import Card, text, waiting_card
from client.views.forms import FieldBox, latin_only

SEXES = ("1", "2", "0")
LATIN = frozenset({"birth_date", "id_number", "phone"})


class IdentityPanel(QStackedWidget):
    """Two faces: waiting (with the search) and the register form."""

    visit_chosen = Signal(object)

    def __init__(self, model: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("identity")
        self._model = model
        self._say = model.context.say
        self.waiting = _Waiting(model, self)
        self.form = _Form(model, self)
        self.addWidget(self.waiting)
        self.addWidget(self.form)
        model.identity.registration_changed.connect(self._registration)
        model.identity.found_changed.connect(self.waiting.show_hits)
        model.identity.field_error.connect(self.form.show_error)
        model.identity.drafts_counted.connect(self.waiting.show_note)

    def focus_first(self) -> None:
        (self.form if self.currentWidget() is self.form else self.waiting).focus_first()

    def search(self) -> None:
        """Put the focus into the search field."""
        if self.currentWidget() is self.waiting:
            self.waiting.field.setFocus()
            self.waiting.field.selectAll()

    @Slot()
    def _registration(self) -> None:
        registration = self._model.identity.registration
        if registration is None:
            self.setCurrentWidget(self.waiting)
            return
        fresh = self.currentWidget() is not self.form
        self.form.show_registration(registration, fill=fresh)
        self.setCurrentWidget(self.form)
        if fresh:
            self.form.focus_first()


class _Waiting(QWidget):
    def __init__(self, model: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self._model, say = model, model.context.say
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.note = text("waiting_note", self, "muted", wrap=True)
        self.note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hits = PersonList(self)
        self.hits.setObjectName("hits")
        self.hits.picked.connect(model.identity.choose)
        self.hits.hide()
        card, self.field = waiting_card(say, self, (self.note,), self.hits)
        self.field.returnPressed.connect(self._search)
        column.addWidget(card)

    def focus_first(self) -> None:
        self.field.setFocus()

    @Slot()
    def show_hits(self) -> None:
        """Show who was found; the list takes the focus so that a digit picks."""
        found = self._model.identity.found
        self.hits.show_people(found, lambda person: describe(person, self._model.context))
        if found:
            self.hits.setFocus()
        elif not self._model.identity.searched:
            self.field.clear()

    @Slot(object)
    def show_note(self, unfinished: int) -> None:
        """Say what else is to be known while waiting: unfinished forms, a missing card reader."""
        say = self._model.context.say
        notes = [] if self._model.hub.has("idcard") else [say("front_desk.no_reader")]
        if unfinished:
            notes.append(say("front_desk.unfinished", count=unfinished))
        self.note.setText("\n".join(notes))

    @Slot()
    def _search(self) -> None:
        self._model.identity.look_for(self.field.text())


class _Form(QWidget):
    def __init__(self, model: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        say = model.context.say
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.card = Card("register_card", say("front_desk.register"), self)
        hint = text("register_hint", self.card, "muted")
        hint.setText(say("front_desk.register_hint"))
        self.card.body.addWidget(hint)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(10)
        self.fields: dict[str, FieldBox] = {}
        for place, name in enumerate(FIELDS):
            grid.addWidget(self._field(name), place // 2, place % 2, Qt.AlignmentFlag.AlignTop)
        self.card.body.addLayout(grid)
        self.likely_title = text("likely_title", self.card, "error", wrap=True)
        self.likely = PersonList(self.card)
        self.likely.setObjectName("likely")
        self.likely.picked.connect(model.identity.choose)
        self.likely_hint = text("likely_hint", self.card, "muted")
        self.likely_hint.setText(say("front_desk.likely_hint"))
        for widget in (self.likely_title, self.likely, self.likely_hint):
            self.card.body.addWidget(widget)
            widget.hide()
        self.card.body.addStretch(1)
        column.addWidget(self.card)

    def values(self) -> dict[str, str]:
        """Return what stands in the fields."""
        return {name: str(box.value() or "") for name, box in self.fields.items()}

    def focus_first(self) -> None:
        """Begin with the likely ones if there are any, else with the first empty field."""
        if self.likely.count():
            self.likely.setFocus()
            return
        empty = [box for box in self.fields.values() if not box.value()]
        (empty[0] if empty else self.fields["name"]).editor.setFocus()

    def show_registration(self, registration: Any, *, fill: bool) -> None:
        """Show a registration; `fill` writes the fields, which typing must not lose afterwards."""
        say = self._model.context.say
        self.card.title.setText(
            say("front_desk.register_card" if registration.from_card else "front_desk.register")
        )
        if fill:
            for name, box in self.fields.items():
                box.set_value(registration.fields.get(name, ""))
                box.show_error("")
        had = self.likely.count()
        self.likely.show_people(registration.likely, lambda person: describe(person, self._model.context))
        self.likely_title.setText(say("front_desk.likely"))
        for widget in (self.likely_title, self.likely_hint):
            widget.setVisible(bool(registration.likely))
        self.likely.setFixedHeight(36 * max(1, len(registration.likely)) + 8)
        if registration.likely and not had and not fill:
            self.likely.setFocus()

    @Slot(str, str)
    def show_error(self, field: str, sentence: str) -> None:
        """Say what is wrong beside the field and go there; an empty field clears all."""
        if not field:
            for box in self.fields.values():
                box.show_error("")
        elif field in self.fields:
            self.fields[field].show_error(sentence)
            self.fields[field].editor.setFocus()

    def _field(self, name: str) -> FieldBox:
        say = self._model.context.say
        editor: QWidget
        if name == "sex":
            editor = QComboBox(self)
            for code in SEXES:
                editor.addItem(say(f"front_desk.sex.{code}"), code)
        else:
            editor = QLineEdit(self)
            if name in LATIN:
                latin_only(editor)
            editor.editingFinished.connect(self._typed)
            editor.returnPressed.connect(self.focusNextChild)
        hint = say("front_desk.birth_hint") if name == "birth_date" else ""
        required = name in {"name", "sex", "birth_date"}
        box = FieldBox(
            name, say(f"front_desk.field.{name}"), editor, required=required, hint=hint, parent=self
        )
        self.fields[name] = box
        return box

    @Slot()
    def _typed(self) -> None:
        registration = self._model.identity.registration
        if registration is not None and any(
            registration.fields.get(n, "") != v for n, v in self.values().items() if n != "address"
        ):
            self._model.identity.compare(self.values())
