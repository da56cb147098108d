"""The screen in a client's hands: one page of the form in large letters, and no way out but the nurse's password.

Left alone it covers itself; the draft is on the disk after every answer, as ever. The system's own keys (switching
programs) are the workstation's matter: a machine that stands as a kiosk locks them.
"""

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from client.pages.form.kiosk.unlocking import check_password
from client.pages.form.sheet.widgets import FormSheet
from client.pages.form.viewmodel import FILLING, RESULT, ViewModel
from client.stations.front_desk.widgets import LETTERS, text
from domain.checkup.form_commands import Source
from domain.kernel.errors import KnownError
from forms.nodes import Place

IDLE_MS = 3 * 60_000
LETTERS_PX = 22
TOUCHES = frozenset({
    QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.TouchBegin, QEvent.Type.TabletPress,
    QEvent.Type.Wheel,
})  # fmt: skip
FORM, COVER, DONE = range(3)


class KioskWindow(QDialog):
    """Full screen over everything; `left` tells that the nurse has the screen again."""

    left = Signal()

    def __init__(self, model: ViewModel, parent: QWidget) -> None:
        super().__init__(parent)
        self.model, self.context = model, model.context
        self.setObjectName("kiosk")
        self.setProperty(LETTERS, LETTERS_PX)
        self.setWindowFlags(
            Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint
        )
        self.setModal(True)
        self.setStyleSheet(
            f"#kiosk QLabel, #kiosk QPushButton, #kiosk QLineEdit {{ font-size: {LETTERS_PX}px; }}"
        )
        self._say = self.context.say
        self._free = False
        self._before = model.source
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(IDLE_MS)
        self._idle.timeout.connect(self.cover)
        self._build()
        model.page_changed.connect(self.refresh)
        model.focus_asked.connect(self._focus)
        model.message.connect(self._show_message)
        model.stage_changed.connect(self._show_stage)
        model.result_changed.connect(self._show_result)

    def open_kiosk(self) -> None:
        """Take the whole screen."""
        self.model.source = Source.KIOSK
        QApplication.instance().installEventFilter(self)  # type: ignore[union-attr]
        self._idle.start()
        self.refresh()
        self.showFullScreen()
        self._focus(None)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(40, 24, 40, 24)
        column.setSpacing(14)
        self._stack = QStackedWidget(self)
        for part in (self._form(), self._cover(), self._thanks()):
            self._stack.addWidget(part)
        column.addWidget(self._stack, 1)
        column.addWidget(self._staff())

    def _form(self) -> QWidget:
        part = QWidget(self)
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        self._title = text("kiosk_title", part, "title", wrap=True)
        self._bar = QProgressBar(part)
        self._bar.setTextVisible(False)
        self._message = text("kiosk_message", part, "error", wrap=True)
        self._sheet = FormSheet(self.model, self._say, part, files=False)
        row = QHBoxLayout()
        self._back = self._button("kiosk_back", "kiosk.back", self._go_back)
        self._next = self._button("kiosk_next", "kiosk.next", self._go_on)
        self._next.setProperty("primary", "true")
        row.addWidget(self._back)
        row.addStretch(1)
        row.addWidget(self._next)
        for widget in (self._title, self._bar, self._message):
            column.addWidget(widget)
        column.addWidget(self._sheet, 1)
        column.addLayout(row)
        return part

    def _cover(self) -> QWidget:
        return self._words("kiosk_cover", "kiosk.covered")

    def _thanks(self) -> QWidget:
        return self._words("kiosk_thanks", "kiosk.thanks")

    def _words(self, name: str, code: str) -> QWidget:
        label = QLabel(self._say(code), self)
        label.setObjectName(name)
        label.setWordWrap(True)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        return label

    def _staff(self) -> QWidget:
        """Return the line at the foot: the nurse's password, small, out of the client's way."""
        part = QFrame(self)
        row = QHBoxLayout(part)
        row.setContentsMargins(0, 0, 0, 0)
        self._refused = text("kiosk_refused", part, "error")
        row.addWidget(self._refused)
        row.addStretch(1)
        self._password = QLineEdit(part)
        self._password.setObjectName("kiosk_password")
        self._password.setEchoMode(QLineEdit.EchoMode.Password)
        self._password.setPlaceholderText(self._say("kiosk.password", name=self.context.actor.name))
        self._password.setAccessibleName(self._password.placeholderText())
        self._password.setFixedWidth(360)
        self._password.returnPressed.connect(self._unlock)
        row.addWidget(self._password)
        row.addWidget(self._button("kiosk_unlock", "kiosk.unlock", self._unlock))
        return part

    def _button(self, name: str, code: str, act: Any) -> QPushButton:
        button = QPushButton(self._say(code), self)
        button.setObjectName(name)
        button.setAutoDefault(False)
        button.setMinimumHeight(56)
        button.clicked.connect(act)
        return button

    @property
    def is_covered(self) -> bool:
        """Whether nothing of the form is to be seen."""
        return self._stack.currentIndex() != FORM

    @Slot()
    def refresh(self) -> None:
        """Draw the page that is on."""
        filling = self.model.filling
        if filling is None or self.is_covered:
            return
        pages, progress = filling.pages(), filling.session.progress()
        title = pages[filling.number].title if pages else ""
        place = self._say("form_page.place", number=filling.number + 1, total=len(pages), title=title)
        told = self._say("form_page.progress", answered=progress.answered, asked=progress.total)
        self._title.setText(f"{filling.session.form.title}　{place}　{told}")
        self._bar.setRange(0, max(1, progress.total))
        self._bar.setValue(progress.answered)
        self._back.setEnabled(filling.number > 0)
        self._next.setText(self._say("kiosk.finish" if filling.is_last else "kiosk.next"))
        self._sheet.refresh()

    def tell(self, sentence: str) -> None:
        """Say something to the client."""
        self._message.setText(sentence)
        self._message.setVisible(bool(sentence))

    @Slot(str, str)
    def _show_message(self, sentence: str, _tone: str) -> None:
        self.tell(sentence)

    @Slot()
    def cover(self) -> None:
        """Hide what is on the screen: nobody has touched it for a while. The draft is kept."""
        if self._stack.currentIndex() == FORM:
            self._stack.setCurrentIndex(COVER)
            self._sheet.clear()
            self._title.clear()
            self._password.setFocus()

    @Slot(object)
    def _focus(self, place: Place | None) -> None:
        if not self.is_covered and self.model.stage == FILLING:
            self._sheet.go_to(place)

    @Slot()
    def _go_on(self) -> None:
        if self.model.stage == FILLING and not self.is_covered:
            self.tell("")
            self._sheet.after_typing(self.model.go_on)

    @Slot()
    def _go_back(self) -> None:
        filling = self.model.filling
        if filling is not None and filling.number > 0 and not self.is_covered:
            self._sheet.after_typing(self.model.back)

    @Slot(str)
    def _show_stage(self, stage: str) -> None:
        if stage == RESULT:  # what it came to is told by the staff, not by the screen
            self._sheet.clear()
            self._stack.setCurrentIndex(DONE)
            self._idle.stop()

    @Slot(object)
    def _show_result(self, told: list[Any]) -> None:
        if any(one.tone == "danger" for one in told):
            label = self._stack.widget(DONE)
            label.setText(self._say("kiosk.thanks_urgent"))  # type: ignore[attr-defined]

    # The way out

    @Slot()
    def _unlock(self) -> None:
        password, context = self._password.text(), self.context
        self._password.clear()
        self._refused.setText("")
        job = context.jobs.write(lambda _job: check_password(context, password), "kiosk")
        job.succeeded.connect(self._let_out)
        job.refused.connect(self._not_out)

    @Slot(object)
    def _not_out(self, error: KnownError) -> None:
        self._refused.setText(self.context.desk.texts.explain(error))
        self._password.setFocus()

    @Slot(object)
    def _let_out(self, _nothing: object) -> None:
        if self._free:
            return
        self._free = True
        self.model.source = self._before
        self._idle.stop()
        QApplication.instance().removeEventFilter(self)  # type: ignore[union-attr]
        for signal, slot in (
            (self.model.page_changed, self.refresh), (self.model.focus_asked, self._focus),
            (self.model.message, self._show_message), (self.model.stage_changed, self._show_stage),
            (self.model.result_changed, self._show_result),
        ):  # fmt: skip
            signal.disconnect(slot)
        self.accept()
        self.left.emit()
        self.deleteLater()

    def reject(self) -> None:
        """Esc closes nothing."""

    def closeEvent(self, event: QCloseEvent) -> None:
        """Nor does the window system, until the password was right."""
        if self._free:
            super().closeEvent(event)
        else:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """F9 and F7 turn pages; every other key of the program is dead here."""
        acts = {Qt.Key.Key_F9: self._go_on, Qt.Key.Key_F7: self._go_back}
        act = acts.get(Qt.Key(event.key()))
        if act is not None:
            act()
        event.accept()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Somebody touches the screen: the idle time begins anew."""
        if event.type() in TOUCHES and self._stack.currentIndex() == FORM:
            self._idle.start()
        return False
