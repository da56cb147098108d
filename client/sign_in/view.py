"""The sign-in page, shown before anything heavy is loaded, and the page that says why the desk cannot open.

Imports nothing of the domain: it is painted before SQLAlchemy is there.
"""

from typing import Protocol

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

CARD_WIDTH = 420


class Words(Protocol):
    """The catalogue of sentences."""

    def say(self, code: str, /, **facts: object) -> str:
        """Return the sentence of a code."""


def _centred(card: QWidget) -> QHBoxLayout:
    """Put a card in the middle; an alignment would do that too, but ignore that wrapped text needs more lines."""
    row = QHBoxLayout()
    row.addStretch(1)
    row.addWidget(card)
    row.addStretch(1)
    return row


class SignInView(QWidget):
    """Login and password; Enter goes on. `submitted` carries both."""

    submitted = Signal(str, str)
    retry = Signal()
    leave = Signal()

    def __init__(self, words: Words, login: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = words
        self.setObjectName("sign_in")
        outer = QVBoxLayout(self)
        card = QFrame(self)
        card.setObjectName("sign_in_card")
        card.setProperty("part", "card")
        card.setFixedWidth(CARD_WIDTH)
        outer.addStretch(2)
        outer.addLayout(_centred(card))
        outer.addStretch(3)
        column = QVBoxLayout(card)
        column.setContentsMargins(32, 28, 32, 28)
        column.setSpacing(10)
        self._card = card
        self._heads(column)
        self._login = self._line(column, "login", "sign_in.login")
        self._password = self._line(column, "password", "sign_in.password")
        self._password.setEchoMode(QLineEdit.EchoMode.Password)
        self._notes(column)
        self._login.setText(login)
        self._login.returnPressed.connect(self._password.setFocus)
        self._password.returnPressed.connect(self._submit)

    def focus_first(self) -> None:
        """Put the cursor where typing begins."""
        (self._password if self._login.text() else self._login).setFocus()

    @property
    def waiting(self) -> tuple[str, str] | None:
        """What was submitted, for a desk that opens a moment later."""
        return (
            (self._login.text(), self._password.text())
            if self._login.text() and self._password.text()
            else None
        )

    def show_locked(self, name: str, login: str) -> None:
        """Ask the person who locked the desk to come back; a colleague comes in by card, or by `leave`."""
        self._title.setText(self._words.say("sign_in.locked_title", name=name))
        self._login.setText(login)
        self._login.setReadOnly(True)
        self._leave.show()
        self.clear()
        self._hint.setText(self._words.say("sign_in.locked_hint"))
        self._hint.show()

    def show_other(self, name: str) -> None:
        """Ask anybody to sign in while somebody's desk waits behind."""
        self.show_open()
        self._login.clear()
        self._hint.setText(self._words.say("sign_in.waits", name=name))
        self._hint.show()

    @Slot(str, str)
    def show_card(self, login: str, name: str) -> None:
        """Take the login of whose card was scanned; the PIN or the password comes next."""
        self.clear()
        self._login.setText(login)
        self._hint.setText(self._words.say("sign_in.card_read", name=name))
        self._hint.show()
        self._password.setFocus()

    def show_open(self) -> None:
        """Ask anybody to sign in."""
        self._title.setText(self._words.say("app.name"))
        self._login.setReadOnly(False)
        self._leave.hide()
        self.clear()

    def clear(self) -> None:
        """Forget what was typed and said."""
        self._password.clear()
        self._hint.hide()
        self.show_problem("")
        self.show_busy(busy=False)

    def show_problem(self, sentence: str) -> None:
        """Say why it did not go on."""
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))
        if sentence:
            self._password.selectAll()
            self._password.setFocus()

    @Slot(bool)
    def show_busy(self, busy: bool) -> None:
        """Show that the password is being checked, or the store opened."""
        self._go.setEnabled(not busy)
        self._go.setText(self._words.say("sign_in.busy" if busy else "sign_in.go"))

    def show_opening(self, opening: bool) -> None:
        """Show that the store is still being opened; typing may begin."""
        self._status.setText(self._words.say("sign_in.opening") if opening else "")

    def show_place(self, name: str) -> None:
        """Show which workstation of which organisation this is."""
        self._place.setText(name)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Look at what is typed into the password for the Caps Lock hint."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            self._look_for_caps(event)
        return super().eventFilter(watched, event)  # type: ignore[arg-type]

    def _look_for_caps(self, event: QKeyEvent) -> None:
        text = event.text()
        if len(text) == 1 and text.isascii() and text.isalpha():
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._caps.setVisible(text.isupper() != shift)
        elif event.key() == Qt.Key.Key_CapsLock:
            self._caps.hide()

    def _heads(self, column: QVBoxLayout) -> None:
        self._title = QLabel(self._words.say("app.name"), self._card)
        self._title.setObjectName("sign_in_title")
        self._title.setProperty("role", "title")
        self._place = QLabel(self._card)
        self._place.setObjectName("sign_in_place")
        self._place.setProperty("role", "muted")
        column.addWidget(self._title)
        column.addWidget(self._place)
        column.addSpacing(8)

    def _line(self, column: QVBoxLayout, name: str, text: str) -> QLineEdit:
        line = QLineEdit(self._card)
        line.setObjectName(name)
        line.setAccessibleName(self._words.say(text))
        line.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, on=False)
        line.installEventFilter(self)
        label = QLabel(self._words.say(text), self._card)
        label.setBuddy(line)
        column.addWidget(label)
        column.addWidget(line)
        return line

    def _notes(self, column: QVBoxLayout) -> None:
        self._caps = QLabel(self._words.say("sign_in.caps"), self._card)
        self._caps.setObjectName("caps_hint")
        self._caps.setProperty("tone", "warning")
        self._hint = QLabel(self._card)
        self._hint.setObjectName("sign_in_hint")
        self._hint.setProperty("role", "muted")
        self._hint.setWordWrap(True)
        self._problem = QLabel(self._card)
        self._problem.setObjectName("sign_in_problem")
        self._problem.setProperty("tone", "danger")
        self._problem.setWordWrap(True)
        self._status = QLabel(self._card)
        self._status.setObjectName("sign_in_status")
        self._status.setProperty("role", "muted")
        self._go = QPushButton(self._words.say("sign_in.go"), self._card)
        self._go.setObjectName("sign_in_go")
        self._go.setProperty("primary", "true")
        self._go.clicked.connect(self._submit)
        self._leave = QPushButton(self._words.say("sign_in.other"), self._card)
        self._leave.setObjectName("sign_in_other")
        self._leave.setProperty("plain", "true")
        self._leave.clicked.connect(self.leave)
        row = QHBoxLayout()
        row.addWidget(self._leave)
        row.addWidget(self._status, 1)
        row.addWidget(self._go)
        for label in (self._caps, self._hint, self._problem, self._leave):
            label.hide()
        column.addWidget(self._caps)
        column.addWidget(self._hint)
        column.addWidget(self._problem)
        column.addSpacing(4)
        column.addLayout(row)

    @Slot()
    def _submit(self) -> None:
        if self._go.isEnabled():
            self.show_problem("")
            self.submitted.emit(self._login.text(), self._password.text())


