"""Receiving and processing: one scan a tube; only exceptions need a key."""

from PySide6.QtCore import Signal

from client.ports import Scanned
from client.stations.bench.part import BenchPart
from client.stations.bench.reading import Outcome
from domain.biobank.bench import Mode
from domain.biobank.commands import Condition, ProcessSpecimen, ReceiveSpecimen

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
    """Notes tubes as spun or otherwise prepared."""

    mode = Mode.PROCESS

    def take(self, scanned: Scanned) -> None:
        self.act(ProcessSpecimen(number=scanned.text), scanned.text, self._processed)

    def _processed(self, outcome: Outcome) -> None:
        if outcome.tube is not None:
            self.good(outcome.tube)
