"""The dialog of a visit's files: Ctrl+O or a drop adds, arrows choose, Enter opens, Del takes away, Esc leaves."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication, QKeySequence, QPixmap, QShortcut
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from client.appearance import COLOURS
from client.attachments.viewmodel import AttachmentsModel
from client.command_dialog.view import CommandDialog
from client.views.dialog import Dialog
from client.views.file_drop import FileDrop
from domain.kernel.commands import commands

SIZE = QSize(860, 520)
PREVIEW = QSize(340, 400)
PATTERNS = "*.pdf *.jpg *.jpeg *.png *.dcm *.PDF *.JPG *.JPEG *.PNG *.DCM"


class AttachmentsDialog(Dialog):
    """Owns its model; closing it ends the looking."""

    def __init__(self, model: AttachmentsModel, title: str, parent: QWidget) -> None:
        super().__init__(title, parent)
        self.setObjectName("attachments_dialog")
        self.model = model
        model.setParent(self)
        self._say = model.context.say
        self._build(title)
        model.changed.connect(self._show)
        model.told.connect(self._tell)
        model.progressed.connect(self._show_progress)
        model.file_ready.connect(self._open_elsewhere)
        model.previewed.connect(self._show_preview)
        self.resize(SIZE)
        if model.may_add:
            FileDrop(self, model.add)
        self._show()
        model.start()
        self.list.setFocus()

    def _build(self, title: str) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 14)
        column.setSpacing(10)
        head = QLabel(title, self)
        head.setProperty("role", "title")
        column.addWidget(head)
        self._hint = self._label("attachments_hint", "muted")
        self._hint.setText(self._say("attachments.hint" if self.model.may_add else "attachments.read_only"))
        column.addWidget(self._hint)
        self._note = self._label("attachments_note", "")
        self._note.hide()
        column.addWidget(self._note)
        row = QHBoxLayout()
        row.setSpacing(12)
        self.list = QListWidget(self)
        self.list.setObjectName("attachments_list")
        self.list.setAccessibleName(title)
        self.list.setWordWrap(True)
        self.list.itemActivated.connect(self._activated)
        self.list.currentRowChanged.connect(self._chosen)
        row.addWidget(self.list, 1)
        self._preview = self._label("attachments_preview", "muted")
        self._preview.setFixedSize(PREVIEW)
        self._preview.setAlignment(Qt.AlignmentFlag.AlignCenter)
        row.addWidget(self._preview)
        column.addLayout(row, 1)
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self._bar.hide()
        column.addWidget(self._bar)
        column.addLayout(self._buttons())

    def _label(self, name: str, role: str) -> QLabel:
        label = QLabel(self)
        label.setObjectName(name)
        label.setWordWrap(True)
        label.setProperty("role", role)
        return label

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addStretch(1)
        actions = [
            ("save", "Ctrl+S", self._save, True), ("open", "Enter", self._open, False),
            ("close", "Esc", self.reject, False),
        ]  # fmt: skip
        if self.model.may_add:
            actions = [("add", "Ctrl+O", self._add, True), ("remove", "Del", self._remove, True), *actions]
        for name, keys, slot, shortcut in actions:
            button = QPushButton(f"{self._say(f'attachments.{name}')}  {keys}", self)
            button.setObjectName(f"attachments_{name}")
            button.setAutoDefault(False)
            button.setProperty("primary", "true" if name == "add" else "false")
            button.clicked.connect(slot)
            row.addWidget(button)
            if shortcut:
                QShortcut(QKeySequence(keys), self).activated.connect(slot)
        return row

    def done(self, result: int) -> None:
        """Close; no more looking."""
        self.model.close()
        super().done(result)

    @Slot()
    def _show(self) -> None:
        row = self.list.currentRow()
        self.list.blockSignals(True)
        self.list.clear()
        for line in self.model.lines:
            item = QListWidgetItem(f"{line.name}\n{line.sign} {line.told}    {line.kind}")
            item.setToolTip(line.told)
            if line.tone:
                item.setForeground(COLOURS[line.tone])
            self.list.addItem(item)
        self.list.blockSignals(False)
        if self.model.lines:
            self.list.setCurrentRow(min(max(row, 0), len(self.model.lines) - 1))
        else:
            self._preview.setText(self._say("attachments.none"))

    @Slot(str, str)
    def _tell(self, sentence: str, tone: str) -> None:
        self._note.setText(sentence)
        self._note.setProperty("tone", tone)
        self._note.setVisible(bool(sentence))
        self._note.style().unpolish(self._note)
        self._note.style().polish(self._note)

    @Slot(int, int)
    def _show_progress(self, done: int, total: int) -> None:
        self._bar.setVisible(done >= 0)
        self._bar.setRange(0, max(total >> 10, 1))
        self._bar.setValue(max(done, 0) >> 10)

    @Slot()
    def _add(self) -> None:
        dialog = QFileDialog(self, self._say("attachments.add"))
        dialog.setObjectName("file_dialog")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        known, every = self._say("attachments.kinds"), self._say("attachments.all")
        dialog.setNameFilters([f"{known} ({PATTERNS})", f"{every} (*)"])
        if QGuiApplication.platformName() == "offscreen":  # no system dialog there
            dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.filesSelected.connect(self._files_chosen)
        dialog.open()

    @Slot(list)
    def _files_chosen(self, names: list[str]) -> None:
        self.model.add([Path(name) for name in names])

    @Slot()
    def _save(self) -> None:
        row = self.list.currentRow()
        if not 0 <= row < len(self.model.lines):
            return
        name = self.model.lines[row].name
        chosen, _ = QFileDialog.getSaveFileName(self, self._say("attachments.save"), name)
        if chosen:
            self.model.save(row, Path(chosen))

    @Slot()
    def _open(self) -> None:
        self.model.open(self.list.currentRow())

    @Slot(QListWidgetItem)
    def _activated(self, _item: QListWidgetItem) -> None:
        self._open()

    @Slot()
    def _remove(self) -> None:
        row = self.list.currentRow()
        if 0 <= row < len(self.model.lines):
            given = {"attachment_id": self.model.lines[row].attachment_id}
            CommandDialog(self.model.context, commands()["checkup.detach"], given, self).open()

    @Slot(int)
    def _chosen(self, row: int) -> None:
        self._preview.clear()
        self.model.preview(row)

    @Slot(object, object)
    def _show_preview(self, attachment_id: Any, picture: Any) -> None:
        row = self.list.currentRow()
        if not 0 <= row < len(self.model.lines) or self.model.lines[row].attachment_id != attachment_id:
            return
        if picture is None:
            self._preview.setText(self._say("attachments.no_preview"))
            return
        shown = QPixmap.fromImage(picture).scaled(
            PREVIEW, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        self._preview.setPixmap(shown)
        self._preview.setAccessibleName(self.model.lines[row].name)

    @Slot(object)
    def _open_elsewhere(self, path: Path) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
