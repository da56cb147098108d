"""The queue: reasons with counts above, the cases below."""

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QLabel, QStackedWidget, QVBoxLayout, QWidget

from client.stations.review.case import Case, CaseKey
from client.stations.review.queue_panel.widgets import QueueDelegate, QueueList, ReasonBar
from domain.checkup.scheme import USUAL
from domain.checkup.workflow import LEVELS

LEAST_WIDTH = 236


SELDOM = frozenset(f"state:{level}" for level in LEVELS if level not in USUAL)
"""Levels few sites have: shown when a report is at one."""


class QueuePanel(QWidget):
    """Bound to the desk's view-model; keeps cursor and scroll position while the queue refreshes."""

    def __init__(self, model: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self.model = model
        self.setObjectName("queue_panel")
        self.setMinimumWidth(LEAST_WIDTH)
        self._scroll = 0
        self._at: CaseKey | None = None
        self._focus_due = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self._reasons = ReasonBar(model.queue.reasons, self)
        self._stack = QStackedWidget(self)
        self.list = QueueList(self._stack)
        self.list.setAccessibleName(model.context.say("review.queue"))
        self._delegate = QueueDelegate(model.wording, self._returns, self.list)
        self.list.setItemDelegate(self._delegate)
        self.list.setModel(model.queue)
        self._note = QLabel(self._stack)
        self._note.setObjectName("queue_note")
        self._note.setWordWrap(True)
        self._note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._note.setProperty("role", "muted")
        self._stack.addWidget(self.list)
        self._stack.addWidget(self._note)
        column.addWidget(self._reasons)
        column.addWidget(self._stack, 1)
        self._wire()

    def _wire(self) -> None:
        model = self.model
        self._reasons.chosen.connect(model.queue.choose)
        self.list.opened.connect(self._open)
        model.queue.counts_changed.connect(self._show_counts)
        model.queue.state_changed.connect(self._show_state)
        model.queue.modelAboutToBeReset.connect(self._keep)
        model.queue.modelReset.connect(self._restore)
        model.case_shown.connect(self._case_shown)
        self._show_counts()

    def _returns(self, count: int) -> str:
        return str(self.model.context.say("review.returns", count=count))

    @Slot(int)
    def _open(self, row: int) -> None:
        self.model.open(self.model.queue.row(row).key)

    @Slot()
    def _show_counts(self) -> None:
        model = self.model
        texts = {}
        for reason in model.queue.reasons:
            name = model.wording.reason(reason)
            count = model.queue.counts.get(reason, 0)
            if reason in SELDOM and not count and reason != model.queue.chosen.reason:
                continue
            counted = reason != "issued"
            texts[reason] = (
                model.context.say("review.reason_count", reason=name, count=count) if counted else name
            )
        self._reasons.show_counts(texts, model.queue.chosen.reason)

    @Slot(str, str)
    def _show_state(self, state: str, reason: str) -> None:
        chosen = self.model.queue.chosen.reason
        empty = "review.queue.empty" if chosen == "all" else "review.queue.empty_filtered"
        texts = {
            "loading": self.model.context.say("review.queue.loading"),
            "empty": self.model.context.say(empty, reason=self.model.wording.reason(chosen)),
            "refused": self.model.context.say("review.queue.refused", reason=reason),
        }
        self._note.setText(texts.get(state, ""))
        self._stack.setCurrentIndex(0 if state == "ready" else 1)
        if state == "ready" and self._focus_due:
            self._focus_due = False
            self.list.setFocus()

    def focus_list(self) -> None:
        """Put the focus into the queue, as soon as there is one."""
        self._focus_due = self._stack.currentIndex() != 0
        self.list.setFocus()

    @Slot(object, bool)
    def _case_shown(self, case: Case, fresh: bool) -> None:
        self._delegate.open_key = case.key
        self.list.viewport().update()
        if fresh:
            self._go_to(case.key)

    @Slot()
    def _keep(self) -> None:
        row = self.list.currentIndex().row()
        self._at = self.model.queue.row(row).key if 0 <= row < self.model.queue.rowCount() else None
        self._scroll = self.list.verticalScrollBar().value()

    @Slot()
    def _restore(self) -> None:
        """Put the cursor back on its case, or on the one that is open."""
        if not self._go_to(self._at):
            self._go_to(self.model.wanted)
        self.list.verticalScrollBar().setValue(self._scroll)

    def _go_to(self, key: CaseKey | None) -> bool:
        row: int = self.model.queue.row_of(key)
        if row >= 0:
            self.list.setCurrentIndex(self.model.queue.index(row))
        return row >= 0
