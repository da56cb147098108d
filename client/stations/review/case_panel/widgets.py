"""How findings and results are drawn, line by line."""

from typing import Any

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from client.stations.review.drawing import (
    draw_badge,
    draw_ground,
    draw_sparkline,
    draw_text,
    face,
    ink,
)
from client.stations.review.result_table import COLUMNS, ROW_ROLE, ResultTable
from client.stations.review.wording import Wording
from domain.checkup.compared import ResultRow

WIDTHS = {"item": 150, "value": 116, "range": 84, "previous": 54, "change": 78, "trend": 66}
LINE = 28
Index = QModelIndex | QPersistentModelIndex


class FindingDelegate(QStyledItemDelegate):
    """Two lines a proposed sentence: class and sentence; rule, its source, and whether the conclusion has it."""

    def __init__(self, model: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return QSize(200, 46)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        family = option.font.family()
        proposal = index.data(Qt.ItemDataRole.UserRole)
        say = self._model.context.say
        painter.save()
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        draw_ground(painter, option.rect, chosen=chosen)
        box = QRectF(option.rect).adjusted(8, 2, -8, -3)
        upper = QRectF(box.left(), box.top(), box.width(), box.height() * 0.54)
        lower = QRectF(box.left(), upper.bottom(), box.width(), box.height() * 0.46)
        tone = {"A": "danger", "B": "warning"}.get(proposal.important_class, "muted")
        kind = proposal.important_class
        word = say("review.finding.class", **{"class": kind}) if kind else say("review.finding.other")
        width = draw_badge(painter, word, upper, tone, face(family, 12, heavy=True))
        written = proposal.written_in(self._model.writing.conclusion)
        mark = "✓ " + say("review.finding.written") if written else "○ " + say("review.finding.missing")
        small = face(family, 12)
        side = draw_text(painter, mark, upper, "success" if written else "warning", small, right=True)
        draw_text(
            painter,
            proposal.sentence,
            upper.adjusted(width + 8, 0, -side - 12, 0),
            "text",
            face(family, heavy=True),
        )
        used = 0.0
        if proposal.unverified:
            used = (
                draw_badge(painter, say("review.finding.unverified"), lower, "warning", face(family, 11)) + 6
            )
        draw_text(painter, self._second(proposal), lower.adjusted(used, 0, 0, 0), "muted", small)
        painter.restore()

    def _second(self, proposal: Any) -> str:
        say = self._model.context.say
        parts = [say(f"checkup.condition.{c}") for c in proposal.conditions]
        parts.append(say("review.finding.rule", rule=proposal.rule))
        return "　".join(parts)


class ResultDelegate(QStyledItemDelegate):
    """Draws cells: the unit behind the name, the sign behind the value, the course as a line."""

    def __init__(self, wording: Wording, say: Any, parent: QWidget) -> None:
        super().__init__(parent)
        self._wording = wording
        self._say = say

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        family = option.font.family()
        row: ResultRow | None = index.data(ROW_ROLE)
        box = QRectF(option.rect)
        painter.save()
        if row is None:
            painter.fillRect(option.rect, ink("raised"))
            draw_text(
                painter, index.data() or "", box.adjusted(8, 0, -8, 0), "muted", face(family, 13, heavy=True)
            )
            painter.restore()
            return
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        draw_ground(painter, option.rect, chosen=chosen)
        self._cell(painter, row, COLUMNS[index.column()], box.adjusted(6, 0, -4, 0), family, index)
        painter.restore()

    def _cell(
        self, painter: QPainter, row: ResultRow, column: str, box: QRectF, family: str, index: Index
    ) -> None:
        if column == "item":
            self._item(painter, row, box, family)
        elif column == "value":
            tone = self._wording.flag_tone(row)
            width = draw_text(painter, row.value, box, tone or "text", face(family, heavy=bool(tone)))
            rest, strong = box.adjusted(max(width + 6, 44), 0, 0, 0), face(family, 12, heavy=True)
            draw_text(painter, self._wording.flag(row), rest, tone or "muted", strong)
        elif column == "trend":
            draw_sparkline(painter, row, box)
        elif column == "change":
            tone = (
                "warning"
                if row.shift in {"risen", "fallen"}
                else "success"
                if row.shift == "back"
                else "muted"
            )
            draw_text(painter, index.data(), box, tone, face(family, 13, heavy=bool(row.shift)))
        else:
            draw_text(painter, index.data(), box, "muted", face(family, 13))

    def _item(self, painter: QPainter, row: ResultRow, box: QRectF, family: str) -> None:
        width = draw_text(painter, row.label, box, "text", face(family, heavy=row.abnormal))
        rest = box.adjusted(width + 6, 0, 0, 0)
        if row.corrected:
            used = draw_badge(painter, self._say("review.corrected"), rest, "warning", face(family, 11))
            rest.adjust(used + 4, 0, 0, 0)
        draw_text(painter, row.unit, rest, "muted", face(family, 12))


class ResultsView(QTableView):
    """Whole rows, no grid; headings are passed over by the cursor."""

    asked = Signal()
    row_changed = Signal(object)

    def __init__(self, table: ResultTable, delegate: ResultDelegate, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("results_table")
        self._table = table
        self.setModel(table)
        self.setItemDelegate(delegate)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setMinimumSectionSize(LINE)
        self.verticalHeader().setDefaultSectionSize(LINE)
        header = self.horizontalHeader()
        header.setSectionsClickable(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setMinimumSectionSize(40)
        table.modelReset.connect(self._span)
        self.doubleClicked.connect(self._ask)

    def resizeEvent(self, event: Any) -> None:
        """Share the room among the columns."""
        super().resizeEvent(event)
        room, total = self.viewport().width(), sum(WIDTHS.values())
        for number, name in enumerate(COLUMNS):
            self.setColumnWidth(number, WIDTHS[name] * room // total)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter shows the course of the result; the rest moves."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.asked.emit()
        else:
            super().keyPressEvent(event)

    def currentChanged(self, current: Index, previous: Index) -> None:
        """Tell the result the cursor is on."""
        super().currentChanged(current, previous)
        self.row_changed.emit(current.data(ROW_ROLE) if current.isValid() else None)

    @Slot(QModelIndex)
    def _ask(self, _index: QModelIndex) -> None:
        self.asked.emit()

    @Slot()
    def _span(self) -> None:
        self.clearSpans()
        for line in self._table.headings:
            self.setSpan(line, 0, 1, len(COLUMNS))
