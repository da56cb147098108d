"""The specimen bench on the screen: mode line, one big result, the mode's own panel, scans and what waits."""

from PySide6.QtCore import QEvent, Qt, QTimer, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from client.stations.bench.side.view import Side
from client.stations.bench.telling import BAD, Result
from client.stations.bench.widgets import ModeLine, ResultCard, ScanList, WaitingList
from client.views.forms import latin_only
from client.views.station import StationView

ARROWS = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}
RIGHT_PX = 420
AGAIN_MS = 180


class View(StationView):
    """Binds the widgets to the view-model. Whatever has the focus, a scan arrives by the router."""

    def build(self) -> None:
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        model = self.model
        self.modes = ModeLine(self.say, self)
        self.result = ResultCard(self)
        self.side = Side(model, self)
        self._right = QWidget(self)  # what lies in it is made in it: a change of parent styles a widget twice
        self.scans = ScanList(self._right)
        self.waiting = WaitingList(model.storing.teller, self._right)
        self.typed = latin_only(QLineEdit(self))
        self.typed.setObjectName("typed_number")
        self.typed.setAccessibleName(self.say("bench.type_label"))
        self.typed.setPlaceholderText(f"{self.say('bench.type_label')}（{self.say('bench.type_hint')}）")
        self.typed.returnPressed.connect(self._take_typed)
        self.typed.hide()
        self._beeps = QTimer(self)
        self._beeps.setSingleShot(True)
        self._beeps.setInterval(AGAIN_MS)
        self._beeps.timeout.connect(QApplication.beep)
        self._arrange()
        self._connect()
        self._follow_mode()

    def focus_first(self) -> None:
        """Take the keys: digits and arrows are the bench's."""
        self.setFocus()

    def event(self, event: QEvent) -> bool:
        """Keep Escape for the line on the screen, before the frame takes it for its own."""
        override = event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent)
        if override and event.key() == Qt.Key.Key_Escape and self._escapes():  # type: ignore[attr-defined]
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take digits, arrows and Escape; everything else goes on its way."""
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape and self._escapes():
            self._escape()
        elif event.text().isdigit():
            self.model.digit(int(event.text()))
        elif key in ARROWS:
            self.model.move(*ARROWS[key])
        else:
            super().keyPressEvent(event)

    def _escapes(self) -> bool:
        return self.typed.isVisible() or self.model.result is not None

    def _escape(self) -> None:
        if self.typed.isVisible():
            self.typed.hide()
            self.setFocus()
        else:
            self.model.action_set.trigger("discard")

    def _arrange(self) -> None:
        row, left, right = QHBoxLayout(), QVBoxLayout(), QVBoxLayout()
        row.setSpacing(16)
        self.waiting_title, self.scans_title = (QLabel(self._right) for _ in range(2))
        for label in (self.waiting_title, self.scans_title):
            label.setProperty("role", "subtitle")
        self.scans_title.setText(self.say("bench.lines"))
        left.setSpacing(10)
        left.addWidget(self.typed)
        left.addWidget(self.result, 4)
        left.addWidget(self.side, 5)
        self._right.setFixedWidth(RIGHT_PX)
        self._right.setLayout(right)
        right.setContentsMargins(0, 0, 0, 0)
        for widget, stretch in (
            (self.waiting_title, 0), (self.waiting, 3), (self.scans_title, 0), (self.scans, 4),
        ):  # fmt: skip
            right.addWidget(widget, stretch)
        row.addLayout(left, 1)
        row.addWidget(self._right)
        self.body.addWidget(self.modes)
        self.body.addLayout(row, 1)

    def _connect(self) -> None:
        model = self.model
        model.mode_changed.connect(self._follow_mode)
        model.result_changed.connect(self._show_result)
        model.lines_changed.connect(self._show_lines)
        model.waiting_changed.connect(self._show_waiting)
        model.typing_asked.connect(self._ask_number)
        model.sound.connect(self._sound)

    @Slot()
    def _follow_mode(self) -> None:
        self.modes.show_mode(self.model.mode)
        self._show_result(None)
        self._show_waiting()

    @Slot(object)
    def _show_result(self, result: Result | None) -> None:
        self.result.show_result(result, self.say(f"bench.ready.{self.model.mode.value}"))

    @Slot()
    def _show_lines(self) -> None:
        lines = self.model.lines
        self.scans.show_lines(lines, self.say)
        bad = sum(line.tone == BAD for line in lines)
        self.scans_title.setText(f"{self.say('bench.lines')}  ✓ {len(lines) - bad}  ✗ {bad}")

    @Slot()
    def _show_waiting(self) -> None:
        waiting = self.model.waiting
        self.waiting_title.setText(self.say("bench.waiting" if waiting else "bench.waiting_none"))
        self.waiting.show_tubes(waiting, self.context.desk.clock())

    @Slot()
    def _ask_number(self) -> None:
        self.typed.clear()
        self.typed.show()
        self.typed.setFocus()

    @Slot()
    def _take_typed(self) -> None:
        text = self.typed.text().strip()
        self.typed.hide()
        self.setFocus()
        if text:
            self.model.scan_typed.emit(text)

    @Slot(str)
    def _sound(self, tone: str) -> None:
        """One tone for good, two for bad: the eyes may stay on the tubes."""
        QApplication.beep()
        if tone == BAD:
            self._beeps.start()
