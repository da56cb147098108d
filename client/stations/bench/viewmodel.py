"""The specimen bench without its window: a scan is a command at once, and its outcome stands in one big line.

Scans are worked off one after the other, so that a tube always goes to the position the screen showed for it.
"""

import dataclasses
from collections import deque
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from client.actions import Action
from client.devices_hub import hub_of
from client.label_jobs import LabelJobs
from client.live import Changed
from client.ports import Scanned
from client.station import Context, StationModel
from client.stations.bench.aliquots import AliquotModel
from client.stations.bench.box_model import BoxModel
from client.stations.bench.leaving import DiscardModel, OutModel
from client.stations.bench.lookup import LookupModel
from client.stations.bench.moving import ProcessModel, ReceiveModel
from client.stations.bench.part import BenchPart
from client.stations.bench.pooling import PoolModel
from client.stations.bench.reading import Outcome, TubeFacts, read_waiting
from client.stations.bench.storing import StoreModel
from client.stations.bench.telling import ASK, KEYS, Result
from domain.biobank.bench import MAY_BE_A_BOX, STAFF, TAKES, CardKind, Mode, read_card
from domain.biobank.duplicate_commands import ReportDuplicate
from domain.kernel.errors import DomainError
from domain.people.scanned import BENCH_CARD, UNKNOWN

KEPT_LINES = 60
CLOCK_MS = 15_000
LOOK_MS = 250