class BlockedView(QWidget):
    """Why the desk cannot open and what to do about it; nothing is made or changed meanwhile."""

    retry = Signal()
    leave = Signal()

    def __init__(self, words: Words, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = words
        self.setObjectName("blocked")
        outer = QVBoxLayout(self)
        card = QFrame(self)
        card.setProperty("part", "card")
        card.setFixedWidth(620)
        outer.addStretch(2)
        outer.addLayout(_centred(card))
        outer.addStretch(3)
        column = QVBoxLayout(card)
        column.setContentsMargins(32, 28, 32, 28)
        column.setSpacing(14)
        title = QLabel(words.say("blocked.title"), card)
        title.setProperty("role", "title")
        self._sentence = QLabel(card)
        self._sentence.setObjectName("blocked_reason")
        self._sentence.setWordWrap(True)
        self._sentence.setProperty("tone", "danger")
        self._remedy = QLabel(card)
        self._remedy.setObjectName("blocked_remedy")
        self._remedy.setWordWrap(True)
        self._code = QLabel(card)
        self._code.setObjectName("blocked_code")
        self._code.setProperty("role", "muted")
        self._code.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        again = QPushButton(words.say("blocked.retry"), card)
        again.setObjectName("blocked_retry")
        again.setProperty("primary", "true")
        again.setAutoDefault(True)
        again.clicked.connect(self.retry)
        leave = QPushButton(words.say("blocked.leave"), card)
        leave.setObjectName("blocked_leave")
        leave.clicked.connect(self.leave)
        row = QHBoxLayout()
        row.addWidget(self._code, 1)
        row.addWidget(leave)
        row.addWidget(again)
        for part in (title, self._sentence, self._remedy):
            column.addWidget(part)
        column.addLayout(row)
        self._again = again

    def show_reason(self, sentence: str, remedy: str, code: str) -> None:
        """Show the reason, the remedy and the code to tell the help desk."""
        self._sentence.setText(sentence)
        self._remedy.setText(remedy)
        self._remedy.setVisible(bool(remedy))
        self._code.setText(code)

    def focus_first(self) -> None:
        self._again.setFocus()
