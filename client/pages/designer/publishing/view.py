"""The dialogs that put a questionnaire into use and take it out: where, in which version, why."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from client.appearance import COLOURS
from client.pages.designer.inputs.widgets import Words
from client.pages.designer.loading import Design
from client.pages.designer.scoring.view import UNTICKED
from client.views.dialog import Dialog
from client.views.forms import FieldBox

WIDTH_PX = 560
Say = Callable[..., str]


class PublishDialog(Dialog):
    """Version, places and note; of a published version only more places."""

    def __init__(
        self, design: Design, say: Say, go: Callable[[str, bool, list[object], str], None], parent: QWidget
    ) -> None:
        more = not design.is_draft
        super().__init__(
            say("designer.publish_more" if more else "designer.publish_title", title=design.title), parent
        )
        self.setObjectName("publish_dialog")
        self._go, self._say, self._more = go, say, more
        column = QVBoxLayout(self)
        told = QLabel(say("designer.publish_hint"), self)
        told.setWordWrap(True)
        column.addWidget(told)
        self.version = QLineEdit(design.version, self)
        self.version.setReadOnly(more)
        self._version_box = FieldBox(
            "version", say("designer.version"), self.version, required=True, parent=self
        )
        column.addWidget(self._version_box)
        self.everywhere = QCheckBox(say("designer.everywhere"), self)
        self.everywhere.setObjectName("publish_everywhere")
        self.everywhere.toggled.connect(self._all)
        column.addWidget(self.everywhere)
        self.places = QListWidget(self)
        self.places.setObjectName("publish_places")
        self.places.setAccessibleName(say("designer.places"))
        for place in design.places:
            given = say("designer.given_already") if place.name in design.given else ""
            entry = QListWidgetItem("　" * place.depth + place.name + given, self.places)
            entry.setData(Qt.ItemDataRole.UserRole, place.id)
            entry.setFlags(entry.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            entry.setCheckState(Qt.CheckState.Unchecked)
        self.places.setStyleSheet(UNTICKED.format(COLOURS["muted"].name()))
        if self.places.count():
            self.places.setCurrentRow(0)
        self._places_box = FieldBox(
            "places",
            say("designer.places"),
            self.places,
            required=True,
            hint=say("designer.places_hint"),
            parent=self,
        )
        column.addWidget(self._places_box)
        self.note = Words(3, self)
        self._note_box = FieldBox("note", say("designer.note"), self.note, required=True, parent=self)
        self._note_box.setVisible(not more)
        column.addWidget(self._note_box)
        row = QHBoxLayout()
        row.addStretch(1)
        for name, slot in (("cancel", self.reject), ("go", self._keep)):
            button = QPushButton(say("form.cancel") if name == "cancel" else say("designer.publish_go"), self)
            button.setObjectName(f"publish_{name}")
            button.setAutoDefault(False)
            button.clicked.connect(slot)
            if name == "go":
                button.setProperty("primary", "true")
                button.setDefault(True)
            row.addWidget(button)
        column.addLayout(row)
        self.setFixedWidth(WIDTH_PX)
        self.version.setFocus()

    @Slot(bool)
    def _all(self, on: bool) -> None:
        self.places.setEnabled(not on)

    @Slot()
    def _keep(self) -> None:
        chosen = [
            entry.data(Qt.ItemDataRole.UserRole)
            for n in range(self.places.count())
            if (entry := self.places.item(n)).checkState() == Qt.CheckState.Checked
        ]
        note = self.note.toPlainText().strip()
        missing = {
            self._version_box: not self.version.text().strip(),
            self._places_box: not chosen and not self.everywhere.isChecked(),
            self._note_box: not note and not self._more,
        }
        for box, lacks in missing.items():
            box.show_error(self._say("designer.fill_in") if lacks else "")
        if not any(missing.values()):
            self._go(self.version.text(), self.everywhere.isChecked(), chosen, note)
            self.accept()
