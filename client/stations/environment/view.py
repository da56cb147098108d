"""Environment on the screen: probes with mark and words, the last day of the one chosen as a curve and limits."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from client.appearance import COLOURS
from client.command_dialog.view import CommandDialog
from client.stations.environment.reading import Curve
from client.stations.environment.viewmodel import ViewModel
from client.stations.front_desk.widgets import set_tone, text
from client.views.file_drop import FileDrop
from client.views.station import StationView
from domain.environment.reading_commands import UNITS
from domain.environment.records import Quantity
from domain.kernel.clock import clinic
from domain.kernel.commands import commands

LIST_PX = 430


class View(StationView):
    """Arrows choose a probe; F10 opens what is to be judged."""

    model: ViewModel

    def build(self) -> None:
        """Make the page; the chart is made with the first curve."""
        self.list = QListWidget(self)
        self.list.setObjectName("environment_probes")
        self.list.setAccessibleName(self.say("environment.probes"))
        self.list.setFixedWidth(LIST_PX)
        self.list.currentRowChanged.connect(self._chosen)
        self.empty = text("environment_empty", self, "muted", wrap=True)
        self.empty.setText(self.say("empty.environment.probes"))
        self.empty.hide()
        self.head = text("environment_head", self, "subtitle")
        self.status = text("environment_status", self, wrap=True)
        self.facts = text("environment_facts", self, wrap=True)
        self.result = text("environment_result", self, wrap=True)
        self.result.hide()
        self.note = text("environment_note", self, "muted", wrap=True)
        self._chart: Any = None
        self._place = QVBoxLayout()
        row, left, right = QHBoxLayout(), QVBoxLayout(), QVBoxLayout()
        row.setSpacing(16)
        left.addWidget(self.list, 1)
        left.addWidget(self.empty)
        for widget in (self.head, self.status, self.facts, self.result):
            right.addWidget(widget)
        right.addLayout(self._place, 1)
        right.addWidget(self.note)
        row.addLayout(left)
        row.addLayout(right, 1)
        self.body.addLayout(row, 1)
        FileDrop(self, self._dropped)
        model = self.model
        model.probes_changed.connect(self._show)
        model.curve_changed.connect(self._draw)
        model.told.connect(self._tell)
        model.file_asked.connect(self._ask_file)
        model.form_asked.connect(self._ask)

    def focus_first(self) -> None:
        """Begin with the probes."""
        self.list.setFocus()

    @Slot()
    def _show(self) -> None:
        model = self.model
        self.empty.setVisible(not model.probes)
        self.list.blockSignals(True)
        while self.list.count() > len(model.probes):
            self.list.takeItem(self.list.count() - 1)
        for row, probe in enumerate(model.probes):
            mark, words, tone = model.status(probe)
            item = self.list.item(row) or QListWidgetItem(self.list)
            item.setText(f"{mark} {probe.name}   {model.value(probe)}\n      {words}")
            item.setForeground(COLOURS["text" if tone == "success" else tone])
            if probe.id == model.chosen:
                self.list.setCurrentRow(row)
        self.list.blockSignals(False)
        self._describe()

    def _describe(self) -> None:
        probe = self.model.probe()
        if probe is None:
            self.head.setText("")
            self.status.setText("")
            self.facts.setText("")
            set_tone(self.status, "")
            return
        mark, words, tone = self.model.status(probe)
        self.head.setText(f"{probe.name}   {probe.code}")
        self.status.setText(f"{mark} {self.model.value(probe)}   {words}")
        set_tone(self.status, tone)
        self.facts.setText(self.model.facts(probe))

    @Slot(int)
    def _chosen(self, row: int) -> None:
        if 0 <= row < len(self.model.probes):
            self.model.choose(self.model.probes[row].id)
            self._describe()

    @Slot(object)
    def _draw(self, curve: Curve) -> None:
        probe = self.model.probe()
        if probe is None:
            return
        if self._chart is None:
            self._chart = _Chart(self)
            self._place.addWidget(self._chart.widget)
        unit = UNITS[Quantity(probe.quantity)]
        self._chart.show_curve(curve, probe.low, probe.high, unit)
        code = "environment.hourly" if curve.hourly else "environment.each"
        self.note.setText(self.say(code if curve.points else "environment.no_curve", count=len(curve.points)))
        values = [p.value for p in curve.points if p.value is not None]
        told = f"{min(values):g}～{max(values):g} {unit}" if values else self.say("environment.no_curve")
        self._chart.widget.setAccessibleName(f"{probe.name} {told}")

    @Slot(str, str)
    def _tell(self, sentence: str, tone: str) -> None:
        self.result.setText(sentence)
        self.result.setVisible(bool(sentence))
        set_tone(self.result, tone)

    @Slot()
    def _ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, self.say("environment.action.file"), "", "*.csv *.txt")
        if path:
            self.model.read(Path(path))

    def _dropped(self, paths: list[Path]) -> None:
        self.model.read(paths[0])

    @Slot(str, object)
    def _ask(self, name: str, given: dict[str, Any]) -> None:
        dialog = CommandDialog(self.context, commands()[name], given, self)
        dialog.completed.connect(lambda done: self._done(name, done))
        dialog.open()

    def _done(self, name: str, done: Any) -> None:
        if name == "environment.alarm_test":
            code = "environment.test_passed" if done.receipt else "environment.test_failed"
            self._tell(self.say(code), "success" if done.receipt else "danger")
        self.model.load()


def _west() -> int:
    """Return how far the clinic's time is behind UTC in seconds: times on the axis are those of the clinic."""
    offset = clinic(datetime.now(UTC)).utcoffset()
    return 0 if offset is None else -int(offset.total_seconds())


