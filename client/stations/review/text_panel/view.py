"""Conclusion and advice: read and annotated at the head office, written and corrected at the branch."""

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from client.stations.review.anchors import FIELDS
from client.stations.review.case import Case
from client.stations.review.check_list.widgets import CheckList
from client.stations.review.checking import place_of
from client.stations.review.text_panel.widgets import ReturnBox, TextEditor, shortened
from domain.linting.case import Remark


class TextPanel(QWidget):
    """Two editors; above them the remark a report came back with, below them the remark being made."""

    def __init__(self, model: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self.model = model
        self.setObjectName("text_panel")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._remark = self._label("standing_remark", "warning")
        self._column.addWidget(self._remark)
        self._column.addWidget(self._dispute_bar())
        self.editors: dict[str, TextEditor] = {}
        self._states: dict[str, QLabel] = {}
        for name, share in zip(FIELDS, (5, 3), strict=True):
            self._add_editor(name, share)
        self._checks = CheckList(model.checking, model.context.say, self)
        self._column.insertWidget(self._column.indexOf(self.editors["conclusion"]) + 1, self._checks)
        self.returning = ReturnBox(model.context.say, self)
        self._column.addWidget(self.returning)
        self._wire()

    def _label(self, name: str, tone: str) -> QLabel:
        label = QLabel(self)
        label.setObjectName(name)
        label.setWordWrap(True)
        label.setProperty("tone", tone)
        label.hide()
        return label

    def _add_editor(self, name: str, share: int) -> None:
        say = self.model.context.say
        head = QHBoxLayout()
        title = QLabel(say(f"review.{name}"), self)
        title.setProperty("role", "subtitle")
        state = QLabel(self)
        state.setObjectName(f"state_{name}")
        state.setProperty("role", "muted")
        editor = TextEditor(name, self)
        editor.setAccessibleName(say(f"review.{name}"))
        title.setBuddy(editor)
        head.addWidget(title)
        head.addStretch(1)
        head.addWidget(state)
        self._column.addLayout(head)
        self._column.addWidget(editor, share)
        self.editors[name], self._states[name] = editor, state

    def _dispute_bar(self) -> QWidget:
        self._dispute = QFrame(self)
        self._dispute.setObjectName("dispute_bar")
        self._dispute.setProperty("tone", "danger")
        row = QHBoxLayout(self._dispute)
        row.setContentsMargins(10, 6, 10, 6)
        text = QLabel(self.model.context.say("review.disputed"), self._dispute)
        text.setWordWrap(True)
        row.addWidget(text, 1)
        for which, slot in (("mine", self.model.writing.use_mine), ("stored", self.model.writing.use_stored)):
            button = QPushButton(self.model.context.say(f"review.disputed.{which}"), self._dispute)
            button.setObjectName(f"dispute_{which}")
            button.clicked.connect(slot)
            row.addWidget(button)
        self._dispute.hide()
        return self._dispute

    def _wire(self) -> None:
        model = self.model
        for editor in self.editors.values():
            editor.edited.connect(model.writing.set_text)
            editor.selected.connect(model.returning.select)
        model.writing.text_set.connect(self._put)
        model.writing.changed.connect(self._marks)
        model.writing.disputed_changed.connect(self._dispute.setVisible)
        model.checking.changed.connect(self._marks)
        model.checking.gone_to.connect(self._show_place)
        model.returning.changed.connect(self._show_returning)
        model.field_error.connect(self._show_error)
        model.return_asked.connect(self.before_return)
        self.returning.typed.connect(self._remark_typed)
        self.returning.sent.connect(model.send_return)
        self.returning.left.connect(model.returning.leave)

    def show_case(self, case: Case, fresh: bool) -> None:
        """Show a case; a returned one is opened on the sentence the remark is about."""
        editing = self.model.can_edit
        for editor in self.editors.values():
            editor.allow(editing=editing)
        self._show_remark()
        self._marks()
        remark = self.model.standing_remark
        if fresh and editing and remark is not None and remark.anchor is not None:
            self.editors[remark.anchor.field].land_on(remark.anchor)

    @Slot()
    def before_return(self) -> None:
        """Take the line of the cursor as what a remark is about, when nothing was selected."""
        editor = self.focused()
        if editor is not None and self.model.returning.selection is None:
            self.model.returning.select_line(editor.name, editor.place())

    def focused(self) -> TextEditor | None:
        """Return the editor that has the focus."""
        return next((e for e in self.editors.values() if e.hasFocus()), None)

    def _show_remark(self) -> None:
        remark = self.model.standing_remark
        self._remark.setVisible(remark is not None)
        if remark is None:
            return
        say = self.model.context.say
        text = say("review.returned_by", name=remark.name, title=remark.title) + remark.remark
        if remark.quoted:
            code = "review.returned_at" if remark.anchor is not None else "review.returned_lost"
            text += "\n" + say(code, quoted=shortened(remark.quoted))
        self._remark.setText(text)

    @Slot(str, str)
    def _put(self, name: str, text: str) -> None:
        self.editors[name].put(text)

    @Slot()
    def _marks(self) -> None:
        model = self.model
        say = model.context.say
        remark = model.standing_remark
        anchors = [remark.anchor] if remark is not None and remark.anchor is not None else []
        if model.returning.open and model.writing.anchor is not None:
            anchors.append(model.writing.anchor)
        for name, editor in self.editors.items():
            places = map(place_of, model.checking.remarks)
            doubts = [place for place in places if place is not None and place.field == name]
            editor.mark([a for a in anchors if a.field == name], doubts)
            unsaved = (
                model.can_edit
                and model.case is not None
                and model.writing.texts[name] != model.case.text(name)
            )
            code = "review.unsaved" if unsaved else "review.editing" if model.can_edit else "review.readonly"
            self._states[name].setText(say(code))
        self._checks.show_remarks()

    @Slot(object)
    def _show_place(self, remark: Remark) -> None:
        """Select what a remark is about; what is missing is written at the end of its field."""
        editor, place = self.editors[remark.field], place_of(remark)
        if place is not None:
            editor.select(place)
        else:
            editor.to_end()

    @Slot(bool)
    def _show_returning(self, returning: bool) -> None:
        writing = self.model.writing
        if returning:
            anchor = writing.anchor
            quoted = writing.texts[anchor.field][anchor.start : anchor.end] if anchor is not None else ""
            self.returning.open(quoted, writing.remark)
        else:
            focus = self.focusWidget()
            had = self.returning.isVisible() and focus is not None and self.returning.isAncestorOf(focus)
            self.returning.hide()
            if had:
                self.editors["conclusion"].setFocus(Qt.FocusReason.OtherFocusReason)
        self._marks()

    @Slot(str)
    def _remark_typed(self, text: str) -> None:
        self.returning.show_error("")
        self.model.writing.set_remark(text, self.model.writing.anchor)

    @Slot(str, str)
    def _show_error(self, field: str, sentence: str) -> None:
        if field == "remark":
            self.returning.show_error(sentence)
        if field in self.editors:
            self.editors[field].setFocus(Qt.FocusReason.OtherFocusReason)
