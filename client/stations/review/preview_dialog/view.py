"""The report as it will be printed: its pages one below the other, and what may be done from here."""

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QImage, QKeySequence, QPixmap, QShortcut
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from client.stations.review.case import Case

FORWARD = ("pass_first", "pass_second", "pass_further", "sign", "issue")


class PreviewDialog(QDialog):
    """Esc closes; the forward action of the case (F9) closes and acts, so that one signs what lies open."""

    def __init__(self, model: Any, case: Case, pages: list[QImage], parent: QWidget) -> None:
        super().__init__(parent)
        self.model = model
        self._case = case
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("preview_dialog")
        say = model.context.say
        self.setWindowTitle(say("review.preview.title", number=case.number, name=case.name))
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        head = QLabel(self.windowTitle(), self)
        head.setProperty("role", "title")
        kind = QLabel(say("review.preview.issued" if case.document_sha256 else "review.preview.draft"), self)
        kind.setObjectName("preview_kind")
        kind.setProperty("tone", "success" if case.document_sha256 else "warning")
        row = QHBoxLayout()
        row.addWidget(head)
        row.addStretch(1)
        row.addWidget(kind)
        column.addLayout(row)
        column.addWidget(self._pages(pages), 1)
        column.addLayout(self._buttons(case))
        host = parent.window()
        self.resize(min(1060, host.width() - 40), max(host.height() - 40, 300))

    def _pages(self, pages: list[QImage]) -> QScrollArea:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setSpacing(10)
        for number, page in enumerate(pages, start=1):
            label = QLabel(inside)
            label.setObjectName(f"preview_page_{number}")
            label.setPixmap(QPixmap.fromImage(page))
            label.setAccessibleName(
                self.model.context.say("review.preview.page", page=number, pages=len(pages))
            )
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(label)
        area = QScrollArea(self)
        area.setObjectName("preview_pages")
        area.setWidgetResizable(True)
        area.setWidget(inside)
        area.setFocus()
        return area

    def _buttons(self, case: Case) -> QHBoxLayout:
        say = self.model.context.say
        row = QHBoxLayout()
        row.addStretch(1)
        if case.document_sha256:
            row.addWidget(self._button("preview_open", say("review.preview.open"), self._open))
            if any(a.id == "print" for a in self.model.action_set.actions):
                row.addWidget(
                    self._button("preview_print", f"Ctrl+P  {say('review.action.print')}", self._print)
                )
                QShortcut(QKeySequence("Ctrl+P"), self).activated.connect(self._print)
        forward = next((n for n in FORWARD if self.model.action_set.is_enabled(n)), "")
        self._forward_name = forward
        if forward:
            button = self._button("preview_forward", f"F9  {say(f'review.action.{forward}')}", self._forward)
            button.setProperty("primary", "true")
            QShortcut(QKeySequence("F9"), self).activated.connect(self._forward)
            row.addWidget(button)
        row.addWidget(self._button("preview_close", f"Esc  {say('review.preview.close')}", self.reject))
        return row

    def _button(self, name: str, text: str, slot: Any) -> QPushButton:
        button = QPushButton(text, self)
        button.setObjectName(name)
        button.setAutoDefault(False)
        button.clicked.connect(slot)
        return button

    @Slot()
    def _forward(self) -> None:
        self.accept()
        self.model.action_set.trigger(self._forward_name)

    @Slot()
    def _print(self) -> None:
        self.model.looking.print_issued(self._case)

    @Slot()
    def _open(self) -> None:
        self.model.looking.open_issued(self._case)
