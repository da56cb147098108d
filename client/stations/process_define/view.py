"""The definitions on the screen: a tab a kind, a line a piece; F2 or Enter changes it, F9 makes one."""

from typing import Any

from PySide6.QtCore import QModelIndex, Slot
from PySide6.QtWidgets import QTabBar

from client.command_dialog.view import CommandDialog
from client.stations.front_desk.widgets import text
from client.stations.process.widgets import Lines, table_of
from client.stations.process_define.viewmodel import ViewModel
from client.views.station import StationView
from domain.kernel.commands import commands
from domain.process.records import ProcessKind

HEADS = ("name", "code", "said", "version")
WIDTHS = (170, 170, 0, 130)


class View(StationView):
    """Arrows choose a piece, F6 turns to the next kind."""

    model: ViewModel

    def build(self) -> None:
        """Make the tabs and the list."""
        self.tabs = QTabBar(self)
        self.tabs.setObjectName("define_kinds")
        self.tabs.setAccessibleName(self.say("process_define.kinds"))
        self.tabs.setExpanding(False)
        self._kinds = tuple(ProcessKind)
        for kind in self._kinds:
            self.tabs.addTab(self.model.context.formatter.choice(kind))
        self.tabs.currentChanged.connect(lambda at: self.model.choose_kind(self._kinds[at]))
        self.note = text("define_note", self, "muted", wrap=True)
        self.note.setText(self.say("process_define.loading"))
        self._lines = Lines([self.say(f"process_define.head.{one}") for one in HEADS], self)
        self.list = table_of("define_list", self.say("process_define.kinds"), self._lines, WIDTHS, self)
        self.list.selectionModel().currentRowChanged.connect(self._chosen)
        self.list.activated.connect(lambda _index: self.model.change())
        for widget in (self.tabs, self.note):
            self.body.addWidget(widget)
        self.body.addWidget(self.list, 1)
        self.model.changed.connect(self._show)
        self.model.form_asked.connect(self._ask)
        self.model.action_set.on("part", self._next_kind)

    def focus_first(self) -> None:
        """Begin with the list."""
        self.list.setFocus()

    @Slot()
    def _show(self) -> None:
        pieces = self.model.shown()
        say = self.say
        rows: list[tuple[Any, tuple[str, ...], str]] = []
        for one in pieces:
            own = say("process_define.own", version=one.version)
            origin = own if one.version else say("process_define.shipped")
            rows.append((one.code, (one.name, one.code, one.said, origin), ""))
        self._lines.show(rows)
        self.note.setText(say(f"process_define.hint.{self.model.kind}" if pieces else "process_define.none"))
        if pieces:
            self.list.selectRow(max(0, self._lines.row_of(self.model.selected)))

    @Slot(QModelIndex, QModelIndex)
    def _chosen(self, now: QModelIndex, _before: QModelIndex) -> None:
        self.model.selected = self._lines.rows[now.row()][0] if now.isValid() else ""

    @Slot()
    def _next_kind(self) -> None:
        self.tabs.setCurrentIndex((self.tabs.currentIndex() + 1) % self.tabs.count())

    @Slot(str, object)
    def _ask(self, name: str, given: dict[str, Any]) -> None:
        CommandDialog(self.context, commands()[name], given, self).open()
