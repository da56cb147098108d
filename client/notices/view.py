"""The cards at the corner, which take nobody's focus, and the one that takes the window until it is answered."""

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from client.notices.viewmodel import HANDLE, Notice, NoticesModel
from client.station import Context
from client.views.overlay import ResizeFollower

WIDTH, MARGIN = 380, 16
FULL_WIDTH = 760
TONES = {"general": "info", "important": "warning", "urgent": "danger"}


def _label(parent: QWidget, name: str, role: str) -> QLabel:
    label = QLabel(parent)
    label.setObjectName(name)
    label.setProperty("role", role)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label


class NoticeCorner(QFrame):
    """Lies over the lower right corner of `parent`; Ctrl+Shift+A leads into it, Enter opens, Esc puts away."""

    left = Signal()
    """Nothing is shown any more; whoever had the keys before gets them back."""

    def __init__(self, model: NoticesModel, parent: QWidget) -> None:
        super().__init__(parent)
        self.model = model
        model.setParent(self)
        self.setObjectName("notices")
        self.setFixedWidth(WIDTH)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._before: QWidget | None = None
        model.cards_changed.connect(self.show_cards)
        model.sounded.connect(_beep)
        parent.installEventFilter(self)
        self.hide()

    @Slot(object, int)
    def show_cards(self, cards: list[Notice], later: int) -> None:
        """Show these cards; the focus stays where it is unless it was in here."""
        had = self.isAncestorOf(self.window().focusWidget()) if self.window().focusWidget() else False
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for at, one in enumerate(cards):
            self._column.addWidget(self._card(one, first=at == 0))
        if cards and later:
            more = _label(self, "notices_later", "muted")
            more.setText(self.model.context.say("notices.later", count=later))
            self._column.addWidget(more)
        self.setVisible(bool(cards))
        for at in range(
            self._column.count()
        ):  # what is added to a widget in sight is hidden until it is shown
            self._column.itemAt(at).widget().show()
        self._place()
        self.raise_()
        if had and cards:
            self.enter()
        elif had:
            self._give_back()

    @Slot()
    def enter(self) -> None:
        """Put the focus on the newest card."""
        first = self.findChild(QPushButton, "notice_open")
        if first is None or not self.isVisible():
            return
        now = self.window().focusWidget()
        if now is not None and not self.isAncestorOf(now):
            self._before = now
        first.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens what the newest card is about, Esc puts it away."""
        if event.key() == Qt.Key.Key_Escape:
            self.model.dismiss()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.model.open()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the corner."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def _card(self, one: Notice, *, first: bool) -> QFrame:
        say = self.model.context.say
        card = QFrame(self)
        card.setObjectName("notice")
        card.setProperty("part", "notice")
        card.setProperty("tone", TONES[one.severity])
        column = QVBoxLayout(card)
        column.setContentsMargins(14, 10, 14, 10)
        column.setSpacing(4)
        title = _label(card, "notice_title", "subtitle")
        title.setText(say("notices.title", level=one.level, name=one.name))
        text = _label(card, "notice_text", "")
        text.setText("　".join(part for part in (one.patient, one.summary) if part))
        foot = _label(card, "notice_foot", "muted")
        foot.setText(say("notices.more", at=one.at, count=one.more) if one.more else one.at)
        column.addWidget(title)
        column.addWidget(text)
        column.addWidget(foot)
        card.setAccessibleName(f"{title.text()}：{text.text()}")
        if first:
            row = QHBoxLayout()
            row.addStretch(1)
            for name, code, slot in (
                ("notice_dismiss", "notices.dismiss", self.model.dismiss),
                ("notice_open", "notices.open", self.model.open),
            ):
                button = QPushButton(say(code), card)
                button.setObjectName(name)
                button.setProperty("primary", "true" if name == "notice_open" else "false")
                button.clicked.connect(slot)
                row.addWidget(button)
            column.addLayout(row)
        return card

    def _place(self) -> None:
        parent = self.parentWidget()
        self._column.activate()
        height = self._column.heightForWidth(WIDTH) if self._column.hasHeightForWidth() else -1
        self.setFixedHeight(max(height, self._column.minimumSize().height()))
        self.move(parent.width() - self.width() - MARGIN, parent.height() - self.height() - 56)

    def _give_back(self) -> None:
        before, self._before = self._before, None
        if before is not None and before.isVisible():
            before.setFocus()
        else:
            self.left.emit()


class FullNotice(QFrame):
    """Lies over the whole window until the alert is taken or acknowledged."""

    left = Signal()

    def __init__(self, model: NoticesModel, parent: QWidget) -> None:
        super().__init__(parent)
        self.model = model
        self.setObjectName("full_notice")
        self.setProperty("part", "veil")
        outer = QVBoxLayout(self)
        card = QFrame(self)
        card.setProperty("part", "alarm")
        card.setFixedWidth(FULL_WIDTH)
        across = QHBoxLayout()
        across.addStretch(1)
        across.addWidget(card)
        across.addStretch(1)
        outer.addStretch(1)
        outer.addLayout(across)
        outer.addStretch(1)
        column = QVBoxLayout(card)
        column.setContentsMargins(36, 28, 36, 24)
        column.setSpacing(10)
        self._title = _label(card, "full_title", "title")
        self._patient = _label(card, "full_patient", "big")
        self._text = _label(card, "full_text", "subtitle")
        self._foot = _label(card, "full_foot", "muted")
        for label in (self._title, self._patient, self._text, self._foot):
            column.addWidget(label)
        row = QHBoxLayout()
        say = model.context.say
        self._seen = QPushButton(say("notices.seen"), card)
        self._seen.setObjectName("full_seen")
        self._seen.clicked.connect(model.acknowledge)
        self._take = QPushButton(say("notices.take"), card)
        self._take.setObjectName("full_take")
        self._take.setProperty("primary", "true")
        self._take.clicked.connect(model.take)
        self._take.setVisible(model.context.actor.may(HANDLE))
        row.addStretch(1)
        row.addWidget(self._seen)
        row.addWidget(self._take)
        column.addLayout(row)
        self._before: QWidget | None = None
        model.full_changed.connect(self.show_notice)
        self.hide()

    @Slot(object)
    def show_notice(self, one: Notice | None) -> None:
        """Show an alert over everything, or give the window back."""
        if one is None:
            self._leave()
            return
        self._title.setText(self.model.context.say("notices.title", level=one.level, name=one.name))
        self._patient.setText(one.patient)
        self._patient.setVisible(bool(one.patient))
        self._text.setText(one.summary)
        self._foot.setText(one.at)
        self.setAccessibleName(f"{self._title.text()}：{one.patient} {one.summary}")
        if not self.isVisible():
            self._before = self.window().focusWidget()
        self.show()
        self.raise_()
        (self._take if self._take.isVisibleTo(self) else self._seen).setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter does what the focus is on; Esc only says that it was seen."""
        focused = self.window().focusWidget()
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and isinstance(focused, QPushButton):
            focused.click()
        elif event.key() == Qt.Key.Key_Escape:
            self.model.acknowledge()
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Keep Tab between its two buttons."""
        del forward
        other = self._seen if self._take.hasFocus() or not self._take.isVisible() else self._take
        other.setFocus()
        return True

    def _leave(self) -> None:
        before, self._before = self._before, None
        was = self.isVisible()
        self.hide()
        if was and before is not None and before.isVisible():
            before.setFocus()
        elif was:
            self.left.emit()


def notices_over(shell: Any, context: Context) -> NoticeCorner:
    """Lay both over a shell and return the corner; the shell gives its toast and where work begins."""
    model = NoticesModel(context)
    model.message.connect(shell.toast.show_message)
    corner, full = NoticeCorner(model, shell), FullNotice(model, shell)
    ResizeFollower(shell, full)
    for part in (corner, full):
        part.left.connect(shell.focus_first)
    QShortcut(QKeySequence("Ctrl+Shift+A"), shell).activated.connect(corner.enter)
    return corner


@Slot()
def _beep() -> None:
    QApplication.beep()
