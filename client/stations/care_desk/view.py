"""The care desk on the screen: the day on the left, what is at hand for the chosen line on the right."""

from typing import Any

from PySide6.QtCore import QModelIndex, QPoint, Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QStackedWidget

from client.at_hand.view import AtHandDialog
from client.command_dialog.view import CommandDialog
from client.stations.care_desk.lines import Line
from client.stations.care_desk.widgets import DayList, LineDelegate, LinePanel
from client.views.menus import numbered_menu
from client.views.station import StationView
from domain.kernel.commands import Command

PANEL_PX = 420


class View(StationView):
    """Binds the widgets to the view-model; the cursor stays where it was while the day is read anew."""

    def build(self) -> None:
        model = self.model
        self._at = 0
        self._kept: Line | None = None
        self._focus_due = False
        self.stack = QStackedWidget(self)
        self.list = DayList(self.stack)
        self.list.setAccessibleName(self.say("care_desk.list"))
        self.list.setItemDelegate(LineDelegate(model, self.list))
        self.list.setModel(model.day)
        self.note = QLabel(self.stack)
        self.note.setObjectName("care_note")
        self.note.setProperty("role", "muted")
        self.note.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.note.setWordWrap(True)
        self.stack.addWidget(self.list)
        self.stack.addWidget(self.note)
        self.panel = LinePanel(model, self)
        self.panel.setFixedWidth(PANEL_PX)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(self.stack, 1)
        row.addWidget(self.panel)
        self.body.addLayout(row, 1)
        self.list.selectionModel().currentChanged.connect(self._moved)
        self.list.next_asked.connect(model.do_next)
        model.day.state_changed.connect(self._show_state)
        model.day.modelAboutToBeReset.connect(self._keep)
        model.day.modelReset.connect(self._restore)
        model.chosen_changed.connect(self.panel.show_line)
        model.asked.connect(self._ask)
        model.action_set.on("more", self._more)
        model.action_set.on("at_hand", self._show_at_hand)
        self._show_state(model.day.state, "")

    def focus_first(self) -> None:
        """Put the focus into the day, as soon as there is one."""
        self._focus_due = self.stack.currentIndex() != 0
        self.list.setFocus()

    @Slot(QModelIndex, QModelIndex)
    def _moved(self, current: QModelIndex, _before: QModelIndex) -> None:
        self.model.choose(current.row())

    @Slot()
    def _keep(self) -> None:
        self._at = self.list.currentIndex().row()
        self._kept = self.model.day.line(self._at)

    @Slot()
    def _restore(self) -> None:
        """Go back to the line the cursor was on; where it is gone, the one in its place is next."""
        day = self.model.day
        row = day.row_of(self._kept)
        row = row if row >= 0 else min(max(self._at, 0), day.rowCount() - 1)
        if row >= 0:
            self.list.setCurrentIndex(day.index(row))
            self.model.choose(row)
        else:
            self.model.choose(-1)

    @Slot(str, str)
    def _show_state(self, state: str, reason: str) -> None:
        texts = {
            "loading": self.say("care_desk.loading"), "empty": self.say("care_desk.empty"),
            "refused": self.say("care_desk.refused", reason=reason),
        }  # fmt: skip
        self.note.setText(texts.get(state, ""))
        self.stack.setCurrentIndex(0 if state == "ready" else 1)
        if state == "ready" and self._focus_due:
            self._focus_due = False
            self.list.setFocus()

    @Slot(object, dict)
    def _ask(self, command: Command, given: dict[str, Any]) -> None:
        line = self.model.chosen
        about = (
            "" if line is None else " · ".join(part for part in (line.who, self.model.title(line)) if part)
        )
        CommandDialog(self.context, command, given, self, about=about).open()

    def _show_at_hand(self) -> None:
        found = self.model.at_hand_of()
        if found is None:
            self.model.toast("care_desk.nothing_at_hand", "warning")
        else:
            AtHandDialog(self.context, *found, self).open()

    def _more(self) -> None:
        entries = [(command.label, command.name, enabled) for command, enabled in self.model.offers()]
        menu = numbered_menu("care_menu", entries, self)
        menu.triggered.connect(self._chosen)
        place = self.list.visualRect(self.list.currentIndex()).bottomLeft()
        menu.popup(self.list.viewport().mapToGlobal(place + QPoint(24, 0)))

    @Slot(object)
    def _chosen(self, entry: Any) -> None:
        self.model.ask(entry.data())
