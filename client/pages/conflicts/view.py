"""The conflict inbox: the list at the left, both values side by side, one key to decide."""

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from client.pages.conflicts.viewmodel import ConflictCase, ViewModel
from client.views.page import PageView
from domain.kernel.ids import Id


class View(PageView):
    """1 keeps what stands, 2 takes what came later, 3 writes anew."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        self.set_title(self.say("conflict.title"))
        self._list = QListWidget(self)
        self._list.setObjectName("conflict_list")
        self._list.setAccessibleName(self.say("conflict.title"))
        self._list.setFixedWidth(320)
        self._list.setWordWrap(True)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._card = QFrame(self)
        self._card.setObjectName("conflict_card")
        self._card.setProperty("part", "card")
        self._inside: QWidget | None = None
        self._holder = QVBoxLayout(self._card)
        self._empty = QLabel(self.say("conflict.none"), self)
        self._empty.setObjectName("conflict_none")
        self._empty.setProperty("role", "subtitle")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self._list)
        row.addWidget(self._card, 1)
        row.addWidget(self._empty, 1)
        self.body.addLayout(row, 1)
        self._editors: dict[str, QLineEdit] = {}
        self._shown: Id | None = None
        self.model.cases_changed.connect(self._show_list)
        self.model.case_changed.connect(self._show_case)
        self.model.edit_asked.connect(self._show_editors)
        self._list.currentRowChanged.connect(self._chosen)
        self._show_list()

    def focus_first(self) -> None:
        """Begin in the list, where the digits decide."""
        self._list.setFocus()

    @Slot()
    def _show_list(self) -> None:
        self._list.blockSignals(True)
        self._list.clear()
        for case in self.model.cases:
            mark = "⚠ " if case.safety else ""
            labels = "、".join(f.label for f in case.fields)
            code = "conflict.owner_own" if case.own else "conflict.owner"
            owner = self.say(code, leads=case.leads, age=case.age)
            whose = f"{case.whose}　" if case.whose else ""
            self._list.addItem(f"{mark}{whose}{case.title}：{labels}\n{case.by}  {case.at}\n{owner}")
        self._list.blockSignals(False)
        some = bool(self.model.cases)
        self.set_title(
            self.say("conflict.title_count", count=len(self.model.cases), age=self.model.oldest_age)
            if some
            else self.say("conflict.title")
        )
        for widget, shown in ((self._list, some), (self._card, some), (self._empty, not some)):
            widget.setVisible(shown)

    @Slot(int)
    def _chosen(self, row: int) -> None:
        if row != self.model.at:
            self.model.select(row)

    @Slot(object)
    def _show_case(self, case: ConflictCase | None) -> None:
        self._list.blockSignals(True)
        self._list.setCurrentRow(self.model.at)
        self._list.blockSignals(False)
        shown = None if case is None else case.conflict_id
        if self._editors and shown == self._shown:
            return  # the list was read again while somebody types: what stands in the fields stays
        self._shown = shown
        self._replace(None if case is None else self._sides(case))

    def _replace(self, inside: QWidget | None) -> None:
        self._editors = {}
        if self._inside is not None:
            self._holder.removeWidget(self._inside)
            self._inside.deleteLater()
        self._inside = inside
        if inside is not None:
            self._holder.addWidget(inside)

    def _sides(self, case: ConflictCase) -> QWidget:
        inside = QWidget(self._card)
        grid = QGridLayout(inside)
        grid.setContentsMargins(20, 16, 20, 16)
        grid.setHorizontalSpacing(20)
        grid.setVerticalSpacing(12)
        code = "conflict.about_safety" if case.safety else "conflict.about"
        about = QLabel(self.say(code, title=case.title, age=case.age), inside)
        about.setObjectName("conflict_about")
        about.setWordWrap(True)
        about.setProperty("tone", "danger" if case.safety else "")
        owner = QLabel(self.say("conflict.answers", author=case.author, leads=case.leads), inside)
        owner.setObjectName("conflict_owner")
        owner.setWordWrap(True)
        top = QVBoxLayout()
        top.addWidget(about)
        top.addWidget(owner)
        grid.addLayout(top, 0, 0, 1, 4)
        entered = self.say("conflict.entered", by=case.by, at=case.at, where=case.where)
        stands = (
            self.say("conflict.entered", by=case.theirs_by, at=case.theirs_at, where=case.theirs_where)
            if case.theirs_at
            else self.say("conflict.stands")
        )
        heads = (
            self.say("conflict.field"), self.say("conflict.base"), f"{self.say('conflict.theirs')}\n{stands}",
            f"{self.say('conflict.mine')}\n{entered}",
        )  # fmt: skip
        for at, text in enumerate(heads):
            head = QLabel(text, inside)
            head.setObjectName(f"conflict_head_{at}")
            head.setWordWrap(True)
            head.setAlignment(Qt.AlignmentFlag.AlignTop)
            head.setProperty("role", "subtitle")
            grid.addWidget(head, 1, at)
        for line, field in enumerate(case.fields, start=2):
            tones = ("", "", "success", "warning")
            for at, text in enumerate((field.label, field.base, field.theirs, field.mine)):
                cell = QLabel(text or "—", inside)
                cell.setObjectName(f"conflict_{('label', 'base', 'theirs', 'mine')[at]}_{field.name}")
                cell.setWordWrap(True)
                cell.setTextFormat(Qt.TextFormat.PlainText)
                cell.setProperty("tone", tones[at])
                grid.addWidget(cell, line, at)
        for at, stretch in enumerate((1, 2, 3, 3)):
            grid.setColumnStretch(at, stretch)
        grid.setRowStretch(len(case.fields) + 3, 1)
        return inside

    @Slot(object)
    def _show_editors(self, case: ConflictCase) -> None:
        if self._editors or not isinstance(self._inside, QWidget):
            return
        grid: Any = self._inside.layout()
        at = len(case.fields) + 2
        row = QHBoxLayout()
        row.setSpacing(10)
        for field in case.fields:
            if field.editable:
                editor = QLineEdit(field.theirs, self._inside)
                editor.setObjectName(f"conflict_edit_{field.name}")
                editor.setAccessibleName(field.label)
                editor.returnPressed.connect(self._send)
                self._editors[field.name] = editor
                row.addWidget(QLabel(field.label, self._inside))
                row.addWidget(editor, 1)
        send = QPushButton(self.say("conflict.action.edit"), self._inside)
        send.setObjectName("conflict_send")
        send.setProperty("primary", "true")
        send.clicked.connect(self._send)
        row.addWidget(send)
        grid.addLayout(row, at, 0, 1, 4)
        next(iter(self._editors.values()), send).setFocus()

    @Slot()
    def _send(self) -> None:
        self.model.edit({name: editor.text() for name, editor in self._editors.items()})
