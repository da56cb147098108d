"""The board on the screen: the scan and what it came to above, rooms at the left, who is there at the right."""

from typing import Any

from PySide6.QtCore import QModelIndex, Slot
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from client.command_dialog.view import CommandDialog
from client.stations.front_desk.widgets import set_tone, text
from client.stations.process.board import EVERYBODY, Person
from client.stations.process.viewmodel import DAYS, ViewModel
from client.stations.process.widgets import Lines, table_of
from client.views.station import StationView
from domain.kernel.commands import commands

ROOMS = ("node", "waiting", "serving", "wait", "longest", "overdue", "used")
PEOPLE = ("name", "number", "node", "where", "minutes", "over")
FLOWS = ("node", "hour", "stays", "wait", "wait95", "service", "service95", "overdue", "measured")
ROOM_WIDTHS = (0, 52, 64, 84, 84, 52, 60)
PEOPLE_WIDTHS = (0, 130, 110, 110, 80, 110)
FLOW_WIDTHS = (0, 110, 70, 110, 110, 110, 110, 70, 90)
ROOMS_PX = 540


class View(StationView):
    """A scan is the next step at this desk's room; arrows choose a room and a person, F6 turns to the figures."""

    model: ViewModel

    def build(self) -> None:
        """Make both parts; they fill when the day was read."""
        self.parts = QTabWidget(self)
        self.parts.setObjectName("process_parts")
        self.parts.addTab(self._board(), self.say("process.part.board"))
        self.parts.addTab(self._figures(), self.say("process.part.flows"))
        self.parts.currentChanged.connect(self._turned)
        self.body.addWidget(self.parts, 1)
        model = self.model
        model.changed.connect(self._show)
        model.told.connect(self._tell)
        model.next_changed.connect(self._show_next)
        model.form_asked.connect(self._ask)
        model.flows_changed.connect(self._show_flows)
        model.sound.connect(lambda _tone: QApplication.beep())
        model.action_set.on("part", self._next_part)
        self._tell(self.say("process.loading"), "info")

    def focus_first(self) -> None:
        """Begin with the field a number is typed into; a scanner needs no field."""
        self.field.setFocus()

    def _board(self) -> QWidget:
        part = QWidget(self)
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(12)
        self.here = text("process_here", part, "subtitle")
        self.field = QLineEdit(part)
        self.field.setObjectName("process_number")
        self.field.setAccessibleName(self.say("process.number"))
        self.field.setPlaceholderText(self.say("process.number"))
        self.field.setFixedWidth(280)
        self.field.returnPressed.connect(self._typed)
        self.jam = text("process_jam", part)
        row.addWidget(self.here)
        row.addWidget(self.field)
        row.addWidget(self.jam, 1)
        column.addLayout(row)
        self.result = text("process_result", part, wrap=True)
        self.result.setMinimumHeight(44)
        self.next = text("process_next", part, "subtitle", wrap=True)
        self.next.hide()
        column.addWidget(self.result)
        column.addWidget(self.next)
        self._rooms = Lines([self.say(f"process.room.{one}") for one in ROOMS], self)
        self._people = Lines([self.say(f"process.person.{one}") for one in PEOPLE], self)
        self.rooms = table_of("process_rooms", self.say("process.rooms"), self._rooms, ROOM_WIDTHS, part)
        self.people = table_of(
            "process_people", self.say("process.people"), self._people, PEOPLE_WIDTHS, part
        )
        self.rooms.setFixedWidth(ROOMS_PX)
        self.rooms.selectionModel().currentRowChanged.connect(self._room_chosen)
        self.people.selectionModel().currentRowChanged.connect(self._person_chosen)
        self.empty = text("process_empty", part, "muted", wrap=True)
        tables, right = QHBoxLayout(), QVBoxLayout()
        tables.setSpacing(12)
        tables.addWidget(self.rooms)
        right.addWidget(self.empty)
        right.addWidget(self.people, 1)
        tables.addLayout(right, 1)
        column.addLayout(tables, 1)
        return part

    def _figures(self) -> QWidget:
        part = QWidget(self)
        column = QVBoxLayout(part)
        column.setContentsMargins(0, 8, 0, 0)
        row = QHBoxLayout()
        self.time = QComboBox(part)
        self.time.setObjectName("process_time")
        self.time.setAccessibleName(self.say("process.time"))
        for days in DAYS:
            self.time.addItem(self.say("process.today" if days == 1 else "process.days", days=days), days)
        self.time.activated.connect(lambda _at: self.model.choose_days(self.time.currentData()))
        row.addWidget(QLabel(self.say("process.time"), part))
        row.addWidget(self.time)
        row.addStretch(1)
        column.addLayout(row)
        self.note = text("process_flows_note", part, "muted", wrap=True)
        column.addWidget(self.note)
        self._flow_lines = Lines([self.say(f"process.flow.{one}") for one in FLOWS], self)
        self.flows = table_of(
            "process_flows", self.say("process.part.flows"), self._flow_lines, FLOW_WIDTHS, part
        )
        column.addWidget(self.flows, 1)
        return part

    @Slot()
    def _typed(self) -> None:
        said = self.field.text().strip()
        self.field.clear()
        if said:
            self.model.scan_typed.emit(said)

    @Slot()
    def _show(self) -> None:
        model = self.model
        name = model.node_name(model.here) if model.here else ""
        self.here.setText(self.say("process.here", node=name) if name else self.say("process.here_none"))
        jam = model.jam()
        self.jam.setText(jam)
        set_tone(self.jam, "danger" if jam else "")
        rows: list[tuple[Any, tuple[str, ...], str]] = [(EVERYBODY, self._all_rooms(), "")]
        rows += [(code, self._room(code), self._room_tone(code)) for code in model.loads]
        self._rooms.show(rows)
        self._select(self.rooms, self._rooms.row_of(model.room))
        people = model.shown()
        self._people.show([(one.stay_id, self._person(one), "danger" if one.over else "") for one in people])
        self._select(self.people, self._people.row_of(model.selected))
        self.empty.setVisible(not people)
        self.empty.setText(self.say("process.empty" if not model.people else "process.empty_room"))
        if self.result.property("loading"):
            begins = "process.choose_room" if model.action_set.is_enabled("here") else "process.watch_only"
            self._tell(self.say("process.ready" if model.here else begins), "info")

    def _all_rooms(self) -> tuple[str, ...]:
        loads = self.model.loads.values()
        waiting, serving = sum(one.waiting for one in loads), sum(one.serving for one in loads)
        overdue = sum(one.overdue for one in loads)
        return (self.say("process.everybody", count=len(self.model.people)), f"{waiting}", f"{serving}", "", "",
                f"{overdue}" if overdue else "", "")  # fmt: skip

    def _room(self, code: str) -> tuple[str, ...]:
        load = self.model.loads[code]
        mark = "▲ " if load.because else ""
        here = " ●" if code == self.model.here else ""
        return (
            f"{mark}{load.node.name}{here}", f"{load.waiting}", f"{load.serving}/{load.node.places}",
            self._minutes(load.wait) if load.wait else "", self._minutes(load.longest) if load.waiting else "",
            f"{load.overdue}" if load.overdue else "", f"{load.used:.0%}" if load.used else "",
        )  # fmt: skip

    def _room_tone(self, code: str) -> str:
        load = self.model.loads[code]
        return "danger" if load.overdue else "warning" if load.because else ""

    def _person(self, one: Person) -> tuple[str, ...]:
        sex = self.model.context.formatter.choice(one.sex)
        over = self.say("process.over_by", minutes=one.over) if one.over else ""
        return (
            f"{self.model.name_of(one)}  {sex}", one.number, one.node_name, self.say(f"process.where.{one.where}"),
            self._minutes(one.minutes), over,
        )  # fmt: skip

    def _minutes(self, count: float | None) -> str:
        return "—" if count is None else self.say("span.minutes", count=round(count))

    @staticmethod
    def _select(view: Any, row: int) -> None:
        if row >= 0 and view.currentIndex().row() != row:
            view.selectionModel().blockSignals(True)
            view.selectRow(row)
            view.selectionModel().blockSignals(False)

    @Slot(QModelIndex, QModelIndex)
    def _room_chosen(self, now: QModelIndex, _before: QModelIndex) -> None:
        if now.isValid():
            self.model.choose_room(self._rooms.rows[now.row()][0])

    @Slot(QModelIndex, QModelIndex)
    def _person_chosen(self, now: QModelIndex, _before: QModelIndex) -> None:
        self.model.selected = self._people.rows[now.row()][0] if now.isValid() else None

    @Slot(str, str)
    def _tell(self, sentence: str, tone: str) -> None:
        self.result.setProperty("loading", sentence == self.say("process.loading"))
        mark = {"success": "✓ ", "danger": "✗ ", "warning": "! "}.get(tone, "")
        self.result.setText(mark + sentence)
        set_tone(self.result, tone)
        self.result.setStyleSheet(
            self.result.styleSheet() + "#process_result { font-size: 18px; padding: 8px; }"
        )
        if tone == "danger":
            self.next.hide()

    @Slot(str)
    def _show_next(self, sentence: str) -> None:
        self.next.setText(f"→ {sentence}")
        self.next.setVisible(bool(sentence))

    @Slot(str, object)
    def _ask(self, name: str, given: dict[str, Any]) -> None:
        CommandDialog(self.context, commands()[name], given, self).open()

    @Slot()
    def _next_part(self) -> None:
        self.parts.setCurrentIndex(1 - self.parts.currentIndex())

    @Slot(int)
    def _turned(self, at: int) -> None:
        if at == 1:
            self.note.setText(self.say("process.counting"))
            self.model.load_flows()
            self.flows.setFocus()
        else:
            self.focus_first()

    @Slot()
    def _show_flows(self) -> None:
        rows: list[tuple[Any, tuple[str, ...], str]] = []
        for one in self.model.flows:
            name = self.model.node_name(one.node) if one.hour is None else ""
            hour = self.say("process.whole") if one.hour is None else f"{one.hour:02}:00"
            words = (
                name, hour, f"{one.stays}", self._minutes(one.wait_median), self._minutes(one.wait_p95),
                self._minutes(one.service_median), self._minutes(one.service_p95),
                f"{one.overdue}" if one.overdue else "", f"{one.measured}",
            )  # fmt: skip
            rows.append(((one.node, one.hour), words, "danger" if one.overdue and one.hour is None else ""))
        self._flow_lines.show(rows)
        self.note.setText(self.say("process.flows_hint" if rows else "process.flows_none"))
