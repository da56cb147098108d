"""The kiosk while nobody fills in: it waits for a code, by scanner or camera, and then for the birth date."""

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from client.camera.taking import Looking
from client.camera.view import Sight
from client.pages.form.kiosk.view import KioskWindow
from client.pages.form.viewmodel import FILLING, ViewModel
from client.pages.kiosk.admission import Admission, Admitted
from client.station import Context
from client.views.handed_out import HandedOut
from domain.kernel.errors import KnownError

ANSWER_MS = 60_000
"""Nobody types a birth date for longer: the code is forgotten."""
CODE, BIRTH = range(2)


class KioskWaiting(HandedOut):
    """Full screen; `left` tells that the staff have the workstation again."""

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(context, "kiosk_waiting", parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.admission = Admission(context, self)
        self.looking = Looking(context, self, codes=True)
        self.kiosk: KioskWindow | None = None
        self._model: ViewModel | None = None
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(ANSWER_MS)
        self._patience.timeout.connect(self.wait)
        column = QVBoxLayout(self)
        column.setContentsMargins(40, 24, 40, 24)
        column.setSpacing(14)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self._code())
        self._stack.addWidget(self._birth())
        self._told = QLabel(self)
        self._told.setObjectName("kiosk_told")
        self._told.setProperty("role", "error")
        self._told.setWordWrap(True)
        self._told.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self._stack, 1)
        column.addWidget(self._told)
        column.addWidget(self.staff_line())
        self.admission.asked.connect(self._ask)
        self.admission.admitted.connect(self._open)
        self.admission.refused.connect(self.tell)
        self.looking.shown.connect(self._sight.show_image)
        self.looking.code_seen.connect(self.take_scan)
        self.looking.refused.connect(self._no_camera)

    def open_kiosk(self) -> None:
        """Take the whole screen."""
        self.showFullScreen()
        self.wait()

    def _code(self) -> QWidget:
        part = QWidget(self)
        column = QVBoxLayout(part)
        column.addStretch(1)
        column.addWidget(self.words("kiosk_show_code", self._say("kiosk.show_code")))
        self._sight = Sight("kiosk_sight", part)
        self._sight.setFixedSize(640, 360)
        column.addWidget(self._sight, alignment=Qt.AlignmentFlag.AlignHCenter)
        self._camera = self.words("kiosk_camera", "")
        column.addWidget(self._camera)
        column.addStretch(1)
        return part

    def _birth(self) -> QWidget:
        part = QWidget(self)
        column = QVBoxLayout(part)
        column.addStretch(1)
        self._who = self.words("kiosk_who", "")
        column.addWidget(self._who)
        self.born = QLineEdit(part)
        self.born.setObjectName("kiosk_born")
        self.born.setAccessibleName(self._say("kiosk.born"))
        self.born.setPlaceholderText(self._say("kiosk.born"))
        self.born.setMaxLength(20)
        self.born.setFixedWidth(420)
        self.born.returnPressed.connect(self._answer)
        column.addWidget(self.born, alignment=Qt.AlignmentFlag.AlignHCenter)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.button("kiosk_not_me", "kiosk.not_me", self.wait))
        row.addWidget(self.button("kiosk_begin", "kiosk.begin", self._answer))
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(1)
        return part

    def take_scan(self, text: str) -> None:
        """Look up a code, of a scanner or before the camera."""
        if self.kiosk is None and self._stack.currentIndex() == CODE:
            self.tell("")
            self.admission.look_up(text)

    @Slot(str)
    def tell(self, sentence: str) -> None:
        """Say something to whoever stands there."""
        self._told.setText(sentence)
        if self.admission.is_closed:
            self._stack.setCurrentIndex(CODE)

    @Slot()
    def wait(self) -> None:
        """Wait for the next code."""
        self._patience.stop()
        self.admission.give_up()
        self.born.clear()
        self.tell("")
        self._stack.setCurrentIndex(CODE)
        self.looking.look_anew()
        self.looking.start()
        self.setFocus()  # not the field for the staff: it stands there for nobody to type into

    @Slot(str)
    def _ask(self, name: str) -> None:
        self.looking.stop()
        self._who.setText(self._say("kiosk.who", name=name))
        self._stack.setCurrentIndex(BIRTH)
        self._patience.start()
        self.born.setFocus()

    @Slot()
    def _answer(self) -> None:
        typed = self.born.text()
        self.born.clear()
        self._patience.start()
        self.admission.answer(typed)

    @Slot(object)
    def _open(self, found: Admitted) -> None:
        """Open the form behind the screen; it covers this one as soon as its first page is there."""
        self._patience.stop()
        model = ViewModel(self.context, found.entity, found.record_id, self)
        model.stage_changed.connect(self._show_stage)
        model.message.connect(self._show_message)
        self._model = model
        if found.sheet is not None:
            model.open_sheet(found.sheet)
        model.on_open()

    @Slot(str)
    def _show_stage(self, stage: str) -> None:
        if stage == FILLING and self.kiosk is None and self._model is not None:
            self._model.message.disconnect(self._show_message)
            self.tell("")
            self.kiosk = KioskWindow(self._model, self, alone=True)
            self.kiosk.left.connect(self._next_one)
            QTimer.singleShot(0, self.kiosk, self.kiosk.open_kiosk)

    @Slot(str, str)
    def _show_message(self, sentence: str, tone: str) -> None:
        if tone in ("danger", "warning") and self.kiosk is None:
            self._let_model_go()
            self.wait()
            self.tell(sentence)

    @Slot()
    def _next_one(self) -> None:
        self.kiosk = None
        self._let_model_go()
        self.wait()
        self.activateWindow()

    def _let_model_go(self) -> None:
        model, self._model = self._model, None
        if model is not None:
            model.close()
            model.deleteLater()

    @Slot(object)
    def _no_camera(self, _error: KnownError) -> None:
        self._sight.hide()
        self._camera.setText(self._say("kiosk.no_camera"))

    def let_go(self) -> None:
        self._patience.stop()
        self.looking.stop()
        self._let_model_go()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """No key of the program works here."""
        event.accept()
