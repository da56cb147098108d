"""The critical values somebody of this role must take now, one at a time, the most urgent first.

Shown are critical values of one's own organisation, and those of others for which an alert names one's role.
Two inputs: the value read back, then what was done. `snooze` hides the card for a short while, never the value.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from client.formatting import age_on
from client.live import Changed
from client.station import Context, PageModel
from domain.kernel.authority import Actor
from domain.kernel.clock import clinic
from domain.kernel.errors import KnownError
from domain.kernel.ids import Id

if TYPE_CHECKING:
    from domain.kernel.store import Store
    from domain.kernel.unit_of_work import Done

OPEN_STATES = ("reported", "received")
MOST = 50
TICK_MS = 1000


@dataclass(frozen=True, slots=True)
class CriticalCard:
    """One critical value as the card shows it."""

    critical_id: Id
    patient_id: Id
    patient: str
    about: str
    label: str
    value: str
    state: str
    due_at: datetime | None
    level: int
    unverified: bool


class AlertsModel(PageModel):
    """What the card shows; `card_changed` carries a `CriticalCard` or None."""

    card_changed = Signal(object, int)
    """The card and how many wait."""
    clock_changed = Signal(str, str)
    """What is left of the time, and its tone."""

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        self.card: CriticalCard | None = None
        self.waiting = 0
        self._snoozed = QTimer(self)
        self._snoozed.setSingleShot(True)
        self._snoozed.timeout.connect(self.look)
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self._tell_time)

    @property
    def takes_part(self) -> bool:
        """Whether critical values are this person's business."""
        return self.context.actor.may("critical.receive")

    def watches(self) -> frozenset[str]:
        return frozenset({"critical_value", "alert"})

    def on_changed(self, changed: Changed) -> None:
        self.look()

    def start(self) -> None:
        self.look()
        self._tick.start()

    def stop(self) -> None:
        self._tick.stop()
        self._snoozed.stop()
        self.close()

    @Slot()
    def look(self) -> None:
        """Read what is open."""
        if self.takes_part:
            self.query(lambda: open_criticals(self.context), self._show, "critical")

    def receive(self, read_back: str) -> None:
        """Take the value: what was typed must be the value shown."""
        if self.card is not None:
            data = {"critical_id": str(self.card.critical_id), "read_back": read_back}
            self.run_named("critical.receive", data, self._acted, self._refused)

    def handle(self, outcome: str) -> None:
        """Write what was done; the card goes."""
        if self.card is not None:
            data = {"critical_id": str(self.card.critical_id), "outcome": outcome}
            self.run_named("critical.handle", data, self._acted, self._refused)

    @Slot()
    def snooze(self) -> None:
        """Hide the card for as long as the setting says."""
        self._snoozed.start(self.context.desk.settings.critical_snooze_s * 1000)
        self.card = None
        self.card_changed.emit(None, self.waiting)

    @property
    def snoozed(self) -> bool:
        return self._snoozed.isActive()

    def _show(self, cards: list[CriticalCard]) -> None:
        self.waiting = len(cards)
        if self.snoozed:
            return
        kept = next((c for c in cards if self.card and c.critical_id == self.card.critical_id), None)
        shown = kept or (cards[0] if cards else None)
        if shown != self.card or shown is None:
            self.card = shown
            self.card_changed.emit(shown, self.waiting)
        self._tell_time()

    def _acted(self, _done: "Done") -> None:
        self.field_error.emit("", "")
        self.look()

    def _refused(self, error: KnownError) -> None:
        self.field_error.emit(error.field or "", self.explain(error))

    @Slot()
    def _tell_time(self) -> None:
        if self.card is not None and self.card.due_at is not None:
            text, tone = self.context.formatter.due(self.card.due_at, self.context.desk.clock())
            self.clock_changed.emit(text, tone)


def open_criticals(context: Context) -> list[CriticalCard]:
    """Return the critical values this person must see, the first to run out first; off the UI thread."""
    from sqlalchemy import select

    from domain.checkup.records import CriticalValue
    from domain.kernel.worklists import records
    from domain.people.records import Patient

    actor, store = context.actor, context.desk.store
    table, people = CriticalValue.__table__, Patient.__table__
    with store.read() as connection:
        rows = records(connection, actor, CriticalValue, table.c.state.in_(OPEN_STATES), limit=MOST)
        mine = [r for r in rows if r.org_id == actor.org_id]
        mine += [r for r in rows if r.org_id != actor.org_id and r.id in _alerted(store, actor)]
        wanted = select(people.c.id).where(people.c.id.in_([r.patient_id for r in mine]))
        known = {p.id: p for p in records(connection, actor, Patient, people.c.id.in_(wanted), limit=MOST)}
    mine.sort(key=lambda r: (r.state != "reported", r.due_at is None, r.due_at or 0, r.id))
    return [_card(context, r, known.get(r.patient_id)) for r in mine]


def _alerted(store: "Store", actor: Actor) -> set[Id]:
    from domain.alerts.records import Alert
    from domain.kernel.worklists import records

    with store.read() as connection:
        found = records(connection, actor, Alert, Alert.subject == "critical_value", limit=MOST * 4)
    return {a.subject_id for a in found if actor.role in a.receivers}


def _card(context: Context, row: Any, patient: Any) -> CriticalCard:
    about = ""
    if patient is not None:
        born = patient.birth_date
        today = clinic(context.desk.clock()).date()
        age = context.say("banner.age", age=age_on(born, today)) if hasattr(born, "year") else ""
        about = "  ".join(p for p in (context.formatter.value(patient.sex), age, str(patient.number)) if p)
    return CriticalCard(
        row.id, row.patient_id, str(patient.name) if patient is not None else "", about, str(row.label),
        str(row.value_text), str(row.state), row.due_at, int(row.level), bool(row.unverified),
    )  # fmt: skip
