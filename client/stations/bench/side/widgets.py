"""The faces of processing and pooling: how the next tubes were spun, and what has been brought together so far."""

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QGridLayout, QLabel, QVBoxLayout, QWidget

from client.appearance import COLOURS
from client.stations.bench.widgets import dress
from domain.biobank.numbers import grouped

ACROSS = 3
SHOWN = 8
"""Sources that are listed one by one; of more, the last ones."""


class ProtocolFace(QWidget):
    """The protocols with their number keys; the one in force is framed, and says whether it is an exception."""

    def __init__(self, model: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self._model, say = model, model.context.say
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        hint = QLabel(say("bench.protocol_hint"), self)
        hint.setProperty("role", "muted")
        column.addWidget(hint)
        grid = QGridLayout()
        grid.setSpacing(8)
        self._labels: dict[str, QLabel] = {}
        for at, name in enumerate(model.processing.protocols):
            words = say(f"word.protocol.{name}" if name else "bench.protocol_own")
            label = QLabel(f"{at + 1}  {words}", self)
            label.setObjectName(f"protocol_{name or 'own'}")
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setFixedHeight(42)
            self._labels[name] = label
            grid.addWidget(label, at // ACROSS, at % ACROSS)
        column.addLayout(grid)
        column.addStretch(1)
        model.processing.protocol_changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Mark the protocol in force."""
        for name, label in self._labels.items():
            chosen = name == self._model.processing.protocol
            exception = chosen and name
            ground = "warning_soft" if exception else "primary_soft" if chosen else "surface"
            edge = "warning" if exception else "primary" if chosen else "border"
            dress(
                label,
                f"background-color: {COLOURS[ground].name()}; border: {2 if chosen else 1}px solid "
                f"{COLOURS[edge].name()}; border-radius: 6px; font-size: 16px;"
                f"font-weight: {'bold' if chosen else 'normal'};",
            )


class PoolFace(QWidget):
    """What has been scanned for the pool, and what will come of it."""

    def __init__(self, model: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self._model, self._say = model, model.context.say
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        self.plan, self.sources = QLabel(self), QLabel(self)
        self.plan.setObjectName("pool_plan")
        self.plan.setStyleSheet("font-size: 20px; font-weight: bold;")
        self.sources.setObjectName("pool_sources")
        self.sources.setStyleSheet("font-size: 18px;")
        for label in (self.plan, self.sources):
            label.setWordWrap(True)
            column.addWidget(label)
        column.addStretch(1)
        model.pooling.changed.connect(self.refresh)
        model.aliquots.changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Show the sources with what is in them, the volume of the pool, and the label of the last one."""
        pool, say = self._model.pooling, self._say
        if pool.sources:
            most = "" if pool.most_ul is None else say("bench.pool_most", most=pool.most_ul)
            self.plan.setText(say("bench.pool_plan", count=len(pool.sources), volume=pool.volume_ul) + most)
        else:
            self.plan.setText(say("bench.pool_rule"))
        lines = [f"{grouped(t.number)}　{self._volume(t.remaining_ul)}" for t in pool.sources[-SHOWN:]]
        if len(pool.sources) > SHOWN:
            lines.insert(0, f"… {len(pool.sources) - SHOWN}")
        if not pool.sources:
            lines = [f"{line.shown_number}　{line.label_text}" for line in self._model.aliquots.lines()[-1:]]
        self.sources.setText("\n".join(lines))

    def _volume(self, left_ul: int | None) -> str:
        return self._say("bench.pool_unmeasured") if left_ul is None else f"{left_ul} μL"
