"""The screen in a client's hands: one page of the form in large letters, and no way out but the nurse's password.

Left alone it covers itself; the draft is on the disk after every answer, as ever. Where it stands before
`client.pages.kiosk` (`alone`), nobody handed it over: whoever has done or gives up leads back there.
"""

from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QProgressBar, QStackedWidget, QVBoxLayout, QWidget

from client.camera.view import PhotoPanel
from client.pages.form.lines import FILES
from client.pages.form.sheet.widgets import FormSheet
from client.pages.form.viewmodel import FILLING, RESULT, ViewModel
from client.stations.front_desk.widgets import LETTERS, text
from client.views.handed_out import LETTERS_PX, HandedOut
from domain.checkup.form_commands import Source
from forms.nodes import Place

IDLE_MS = 3 * 60_000
THANKED_MS = 20_000
"""How long the thanks stay where the next client waits; words about getting help stay until they are touched."""
TOUCHES = frozenset({
    QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.TouchBegin, QEvent.Type.TabletPress,
    QEvent.Type.Wheel,
})  # fmt: skip
FORM, COVER, DONE, PHOTO = range(4)


class KioskWindow(HandedOut):
    """Full screen over everything; `left` tells that the nurse, or the next client, has the screen again."""

    def __init__(self, model: ViewModel, parent: QWidget, *, alone: bool = False) -> None:
        super().__init__(model.context, "kiosk", parent)
        self.model, self.alone = model, alone
        self.setProperty(LETTERS, LETTERS_PX)
        self._before = model.source
        self._photo_for = FILES
        self._idle = QTimer(self)
        self._idle.setSingleShot(True)
        self._idle.setInterval(IDLE_MS)
        self._idle.timeout.connect(self.cover)
        self._thanked = QTimer(self)
        self._thanked.setSingleShot(True)
        self._thanked.setInterval(THANKED_MS)
        self._thanked.timeout.connect(self.go)
        self._build()
        self._signals = (
            (model.page_changed, self.refresh), (model.focus_asked, self._focus),
            (model.message, self._show_message), (model.stage_changed, self._show_stage),
            (model.result_changed, self._show_result), (model.photo_asked, self._take_photo),
        )  # fmt: skip
        for signal, slot in self._signals:
            signal.connect(slot)
        if alone:
            model.correction_asked.connect(self._call_staff)

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
        self._cover = self.words("kiosk_cover", self._and_back("kiosk.covered"))
        self._thanks = self.words("kiosk_thanks", self._and_back("kiosk.thanks"))
        self._photo = PhotoPanel(self.context, self)
        self._photo.used.connect(self._use_photo)
        self._photo.given_up.connect(self._no_photo)
        for part in (self._form(), self._cover, self._thanks, self._photo):
            self._stack.addWidget(part)
        column.addWidget(self._stack, 1)
        if not self.alone:
            column.addWidget(self.staff_line())
            return
        row = QHBoxLayout()
        row.addStretch(1)
        self._stop = self.button("kiosk_stop", "kiosk.stop", self._give_up)
        row.addWidget(self._stop)
        column.addLayout(row)

    def _and_back(self, code: str) -> str:
        """Return a sentence with what to do with the screen, if it was handed over by somebody."""
        return self._say(code) if self.alone else f"{self._say(code)}\n{self._say('kiosk.hand_back')}"

    def _form(self) -> QWidget:
        part = QWidget(self)
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 0, 0, 0)
        self._title = text("kiosk_title", part, "title", wrap=True)
        self._bar = QProgressBar(part)
        self._bar.setTextVisible(False)
        self._message = text("kiosk_message", part, "error", wrap=True)
        self._sheet = FormSheet(self.model, self._say, part, from_disk=False)
        row = QHBoxLayout()
        self._back = self.button("kiosk_back", "kiosk.back", self._go_back)
        self._next = self.button("kiosk_next", "kiosk.next", self._go_on)
        self._next.setProperty("primary", "true")
        row.addWidget(self._back)
        row.addStretch(1)
        row.addWidget(self._next)
        for widget in (self._title, self._bar, self._message):
            column.addWidget(widget)
        column.addWidget(self._sheet, 1)
        column.addLayout(row)
        return part

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

    def take_scan(self, text: str) -> None:
        """A form is on: another client's has to wait."""
        self.tell(self._say("kiosk.scan_later"))

    @Slot(str, str)
    def _show_message(self, sentence: str, _tone: str) -> None:
        self.tell(sentence)

    @Slot()
    def cover(self) -> None:
        """Hide what is on the screen: nobody has touched it for a while. The draft is kept."""
        if self._stack.currentIndex() in (FORM, PHOTO):
            self._photo.looking.stop()
            self._stack.setCurrentIndex(COVER)
            self._sheet.clear()
            self._title.clear()
            if self.alone:
                self.go()
            else:
                self.password.setFocus()

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

    @Slot()
    def _give_up(self) -> None:
        if not self.is_covered:
            self._sheet.after_typing(lambda: None)
        self.go()

    # Photos

    @Slot(object)
    def _take_photo(self, place: Place) -> None:
        if not self.is_covered:
            self._photo_for = place
            self._stack.setCurrentIndex(PHOTO)
            self._photo.open_camera()

    @Slot(bytes)
    def _use_photo(self, jpeg: bytes) -> None:
        self._no_photo()
        self.model.add_photo(self._photo_for, jpeg)

    @Slot()
    def _no_photo(self) -> None:
        self._photo.looking.stop()
        self._stack.setCurrentIndex(FORM)
        self.refresh()
        self._focus(self._photo_for)

    # The end

    @Slot(str)
    def _show_stage(self, stage: str) -> None:
        if stage == RESULT:  # what it came to is told by the staff, not by the screen
            self._sheet.clear()
            self._stack.setCurrentIndex(DONE)
            self._idle.stop()
            if self.alone:
                self._stop.setText(self._say("kiosk.done"))
                self._thanked.start()

    @Slot(object)
    def _show_result(self, told: list[Any]) -> None:
        if any(one.tone == "danger" for one in told):
            self._thanked.stop()
            self._thanks.setText(self._and_back("kiosk.thanks_urgent"))

    @Slot(object)
    def _call_staff(self, _given: object) -> None:
        self.tell(self._say("kiosk.call_staff"))

    def let_go(self) -> None:
        self.model.source = self._before
        self._photo.looking.stop()
        self._idle.stop()
        self._thanked.stop()
        QApplication.instance().removeEventFilter(self)  # type: ignore[union-attr]
        for signal, slot in self._signals:
            signal.disconnect(slot)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """F9 and F7 turn pages; every other key of the program is dead here."""
        acts = {Qt.Key.Key_F9: self._go_on, Qt.Key.Key_F7: self._go_back}
        act = acts.get(Qt.Key(event.key()))
        if act is not None:
            act()
        event.accept()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Somebody touches the screen: the idle time begins anew."""
        if event.type() in TOUCHES and self._stack.currentIndex() in (FORM, PHOTO):
            self._idle.start()
        return False