class _Chart:
    """The curve with its limits; pyqtgraph is loaded with the first one."""

    def __init__(self, parent: QWidget) -> None:
        import pyqtgraph as graph

        self._graph = graph
        self.widget = graph.PlotWidget(parent, axisItems={"bottom": graph.DateAxisItem(utcOffset=_west())})
        self.widget.setObjectName("environment_chart")
        self.widget.setBackground(COLOURS["surface"])
        self.widget.setMenuEnabled(False)
        self.widget.hideButtons()
        self.widget.setMouseEnabled(False, False)
        self.widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.widget.showGrid(x=True, y=True, alpha=0.2)
        for side in ("left", "bottom"):
            axis = self.widget.getAxis(side)
            axis.setPen(COLOURS["muted"])
            axis.setTextPen(COLOURS["text"])
        self._curve = self.widget.plot([], [], pen=graph.mkPen(COLOURS["primary"], width=2), connect="finite")
        dash = Qt.PenStyle.DashLine
        self._lines = [
            graph.InfiniteLine(
                angle=0, pen=graph.mkPen(COLOURS["danger"], width=1.5, style=dash), label="",
                labelOpts={"color": COLOURS["danger"], "position": 0.06},
            )
            for _ in range(2)
        ]  # fmt: skip
        for line in self._lines:
            self.widget.addItem(line)

    def show_curve(self, curve: Curve, low: float, high: float, unit: str) -> None:
        """Draw the readings; where the probe was at fault the line is broken."""
        at = [point.at.timestamp() for point in curve.points]
        values = [float("nan") if point.value is None else point.value for point in curve.points]
        self._curve.setData(at, values)
        for line, limit in zip(self._lines, (low, high), strict=True):
            line.setValue(limit)
            line.label.setFormat(f"{limit:g} {unit}")
        known = [v for v in values if v == v]
        bottom, top = min([low, *known]), max([high, *known])
        room = (top - bottom) * 0.08 or 1
        self.widget.setYRange(bottom - room, top + room, padding=0)
        self.widget.setLabel("left", unit, color=COLOURS["text"].name())
