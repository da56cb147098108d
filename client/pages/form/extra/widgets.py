"""Lines of a form's page that are neither typed nor picked: files, and a signature by hand."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from client.appearance import COLOURS
from client.pages.form.lines import Line
from client.stations.front_desk.widgets import text
from client.views.file_drop import FileDrop
from client.views.signature import SignaturePad

ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
CLEAR = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
AWAY = (Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason)


class ExtraLine(QFrame):
    """What both have in common: a label, a place for the problem, and keys."""

    passed = Signal(object)
    left = Signal(object)
    entered = Signal(object)

    def __init__(self, line: Line, say: Callable[..., str], name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.line, self.place, self.kind, self._say = line, line.place, line.kind, say
        self.setObjectName(name)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(12, 6, 12, 6)
        self.column.setSpacing(6)
        self.label = text("line_text", self, wrap=True)
        self.column.addWidget(self.label)
        self._build()
        self.problem = text("line_problem", self, "error", wrap=True)
        self.column.addWidget(self.problem)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        colour = COLOURS["focus"].name()
        self.setStyleSheet(f"#{name}:focus {{ border: 2px solid {colour}; border-radius: 6px; }}")
        self.target: QWidget = self
        self.show_line(line)

    def _build(self) -> None:
        """Make what stands between label and problem."""

    def stops(self) -> list[QWidget]:
        """Return where Tab stops in this line, in order."""
        return [self]

    def take(self) -> bool:
        """Nothing is typed here."""
        return True

    def show_line(self, line: Line) -> None:
        """Show the line as it is now."""
        must = f"　*{self._say('form_page.required')}" if line.required else ""
        self.label.setText(line.text + must)
        self.problem.setText(line.problem)
        self.problem.setVisible(bool(line.problem))
        self.setAccessibleName(line.text)
        self.setAccessibleDescription("　".join(filter(None, (line.problem, *line.files))))
        self.line = line

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes on."""
        if event.key() in ENTER:
            self.passed.emit(self.place)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.entered.emit(self.place)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in AWAY:
            self.left.emit(self.place)


class FileLine(ExtraLine):
    """Files of a question: Space chooses some, P takes a photo, dropping adds them, Delete takes the last one away.

    In a client's hands (`from_disk` False) there is the camera alone: nobody looks through the files of the machine.
    """

    asked = Signal(object)
    photo_asked = Signal(object)
    dropped = Signal(object, list)
    removed = Signal(object, int)

    def __init__(
        self, line: Line, say: Callable[..., str], name: str, parent: QWidget, *, from_disk: bool = True
    ) -> None:
        self._from_disk = from_disk
        super().__init__(line, say, name, parent)

    def _build(self) -> None:
        self._files: list[tuple[QWidget, QPushButton]] = []
        self._list = QVBoxLayout()
        self._list.setSpacing(4)
        self.column.addLayout(self._list)
        row = QHBoxLayout()
        if self._from_disk:
            row.addWidget(self._button("line_choose_files", "form_page.choose_files", self._ask))
        told = "form_page.take_photo" if self._from_disk else "kiosk.take_photo"
        row.addWidget(self._button("line_take_photo", told, self._ask_photo))
        if self._from_disk:
            hint = text("line_drop_hint", self, "muted")
            hint.setText(self._say("form_page.drop_hint"))
            row.addWidget(hint)
            FileDrop(self, self._dropped)
        row.addStretch(1)
        self.column.addLayout(row)

    def _button(self, name: str, code: str, act: Callable[[], None]) -> QPushButton:
        button = QPushButton(self._say(code), self)
        button.setObjectName(name)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(act)
        return button

    def show_line(self, line: Line) -> None:
        super().show_line(line)
        while len(self._files) > len(line.files):
            gone, _ = self._files.pop()
            self._list.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        while len(self._files) < len(line.files):
            self._add_row(len(self._files))
        for (row, _), words in zip(self._files, line.files, strict=True):
            row.findChild(QWidget, "file_name").setText(f"·  {words}")  # type: ignore[union-attr]

    def _add_row(self, number: int) -> None:
        holder = QWidget(self)
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(text("file_name", holder))
        button = QPushButton(self._say("form_page.remove_file"), holder)
        button.setObjectName(f"remove_file_{number + 1}")
        button.setAutoDefault(True)
        button.clicked.connect(lambda: self.removed.emit(self.place, number))
        row.addWidget(button)
        row.addStretch(1)
        self._list.addWidget(holder)
        self._files.append((holder, button))

    def stops(self) -> list[QWidget]:
        return [self, *(button for _, button in self._files)]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space chooses files, P takes a photo, Delete takes the last one away."""
        if event.key() == Qt.Key.Key_Space:
            self._ask()
        elif event.key() == Qt.Key.Key_P:
            self._ask_photo()
        elif event.key() in CLEAR and self.line.files:
            self.removed.emit(self.place, len(self.line.files) - 1)
        else:
            super().keyPressEvent(event)

    @Slot()
    def _ask(self) -> None:
        (self.asked if self._from_disk else self.photo_asked).emit(self.place)

    @Slot()
    def _ask_photo(self) -> None:
        self.photo_asked.emit(self.place)

    def _dropped(self, paths: list[Path]) -> None:
        self.dropped.emit(self.place, paths)


class SignLine(ExtraLine):
    """A field to sign in by pen, finger or mouse; Delete clears it."""

    signed = Signal(object, bytes, list)

    def _build(self) -> None:
        row = QHBoxLayout()
        self.pad = SignaturePad(
            "line_pad", self._say("form_page.sign_here"), self._say("form_page.sign_here"), self
        )
        self.pad.written.connect(self._written)
        row.addWidget(self.pad)
        self.again = QPushButton(self._say("form_page.sign_again"), self)
        self.again.setObjectName("line_sign_again")
        self.again.setAutoDefault(True)
        self.again.clicked.connect(self._clear)
        row.addWidget(self.again, alignment=Qt.AlignmentFlag.AlignBottom)
        row.addStretch(1)
        self.column.addLayout(row)

    def show_line(self, line: Line) -> None:
        super().show_line(line)
        self.pad.show_picture(line.picture)

    def stops(self) -> list[QWidget]:
        return [self, self.again]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete takes the signature back."""
        if event.key() in CLEAR:
            self._clear()
        else:
            super().keyPressEvent(event)

    @Slot()
    def _written(self) -> None:
        if self.pad.is_signed:
            self.signed.emit(self.place, self.pad.png(), self.pad.strokes())

    @Slot()
    def _clear(self) -> None:
        self.pad.clear()
        self.signed.emit(self.place, b"", [])
