"""An editor that knows places in its text as the store counts them, and the box for a returning remark."""

from typing import Any

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QTextCharFormat, QTextCursor
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from client.appearance import COLOURS
from client.stations.review.anchors import Anchor, from_qt, to_qt

READING = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard


class TextEditor(QPlainTextEdit):
    """Conclusion or advice; may be read-only and still be selected in."""

    edited = Signal(str, str)
    selected = Signal(object)

    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.name = name
        self.setObjectName(f"text_{name}")
        self.setTabChangesFocus(True)
        self._putting = False
        self.textChanged.connect(self._edited)
        self.selectionChanged.connect(self._selected)

    def put(self, text: str) -> None:
        """Show a text that was not typed here; the cursor stays where it was as far as it can."""
        if text == self.toPlainText():
            return
        at = self.textCursor().position()
        self._putting = True
        self.setPlainText(text)
        self._putting = False
        cursor = self.textCursor()
        cursor.setPosition(min(at, len(text.encode("utf-16-le")) // 2))
        self.setTextCursor(cursor)

    def allow(self, *, editing: bool) -> None:
        """Let the text be changed, or only be read and selected."""
        self.setReadOnly(not editing)
        if not editing:
            self.setTextInteractionFlags(READING)

    def land_on(self, anchor: Anchor) -> None:
        """Put the cursor behind a place and bring it into sight."""
        cursor = self.textCursor()
        cursor.setPosition(to_qt(self.toPlainText(), anchor.end))
        self.setTextCursor(cursor)
        self.centerCursor()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def to_end(self) -> None:
        """Put the cursor behind the text."""
        self.moveCursor(QTextCursor.MoveOperation.End)
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def select(self, anchor: Anchor) -> None:
        """Select a place."""
        text = self.toPlainText()
        cursor = self.textCursor()
        cursor.setPosition(to_qt(text, anchor.start))
        cursor.setPosition(to_qt(text, anchor.end), QTextCursor.MoveMode.KeepAnchor)
        self.setTextCursor(cursor)
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def mark(self, remarks: list[Anchor], doubts: list[Anchor]) -> None:
        """Highlight what a remark is about, and underline figures that do not fit the results."""
        self.setExtraSelections(
            [self._marked(a, self._remarked()) for a in remarks]
            + [self._marked(a, self._doubted()) for a in doubts]
        )

    def place(self) -> int:
        """Return where the cursor stands, as the store counts."""
        return from_qt(self.toPlainText(), self.textCursor().position())

    def _marked(self, anchor: Anchor, form: QTextCharFormat) -> QTextEdit.ExtraSelection:
        text = self.toPlainText()
        chosen = QTextEdit.ExtraSelection()
        cursor = QTextCursor(self.document())
        cursor.setPosition(to_qt(text, min(anchor.start, len(text))))
        cursor.setPosition(to_qt(text, min(anchor.end, len(text))), QTextCursor.MoveMode.KeepAnchor)
        chosen.cursor = cursor
        chosen.format = form
        return chosen

    def _remarked(self) -> QTextCharFormat:
        form = QTextCharFormat()
        form.setBackground(COLOURS["warning_soft"])
        form.setForeground(COLOURS["warning"])
        form.setFontUnderline(True)
        return form

    def _doubted(self) -> QTextCharFormat:
        form = QTextCharFormat()
        form.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
        form.setUnderlineColor(COLOURS["danger"])
        form.setForeground(COLOURS["danger"])
        return form

    @Slot()
    def _edited(self) -> None:
        if not self._putting:
            self.edited.emit(self.name, self.toPlainText())

    @Slot()
    def _selected(self) -> None:
        cursor = self.textCursor()
        if not cursor.hasSelection():
            self.selected.emit(None)
            return
        text = self.toPlainText()
        start, end = (from_qt(text, p) for p in (cursor.selectionStart(), cursor.selectionEnd()))
        self.selected.emit(Anchor(self.name, start, end))


class RemarkEditor(QPlainTextEdit):
    """Where a returning remark is typed; Esc leaves it, although Esc means something else around it."""

    left = Signal()

    def event(self, event: QEvent) -> bool:
        """Claim Esc before a shortcut of the window takes it."""
        if event.type() == QEvent.Type.ShortcutOverride and event.key() == Qt.Key.Key_Escape:  # type: ignore[attr-defined]
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: Any) -> None:
        """Leave with Esc."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class ReturnBox(QFrame):
    """The remark of a reviewer who returns a report: what it is about, the text, and its two buttons."""

    typed = Signal(str)
    sent = Signal()
    left = Signal()

    def __init__(self, say: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self._say = say
        self.setObjectName("return_box")
        self.setProperty("tone", "warning")
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(4)
        self._about = QLabel(self)
        self._about.setObjectName("return_about")
        self._about.setWordWrap(True)
        self.editor = RemarkEditor(self)
        self.editor.setObjectName("return_remark")
        self.editor.setPlaceholderText(say("review.return.hint"))
        self.editor.setAccessibleName(say("review.remark"))
        self.editor.setTabChangesFocus(True)
        self.editor.setFixedHeight(64)
        self.editor.textChanged.connect(self._typed)
        self.editor.left.connect(self.left)
        self._error = QLabel(self)
        self._error.setObjectName("return_error")
        self._error.setProperty("role", "error")
        self._error.hide()
        row = QHBoxLayout()
        hint = QLabel(say("review.return.keys"), self)
        send = QPushButton(say("review.return.send"), self)
        send.setObjectName("return_send")
        send.clicked.connect(self.sent)
        cancel = QPushButton(say("review.return.cancel"), self)
        cancel.setObjectName("return_cancel")
        cancel.clicked.connect(self.left)
        row.addWidget(hint, 1)
        row.addWidget(cancel)
        row.addWidget(send)
        for widget in (self._about, self.editor, self._error):
            column.addWidget(widget)
        column.addLayout(row)
        self.hide()

    def open(self, quoted: str, remark: str) -> None:
        """Begin: say what the remark is about, take up what was typed before."""
        self._about.setText(
            self._say("review.return.on", quoted=shortened(quoted))
            if quoted
            else self._say("review.return.whole")
        )
        self.show_error("")
        if remark != self.editor.toPlainText():
            self.editor.setPlainText(remark)
        self.show()
        self.editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_error(self, sentence: str) -> None:
        self._error.setText(sentence)
        self._error.setVisible(bool(sentence))

    @Slot()
    def _typed(self) -> None:
        self.typed.emit(self.editor.toPlainText())


def shortened(text: str, most: int = 40) -> str:
    """Return a quotation on one line, cut in the middle where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 12]}……{line[-8:]}"
