"""The plans in a table: arrows move between plans, F9 chooses the one in whose column the cursor stands."""

from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QLabel, QTableWidget, QTableWidgetItem

from client.command_dialog.view import CommandDialog
from client.pages.care_plans.viewmodel import ViewModel
from client.views.page import PageView
from domain.kernel.commands import commands


class View(PageView):
    """Plans side by side."""

    model: ViewModel

    def build(self) -> None:
        """Make the table; it is empty until the plans were read."""
        self.note = QLabel(self.say("care_plans.reading"), self)
        self.note.setObjectName("care_plans_note")
        self.note.setProperty("role", "muted")
        self.note.setWordWrap(True)
        self.body.addWidget(self.note)
        self.table = QTableWidget(0, 0, self)
        self.table.setObjectName("care_plans_table")
        self.table.setAccessibleName(self.say("care_plans.title"))
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectColumns)
        self.table.setTabKeyNavigation(False)
        self.table.setWordWrap(True)
        self.table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.horizontalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )
        self.table.verticalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
        )
        self.body.addWidget(self.table, 1)
        self.model.plans_changed.connect(self._show)
        self.model.choose_asked.connect(self._ask_why)
        self.model.action_set.on("choose", self._choose)

    def focus_first(self) -> None:
        """Begin with the plans."""
        self.table.setFocus()

    @Slot(object)
    def _show(self, plans: list[Any]) -> None:
        rows, at = self.model.rows(), max(0, self.table.currentColumn())
        self.table.setColumnCount(len(plans))
        self.table.setRowCount(len(rows))
        for place, plan in enumerate(plans):
            head = QTableWidgetItem(plan.name)
            head.setToolTip(plan.name)
            self.table.setHorizontalHeaderItem(place, head)
        self.table.setVerticalHeaderLabels([label for label, _ in rows])
        for line, (label, cells) in enumerate(rows):
            for place, said in enumerate(cells):
                item = QTableWidgetItem(said or "—")
                item.setToolTip(f"{label}：{said}" if said else label)
                item.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
                self.table.setItem(line, place, item)
        self.table.resizeRowsToContents()
        self.table.setVisible(bool(plans))
        code = "care_plans.hint" if plans else "care_plans.none"
        self.note.setText(self.say(code, count=len(plans)))
        if plans:
            self.table.setCurrentCell(0, min(at, len(plans) - 1))

    @Slot()
    def _choose(self) -> None:
        self.model.choose(self.table.currentColumn())

    @Slot(object)
    def _ask_why(self, given: dict[str, Any]) -> None:
        dialog = CommandDialog(self.context, commands()["care.choose_plan"], given, self)
        dialog.completed.connect(lambda _done: self.model.toast("care_plans.chosen", "success"))
        dialog.open()
