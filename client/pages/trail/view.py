"""The widgets of the trail: what is looked for, the picture, the lines, and what one of them changed."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from client.pages.trail.viewmodel import AREAS, PERIODS, ViewModel, Wanted
from client.pages.trail.widgets import Picture
from client.views.page import PageView

COLUMNS = ("time", "who", "role", "area", "command", "records", "outcome")
TEXTS = ("who", "command", "record")
OUTCOMES = ("done", "refused", "merged", "rejected")


class View(PageView):
    """F3 to what is looked for, F5 looks, F6 more lines, F7 zooms out, F8 follows the record, F9 checks the chain."""

    model: ViewModel

    def build(self) -> None:
        """Make the page."""
        self.set_title(self.say("nav.trail"))
        self.body.addLayout(self._form())
        self._summary = QLabel(self)
        self._summary.setObjectName("trail_summary")
        self._summary.setProperty("role", "subtitle")
        self._summary.setWordWrap(True)
        self.body.addWidget(self._summary)
        self._picture = Picture(self.context, self)
        self._picture.asked.connect(self.model.zoom)
        self.body.addWidget(self._picture)
        split = QSplitter(Qt.Orientation.Horizontal, self)
        split.addWidget(self._lines())
        split.addWidget(self._beside())
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 1)
        split.setChildrenCollapsible(False)
        self.body.addWidget(split, 1)
        self.model.changed.connect(self.show_state)
        self.model.detail_changed.connect(self._show_detail)
        self.model.form_asked.connect(self._fields["who"].setFocus)
        self.show_state()

    def focus_first(self) -> None:
        """Begin in the table."""
        self._table.setFocus()

    def _form(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(6)
        self._fields: dict[str, QLineEdit] = {}
        for name in TEXTS:
            field = QLineEdit(self)
            field.setObjectName(f"trail_{name}")
            field.setAccessibleName(self.say(f"trail.field.{name}"))
            field.setPlaceholderText(self.say(f"trail.field.{name}"))
            field.returnPressed.connect(self._look)
            self._fields[name] = field
            row.addWidget(field, 1)
        self._area = self._choice("area", [("", "trail.any_area"), *((a, f"trail.area.{a}") for a in AREAS)])
        self._outcome = self._choice(
            "outcome", [("", "trail.any_outcome"), *((o, f"trail.outcome.{o}") for o in OUTCOMES)]
        )
        self._days = self._choice("days", [(days, f"trail.days.{days}") for days in PERIODS])
        for box in (self._area, self._outcome, self._days):
            row.addWidget(box)
        return row

    def _choice(self, name: str, offered: list[tuple[object, str]]) -> QComboBox:
        box = QComboBox(self)
        box.setObjectName(f"trail_{name}")
        box.setAccessibleName(self.say(f"trail.field.{name}"))
        for value, text in offered:
            box.addItem(self.say(text), value)
        box.activated.connect(self._look)
        return box

    def _lines(self) -> QTableWidget:
        self._table = QTableWidget(0, len(COLUMNS), self)
        self._table.setObjectName("trail_lines")
        self._table.setAccessibleName(self.say("nav.trail"))
        self._table.setHorizontalHeaderLabels([self.say(f"trail.column.{name}") for name in COLUMNS])
        header = self._table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(COLUMNS.index("records"), QHeaderView.ResizeMode.Stretch)
        self._table.verticalHeader().hide()
        self._table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self._table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self._table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        self._table.setTabKeyNavigation(False)
        self._table.currentCellChanged.connect(self._chosen)
        return self._table

    def _beside(self) -> QWidget:
        beside = QWidget(self)
        column = QVBoxLayout(beside)
        column.setContentsMargins(8, 0, 0, 0)
        self._verdict = QLabel(beside)
        self._verdict.setObjectName("trail_verdict")
        self._verdict.setWordWrap(True)
        column.addWidget(self._verdict)
        self._detail = QPlainTextEdit(beside)
        self._detail.setObjectName("trail_detail")
        self._detail.setAccessibleName(self.say("trail.detail"))
        self._detail.setPlaceholderText(self.say("trail.detail_hint"))
        self._detail.setReadOnly(True)
        self._detail.setTabChangesFocus(True)
        self._detail.setMinimumWidth(240)
        column.addWidget(self._detail, 1)
        return beside

    @Slot()
    def _look(self) -> None:
        texts = {name: field.text().strip() for name, field in self._fields.items()}
        self.model.look_for(
            Wanted(
                **texts, area=self._area.currentData(), outcome=self._outcome.currentData(),
                days=self._days.currentData(),
            )
        )  # fmt: skip

    @Slot()
    def show_state(self) -> None:
        """Show what was found; the form shows what was looked for, also where a key asked."""
        model = self.model
        for name, field in self._fields.items():
            if not field.hasFocus():
                field.setText(getattr(model.wanted, name))
        self._days.setCurrentIndex(self._days.findData(model.wanted.days))
        self._area.setCurrentIndex(self._area.findData(model.wanted.area))
        self._outcome.setCurrentIndex(self._outcome.findData(model.wanted.outcome))
        self._summary.setText(model.summary)
        self._picture.show_chart(model.chart)
        text, tone = model.verdict
        self._verdict.setText(text)
        self._verdict.setVisible(bool(text))
        if self._verdict.property("tone") != tone:
            self._verdict.setProperty("tone", tone)
            self._verdict.style().unpolish(self._verdict)
            self._verdict.style().polish(self._verdict)
        self._fill()

    def _fill(self) -> None:
        lines = self.model.lines
        self._table.blockSignals(True)
        begin = self._table.rowCount() if 0 < self._table.rowCount() < len(lines) and self._same() else 0
        self._table.setRowCount(len(lines))
        for row in range(begin, len(lines)):
            for at, text in enumerate(self.model.row(lines[row])):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                self._table.setItem(row, at, item)
        self._table.blockSignals(False)
        self._first = lines[0].number if lines else 0
        self._table.resizeColumnsToContents() if begin == 0 else None
        self._chosen(self._table.currentRow())

    def _same(self) -> bool:
        return bool(self.model.lines) and getattr(self, "_first", 0) == self.model.lines[0].number

    @Slot(int, int, int, int)
    def _chosen(self, row: int, _column: int = 0, _before: int = 0, _column_before: int = 0) -> None:
        self.model.select(row)

    @Slot()
    def _show_detail(self) -> None:
        self._detail.setPlainText("\n".join(self.model.detail))
