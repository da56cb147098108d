"""Inputs of the editor: ticks that fill lines, a time with its unit, and one step of a ladder."""

from collections.abc import Iterable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QListView,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from client.station import Context
from domain.alerts.parts import Step
from domain.alerts.records import Severity

UNITS = ("m", "h", "d")
MOST_TIME = 9999
TICK_PX, TICK_WIDTH = 30, 148
LINES = 5
"""Lines of ticks in sight; more are scrolled to."""


class Ticks(QListWidget):
    """Things of which any number is chosen: arrows move, Space ticks."""

    changed = Signal()

    def __init__(self, choices: Iterable[tuple[str, str]], ticked: Iterable[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setGridSize(QSize(TICK_WIDTH, TICK_PX))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._first = tuple(ticked)
        chosen = set(self._first)
        for value, label in choices:
            entry = QListWidgetItem(label, self)
            entry.setData(Qt.ItemDataRole.UserRole, value)
            entry.setToolTip(label)
            entry.setSizeHint(QSize(TICK_WIDTH, TICK_PX))  # by itself it leaves no room for the tick
            entry.setFlags(
                Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable
            )
            entry.setCheckState(Qt.CheckState.Checked if value in chosen else Qt.CheckState.Unchecked)
        self.itemChanged.connect(lambda _entry: self.changed.emit())

    def hold(self, value: str) -> None:
        """Keep one ticked: it is always so."""
        for entry in self._entries():
            if entry.data(Qt.ItemDataRole.UserRole) == value:
                entry.setCheckState(Qt.CheckState.Checked)
                entry.setFlags(Qt.ItemFlag.NoItemFlags)

    def tick(self, value: str, *, on: bool) -> None:
        """Tick one, or take the tick away."""
        for entry in self._entries():
            if entry.data(Qt.ItemDataRole.UserRole) == value:
                entry.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)

    def ticked(self) -> tuple[str, ...]:
        """Return what is ticked: what was at first in its order, then the others as they are shown."""
        now = [
            entry.data(Qt.ItemDataRole.UserRole)
            for entry in self._entries()
            if entry.checkState() == Qt.CheckState.Checked
        ]
        return (*(one for one in self._first if one in now), *(one for one in now if one not in self._first))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As tall as its lines."""
        super().resizeEvent(event)
        across = max(1, self.viewport().width() // TICK_WIDTH)
        lines = max(1, min(LINES, -(-self.count() // across)))
        self.setFixedHeight(lines * TICK_PX + 2 * self.frameWidth() + 2)

    def _entries(self) -> list[QListWidgetItem]:
        return [self.item(at) for at in range(self.count())]


class TimeBox(QWidget):
    """A number and its unit; `optional` ones may be 0: the workflow's own time counts."""

    changed = Signal()

    def __init__(
        self, value: str, context: Context, parent: QWidget, *, optional: bool = False, low: int = 1
    ) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.number = QSpinBox(self)
        self._optional = optional
        self.number.setRange(0 if optional else low, MOST_TIME)
        if optional:
            self.number.setSpecialValueText(context.say("alert_rules.own_time"))
        self.unit = QComboBox(self)
        for unit in UNITS:
            self.unit.addItem(context.say(f"alert_rules.unit.{unit}"), unit)
        if value:
            self.number.setValue(int(value[:-1]))
            self.unit.setCurrentIndex(UNITS.index(value[-1]))
        else:
            self.number.setValue(0)
        row.addWidget(self.number, 1)
        row.addWidget(self.unit)
        self.setFocusProxy(self.number)
        self.number.valueChanged.connect(lambda _n: self.changed.emit())
        self.unit.currentIndexChanged.connect(lambda _n: self.changed.emit())

    def setAccessibleName(self, name: str) -> None:
        """Name what is typed into as well."""
        super().setAccessibleName(name)
        self.number.setAccessibleName(name)
        self.unit.setAccessibleName(name)

    def value(self) -> str:
        """Return the time as a rule writes it, empty for none."""
        number = self.number.value()
        return "" if self._optional and number == 0 else f"{number}{self.unit.currentData()}"


class StepRow(QWidget):
    """One step of the ladder: after how long, who is told as well, and the level from then on."""

    changed = Signal()
    removed = Signal(object)

    def __init__(
        self, at: int, step: Step, roles: list[tuple[str, str]], context: Context, parent: QWidget
    ) -> None:
        super().__init__(parent)
        say = context.say
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(4)
        row = QHBoxLayout()
        self.after = TimeBox(step.after, context, self)
        self.after.setAccessibleName(say("alert_rules.step_after", number=at + 1))
        self.after.number.setObjectName(f"step_after_{at}")
        self.severity = severities(step.severity, context, self)
        self.severity.setObjectName(f"step_severity_{at}")
        self.severity.setAccessibleName(say("alert_rules.step_severity", number=at + 1))
        self.to = Ticks(roles, step.to, self)
        self.to.setObjectName(f"step_to_{at}")
        self.to.setAccessibleName(say("alert_rules.step_to", number=at + 1))
        remove = QPushButton(say("alert_rules.step_remove", number=at + 1), self)
        remove.setObjectName(f"step_remove_{at}")
        remove.clicked.connect(lambda: self.removed.emit(self))
        row.addWidget(self.after, 2)
        row.addWidget(self.severity, 1)
        row.addWidget(remove)
        column.addLayout(row)
        column.addWidget(self.to)
        for part in (self.after.changed, self.severity.currentIndexChanged, self.to.changed):
            part.connect(lambda *_: self.changed.emit())

    def value(self) -> Step:
        """Return the step as it stands."""
        return Step(self.after.value(), self.to.ticked(), Severity(self.severity.currentData()))


def severities(now: Severity, context: Context, parent: QWidget) -> QComboBox:
    """Return a choice of the three levels."""
    chooser = QComboBox(parent)
    for one in Severity:
        chooser.addItem(context.formatter.choice(one), str(one))
    chooser.setCurrentIndex(chooser.findData(str(now)))
    return chooser
