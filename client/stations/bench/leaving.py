"""Tubes that leave their place: out with one scan, destroyed with scan, reason and a second person's card."""

import dataclasses

from PySide6.QtCore import Signal

from client.ports import Scanned
from client.stations.bench.part import BenchPart
from client.stations.bench.reading import Outcome, TubeFacts
from domain.biobank.bench import STAFF, Mode
from domain.biobank.custody_commands import DiscardReason, DiscardSpecimen, TakeOutSpecimen
from domain.biobank.protocols import BIOBANK, BiobankContent
from domain.kernel.errors import DomainError, KnownError

REASONS = tuple(DiscardReason)


class OutModel(BenchPart):
    """Takes stored tubes out; they come back in the storing mode, into the place that was kept."""

    mode = Mode.OUT

    def take(self, scanned: Scanned) -> None:
        self.act(TakeOutSpecimen(number=scanned.text), scanned.text, self._taken)

    def _taken(self, outcome: Outcome) -> None:
        if outcome.tube is None:
            return
        now, place = self.page.context.desk.clock(), outcome.tube.slot.replace(":", " ")
        told = self.teller.good(self.mode, outcome.tube, now, place=place)
        self.tell(dataclasses.replace(told, remedy=told.remedy + self._mark()))

    def refuse(self, error: KnownError, scanned: str, tube: TubeFacts | None = None) -> None:
        """Tell why; a limit that nobody has answered for yet says so."""
        if error.code != "specimen.too_many_thaws" or self.page.is_closed:
            super().refuse(error, scanned, tube)
            return
        told = self.teller.bad(self.mode, error, tube, scanned, self.page.context.desk.clock())
        self.tell(dataclasses.replace(told, detail=told.detail + self._mark()))

    def _mark(self) -> str:
        content: BiobankContent = self.page.context.desk.dispatcher.content[BIOBANK]
        return "" if content.keeping.verified else self.page.context.say("bench.limits_unverified")


class DiscardModel(BenchPart):
    """Collects what destroying a tube takes: `number`, `reason`, then the card of a second person."""

    changed = Signal()
    mode = Mode.DESTROY
    number = ""
    reason: DiscardReason | None = None

    def choose(self, key: int) -> None:
        """Choose why, by number key; without a tube there is nothing to say."""
        if not self.number or not 1 <= key <= len(REASONS):
            return
        self.reason = REASONS[key - 1]
        self.changed.emit()
        self._ask(
            "bench.discard_witness", reason=self.page.context.say(f"choice.discard_reason.{self.reason}")
        )

    def take(self, scanned: Scanned) -> None:
        if scanned.kind == STAFF:
            self._destroy(scanned.text)
            return
        self.number, self.reason = scanned.text, None
        self.changed.emit()
        self._ask("bench.discard_reason")

    def leave(self) -> None:
        self.number, self.reason = "", None
        self.changed.emit()

    def _ask(self, code: str, **facts: str) -> None:
        self.tell(self.teller.ask(self.mode, code, self.number, self.page.context.desk.clock(), **facts))

    def _destroy(self, card: str) -> None:
        if not self.number or self.reason is None:
            self.refuse(DomainError("bench.discard_first" if not self.number else "bench.discard_why"), card)
            return
        number = self.number
        order = DiscardSpecimen(number=number, reason=self.reason, witness=card)
        self.act(order, number, self._destroyed)

    def _destroyed(self, outcome: Outcome) -> None:
        self.leave()
        if outcome.tube is not None:
            self.good(outcome.tube)
