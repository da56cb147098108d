"""The dialog's widgets: Tab through the fields, F9 or Enter asks where to and writes, Esc leaves or stops."""

from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from client.pages.worklist.answers.taking_out import Made
from client.pages.worklist.answers.viewmodel import ViewModel
from client.views.dialog import Dialog
from client.views.forms import FieldBox
from domain.outgoing.answer_commands import AnswerFile

WIDTH_PX = 640


class AnswersDialog(Dialog):
    """The responses of one form as a file."""

    def __init__(self, model: ViewModel, parent: QWidget) -> None:
        self._say = model.context.say
        super().__init__(self._say("worklist.answers"), parent)
        self.setObjectName("answers_dialog")
        self.model = model
        model.setParent(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 18, 24, 16)
        column.setSpacing(10)
        title = QLabel(self.windowTitle(), self)
        title.setProperty("role", "title")
        column.addWidget(title)
        self._problem = QLabel(self)
        self._problem.setObjectName("answers_problem")
        self._problem.setWordWrap(True)
        self._problem.hide()
        column.addWidget(self._problem)
        for box in self._fields():
            column.addWidget(box)
        self._bar = QProgressBar(self)
        self._bar.setObjectName("answers_bar")
        self._bar.hide()
        column.addWidget(self._bar)
        column.addLayout(self._foot())
        self.setFixedWidth(WIDTH_PX)
        self._wire()
        model.load()

    def _fields(self) -> list[FieldBox]:
        self._form, self._version, self._place, self._file = (QComboBox(self) for _ in range(4))
        self._form.addItem(self._say("give_out.reading"), "")
        for file in AnswerFile:
            self._file.addItem(self._say(f"answers.file_{file}"), file)
        since, until = self.model.usual()
        day = self._say("form.date_hint")
        identified = QCheckBox(self)
        identified.setEnabled(self.model.may_identify)
        purpose = QLineEdit(self)
        purpose.setMaxLength(1000)
        hint = self._say(
            "answers.identified_hint" if self.model.may_identify else "answers.identified_denied"
        )
        editors: list[tuple[str, QWidget, bool, str]] = [
            ("form", self._form, True, ""), ("version", self._version, False, ""),
            ("place", self._place, False, ""), ("since", QLineEdit(since, self), True, day),
            ("until", QLineEdit(until, self), True, ""), ("purpose", purpose, True, ""),
            ("identified", identified, False, hint), ("file", self._file, False, ""),
        ]  # fmt: skip
        self._boxes = {
            name: FieldBox(
                name, self._say(f"answers.{name}"), editor, required=required, hint=hint, parent=self
            )
            for name, editor, required, hint in editors
        }
        return list(self._boxes.values())

    def _foot(self) -> QHBoxLayout:
        row = QHBoxLayout()
        hint = QLabel(self._say("form.keys_hint"), self)
        hint.setProperty("role", "muted")
        row.addWidget(hint, 1)
        self._cancel = QPushButton(self._say("form.cancel"), self)
        self._cancel.setObjectName("answers_cancel")
        self._cancel.setAutoDefault(False)
        self._go = QPushButton(self._say("answers.go"), self)
        self._go.setObjectName("answers_go")
        self._go.setProperty("primary", "true")
        self._go.setDefault(True)
        for button, slot in ((self._cancel, self.reject), (self._go, self._send)):
            button.clicked.connect(slot)
            row.addWidget(button)
        return row

    def _wire(self) -> None:
        model = self.model
        self._form.currentIndexChanged.connect(self._form_chosen)
        model.forms_read.connect(self._show_forms)
        model.field_error.connect(self._show_error)
        model.progress.connect(self._show_progress)
        model.busy_changed.connect(self._show_busy)
        model.done.connect(self._show_made)
        for keys in ("F9", "Ctrl+Return"):
            QShortcut(QKeySequence(keys), self).activated.connect(self._send)

    def reject(self) -> None:
        """Leave; while it is being written, stop."""
        if self.model.is_busy:
            self.model.stop()
        else:
            super().reject()

    @Slot()
    def _send(self) -> None:
        if self.model.is_busy:
            return
        values = {name: box.value() for name, box in self._boxes.items()}
        file = AnswerFile(values["file"])
        asked = self.model.check(
            str(values["form"] or ""), values["version"] or None, values["place"] or None, str(values["since"]),
            str(values["until"]), str(values["purpose"]), identified=bool(values["identified"]), file=file,
        )  # fmt: skip
        if asked is None:
            return
        suggested = self.model.suggested_path(self._form.currentText(), file)
        suggested.parent.mkdir(parents=True, exist_ok=True)
        kind = self._say(f"answers.file_{file}")
        chosen, _ = QFileDialog.getSaveFileName(
            self, self.windowTitle(), str(suggested), f"{kind} (*.{file})"
        )
        if chosen:
            self.model.start(asked, Path(chosen))

    @Slot(list)
    def _show_forms(self, found: list[tuple[str, str]]) -> None:
        self._form.clear()
        self._form.addItem(self._say("give_out.pick" if found else "answers.nothing"), "")
        for form, title in found:
            self._form.addItem(title, form)
        self._form.setFocus()

    @Slot(int)
    def _form_chosen(self, _index: int) -> None:
        form = str(self._form.currentData() or "")
        for box, every in ((self._version, "answers.every_version"), (self._place, "answers.every_place")):
            box.clear()
            box.addItem(self._say(every), None)
        for version, count in self.model.versions(form):
            self._version.addItem(self._say("answers.version_of", version=version, count=count), version)
        for org_id, name in self.model.organisations(form):
            self._place.addItem(name, org_id)

    @Slot(str, str)
    def _show_error(self, name: str, sentence: str) -> None:
        if name in self._boxes:
            self._boxes[name].show_error(sentence)
            if sentence:
                self._boxes[name].editor.setFocus()
        else:
            self._tell(sentence, "danger")

    def _tell(self, sentence: str, tone: str) -> None:
        self._problem.setProperty("tone", tone)
        self._problem.style().unpolish(self._problem)
        self._problem.style().polish(self._problem)
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))

    @Slot(int, int)
    def _show_progress(self, done: int, total: int) -> None:
        self._bar.setRange(0, total)
        self._bar.setValue(done)

    @Slot(bool)
    def _show_busy(self, busy: bool) -> None:
        self._bar.setVisible(busy)
        self._go.setEnabled(not busy)
        self._cancel.setText(self._say("give_out.stop" if busy else "answers.close"))

    @Slot(object)
    def _show_made(self, made: Made) -> None:
        code = "answers.stopped" if made.stopped else "answers.done"
        place = made.files[0] if len(made.files) == 1 else made.files[0].parent if made.files else ""
        self._tell(
            self._say(code, count=made.count, files=len(made.files), place=place),
            "warning" if made.stopped else "success",
        )
