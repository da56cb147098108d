"""Receiving and processing: one scan a tube; only exceptions need a key, and a protocol one for a whole run."""

from PySide6.QtCore import Signal

from client.ports import Scanned
from client.stations.bench.part import BenchPart
from client.stations.bench.reading import Outcome
from domain.biobank.bench import Mode
from domain.biobank.commands import Condition, ProcessSpecimen, ReceiveSpecimen
from domain.biobank.protocols import BIOBANK, BiobankContent

CONDITIONS = tuple(Condition)


class ReceiveModel(BenchPart):
    """Takes tubes in; `condition` is how the next one looks, good again after it."""

    condition_changed = Signal()
    mode = Mode.RECEIVE
    condition = Condition.GOOD

    def choose(self, key: int) -> None:
        """Choose how the next tube looks, by number key."""
        if 1 <= key <= len(CONDITIONS):
            self._set(CONDITIONS[key - 1])

    def take(self, scanned: Scanned) -> None:
        looks = self.condition

        def received(outcome: Outcome) -> None:
            text = "" if looks is Condition.GOOD else self.page.context.say(f"bench.look.{looks.value}")
            self._set(Condition.GOOD)
            if outcome.tube is not None:
                self.good(outcome.tube, looks=f"（{text}）" if text else "")

        self.act(ReceiveSpecimen(number=scanned.text, condition=looks), scanned.text, received)

    def leave(self) -> None:
        self._set(Condition.GOOD)

    def _set(self, condition: Condition) -> None:
        self.condition = condition
        self.condition_changed.emit()


class ProcessModel(BenchPart):
    """Notes tubes as spun or otherwise prepared; `protocol` is how, for all scans until another one is chosen.

    A run of the centrifuge is many tubes of one protocol: it is chosen once. ``""`` is that of each tube's own kind.
    """

    protocol_changed = Signal()
    mode = Mode.PROCESS
    protocol = ""

    @property
    def protocols(self) -> tuple[str, ...]:
        """Return what the number keys choose, in their order."""
        content: BiobankContent = self.page.context.desk.dispatcher.content[BIOBANK]
        return ("", *content.protocols)

    def choose(self, key: int) -> None:
        """Choose how the next tubes were processed, by number key."""
        if 1 <= key <= len(self.protocols):
            self.protocol = self.protocols[key - 1]
            self.protocol_changed.emit()

    def take(self, scanned: Scanned) -> None:
        order = ProcessSpecimen(number=scanned.text, protocol=self.protocol or None)
        self.act(order, scanned.text, self._processed)

    def leave(self) -> None:
        self.protocol = ""
        self.protocol_changed.emit()

    def _processed(self, outcome: Outcome) -> None:
        if outcome.tube is not None:
            say = self.page.context.say
            self.good(
                outcome.tube, how=f"（{say(f'word.protocol.{self.protocol}')}）" if self.protocol else ""
            )
