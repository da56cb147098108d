"""Pooling: scan what is emptied into one tube, confirm by one key, and the label of the pool prints."""

from PySide6.QtCore import Signal

from client.ports import Scanned
from client.station import PageModel
from client.stations.bench.aliquots import AliquotModel
from client.stations.bench.part import BenchPart
from client.stations.bench.reading import Outcome, TubeFacts, look_up
from domain.biobank.bench import Mode
from domain.biobank.numbers import grouped
from domain.biobank.pool_commands import FEWEST, MOST, READY, PoolSpecimens
from domain.biobank.workflow import specimen_life
from domain.kernel.errors import DomainError

STEP_UL = 100


class PoolModel(BenchPart):
    """`sources` are the tubes scanned so far; nothing is changed before the confirm key, and Escape forgets them."""

    changed = Signal()
    mode = Mode.POOL

    def __init__(self, page: PageModel, aliquots: AliquotModel) -> None:
        super().__init__(page)
        self._aliquots = aliquots
        self.sources: list[TubeFacts] = []
        self.volume_ul = 0
        self._pooling = False

    def take(self, scanned: Scanned) -> None:
        context, number = self.page.context, scanned.text
        self.read(
            lambda: look_up(context.desk.store, context.actor, number),
            lambda found: self._found(found, number),
            number,
        )

    def leave(self) -> None:
        self.sources, self.volume_ul = [], 0
        self.changed.emit()

    @property
    def most_ul(self) -> int | None:
        """Return what is in all sources together, None where nobody measured one of them."""
        known = [tube.remaining_ul for tube in self.sources]
        return None if None in known else sum(one or 0 for one in known)

    def change_volume(self, step: int) -> None:
        """Say that more or less came out, in steps; never more than went in where that is known."""
        if not self.sources or self._pooling:
            return
        wanted = max(STEP_UL, self.volume_ul + step * STEP_UL)
        most = self.most_ul
        self.volume_ul = wanted if most is None else min(wanted, most)
        self.changed.emit()

    def confirm(self) -> bool:
        """Empty all sources into one tube; returns whether that was begun."""
        if self._pooling or len(self.sources) < FEWEST:
            return False
        self._pooling = True
        numbers = [tube.number for tube in self.sources]
        order = PoolSpecimens(numbers=numbers, volume_ul=self.volume_ul)
        self.act(order, numbers[0], self._pooled)
        return True

    def tell(self, result: object) -> None:
        """End the pooling before the result is told."""
        self._pooling = False
        super().tell(result)  # type: ignore[arg-type]

    def _found(self, found: Outcome, number: str) -> None:
        tube, first = found.tube, self.sources[0] if self.sources else None
        if tube is None:
            self.refuse(DomainError("specimen.unknown", field="number", value=number), number)
        elif any(tube.number == one.number for one in self.sources):
            self.refuse(DomainError("specimen.pool_twice", field="numbers", number=number), number, tube)
        elif len(self.sources) == MOST:
            self.refuse(
                DomainError("specimen.pool_count", field="numbers", low=FEWEST, high=MOST), number, tube
            )
        elif tube.state not in READY:
            facts = {
                "state": specimen_life.label_of(tube.state),
                "needed": specimen_life.label_of("processed"),
            }
            target = specimen_life.label_of("used_up")
            self.refuse(DomainError("specimen.wrong_state", target=target, **facts), number, tube)
        elif first is not None and tube.type is not first.type:
            self.refuse(
                DomainError("specimen.pool_kind", field="numbers", number=number, first=first.number),
                number,
                tube,
            )
        elif first is not None and tube.patient_id != first.patient_id:
            self.refuse(
                DomainError("specimen.pool_person", field="numbers", number=number, first=first.number),
                number, tube,
            )  # fmt: skip
        else:
            self._add(tube)

    def _add(self, tube: TubeFacts) -> None:
        self.sources.append(tube)
        each = self._aliquots.plan_of(tube.type).volumes_ul[0]
        most = self.most_ul
        self.volume_ul = most if most is not None else self.volume_ul + (tube.remaining_ul or each)
        self.changed.emit()
        code = "bench.pool_more" if len(self.sources) < FEWEST else "bench.pool_ready"
        now, count = self.page.context.desk.clock(), len(self.sources)
        detail = self.teller.describe(tube)
        self.tell(self.teller.ask(self.mode, code, grouped(tube.number), now, detail=detail, count=count))

    def _pooled(self, outcome: Outcome) -> None:
        """Print the label of the pool and tell it; the sources are used up."""
        number = outcome.done.receipt.number if outcome.done else ""
        count, volume, kind = len(self.sources), self.volume_ul, self.sources[0].type
        self.leave()
        self._aliquots.print_made(kind, [number])
        self.read(
            lambda: look_up(self.page.context.desk.store, self.page.context.actor, number).tube,
            lambda made: self.good(made, count=count, volume=volume),
            number,
        )
