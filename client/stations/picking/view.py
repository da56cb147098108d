"""Picking and packing on the screen: lists and shipments at the left, the way beside them, one big line."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
)

from client.appearance import COLOURS
from client.command_dialog.view import CommandDialog
from client.stations.front_desk.widgets import set_tone, text
from client.stations.picking.reading import PICK, Line
from client.stations.picking.viewmodel import ViewModel
from client.views.station import StationView
from domain.biobank.numbers import grouped
from domain.kernel.commands import commands

LIST_PX = 430
AGAIN_MS = 180
MARKS = {"waiting": "○", "picked": "✓", "missing": "✗", "dropped": "—", "packed": "▣", "arrived": "✓"}
TONES = {"missing": "danger", "picked": "success", "arrived": "success"}


class View(StationView):
    """Arrows choose a list or a shipment; a scan is its next tube."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        self.jobs = self._list("picking_jobs", "picking.jobs")
        self.jobs.setFixedWidth(LIST_PX)
        self.jobs.currentRowChanged.connect(self._chosen)
        self.lines = self._list("picking_lines", "picking.lines")
        self.head = text("picking_head", self, "subtitle", wrap=True)
        self.result = text("picking_result", self, wrap=True)
        self.result.setMinimumHeight(64)
        self.empty = text("picking_empty", self, "muted", wrap=True)
        self.empty.setText(self.say("picking.empty"))
        row, left, right = QHBoxLayout(), QVBoxLayout(), QVBoxLayout()
        row.setSpacing(16)
        left.addWidget(self.jobs, 1)
        left.addWidget(self.empty)
        for widget, stretch in ((self.result, 0), (self.head, 0), (self.lines, 1)):
            right.addWidget(widget, stretch)
        row.addLayout(left)
        row.addLayout(right, 1)
        self.body.addLayout(row, 1)
        self._beeps = QTimer(self)
        self._beeps.setSingleShot(True)
        self._beeps.setInterval(AGAIN_MS)
        self._beeps.timeout.connect(QApplication.beep)
        model = self.model
        model.jobs_changed.connect(self._show_jobs)
        model.lines_changed.connect(self._show_lines)
        model.told.connect(self._tell)
        model.form_asked.connect(self._ask)
        model.manifest_made.connect(self._save)
        model.sound.connect(self._sound)
        self._tell(self.say("picking.ready"), "info")

    def focus_first(self) -> None:
        """Begin with the lists."""
        self.jobs.setFocus()

    def _list(self, name: str, label: str) -> QListWidget:
        made = QListWidget(self)
        made.setObjectName(name)
        made.setAccessibleName(self.say(label))
        return made

    @Slot()
    def _show_jobs(self) -> None:
        model = self.model
        self.empty.setVisible(not model.jobs)
        self.jobs.blockSignals(True)
        self.jobs.clear()
        for row, job in enumerate(model.jobs):
            code = "picking.job_pick" if job.kind == PICK else "picking.job_ship"
            facts = {"title": job.title, "number": job.number, "left": job.left, "total": job.total}
            QListWidgetItem(f"{self.say(code, **facts)}\n      {model.state_of(job)}", self.jobs)
            if job.id == model.chosen:
                self.jobs.setCurrentRow(row)
        self.jobs.blockSignals(False)

    @Slot(int)
    def _chosen(self, row: int) -> None:
        if 0 <= row < len(self.model.jobs):
            self.model.choose(self.model.jobs[row].id)

    @Slot()
    def _show_lines(self) -> None:
        job = self.model.job()
        self.lines.clear()
        self.head.setText("" if job is None else f"{job.title}   {job.number}   {self.model.state_of(job)}")
        for line in self.model.lines:
            item = QListWidgetItem(self._words(line), self.lines)
            item.setForeground(COLOURS[TONES.get(line.state, "text")])

    def _words(self, line: Line) -> str:
        kind = "pick_line_state" if line.path else "shipment_line_state"
        state = self.say(f"choice.{kind}.{line.state}")
        where = f"{line.path} › {line.place.rpartition(':')[2]}" if line.path else ""
        out = self.say("picking.out", minutes=-(-line.out_s // 60)) if line.out_s else ""
        return "   ".join(w for w in (MARKS[line.state], grouped(line.number), state, where, out) if w)

    @Slot(str, str)
    def _tell(self, sentence: str, tone: str) -> None:
        mark = {"success": "✓ ", "danger": "✗ "}.get(tone, "")
        self.result.setText(mark + sentence)
        set_tone(self.result, tone)
        self.result.setStyleSheet(
            self.result.styleSheet() + "#picking_result { font-size: 24px; padding: 10px; }"
        )

    @Slot(str, object)
    def _ask(self, name: str, given: dict[str, Any]) -> None:
        dialog = CommandDialog(self.context, commands()[name], given, self)
        dialog.completed.connect(lambda _done: self.model.load())
        dialog.open()

    @Slot(str, str)
    def _save(self, number: str, manifest: str) -> None:
        path, _ = QFileDialog.getSaveFileName(self, self.say("picking.save"), f"{number}.json", "*.json")
        if path:
            Path(path).write_text(manifest, "utf-8")

    @Slot(str)
    def _sound(self, tone: str) -> None:
        QApplication.beep()
        if tone == "bad":
            self._beeps.start()
