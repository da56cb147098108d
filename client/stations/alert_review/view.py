"""The review on the screen: the time above, then rules, messages and the shift, a tab each."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from client.stations.alert_review.viewmodel import DAYS, HOURS, ViewModel
from client.views.station import StationView

COLUMNS = {
    "rules": (
        "rule", "name", "opened", "waiting", "escalated", "minutes", "no_action", "false", "causes", "proposal",
    ),
    "messages": ("channel", "category", "queued", "waiting", "out", "read", "lost", "reached"),
    "shift": ("name", "opened", "settled"),
}  # fmt: skip
WIDE = {"rules": ("causes", "proposal"), "messages": ("category",), "shift": ("name",)}


class View(StationView):
    """F5 counts anew, F6 turns to the next part, F4 or Enter changes the rule of a row, F8 opens the figures."""

    model: ViewModel

    def build(self) -> None:
        """Make the parts; they are empty until something was counted."""
        row = QHBoxLayout()
        row.setSpacing(8)
        self.time = QComboBox(self)
        self.time.setObjectName("review_time")
        self.time.setAccessibleName(self.say("alert_review.time"))
        for days in DAYS:
            self.time.addItem(self.say("alert_review.days", days=days), days)
        self.time.setCurrentIndex(DAYS.index(self.model.days))
        self.time.activated.connect(lambda _at: self.model.choose_days(self.time.currentData()))
        row.addWidget(QLabel(self.say("alert_review.time"), self))
        row.addWidget(self.time)
        row.addStretch(1)
        self.body.addLayout(row)
        self.parts = QTabWidget(self)
        self.parts.setObjectName("review_parts")
        self.tables: dict[str, QTableWidget] = {}
        self.notes: dict[str, QLabel] = {}
        for part in COLUMNS:
            self.parts.addTab(self._part(part), self.say(f"alert_review.part.{part}"))
        self.body.addWidget(self.parts, 1)
        self.model.counted.connect(self._show)
        self.model.action_set.on("part", self._next_part)
        self.model.action_set.on("change", self._change)
        self.tables["rules"].activated.connect(self._change)

    def focus_first(self) -> None:
        """Begin with the rules."""
        self.tables["rules"].setFocus()

    def _part(self, name: str) -> QWidget:
        part = QWidget(self)
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 10, 0, 0)
        note = self.notes[name] = QLabel(self.say("alert_review.counting"), part)
        note.setObjectName(f"review_{name}_note")
        note.setProperty("role", "muted")
        note.setWordWrap(True)
        heads = COLUMNS[name]
        table = self.tables[name] = QTableWidget(0, len(heads), part)
        table.setObjectName(f"review_{name}")
        table.setAccessibleName(self.say(f"alert_review.part.{name}"))
        table.setHorizontalHeaderLabels([self.say(f"alert_review.{name}.{one}") for one in heads])
        table.verticalHeader().hide()
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setTabKeyNavigation(False)
        header = table.horizontalHeader()
        for at, head in enumerate(heads):
            wide = head in WIDE[name]
            header.setSectionResizeMode(
                at, QHeaderView.ResizeMode.Stretch if wide else QHeaderView.ResizeMode.ResizeToContents
            )
        column.addWidget(note)
        column.addWidget(table, 1)
        return part

    @Slot()
    def _next_part(self) -> None:
        self.parts.setCurrentIndex((self.parts.currentIndex() + 1) % self.parts.count())

    @Slot()
    def _change(self) -> None:
        if self.parts.currentIndex() == 0:
            self.model.change_rule(self.tables["rules"].currentRow())

    @Slot(str)
    def _show(self, part: str) -> None:
        model = self.model
        rows = {"rules": model.rule_rows, "messages": model.message_rows, "shift": model.shift_rows}[part]()
        self._fill(self.tables[part], rows)
        self.tables[part].resizeRowsToContents()  # a proposal is a sentence
        waiting = model.shift.waiting if model.shift is not None else 0
        code = f"alert_review.{part}.{'hint' if rows else 'none'}"
        self.notes[part].setText(self.say(code, days=model.days, hours=HOURS, waiting=waiting))

    @staticmethod
    def _fill(table: QTableWidget, rows: Sequence[Sequence[str]]) -> None:
        table.setRowCount(len(rows))
        for at, row in enumerate(rows):
            for place, said in enumerate(row):
                item = QTableWidgetItem(said)
                item.setToolTip(said)
                wide = table.horizontalHeader().sectionResizeMode(place) is QHeaderView.ResizeMode.Stretch
                if not wide and (said[:1].isdigit() or said == "—"):
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                table.setItem(at, place, item)
        if rows and table.currentRow() < 0:
            table.selectRow(0)
