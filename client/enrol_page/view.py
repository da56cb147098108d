"""The first start page: where the centre is, the one-time code, what this workstation is called. Keys suffice."""

import itertools
import platform
from typing import Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from client.enrol_page.viewmodel import EnrolModel
from client.machine_settings import Setup
from client.views.forms import FieldBox

CARD_WIDTH = 620
FIELDS = ("server", "code", "name", "authority", "medium")
OPTIONAL = frozenset({"authority", "medium"})


class EnrolView(QWidget):
    """Enter goes from field to field and then on; what is wrong stands under its field."""

    leave = Signal()

    def __init__(self, model: EnrolModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        self._fingerprint = self._laid_down = ""
        self._wrong = ""
        self.setObjectName("enrol")
        outer = QVBoxLayout(self)
        card = QFrame(self)
        card.setProperty("part", "card")
        card.setFixedWidth(CARD_WIDTH)
        outer.addStretch(2)
        middle = QHBoxLayout()  # without an alignment, which would ignore that wrapped text needs more lines
        middle.addStretch(1)
        middle.addWidget(card)
        middle.addStretch(1)
        outer.addLayout(middle)
        outer.addStretch(3)
        column = QVBoxLayout(card)
        column.setContentsMargins(32, 24, 32, 24)
        column.setSpacing(10)
        self._heads(column)
        self._boxes = {name: self._box(name) for name in FIELDS}
        for name in FIELDS:
            column.addWidget(self._boxes[name])
        self._compare(column)
        self._ends(column)
        self._line("name").setText(platform.node()[:60])
        self._chain()
        model.refused.connect(self._refused)
        model.stepped.connect(self._stepped)
        model.offered.connect(self._offered)
        model.filling.connect(self._filling)
        model.half_way.connect(self._half_way)
        model.busy_changed.connect(self._busy)
        self._busy(busy=False)

    def begin(self, setup: Setup) -> None:
        """Join by what the installer was given, as if a person had typed it; what is wrong stands under its field."""
        self._line("server").setText(setup.server)
        self._line("code").setText(setup.token)
        if setup.site:
            self._line("name").setText(f"{setup.site} {platform.node()}"[:60])
        self._hint.setText(self.say("enrol_page.by_itself"))
        self._fingerprint = self._laid_down = setup.fingerprint
        self.submit()

    def focus_first(self) -> None:
        """Put the cursor where typing begins."""
        empty = [name for name in FIELDS if not self._line(name).text()]
        self._line(empty[0] if empty else "server").setFocus()

    def say(self, code: str, **facts: Any) -> str:
        """Return a sentence of this page."""
        return self.model.texts.say(code, **facts)

    def _heads(self, column: QVBoxLayout) -> None:
        title = QLabel(self.say("enrol_page.title"), self)
        title.setProperty("role", "title")
        self._hint = QLabel(self.say("enrol_page.hint"), self)
        self._hint.setObjectName("enrol_hint")
        self._hint.setWordWrap(True)
        self._hint.setProperty("role", "muted")
        column.addWidget(title)
        column.addWidget(self._hint)

    def _box(self, name: str) -> FieldBox:
        line = QLineEdit(self)
        line.setPlaceholderText(self.say(f"enrol_page.example.{name}"))
        if name != "name":
            line.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, on=False)
        if name in OPTIONAL:
            action = line.addAction(
                self.style().standardIcon(self.style().StandardPixmap.SP_DirOpenIcon),
                QLineEdit.ActionPosition.TrailingPosition,
            )
            action.setObjectName(f"browse_{name}")
            action.setToolTip(self.say(f"enrol_page.browse.{name}"))
            action.triggered.connect(self._browse_file if name == "authority" else self._browse_folder)
        return FieldBox(
            name,
            self.say(f"enrol_page.label.{name}"),
            line,
            required=name not in OPTIONAL,
            hint=self.say(f"enrol_page.hint_of.{name}"),
            parent=self,
        )

    def _compare(self, column: QVBoxLayout) -> None:
        self._question = QFrame(self)
        self._question.setObjectName("enrol_compare")
        inside = QVBoxLayout(self._question)
        inside.setContentsMargins(0, 6, 0, 0)
        self._offer = QLabel(self._question)
        self._offer.setObjectName("enrol_offer")
        self._offer.setWordWrap(True)
        self._offer.setProperty("tone", "warning")
        self._print = QLabel(self._question)
        self._print.setObjectName("enrol_fingerprint")
        self._print.setProperty("role", "mono")
        self._print.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._trust = QPushButton(self.say("enrol_page.trust"), self._question)
        self._trust.setObjectName("enrol_trust")
        self._trust.clicked.connect(self._believe)
        for part in (self._offer, self._print, self._trust):
            inside.addWidget(part)
        self._question.hide()
        column.addWidget(self._question)

    def _ends(self, column: QVBoxLayout) -> None:
        self._problem = QLabel(self)
        self._problem.setObjectName("enrol_problem")
        self._problem.setWordWrap(True)
        self._problem.setProperty("tone", "danger")
        self._problem.hide()
        self._progress = QProgressBar(self)
        self._progress.setObjectName("enrol_progress")
        self._progress.setRange(0, 5)
        self._progress.setTextVisible(False)
        self._status = QLabel(self)
        self._status.setObjectName("enrol_status")
        self._status.setProperty("role", "muted")
        self._go = QPushButton(self.say("enrol_page.go"), self)
        self._go.setObjectName("enrol_go")
        self._go.setProperty("primary", "true")
        self._go.setAutoDefault(True)
        self._go.clicked.connect(self.submit)
        leave = QPushButton(self.say("enrol_page.leave"), self)
        leave.setObjectName("enrol_leave")
        leave.setProperty("plain", "true")
        leave.clicked.connect(self.model.stop)
        leave.clicked.connect(self.leave)
        row = QHBoxLayout()
        row.addWidget(leave)
        row.addWidget(self._status, 1)
        row.addWidget(self._go)
        column.addWidget(self._problem)
        column.addWidget(self._progress)
        column.addLayout(row)

    def _chain(self) -> None:
        """Let Enter go on to the next field, and from the last one send."""
        for name, following in itertools.pairwise(FIELDS):
            self._line(name).returnPressed.connect(self._line(following).setFocus)
        self._line(FIELDS[-1]).returnPressed.connect(self.submit)
        self._line("server").textEdited.connect(self._doubt)

    def _line(self, name: str) -> QLineEdit:
        editor = self._boxes[name].editor
        assert isinstance(editor, QLineEdit)  # noqa: S101  (made in `_box`)
        return editor

    @Slot()
    def submit(self) -> None:
        """Send what was entered."""
        self._problem.hide()
        for box in self._boxes.values():
            box.show_error("")
        self._question.hide()
        entered = {name: self._line(name).text() for name in FIELDS}
        self.model.submit(**entered, fingerprint=self._fingerprint)

    @Slot()
    def _believe(self) -> None:
        self._fingerprint = self._print.text().replace("\n", "")
        self.submit()

    @Slot()
    def _doubt(self) -> None:
        """Forget what was compared: it was another server's."""
        self._fingerprint = self._laid_down = ""
        self._question.hide()

    @Slot()
    def _browse_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, self.say("enrol_page.browse.authority"), "", self.say("enrol_page.files")
        )
        if path:
            self._line("authority").setText(path)

    @Slot()
    def _browse_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, self.say("enrol_page.browse.medium"))
        if path:
            self._line("medium").setText(path)

    @Slot(int)
    def _filling(self, percent: int) -> None:
        self._progress.setRange(0, 100)
        self._progress.setValue(percent)
        self._status.setText(self.say("snapshot.progress", percent=percent))

    @Slot()
    def _half_way(self) -> None:
        """Leave nothing to enter but the stick: the machine has joined."""
        self._hint.setText(self.say("enrol_page.joined"))
        self._go.setText(self.say("enrol_page.go_on"))
        self._wrong = "medium"

    @Slot(str, str)
    def _refused(self, field: str, sentence: str) -> None:
        self._fingerprint = self._laid_down
        if field in self._boxes:
            self._boxes[field].show_error(sentence)
            self._wrong = field
        else:
            self._problem.setText(sentence)
            self._problem.show()

    @Slot(object)
    def _offered(self, offer: Any) -> None:
        self._offer.setText(
            self.say("enrol_page.compare", name=offer.name, until=f"{offer.valid_until:%Y-%m-%d}")
        )
        self._print.setText(offer.fingerprint[:48] + "\n" + offer.fingerprint[48:])
        self._question.show()

    @Slot(int, str)
    def _stepped(self, done: int, sentence: str) -> None:
        self._progress.setValue(done)
        self._status.setText(sentence)

    def _attend(self) -> None:
        """Put the cursor where a person has to go on, once the fields can be reached again."""
        wrong, self._wrong = self._wrong, ""
        if not self._question.isHidden():
            self._trust.setFocus()
        elif wrong:
            self._line(wrong).setFocus()
            self._line(wrong).selectAll()
        elif not self._problem.isHidden():
            self._go.setFocus()

    @Slot(bool)
    def _busy(self, busy: bool) -> None:
        for name, box in self._boxes.items():
            box.setEnabled(not busy and (name == "medium" or not self.model.has_joined))
        self._go.setEnabled(not busy)
        self._trust.setEnabled(not busy)
        self._progress.setVisible(busy)
        if not busy:
            self._status.setText("")
            self._progress.setRange(0, 5)
            self._progress.setValue(0)
            self._attend()
