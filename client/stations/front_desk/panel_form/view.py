"""One question at a time: large text, numbered options, what is missing at the end."""

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QProgressBar, QVBoxLayout, QWidget

from client.appearance import COLOURS
from client.stations.front_desk.widgets import Card, NumberedChoice, text
from domain.kernel.clock import clinic

COLUMNS = 2
HINTS = {"choice": "pick", "choices": "pick_many", "open": "pick_open", "text": "type"}


class FormPanel(QWidget):
    """Shows what the model asks; keys go to the model."""

    def __init__(self, model: Any, context: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("form")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setStyleSheet(
            f"#form:focus {{ border: 2px solid {COLOURS['focus'].name()}; border-radius: 6px; }}"
        )
        self._model, self._say = model, context.say
        self._shown = ""
        self._had_focus = False
        column = QVBoxLayout(self)
        column.setContentsMargins(2, 2, 2, 2)  # room for the frame that shows the focus
        card = Card("form_card", "", self)
        head = QHBoxLayout()
        self.place = text("form_place", card, "muted")
        self.kept = text("form_kept", card, "muted")
        head.addWidget(self.place, 1)
        head.addWidget(self.kept)
        self.bar = QProgressBar(card)
        self.bar.setObjectName("form_progress")
        self.bar.setTextVisible(False)
        self.notes = text("form_notes", card, "subtitle", wrap=True)
        self.notes.setProperty("tone", "warning")
        self.question = text("form_question", card, "title", wrap=True)
        self.hint = text("form_hint", card, "muted")
        self._grid = QGridLayout()
        self._grid.setSpacing(8)
        self._choices: list[NumberedChoice] = []
        self.field = QLineEdit(card)
        self.field.setObjectName("form_answer")
        self.field.returnPressed.connect(self._typed)
        self.unit = text("form_unit", card)
        self._typing = QWidget(card)
        typing = QHBoxLayout(self._typing)
        typing.setContentsMargins(0, 0, 0, 0)
        typing.addWidget(self.field)
        typing.addWidget(self.unit)
        typing.addStretch(1)
        self.problem = text("form_problem", card, "error", wrap=True)
        card.body.addLayout(head)
        card.body.addWidget(self.bar)
        for widget in (self.notes, self.question, self.hint):
            card.body.addWidget(widget)
        card.body.addLayout(self._grid)
        card.body.addWidget(self._typing)
        card.body.addWidget(self.problem)
        card.body.addStretch(1)
        column.addWidget(card)
        model.changed.connect(self.refresh)
        model.problem.connect(self._problem)
        self.refresh()

    def focus_first(self) -> None:
        (self.field if self._typing.isVisibleTo(self) and not self._choices_shown else self).setFocus()

    @property
    def _choices_shown(self) -> int:
        return sum(button.isVisibleTo(self) for button in self._choices)

    @Slot()
    def refresh(self) -> None:
        """Draw the question, or what stands at the end."""
        model, say = self._model, self._say
        self._had_focus = self.hasFocus() or self.field.hasFocus()
        answered, asked = model.progress()
        self.bar.setRange(0, max(1, asked))
        self.bar.setValue(answered)
        told = (
            ""
            if model.kept_at is None
            else say("front_desk.form.kept", at=f"{clinic(model.kept_at):%H:%M:%S}")
        )
        self.kept.setText(told)
        question = model.question()
        if question is None:
            self._show_end()
            return
        self.place.setText(
            f"{say('front_desk.form.place', number=question.number, total=question.total)}    {question.group}    "
            f"{say('front_desk.form.progress', answered=answered, asked=asked)}"
        )
        self.question.setText(question.text)
        self.notes.setText("\n".join(question.notes))
        self.notes.setVisible(bool(question.notes))
        self.hint.setText(self._hint(question))
        self._show_choices(question.choices)
        typing = question.kind in {"text", "open"}
        self._typing.setVisible(typing)
        self.unit.setText(question.unit)
        if question.link_id != self._shown:
            self.field.setText(question.answer)
            self.field.setAccessibleName(question.text)
            self.field.setPlaceholderText(say("front_desk.form.other") if question.kind == "open" else "")
            self.field.setMinimumWidth(180 if question.unit else 420)
            self._move_focus(question.link_id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take number keys and Enter; everything else goes on its way."""
        question = self._model.question()
        if question is not None and question.choices and event.text().isdigit():
            self._model.pick(int(event.text()) or 10)
        elif question is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._model.next()
        else:
            super().keyPressEvent(event)

    def _move_focus(self, link_id: str) -> None:
        """Follow the question with the focus if the form has it."""
        self._shown = link_id
        if self._had_focus:
            self.focus_first()

    def _hint(self, question: Any) -> str:
        optional = "" if question.required else f"（{self._say('front_desk.form.optional')}）"
        return f"{self._say(f'front_desk.form.{HINTS[question.kind]}')}{optional}"

    def _show_choices(self, choices: Any) -> None:
        while len(self._choices) < len(choices):
            button = NumberedChoice(self)
            button.setObjectName(f"choice_{len(self._choices) + 1}")
            button.clicked.connect(self._clicked)
            place = len(self._choices)
            self._grid.addWidget(button, place // COLUMNS, place % COLUMNS)
            self._choices.append(button)
        for place, button in enumerate(self._choices):
            button.setVisible(place < len(choices))
            if place < len(choices):
                choice = choices[place]
                button.show_choice(choice.key, choice.label, chosen=choice.chosen)

    def _show_end(self) -> None:
        model, say = self._model, self._say
        self._show_choices(())
        self._typing.hide()
        self.notes.hide()
        self.problem.setText("")
        self.place.setText("")
        missing = model.missing()
        if not model.is_open:
            self.question.setText(say("front_desk.form.opening"))
            self.hint.setText("")
        elif missing:
            self.question.setText(say("front_desk.form.missing", count=len(missing)))
            self.hint.setText("\n".join(missing))
        else:
            self.question.setText(say("front_desk.form.all_passed"))
            self.hint.setText(say("front_desk.form.ready"))
        self._move_focus("")

    @Slot()
    def _clicked(self) -> None:
        self._model.pick(self._choices.index(self.sender()) + 1)  # type: ignore[arg-type]

    @Slot()
    def _typed(self) -> None:
        self._model.type(self.field.text())

    @Slot(str)
    def _problem(self, sentence: str) -> None:
        self.problem.setText(sentence)
        self.field.setProperty("invalid", bool(sentence))
        self.field.setAccessibleDescription(sentence)
        self.field.style().unpolish(self.field)
        self.field.style().polish(self.field)
