"""The front desk while the rest of the program is loaded: today's list and the search field, as in the whole page.

Whatever is asked of it is done by the whole page, which takes its place within a second or two.
"""

import dataclasses
import uuid
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from client.actions import Action
from client.station import Context, PageModel
from client.stations.front_desk.panel_today.view import TodayPanel
from client.stations.front_desk.widgets import LEFT_PX, RIGHT_PX, Card, text, waiting_card
from client.views.station import StationView
from domain.kernel.clock import clinic


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One visit of today, as the list shows it."""

    visit_id: Any
    number: str
    name: str
    sex: str
    state: str


class FirstModel(PageModel):
    """Remembers what was asked."""

    today_changed = Signal()

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        early = context.desk.early
        assert early is not None  # noqa: S101  (a first view needs an early desk)
        keys = [
            Action(k.id, k.text, k.shortcut, k.permission, None, k.primary) for k in early.keys("front_desk")
        ]
        self.actions = tuple(keys)
        super().__init__(context, parent)
        self._early = early
        self._asked: dict[str, Any] = {}
        self.today: list[Line] = []
        for key in keys:
            self.action_set.on(key.id, _Remember(self, key.id))

    def on_open(self, **arguments: Any) -> None:
        """Read today's list; what the page was opened for is for the whole page."""
        self._asked |= arguments
        self.query(self.read, self.show)

    def read(self) -> list[Line]:
        """Return today's visits; off the UI thread."""
        day = clinic(self.context.desk.clock()).date()
        rows = self._early.listed("front_desk", self.context.actor, day)
        return [Line(uuid.UUID(bytes=r["_id"]), r["number"], r["name"], r["sex"], r["state"]) for r in rows]

    def show(self, found: list[Line]) -> None:
        self.today = found
        self.today_changed.emit()

    def asked(self) -> dict[str, Any]:
        """Return what the whole page is to be opened with."""
        return self._asked

    def ask(self, **arguments: Any) -> None:
        """Remember the last thing asked for."""
        self._asked = arguments
        self.toast("page.opening", "info")


class FirstView(StationView):
    """Today's list, the search field and the keys; the names of the widgets are those of the whole page."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(FirstModel(context), parent)
        self.setObjectName("page_front_desk")

    def build(self) -> None:
        left, right = QWidget(self), QWidget(self)
        self.today = TodayPanel(self.context, left)
        self.today.chosen.connect(self._chosen)
        card, self.field = waiting_card(self.context.say, self)
        self.field.returnPressed.connect(self._find)
        devices = Card("devices", self.say("front_desk.devices"), right)
        starting = text("device_0", devices, "muted")
        starting.setText(self.say("front_desk.devices_starting"))
        devices.body.addWidget(starting)
        row = QHBoxLayout()
        row.setSpacing(12)
        for holder, widget, width in ((left, self.today, LEFT_PX), (right, devices, RIGHT_PX)):
            column = QVBoxLayout(holder)
            column.setContentsMargins(0, 0, 0, 0)
            column.addWidget(widget)
            holder.setFixedWidth(width)
        right_column = right.layout()
        assert isinstance(right_column, QVBoxLayout)  # noqa: S101  (made above)
        right_column.addStretch(1)
        row.addWidget(left)
        row.addWidget(card, 1)
        row.addWidget(right)
        self.body.addLayout(row, 1)
        self.model.today_changed.connect(self._show_today)

    def focus_first(self) -> None:
        self.field.setFocus()

    def typed(self) -> dict[str, tuple[str, int]]:
        """Return what stands in the fields, by name, with the place of the cursor."""
        return {
            f.objectName(): (f.text(), f.cursorPosition()) for f in self.findChildren(QLineEdit) if f.text()
        }

    @Slot()
    def _show_today(self) -> None:
        self.today.show_visits(self.model.today)

    @Slot(object)
    def _chosen(self, visit_id: Any) -> None:
        self.model.ask(visit_id=visit_id)

    @Slot()
    def _find(self) -> None:
        self.model.ask(find=self.field.text())


class _Remember:
    """Remembers one key; a name instead of a closure, so that each keeps its own."""

    def __init__(self, model: FirstModel, action_id: str) -> None:
        self._model = model
        self._action_id = action_id

    def __call__(self) -> None:
        self._model.ask(action=self._action_id)
