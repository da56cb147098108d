"""Who is expected or here today; Enter or a double click opens a visit."""

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from client.stations.front_desk.widgets import Card

if TYPE_CHECKING:
    from client.stations.front_desk.finding import TodaysVisit


class TodayPanel(Card):
    """The list on the left while the desk waits."""

    chosen = Signal(object)

    def __init__(self, context: Any, parent: QWidget) -> None:
        super().__init__("today", context.say("front_desk.today_none"), parent)
        self._say = context.say
        self.list = QListWidget(self)
        self.list.setObjectName("today_list")
        self.list.setAccessibleName(context.say("front_desk.today_none"))
        self.list.itemActivated.connect(self._activated)
        self.body.setContentsMargins(10, 10, 10, 10)
        self.body.addWidget(self.list, 1)

    def show_visits(self, visits: "list[TodaysVisit]") -> None:
        """Show these visits, who came last at the top."""
        code = "front_desk.today" if visits else "front_desk.today_none"
        self.title.setText(self._say(code, count=len(visits)))
        self.list.setAccessibleName(self.title.text())
        self.list.clear()
        for visit in visits:
            sex, state = (
                self._say(f"front_desk.sex.{visit.sex}"),
                self._say(f"front_desk.state.{visit.state}"),
            )
            item = QListWidgetItem(f"{visit.name}  {sex}  {state}\n{visit.number}")
            item.setData(Qt.ItemDataRole.UserRole, visit.visit_id)
            self.list.addItem(item)

    @Slot(QListWidgetItem)
    def _activated(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(Qt.ItemDataRole.UserRole))
