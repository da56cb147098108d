"""Parts of the case: the head, critical values, findings, the table of results and the large course of one."""

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

from client.appearance import COLOURS
from client.stations.review.case import ResultRow
from client.stations.review.drawing import (
    bold,
    draw_badge,
    draw_sparkline,
    draw_text,
    sized,
)
from client.stations.review.result_table import COLUMNS, ROW_ROLE, ResultTable
from client.stations.review.wording import Wording

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
        proposal = index.data(Qt.ItemDataRole.UserRole)
        say = self._model.context.say
        painter.save()
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.fillRect(option.rect, COLOURS["primary_soft" if chosen else "surface"])
        painter.fillRect(option.rect.left(), option.rect.bottom(), option.rect.width(), 1, COLOURS["border"])
        box = QRectF(option.rect).adjusted(8, 2, -8, -3)
        upper = QRectF(box.left(), box.top(), box.width(), box.height() * 0.54)
        lower = QRectF(box.left(), upper.bottom(), box.width(), box.height() * 0.46)
        tone = {"A": "danger", "B": "warning"}.get(proposal.important_class, "muted")
        kind = proposal.important_class
        word = say("review.finding.class", **{"class": kind}) if kind else say("review.finding.other")
        width = draw_badge(painter, word, upper, tone, bold(option.font, 12))
        written = proposal.written_in(self._model.writing.conclusion)
        mark = "✓ " + say("review.finding.written") if written else "○ " + say("review.finding.missing")
        small = sized(option.font, 12)
        side = draw_text(painter, mark, upper, "success" if written else "warning", small, right=True)
        draw_text(
            painter, proposal.sentence, upper.adjusted(width + 8, 0, -side - 12, 0), "text", bold(option.font)
        )
        used = 0.0
        if proposal.unverified:
            used = (
                draw_badge(
                    painter, say("review.finding.unverified"), lower, "warning", sized(option.font, 11)
                )
                + 6
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
        row: ResultRow | None = index.data(ROW_ROLE)
        box = QRectF(option.rect)
        painter.save()
        if row is None:
            painter.fillRect(option.rect, COLOURS["raised"])
            draw_text(painter, index.data() or "", box.adjusted(8, 0, -8, 0), "muted", bold(option.font, 13))
            painter.restore()
            return
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.fillRect(option.rect, COLOURS["primary_soft" if chosen else "surface"])
        painter.fillRect(option.rect.left(), option.rect.bottom(), option.rect.width(), 1, COLOURS["border"])
        self._cell(painter, row, COLUMNS[index.column()], box.adjusted(6, 0, -4, 0), option.font, index)
        painter.restore()

    def _cell(
        self, painter: QPainter, row: ResultRow, column: str, box: QRectF, font: Any, index: Index
    ) -> None:
        if column == "item":
            self._item(painter, row, box, font)
        elif column == "value":
            tone = self._wording.flag_tone(row)
            width = draw_text(painter, row.value, box, tone or "text", bold(font) if tone else font)
            sign = self._wording.flag(row)
            draw_text(
                painter, sign, box.adjusted(max(width + 6, 44), 0, 0, 0), tone or "muted", bold(font, 12)
            )
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
            draw_text(painter, index.data(), box, tone, bold(font, 13) if row.shift else sized(font, 13))
        else:
            draw_text(painter, index.data(), box, "muted", sized(font, 13))

    def _item(self, painter: QPainter, row: ResultRow, box: QRectF, font: Any) -> None:
        width = draw_text(painter, row.label, box, "text", bold(font) if row.abnormal else font)
        rest = box.adjusted(width + 6, 0, 0, 0)
        if row.corrected:
            used = draw_badge(painter, self._say("review.corrected"), rest, "warning", sized(font, 11))
            rest.adjust(used + 4, 0, 0, 0)
        draw_text(painter, row.unit, rest, "muted", sized(font, 12))


class ResultsView(QTableView):
    """Whole rows, no grid; headings are passed over by the cursor."""

    asked = Signal()
    row_changed = Signal(object)

    def __init__(self, table: ResultTable, delegate: ResultDelegate, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("results_table")
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

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        """Tell the result the cursor is on."""
        super().currentChanged(current, previous)
        self.row_changed.emit(current.data(ROW_ROLE) if current.isValid() else None)

    @Slot(QModelIndex)
    def _ask(self, _index: QModelIndex) -> None:
        self.asked.emit()

    @Slot()
    def _span(self) -> None:
        self.clearSpans()
        table: ResultTable = self.model()
        for line in table.headings:
            self.setSpan(line, 0, 1, len(COLUMNS))
