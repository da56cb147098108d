"""The dialog's widgets: Tab through the fields, F9 or Enter gives out, Esc leaves; then who was left out."""

from PySide6.QtCore import Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from client.pages.worklist.give_out.giving import Offered, Outcome
from client.pages.worklist.give_out.viewmodel import ViewModel
from client.views.dialog import Dialog
from client.views.forms import FieldBox

WIDTH_PX = 640


class GiveOutDialog(Dialog):
    """One questionnaire for many clients."""

    def __init__(self, model: ViewModel, parent: QWidget) -> None:
        self._say = model.context.say
        super().__init__(self._say("worklist.give_out"), parent)
        self.setObjectName("give_out_dialog")
        self.model = model
        model.setParent(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 18, 24, 16)
        title = QLabel(self.windowTitle(), self)
        title.setProperty("role", "title")
        column.addWidget(title)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self._asking())
        self._stack.addWidget(self._telling())
        column.addWidget(self._stack, 1)
        self.setFixedWidth(WIDTH_PX)
        model.forms_read.connect(self._show_forms)
        model.studies_read.connect(self._show_studies)
        model.field_error.connect(self._show_error)
        model.progress.connect(self._show_progress)
        model.busy_changed.connect(self._show_busy)
        model.done.connect(self._show_outcome)
        for keys in ("F9", "Ctrl+Return"):
            QShortcut(QKeySequence(keys), self).activated.connect(self._send)
        model.load()

    def _asking(self) -> QWidget:
        part = QWidget(self)
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(10)
        self._problem = QLabel(part)
        self._problem.setObjectName("give_out_problem")
        self._problem.setWordWrap(True)
        self._problem.setProperty("tone", "danger")
        self._problem.hide()
        column.addWidget(self._problem)
        model = self.model
        whom, self._forms = QComboBox(part), QComboBox(part)
        if model.chosen:
            whom.addItem(self._say("give_out.chosen", count=len(model.chosen)), True)
        whom.addItem(self._say("give_out.all", count=model.count), False)
        self._forms.addItem(self._say("give_out.reading"), None)
        self._studies = QComboBox(part)
        self._studies.addItem(self._say("give_out.no_study"), "")
        send = QCheckBox(part)
        send.setEnabled(model.may_send)
        due = QLineEdit(model.usual_due(), part)
        editors: list[tuple[str, QWidget, bool, str]] = [
            ("to", whom, True, ""), ("form", self._forms, True, ""),
            ("due", due, False, self._say("form.moment_hint")), ("purpose", QLineEdit(part), False, ""),
            ("study", self._studies, False, ""), ("send", send, False, ""),
        ]  # fmt: skip
        self._boxes: dict[str, FieldBox] = {}
        for name, editor, required, hint in editors:
            if isinstance(editor, QLineEdit):
                editor.setMaxLength(40)
            box = FieldBox(
                name, self._say(f"give_out.{name}"), editor, required=required, hint=hint, parent=part
            )
            self._boxes[name] = box
            column.addWidget(box)
        self._bar = QProgressBar(part)
        self._bar.setObjectName("give_out_bar")
        self._bar.hide()
        column.addWidget(self._bar)
        column.addLayout(self._buttons(part))
        return part

    def _buttons(self, part: QWidget) -> QHBoxLayout:
        row = QHBoxLayout()
        hint = QLabel(self._say("form.keys_hint"), part)
        hint.setProperty("role", "muted")
        row.addWidget(hint, 1)
        self._cancel = QPushButton(self._say("form.cancel"), part)
        self._cancel.setObjectName("give_out_cancel")
        self._cancel.setAutoDefault(False)
        self._cancel.clicked.connect(self.reject)
        self._go = QPushButton(self._say("worklist.give_out"), part)
        self._go.setObjectName("give_out_go")
        self._go.setProperty("primary", "true")
        self._go.setDefault(True)
        self._go.clicked.connect(self._send)
        row.addWidget(self._cancel)
        row.addWidget(self._go)
        return row

    def _telling(self) -> QWidget:
        part = QWidget(self)
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 8, 0, 0)
        self._told = QLabel(part)
        self._told.setObjectName("give_out_told")
        self._told.setWordWrap(True)
        self._lines = QPlainTextEdit(part)
        self._lines.setObjectName("give_out_left")
        self._lines.setReadOnly(True)
        self._lines.setTabChangesFocus(True)
        self._close = QPushButton(self._say("give_out.close"), part)
        self._close.setObjectName("give_out_close")
        self._close.clicked.connect(self.accept)
        for widget, stretch in ((self._told, 0), (self._lines, 1), (self._close, 0)):
            column.addWidget(widget, stretch)
        return part

    def reject(self) -> None:
        """Leave; while it is given out, stop after the part under way."""
        if self.model.is_busy:
            self.model.stop()
        else:
            super().reject()

    @Slot()
    def _send(self) -> None:
        if self._stack.currentIndex():
            return
        values = {name: box.value() for name, box in self._boxes.items()}
        self.model.start(
            values["form"] if isinstance(values["form"], Offered) else None, str(values["due"]),
            purpose=str(values["purpose"]), study=str(values["study"]), send=bool(values["send"]),
            chosen=bool(values["to"]),
        )  # fmt: skip

    @Slot(list)
    def _show_forms(self, found: list[Offered]) -> None:
        self._forms.clear()
        self._forms.addItem(self._say("give_out.pick"), None)
        for one in found:
            self._forms.addItem(f"{one.title}（{one.version}）", one)
        self._forms.setFocus()

    @Slot(list)
    def _show_studies(self, found: list[tuple[str, str]]) -> None:
        for code, name in found:
            self._studies.addItem(f"{code}　{name}", code)

    @Slot(str, str)
    def _show_error(self, name: str, sentence: str) -> None:
        if name in self._boxes:
            self._boxes[name].show_error(sentence)
            if sentence:
                self._boxes[name].editor.setFocus()
        else:
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
        self._cancel.setText(self._say("give_out.stop" if busy else "form.cancel"))

    @Slot(object)
    def _show_outcome(self, outcome: Outcome) -> None:
        code = "give_out.stopped" if outcome.stopped else "give_out.done"
        told = [self._say(code, issued=outcome.issued, queued=outcome.queued)]
        left = len(outcome.left)
        told.append(self._say("give_out.left", count=left) if left else self._say("give_out.nobody_left"))
        self._told.setText("\n".join(told))
        given, not_given = self._say("give_out.not_sent"), self._say("give_out.not_given")
        self._lines.setPlainText(
            "\n".join(
                f"{number}  【{given if was else not_given}】{why}" for number, was, why in outcome.left
            )
        )
        self._lines.setAccessibleName(self._told.text())
        self._lines.setVisible(bool(left))
        self._stack.setCurrentIndex(1)
        self._close.setDefault(True)
        self._close.setFocus()