class ViewModel(StationModel):
    """One technician's bench; `parts` do the work of the modes."""

    mode_changed = Signal()
    result_changed = Signal(object)
    lines_changed = Signal()
    waiting_changed = Signal()
    typing_asked = Signal()
    sound = Signal(str)
    """``good``, ``bad`` or ``ask``."""

    actions = (
        *(Action(m.value, f"bench.mode.{m.value}", KEYS[m]) for m in Mode),
        Action("duplicate", "bench.action.duplicate", "F7", command="specimen.report_duplicate"),
        Action("print", "bench.action.print", "F8", command="specimen.label"),
        Action("confirm", "bench.action.confirm", "F9"),
        Action("type", "bench.action.type", "F10"),
        Action("discard", "bench.action.discard", "Esc"),
    )

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        self.hub = hub_of(context.desk)
        self.box = BoxModel(self)
        self.labels = LabelJobs(self, self.hub.printer("aliquot"))
        self.receiving = ReceiveModel(self)
        self.aliquots = AliquotModel(self, self.labels)
        self.storing = StoreModel(self, self.box)
        self.lookup = LookupModel(self, self.box)
        self.discarding = DiscardModel(self)
        self.processing = ProcessModel(self)
        self.pooling = PoolModel(self, self.aliquots)
        self.parts: dict[Mode, BenchPart] = {
            p.mode: p
            for p in (
                self.receiving, self.processing, self.pooling, self.aliquots, self.storing, OutModel(self),
                self.discarding, self.lookup,
            )
        }  # fmt: skip
        self.mode = Mode.RECEIVE
        self.result: Result | None = None
        self.lines: list[Result] = []
        self.waiting: list[TubeFacts] = []
        self._queue: deque[Scanned] = deque()
        self._working = False
        self._sequence = 0
        self._clock = QTimer(self)
        self._clock.setInterval(CLOCK_MS)
        self._clock.timeout.connect(self.waiting_changed)
        self._clock.start()
        self._look = QTimer(self)
        self._look.setSingleShot(True)
        self._look.setInterval(LOOK_MS)
        self._look.timeout.connect(self._look_around)
        self._bind()

    def watches(self) -> frozenset[str]:
        return frozenset({"specimen", "storage_container"})

    def on_changed(self, changed: Changed) -> None:
        if not self._look.isActive():
            self._look.start()

    def on_open(self, **arguments: Any) -> None:
        """Begin; `mode` chooses what scans do."""
        if arguments.get("mode"):
            self.set_mode(Mode(arguments["mode"]))
        self.load_waiting()

    def on_scan(self, scanned: Scanned) -> bool:
        """Take every scan: what is no tube is told so here, where the eyes are.

        A staff card is the shell's, but for that of the second person who sees a tube destroyed.
        """
        if scanned.kind == STAFF and not (self.mode is Mode.DESTROY and self.discarding.number):
            return False
        self._queue.append(scanned)
        self._next()
        return True

    def set_mode(self, mode: Mode) -> None:
        """Choose what the next scans do; what waited for a key is forgotten."""
        self.parts[self.mode].leave()
        self.mode, self.result = mode, None
        self.mode_changed.emit()

    def digit(self, key: int) -> None:
        """Take a number key: how the next tube looks or was spun, how many aliquots, or why a tube is destroyed."""
        if self.mode is Mode.ALIQUOT:
            if key:
                self.aliquots.divide(key)
            else:
                self.aliquots.keep_rest()
        elif self.mode is Mode.PROCESS:
            self.processing.choose(key)
        elif self.mode is Mode.RECEIVE:
            self.receiving.choose(key)
        elif self.mode is Mode.DESTROY:
            self.discarding.choose(key)

    def move(self, rows: int, columns: int) -> None:
        """Take an arrow key: the position in the box, the volume of an aliquot or pool, the kind of aliquot."""
        if self.mode is Mode.STORE:
            self.box.step(rows, columns)
        elif self.mode is Mode.ALIQUOT and columns:
            self.aliquots.change_volume(columns)
        elif self.mode is Mode.ALIQUOT:
            self.aliquots.change_kind(rows)
        elif self.mode is Mode.POOL:
            self.pooling.change_volume(columns or -rows)

    def load_waiting(self) -> None:
        """Read what must be moved on."""
        pages, actor = self.context.desk.pages, self.context.actor
        now = self.context.desk.clock()
        self.query(lambda: read_waiting(pages, actor, now), self._waiting_read, "waiting")

    def _bind(self) -> None:
        on = self.action_set.on
        for mode in Mode:
            on(mode.value, _Switch(self, mode))
        on("confirm", self._confirm)
        on("discard", self._discard)
        on("duplicate", self._report_duplicate)
        on("print", self.aliquots.print_again)
        on("type", self.typing_asked.emit)
        for part in self.parts.values():
            part.told.connect(self._told)

    def _next(self) -> None:
        """Begin with the next scan unless one is under way."""
        if self._working or not self._queue:
            return
        scanned = self._queue.popleft()
        card = read_card(scanned.text) if scanned.kind == BENCH_CARD else None
        if card is not None and card.kind is CardKind.MODE:
            self.set_mode(Mode(card.text))
            self._next()
            return
        self._working = True
        kind = scanned.kind if card is None else card.kind
        if kind not in TAKES[self.mode]:
            self._not_taken(kind, scanned)
        elif card is None:
            self.parts[self.mode].take(scanned)
        else:
            self.parts[self.mode].take_card(card)

    def _not_taken(self, kind: str, scanned: Scanned) -> None:
        """Tell what was scanned instead, or ask whether it is a new box."""
        if kind == UNKNOWN and self.mode is Mode.STORE and scanned.reason in MAY_BE_A_BOX:
            self.storing.offer(scanned.text)
        elif kind == UNKNOWN:
            self._turn_down(scanned.reason or "scan.unknown", scanned.text, text=scanned.text)
        elif kind == CardKind.COUNT:
            self._turn_down("bench.no_parent", scanned.text)
        else:
            self._turn_down("bench.not_a_tube", scanned.text, kind=self.context.say(f"bench.kind.{kind}"))

    def _turn_down(self, code: str, scanned: str, **facts: Any) -> None:
        self.parts[self.mode].refuse(DomainError(code, **facts), scanned)

    @Slot(object)
    def _told(self, result: Result) -> None:
        self._sequence += 1
        self.result = dataclasses.replace(result, sequence=self._sequence)
        if result.tone != ASK:
            self.lines.insert(0, self.result)
            del self.lines[KEPT_LINES:]
            self.lines_changed.emit()
        self._working = False
        self.result_changed.emit(self.result)
        self.sound.emit(result.tone)
        self._next()

    @Slot()
    def _look_around(self) -> None:
        """Read anew what others may have changed; after the scans, so that reading never slows the next one."""
        if self._working:
            self._look.start()
        elif not self.is_closed:
            self.load_waiting()
            self.storing.refresh()

    def _confirm(self) -> None:
        if self.mode is Mode.ALIQUOT:
            self.aliquots.divide(self.aliquots.plan.count)
        elif self.mode is Mode.POOL:
            self._pool()
        elif self.mode is Mode.STORE:
            self.storing.create()

    def _pool(self) -> None:
        """Pool what was scanned; the scans behind wait until it is told."""
        if not self._working:
            self._working = self.pooling.confirm()
            if not self._working:
                self.toast("bench.pool_first", "warning")

    def _report_duplicate(self) -> None:
        """Note that the tube at hand is another one than the one that was scanned before under this number."""
        number = self.result.doubt if self.result else ""
        if not number or self._working:
            self.toast("bench.no_doubt", "warning")
            return
        part = self.parts[self.mode]

        def noted(outcome: Outcome) -> None:
            if outcome.tube is not None:
                part.tell(part.teller.duplicated(outcome.tube, self.mode, self.context.desk.clock()))

        self._working = True
        part.act(ReportDuplicate(number=number), number, noted)

    def _discard(self) -> None:
        self.parts[self.mode].leave()
        self.result = None
        self.result_changed.emit(None)

    def _waiting_read(self, found: list[TubeFacts]) -> None:
        self.waiting = found
        self.waiting_changed.emit()


class _Switch:
    """Chooses one mode; a name instead of a closure, so that each key keeps its own."""

    def __init__(self, model: ViewModel, mode: Mode) -> None:
        self._model = model
        self._mode = mode

    def __call__(self) -> None:
        self._model.set_mode(self._mode)
