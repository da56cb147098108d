"""On the right: today's values with range, flag and the last time; below, the devices."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QFont
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from client.appearance import COLOURS
from client.devices_hub import DeviceState
from client.stations.front_desk.encounter import ABNORMAL, Value
from client.stations.front_desk.progress import arrow
from client.stations.front_desk.widgets import Card, text
from domain.catalog.units import shown_unit
from domain.kernel.clock import clinic

COLUMNS = ("item", "value", "last")
VALUE_PX = 17
TONES = {"ready": "success", "absent": "danger", "suspect": "warning"}
MARKS = {"ready": "●", "absent": "○", "suspect": "◐"}


class ValuesPanel(Card):
    """A table that is only read."""

    def __init__(self, context: Any, parent: QWidget) -> None:
        super().__init__("values", context.say("front_desk.values"), parent)
        self._say = context.say
        self.table = QTableWidget(0, len(COLUMNS), self)
        self.table.setObjectName("values_table")
        self.table.setAccessibleName(self._say("front_desk.values"))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(46)
        self.table.setHorizontalHeaderLabels([self._say(f"front_desk.column.{name}") for name in COLUMNS])
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.none = text("values_none", self, "muted")
        self.none.setText(self._say("front_desk.values_none"))
        self.body.addWidget(self.none, 1, Qt.AlignmentFlag.AlignTop)
        self.body.addWidget(self.table, 1)

    def show_values(self, values: Sequence[Value]) -> None:
        """Show these values."""
        self.table.setRowCount(len(values))
        for row, value in enumerate(values):
            last = f"{value.last_text}\n{clinic(value.last_at):%Y-%m}" if value.last_at else "—"
            word = self._say(f"front_desk.flag.{value.flag}") if value.flag in ABNORMAL else ""
            unit = shown_unit(value.unit)
            below = f"{value.range_text} {unit}".strip()
            cells = (f"{value.label}\n{below}".strip(), f"{value.text}{arrow(value.flag)}", last)
            for column, shown in enumerate(cells):
                item = QTableWidgetItem(shown)
                item.setToolTip(f"{value.label} {value.text} {unit} {word}".strip())
                if column == 1:
                    font = QFont(self.table.font())
                    font.setPixelSize(VALUE_PX)
                    font.setBold(True)
                    item.setFont(font)
                    if word:
                        item.setForeground(QBrush(COLOURS["danger"]))
                self.table.setItem(row, column, item)
        self.table.setVisible(bool(values))
        self.none.setVisible(not values)


class DevicesPanel(Card):
    """One line a device: what it is and how it stands."""

    def __init__(self, context: Any, parent: QWidget) -> None:
        super().__init__("devices", context.say("front_desk.devices"), parent)
        self._say = context.say
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._lines: list[Any] = []
        self._column = QVBoxLayout()
        self._column.setSpacing(2)
        self.body.addLayout(self._column)

    def show_states(self, states: Sequence[DeviceState], printer: str, problems: Sequence[str]) -> None:
        """Show the devices, the label printer by name, and what is wrong with the settings."""
        shown = [
            (s.label, self._say(f"front_desk.device.{s.tone}"), s.tone, self._say(s.code)) for s in states
        ]
        if printer:
            shown.append((printer, self._say("front_desk.device.printer"), "", ""))
        if problems:
            told = self._say("front_desk.device.problems", first=problems[0])
            shown.append((told, "", "absent", "\n".join(problems)))
        if not shown:
            shown.append((self._say("front_desk.devices_none"), "", "", ""))
        while len(self._lines) < len(shown):
            line = text(f"device_{len(self._lines)}", self, wrap=True)
            self._lines.append(line)
            self._column.addWidget(line)
        for place, line in enumerate(self._lines):
            line.setVisible(place < len(shown))
            if place < len(shown):
                label, state, tone, more = shown[place]
                line.setText(f"{MARKS.get(tone, '')} {label}  {state}".strip())
                line.setToolTip(more)
                line.setStyleSheet(f"color: {COLOURS[TONES[tone]].name()};" if tone in TONES else "")
