"""A list of large steps with their state: what is done, what comes now, what has a problem."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

MARKS = {"done": "✓", "current": "▶", "problem": "!", "waiting": "·", "skipped": "–"}


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `state` is ``waiting``, ``current``, ``done``, ``problem`` or ``skipped``."""

    id: str
    text: str
    state: str = "waiting"
    detail: str = ""
    key: str = ""


class StepList(QWidget):
    """Rows ``step_<id>``; the mark repeats in a sign what the colour says."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._column.addStretch(1)
        self._rows: list[_StepRow] = []

    @Slot(object)
    def show_steps(self, steps: Sequence[Step]) -> None:
        """Show these steps; rows are kept where they can be."""
        while len(self._rows) > len(steps):
            self._rows.pop().deleteLater()
        while len(self._rows) < len(steps):
            row = _StepRow(self)
            self._column.insertWidget(len(self._rows), row)
            self._rows.append(row)
        for row, step in zip(self._rows, steps, strict=True):
            row.show_step(step)


class _StepRow(QFrame):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("part", "step")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(12)
        self._mark, self._text, self._detail, self._key = (QLabel(self) for _ in range(4))
        self._mark.setFixedWidth(20)
        self._detail.setProperty("role", "muted")
        self._key.setProperty("role", "muted")
        for label, stretch in ((self._mark, 0), (self._text, 1), (self._detail, 1), (self._key, 0)):
            row.addWidget(label, stretch)

    def show_step(self, step: Step) -> None:
        self.setObjectName(f"step_{step.id}")
        self._mark.setText(MARKS.get(step.state, ""))
        self._text.setText(step.text)
        self._detail.setText(step.detail)
        self._key.setText(step.key)
        self.setAccessibleName(f"{step.text} {step.detail} {MARKS.get(step.state, '')}")
        self.setProperty("state", step.state)
        widgets: list[Any] = [self, self._mark, self._text, self._detail, self._key]
        for widget in widgets:
            widget.style().unpolish(widget)
            widget.style().polish(widget)
