"""Blood pressure, weight and height at the desk: values arrive, the nurse confirms the whole set with one key.

Whose reading it is: a reading whose first byte came before this client was opened is asked about, and one whose
device was told another person's number is refused.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from PySide6.QtCore import QObject, Signal

from client.station import PageModel
from client.stations.front_desk.encounter import Encounter
from client.stations.front_desk.finding import day_of
from client.stations.front_desk.measuring import (
    GROUPS,
    Pending,
    group_of,
    measured_of,
    previewed,
    typed,
    with_bmi,
)
from devices.readings import LABELS, ReadingSet
from devices.registry import Check, profile
from devices.session import Arrived
from domain.catalog.content import Catalog
from domain.catalog.units import shown_unit
from domain.checkup.result_commands import RecordMeasurement
from domain.kernel.errors import DomainError, KnownError

KEPT_S = 180.0
"""A reading that came while nobody was open is offered to the next client for so long."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A reading of which a person has to say whose it is."""

    sentence: str
    pending: Pending


class VitalsModel(QObject):
    """The measurements of the open encounter."""

    pending_changed = Signal()
    doubt_changed = Signal()
    saved = Signal()
    """A set is on disk; the encounter is to be read anew."""
    field_error = Signal(str, str)
    """Item and sentence for the field of manual entry; an empty item clears all."""

    def __init__(self, page: PageModel, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__(page)
        self._page = page
        self._monotonic = monotonic
        self._encounter: Encounter | None = None
        self._catalog: Catalog | None = None
        self._opened_s = 0.0
        self._strays: dict[str, Arrived] = {}
        self._saving: set[str] = set()
        self.pending: dict[str, Pending] = {}
        self.doubt: Doubt | None = None

    def open(self, encounter: Encounter, catalog: Catalog, *, anew: bool) -> None:
        """Work on this encounter; `anew` when it is another one than before: the guard's time starts."""
        self._encounter, self._catalog = encounter, catalog
        if not anew:
            return
        self._opened_s = self._monotonic()
        self._reset()
        strays, self._strays = self._strays, {}
        for arrived in strays.values():
            if self._opened_s - arrived.last_byte_s <= KEPT_S:
                self.take(arrived)

    def close(self) -> None:
        """Let go of the encounter and of what was not confirmed."""
        self._encounter = None
        self._reset()

    def take(self, arrived: Arrived) -> None:
        """Take what a device measured."""
        event, encounter = arrived.event, self._encounter
        if not isinstance(event, ReadingSet):
            return
        if encounter is None:
            self._strays[arrived.port] = arrived
            self._page.toast("front_desk.nobody_open", "warning", values=_told(event))
            return
        if event.subject and event.subject not in _names(encounter):
            self._page.toast("front_desk.other_subject", "danger", subject=event.subject, name=encounter.name)
            return
        pending = self._pending(event, arrived)
        if pending is None:
            return
        if arrived.first_byte_s < self._opened_s:
            sentence = self._page.context.say(
                "front_desk.whose_reading", values=_told(event), name=encounter.name
            )
            self.doubt = Doubt(sentence, pending)
            self.doubt_changed.emit()
            return
        self._hold(pending)

    def settle(self, *, is_theirs: bool) -> None:
        """Answer the doubt: theirs waits for its confirmation, another's is dropped."""
        doubt, self.doubt = self.doubt, None
        self.doubt_changed.emit()
        if doubt is not None and is_theirs:
            self._hold(doubt.pending)

    def enter(self, group: str, texts: Mapping[str, str]) -> None:
        """Keep typed values at once; what is wrong is said beside its field and nothing is kept."""
        self.field_error.emit("", "")
        if self._encounter is None or self._catalog is None:
            return
        labels = {item: self._catalog.observation(item).name for item in GROUPS[group]}
        try:
            measured = with_bmi(typed(group, texts, labels), self._encounter)
        except DomainError as error:
            self._say(error, typed=True)
            return
        self._save(Pending(group, (), measured))

    def confirm(self) -> bool:
        """Keep every set that waits; returns whether there was one."""
        waiting = [p for group, p in self.pending.items() if group not in self._saving]
        for pending in waiting:
            self._save(pending)
        return bool(waiting)

    def discard(self) -> bool:
        """Throw away what waits; returns whether there was anything."""
        had = bool(self.pending)
        self.pending.clear()
        if had:
            self.pending_changed.emit()
        return had

    def _pending(self, event: ReadingSet, arrived: Arrived) -> Pending | None:
        measured = with_bmi(measured_of(event), self._encounter)
        if self._encounter is None or self._catalog is None or not measured:
            return None
        now = self._page.context.desk.clock()
        try:
            values = previewed(measured, self._encounter, self._catalog, day_of(now))
        except DomainError as error:
            self._page.message.emit(self._page.explain(error), "danger")
            return None
        flags = frozenset().union(*(r.flags for r in event.readings))
        known = profile(arrived.driver)
        flags |= {"unchecked"} if known.check is Check.NONE else frozenset[str]()
        flags |= frozenset[str]() if known.confirmed else {"untried"}
        ago = timedelta(seconds=max(0.0, self._monotonic() - arrived.last_byte_s))
        device = f"{event.readings[0].model} ({arrived.port})"
        return Pending(group_of(measured), values, measured, device, event.raw or None, now - ago, flags)

    def _hold(self, pending: Pending) -> None:
        if pending.group in self.pending:
            self._page.toast("front_desk.measured_again")
        self.pending[pending.group] = pending
        self.pending_changed.emit()

    def _save(self, pending: Pending) -> None:
        if self._encounter is None or pending.group in self._saving:
            return
        self._saving.add(pending.group)
        order = RecordMeasurement(
            visit_id=self._encounter.visit_id, values=list(pending.measured), device=pending.device,
            raw=pending.raw, measured_at=pending.at,
        )  # fmt: skip
        visit_id, group = self._encounter.visit_id, pending.group

        def kept(_done: object) -> None:
            self._saving.discard(group)
            if self._encounter is not None and self._encounter.visit_id == visit_id:
                self.pending.pop(group, None)
                self.pending_changed.emit()
                self.saved.emit()

        def refused(error: KnownError) -> None:
            self._saving.discard(group)
            self._say(error, typed=pending.device is None)

        self._page.run(order, kept, refused)

    def _say(self, error: KnownError, *, typed: bool) -> None:
        """Say what is wrong: beside the field it was typed into, else in the toast."""
        unit = str(error.facts.get("unit", ""))
        sentence = self._page.context.say(error.code, **error.facts | {"unit": shown_unit(unit)})
        if typed and error.field in SHOWN_FIELDS:
            self.field_error.emit(error.field, sentence)
        else:
            self._page.message.emit(sentence, "danger")

    def _reset(self) -> None:
        self.pending.clear()
        self._saving.clear()
        self.doubt = None
        self.pending_changed.emit()
        self.doubt_changed.emit()


SHOWN_FIELDS = frozenset(item for group in GROUPS.values() for item in group)


def _names(encounter: Encounter) -> set[str]:
    """Return what the nurse may have typed at a device for this client."""
    return {encounter.number, encounter.patient_number, encounter.id_number} - {""}


def _told(event: ReadingSet) -> str:
    return "，".join(f"{LABELS[r.kind]} {r.value} {shown_unit(r.unit)}" for r in event.readings)
