"""Which alerts come before this person now, by the ways of their rules, within a budget of interruptions.

Only what was opened or has risen while somebody sits here: what waited before is in the list and counted at the bell.
One client's alerts are one card. Critical values have a card of their own (`client.alerts_card`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from client.live import Changed
from client.station import Context, PageModel
from domain.kernel.errors import KnownError
from domain.kernel.ids import Id

if TYPE_CHECKING:
    from domain.alerts.groups import Group
    from domain.alerts.worklists import AlertCard

VIEW, HANDLE, CRITICAL = "alert.view", "alert.handle", "critical.receive"
FRESH = timedelta(minutes=30)
"""What was opened or rose longer ago interrupts nobody: it came with a large exchange, or the machine slept."""
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Notice:
    """What one card says: the most pressing alert of a client or thing, and how many more there are of it."""

    alert_id: Id
    revision: int
    severity: str
    level: str
    name: str
    patient: str
    patient_id: Id | None
    summary: str
    at: str
    more: int
    state: str


class NoticesModel(PageModel):
    """`cards_changed`: at most `SHOWN` cards, newest first; `full_changed`: one that takes the window, or None."""

    cards_changed = Signal(object, int)
    """The cards, and how many alerts wait for the list because there were too many interruptions."""
    full_changed = Signal(object)
    sounded = Signal()

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent=parent, context=context)
        self.cards: list[Notice] = []
        self.full: list[Notice] = []
        self.later = 0
        self._told: dict[Id, str] = {}
        self._interruptions: list[datetime] = []

    @property
    def takes_part(self) -> bool:
        """Whether this person sees alerts at all."""
        return self.context.actor.may(VIEW)

    def watches(self) -> frozenset[str]:
        return frozenset({"alert"})

    def on_changed(self, changed: Changed) -> None:
        ids = changed.records.get("alert")
        if self.takes_part and ids:  # None: so many that nobody could be told of each
            self.query(lambda: _fresh(self.context, ids), self._tell, "notices")

    def stop(self) -> None:
        """End it with the shell."""
        self.close()

    @Slot()
    def dismiss(self) -> None:
        """Put the newest card away; its alert stays in the list."""
        if self.cards:
            self.cards.pop(0)
            self._show()

    def open(self) -> None:
        """Open the list of alerts, or what the newest card is about."""
        if self.cards:
            notice = self.cards.pop(0)
            self._show()
            self._look_at(notice)

    def take(self) -> None:
        """Take the alert that has the window into one's own hands."""
        if self.full:
            notice = self.full[0]
            data = {"alert_id": str(notice.alert_id), "revision": notice.revision}
            self.run_named("alert.take", data, lambda _done: self._done(notice, look=True), self._refused)

    def acknowledge(self) -> None:
        """Say that one has seen the alert that has the window."""
        if not self.full:
            return
        notice = self.full[0]
        if notice.state != "open" or not self.context.actor.may(HANDLE):
            self._done(notice, look=False)
            return
        data = {"alert_id": str(notice.alert_id), "revision": notice.revision}
        self.run_named("alert.acknowledge", data, lambda _done: self._done(notice, look=False), self._refused)

    def _done(self, notice: Notice, *, look: bool) -> None:
        self.full = [one for one in self.full if one.alert_id != notice.alert_id]
        self.full_changed.emit(self.full[0] if self.full else None)
        if look:
            self._look_at(notice)

    def _refused(self, error: KnownError) -> None:
        """Somebody was faster, or it is over: say so, and give the window back."""
        self.message.emit(self.explain(error), "warning")
        if self.full:
            self._done(self.full[0], look=False)

    def _look_at(self, notice: Notice) -> None:
        if notice.patient_id is not None:
            self.context.open_page("record", entity="patient", record_id=notice.patient_id)
        else:
            self.context.open_page("worklist:alert.open")

    def _tell(self, found: "list[AlertCard]") -> None:
        from domain.alerts.groups import groups_of, told_now
        from domain.alerts.parts import Way
        from domain.alerts.plans import RuleBook
        from domain.alerts.steps import RULES
        from domain.alerts.workflow import OPEN_STATES

        self._withdraw({one.id for one in found if one.state not in OPEN_STATES or one.state == "in_hand"})
        book: RuleBook | None = self.context.desk.dispatcher.content.get(RULES)
        ways = {one.id: self._ways(book, one) if self._is_for_me(book, one) else () for one in found}
        new = [one for one in found if self._is_new(one) and ways[one.id]]
        self._told |= {one.id: str(one.severity) for one in new}
        whole = [one for one in new if Way.FULL_SCREEN in ways[one.id]]
        for one in whole:
            self.full.append(self._notice(one, 0))
        if whole:
            self.full_changed.emit(self.full[0])
        popped = [one for one in new if Way.POPUP in ways[one.id] and one not in whole]
        now = self.context.desk.clock()
        told = told_now(groups_of(popped), self._interruptions, now)
        self._interruptions = [at for at in self._interruptions if now - at < timedelta(hours=1)]
        self._interruptions += [now] * len(told.now)
        self.later += told.later
        if told.now or told.later:
            self.cards = [*(self._of(group) for group in told.now), *self.cards][:SHOWN]
            self._show()
        heard = {one.id for group in told.now for one in group.cards} | {one.id for one in whole}
        if any(Way.SOUND in ways[one.id] for one in new if one.id in heard or Way.POPUP not in ways[one.id]):
            self.sounded.emit()

    def _withdraw(self, over: set[Id]) -> None:
        """Take away what somebody has taken or settled meanwhile."""
        cards = [one for one in self.cards if one.alert_id not in over]
        full = [one for one in self.full if one.alert_id not in over]
        if len(cards) != len(self.cards):
            self.cards = cards
            self._show()
        if len(full) != len(self.full):
            self.full = full
            self.full_changed.emit(full[0] if full else None)

    def _is_new(self, card: "AlertCard") -> bool:
        if card.state != "open" or self._told.get(card.id) == str(card.severity):
            return False
        if card.subject == "critical_value" and self.context.actor.may(CRITICAL):
            return False
        rose = card.id in self._told or card.step > 0
        return rose or self.context.desk.clock() - card.opened_at <= FRESH

    def _is_for_me(self, book: object, card: "AlertCard") -> bool:
        """Tell whether it may interrupt: who owns it comes first, the others of the role when the ladder moves."""
        from domain.alerts.plans import RuleBook

        if card.owner_id in (None, self.context.actor.staff_id) or card.step > 0:
            return True
        return not (isinstance(book, RuleBook) and book.owner_first(card.rule))

    def _ways(self, book: object, card: "AlertCard") -> tuple[object, ...]:
        from domain.alerts.parts import WAYS_OF, Way
        from domain.alerts.plans import RuleBook

        shown = (
            book.ways_of(card.rule, card.severity) if isinstance(book, RuleBook) else WAYS_OF[card.severity]
        )
        return tuple(way for way in shown if way is not Way.LIST)

    def _of(self, group: "Group") -> Notice:
        return self._notice(group.worst, len(group.cards) - 1)

    def _notice(self, card: "AlertCard", more: int) -> Notice:
        shown, now = self.context.formatter, self.context.desk.clock()
        return Notice(
            card.id, card.revision, str(card.severity), shown.choice(card.severity), card.name,
            str(card.patient_name or ""), card.patient_id, card.summary, shown.short_moment(card.opened_at, now),
            more, card.state,
        )  # fmt: skip

    def _show(self) -> None:
        self.cards_changed.emit(list(self.cards), self.later)
        if not self.cards:
            self.later = 0


def _fresh(context: Context, ids: Iterable[bytes]) -> "list[AlertCard]":
    """Return the alerts of these that concern this person, the most pressing first; off the UI thread."""
    from domain.alerts.worklists import alerts_among

    with context.desk.store.read() as connection:
        return alerts_among(connection, context.actor, [Id(bytes=one) for one in ids])
