"""A full-window card for a critical value: who, what, how long; two inputs to handle it."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from client.alerts_card.viewmodel import AlertsModel, CriticalCard
from client.views.forms import latin_only

OUTCOMES = (
    "critical.outcome.retest",
    "critical.outcome.transfer",
    "critical.outcome.informed",
    "critical.outcome.doctor",
)
"""Frequent outcomes, put in by the keys 1 to 4; any other is typed."""


class AlertsCard(QFrame):
    """Lies over the whole window while a critical value waits; Enter confirms, Esc asks for a moment."""

    left = Signal()
    """It went, and whoever had the keys before is not shown any more."""

    def __init__(self, model: AlertsModel, parent: QWidget) -> None:
        super().__init__(parent)
        self.model = model
        model.setParent(self)
        self.setObjectName("critical_card")
        self.setProperty("part", "veil")
        outer = QVBoxLayout(self)
        self._card = QFrame(self)
        self._card.setProperty("part", "alarm")
        self._card.setFixedWidth(760)
        across = QHBoxLayout()  # an aligned widget would get no height for the lines it wraps to
        across.addStretch(1)
        across.addWidget(self._card)
        across.addStretch(1)
        outer.addStretch(1)
        outer.addLayout(across)
        outer.addStretch(1)
        self._column = QVBoxLayout(self._card)
        self._column.setContentsMargins(36, 28, 36, 24)
        self._column.setSpacing(10)
        self._facts()
        self._inputs()
        self._before: QWidget | None = None
        self._shown: CriticalCard | None = None
        model.card_changed.connect(self.show_card)
        model.clock_changed.connect(self._show_clock)
        model.field_error.connect(self._show_error)
        self.hide()

    def _facts(self) -> None:
        say = self.model.context.say
        head = QHBoxLayout()
        self._title = self._label("critical_title", "title")
        self._clock = self._label("critical_clock", "subtitle")
        self._clock.setWordWrap(False)
        head.addWidget(self._title, 1)
        head.addWidget(self._clock)
        self._patient = self._label("critical_patient", "big")
        self._about = self._label("critical_about", "subtitle")
        self._name = self._label("critical_name", "subtitle")
        self._value = self._label("critical_value", "huge")
        self._unverified = self._label("critical_unverified", "muted")
        self._unverified.setText(say("critical.unverified"))
        self._column.addLayout(head)
        for label in (self._patient, self._about, self._name, self._value, self._unverified):
            self._column.addWidget(label)

    def _inputs(self) -> None:
        say = self.model.context.say
        self._ask = self._label("critical_ask", "subtitle")
        self._input = QLineEdit(self._card)
        self._input.setObjectName("critical_input")
        self._input.returnPressed.connect(self._confirm)
        self._input.installEventFilter(self)
        self._error = self._label("critical_error", "error")
        self._choices = QWidget(self._card)
        grid = QGridLayout(self._choices)
        grid.setContentsMargins(0, 0, 0, 0)
        for at, code in enumerate(OUTCOMES):
            button = QPushButton(f"{at + 1}  {say(code)}", self._choices)
            button.setObjectName(f"critical_outcome_{at + 1}")
            button.setProperty("outcome", say(code))
            button.clicked.connect(self._choose)
            grid.addWidget(button, at // 2, at % 2)
        row = QHBoxLayout()
        self._hint = self._label("critical_hint", "muted")
        self._later = QPushButton(say("critical.later"), self._card)
        self._later.setObjectName("critical_later")
        self._later.clicked.connect(self.model.snooze)
        self._go = QPushButton(self._card)
        self._go.setObjectName("critical_confirm")
        self._go.setProperty("primary", "true")
        self._go.clicked.connect(self._confirm)
        row.addWidget(self._hint, 1)
        row.addWidget(self._later)
        row.addWidget(self._go)
        for part in (self._ask, self._choices, self._input, self._error):
            self._column.addWidget(part)
        self._column.addLayout(row)

    def _label(self, name: str, role: str) -> QLabel:
        label = QLabel(self._card)
        label.setObjectName(name)
        label.setProperty("role", role)
        label.setWordWrap(True)
        return label

    @Slot(object, int)
    def show_card(self, card: CriticalCard | None, waiting: int) -> None:
        """Show a card over everything, or give the desk back."""
        if card is None:
            self._leave()
            return
        say = self.model.context.say
        self._title.setText(
            say("critical.title_many", count=waiting) if waiting > 1 else say("critical.title")
        )
        self._patient.setText(card.patient)
        self._about.setText(card.about)
        self._name.setText(say("critical.result", label=card.label, level=card.level))
        self._value.setText(card.value)
        self._unverified.setVisible(card.unverified)
        taken = card.state == "received"
        self._ask.setText(say("critical.ask_outcome" if taken else "critical.ask_read_back"))
        self._hint.setText(say("critical.hint_outcome" if taken else "critical.hint_read_back"))
        self._go.setText(say("critical.done" if taken else "critical.take"))
        self._choices.setVisible(taken)
        if self._shown is None or (card.critical_id, card.state) != (
            self._shown.critical_id,
            self._shown.state,
        ):
            self._input.clear()
            self._show_error("", "")
        self._input.setAccessibleName(self._ask.text())
        if taken:
            self._input.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, on=True)
        else:
            latin_only(self._input)
        self._shown = card
        if not self.isVisible():
            self._before = self.window().focusWidget()
        self.show()
        self.raise_()
        self._input.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Digits choose a frequent outcome while the line is empty; Esc asks for a moment."""
        if watched is self._input and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            if event.key() == Qt.Key.Key_Escape:
                self.model.snooze()
                return True
            number = event.key() - Qt.Key.Key_1
            if self._choices.isVisible() and not self._input.text() and 0 <= number < len(OUTCOMES):
                self._input.setText(self.model.context.say(OUTCOMES[number]))
                return True
        return super().eventFilter(watched, event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Keep Tab inside the card."""
        inside = [
            w
            for w in self.findChildren(QWidget)
            if w.isVisible() and w.focusPolicy() & Qt.FocusPolicy.TabFocus
        ]
        if not inside:
            return True
        now = self.window().focusWidget()
        at = inside.index(now) if now in inside else -1
        inside[(at + (1 if forward else -1)) % len(inside)].setFocus()
        return True

    @Slot()
    def _confirm(self) -> None:
        text = self._input.text().strip()
        if self._shown is None or not text:
            return
        if self._shown.state == "received":
            self.model.handle(text)
        else:
            self.model.receive(text)

    @Slot()
    def _choose(self) -> None:
        self._input.setText(self.sender().property("outcome"))
        self._input.setFocus()

    @Slot(str, str)
    def _show_error(self, _field: str, sentence: str) -> None:
        self._error.setText(sentence)
        self._error.setVisible(bool(sentence))
        if sentence:
            self._input.selectAll()

    @Slot(str, str)
    def _show_clock(self, text: str, tone: str) -> None:
        self._clock.setText(text)
        self._clock.setProperty("tone", tone or "info")
        self._clock.style().unpolish(self._clock)
        self._clock.style().polish(self._clock)

    def forget_focus(self) -> None:
        """Give the desk back to the page that opened beneath, not to what had the keys before it."""
        self._before = None

    def _leave(self) -> None:
        was_visible, self._shown = self.isVisible(), None
        before, self._before = self._before, None
        self.hide()
        if was_visible and before is not None and before.isVisible():
            before.setFocus()
        elif was_visible:
            self.left.emit()
