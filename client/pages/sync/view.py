"""The sync page's widgets: the state, the progress in bytes, the refusals with their reasons."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QTableWidget,
    QTableWidgetItem,
)

from client.pages.sync.viewmodel import ViewModel
from client.views.page import PageView

KILO = 1024
"""The bar counts in kibibytes: Qt's range is 32 bit."""


class View(PageView):
    """F5 tries now, F4 goes to the conflicts."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        self.set_title(self.say("nav.sync"))
        self._card = QFrame(self)
        self._card.setProperty("part", "card")
        self._grid = QGridLayout(self._card)
        self._grid.setContentsMargins(20, 16, 20, 16)
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(1, 1)
        self._labels: list[tuple[QLabel, QLabel]] = []
        self.body.addWidget(self._card)
        self._bar = QProgressBar(self)
        self._bar.setObjectName("sync_progress")
        self._bar.setTextVisible(False)
        self.body.addWidget(self._bar)
        head = QLabel(self.say("sync.refused_title"), self)
        head.setProperty("role", "subtitle")
        self.body.addWidget(head)
        self._none = QLabel(self.say("sync.none_refused"), self)
        self._none.setObjectName("sync_none_refused")
        self._none.setProperty("role", "muted")
        self.body.addWidget(self._none)
        self._table = QTableWidget(0, 4, self)
        self._table.setObjectName("sync_refused")
        self._table.setHorizontalHeaderLabels(
            [
                self.say(c)
                for c in ("sync.column.number", "sync.column.at", "sync.column.kind", "sync.column.reason")
            ]
        )
        header = self._table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(3, QHeaderView.ResizeMode.Stretch)
        self._table.verticalHeader().hide()
        self._table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self._table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self._table.setTabKeyNavigation(False)
        self.body.addWidget(self._table, 1)
        self.model.changed.connect(self.show_state)

    def focus_first(self) -> None:
        """Begin in the table."""
        self._table.setFocus()

    @Slot()
    def show_state(self) -> None:
        """Show how it stands."""
        facts = self.model.facts()
        while len(self._labels) < len(facts):
            pair = (QLabel(self._card), QLabel(self._card))
            pair[0].setProperty("role", "muted")
            at = len(self._labels)
            self._grid.addWidget(pair[0], at, 0)
            self._grid.addWidget(pair[1], at, 1, Qt.AlignmentFlag.AlignLeft)
            self._labels.append(pair)
        for at, (label, text) in enumerate(self._labels):
            shown = at < len(facts)
            label.setVisible(shown)
            text.setVisible(shown)
            if shown:
                label.setText(facts[at].label)
                text.setText(facts[at].text)
                text.setProperty("tone", facts[at].tone)
                text.style().unpolish(text)
                text.style().polish(text)
        state = self.model.state
        self._bar.setVisible(state.phase in {"sending", "receiving", "filling", "filling_rest"})
        self._bar.setRange(0, state.total_bytes // KILO)
        self._bar.setValue(state.done_bytes // KILO)
        self._show_reasons()

    def _show_reasons(self) -> None:
        reasons = self.model.reasons()
        self._none.setVisible(not reasons)
        self._table.setRowCount(len(reasons))
        for row, reason in enumerate(reasons):
            for at, text in enumerate((str(reason.number), reason.at, reason.kind, reason.text)):
                self._table.setItem(row, at, QTableWidgetItem(text))
