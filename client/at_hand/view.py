"""What is at hand, over whatever is open: the list at the left, the words at the right."""

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from client.at_hand.reading import Piece, read
from client.station import Context
from client.views.dialog import Dialog
from domain.kernel.ids import Id

SIZE, LIST_PX = (860, 520), 280


class AtHandDialog(Dialog):
    """Arrows choose, Esc goes back to the dialog below; Enter on a form asks to fill it in for the client."""

    def __init__(self, context: Context, field: str, own: Id, parent: QWidget | None = None) -> None:
        super().__init__(context.say("at_hand.title"), parent)
        self.setObjectName("at_hand")
        self._context = context
        self._patient_id: Id | None = None
        self.pieces: list[Piece] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 14)
        row = QHBoxLayout()
        self.list = QListWidget(self)
        self.list.setObjectName("at_hand_list")
        self.list.setAccessibleName(context.say("at_hand.title"))
        self.list.setFixedWidth(LIST_PX)
        self.list.currentRowChanged.connect(self._choose)
        self.list.itemActivated.connect(lambda _item: self._open())
        self.words = QPlainTextEdit(self)
        self.words.setObjectName("at_hand_words")
        self.words.setAccessibleName(context.say("at_hand.words"))
        self.words.setReadOnly(True)
        self.words.setTabChangesFocus(True)
        row.addWidget(self.list)
        row.addWidget(self.words, 1)
        column.addLayout(row, 1)
        self.note = QLabel(context.say("at_hand.loading"), self)
        self.note.setObjectName("at_hand_note")
        self.note.setProperty("role", "muted")
        column.addWidget(self.note)
        self.resize(*SIZE)
        self.list.setFocus()
        job = context.jobs.read(lambda _job: read(context, field, own), "at hand")
        job.succeeded.connect(self._take)

    @Slot(object)
    def _take(self, answer: tuple[Id | None, list[Piece]]) -> None:
        self._patient_id, self.pieces = answer
        say = self._context.say
        for piece in self.pieces:
            item = QListWidgetItem(f"{say(f'at_hand.{piece.kind}')}  {piece.title}", self.list)
            item.setData(Qt.ItemDataRole.UserRole, piece)
        self.note.setText(say("at_hand.hint" if self.pieces else "at_hand.none"))
        if self.pieces:
            self.list.setCurrentRow(0)

    @Slot(int)
    def _choose(self, row: int) -> None:
        if not 0 <= row < len(self.pieces):
            return
        piece, say = self.pieces[row], self._context.say
        if piece.kind == "form":
            self.words.setPlainText(say("at_hand.form_hint", form=piece.title))
            return
        parts = [piece.title + (f"（{say('at_hand.unverified')}）" if piece.unverified else "")]
        parts += [f"· {one}" for one in piece.points]
        if piece.never:
            parts += ["", say("at_hand.never"), *(f"· {one}" for one in piece.never)]
        self.words.setPlainText("\n".join(parts))

    def _open(self) -> None:
        row = self.list.currentRow()
        if 0 <= row < len(self.pieces) and self.pieces[row].kind == "form" and self._patient_id is not None:
            self._leave()

    def _leave(self) -> None:
        """Close this and the dialog below: the page of the form comes to the front."""
        below: Any = self.parentWidget()
        self._context.open_page(f"form:patient:{self._patient_id}")
        self.accept()
        if isinstance(below, Dialog):
            below.reject()
