"""Looking up: scan a tube for its state, place and history, or a box for what lies in it. Changes nothing."""

from PySide6.QtCore import Signal

from client.ports import Scanned
from client.station import PageModel
from client.stations.bench.box_model import BoxModel
from client.stations.bench.part import BenchPart
from client.stations.bench.reading import BoxFacts, Outcome, TubeEvent, TubeFacts, look_up, read_box
from client.stations.bench.telling import GOOD, Result
from domain.biobank.bench import TUBE, Card, Mode
from domain.kernel.errors import DomainError


class LookupModel(BenchPart):
    """`found` is the tube on screen with its `events`; a box is shown in the grid."""

    changed = Signal()
    mode = Mode.LOOKUP

    def __init__(self, page: PageModel, box: BoxModel) -> None:
        super().__init__(page)
        self.box = box
        self.found: TubeFacts | None = None
        self.events: tuple[TubeEvent, ...] = ()

    def take(self, scanned: Scanned) -> None:
        store, actor, text = self.page.context.desk.store, self.page.context.actor, scanned.text
        if scanned.kind == TUBE:
            self.read(lambda: look_up(store, actor, text), lambda found: self._tube(text, found), text)
        else:
            self._look_into(text)

    def take_card(self, card: Card) -> None:
        self._look_into(card.box or card.text)

    def _look_into(self, box: str) -> None:
        store, actor = self.page.context.desk.store, self.page.context.actor
        self.read(lambda: read_box(store, actor, box), lambda found: self._box(box, found), box)

    def leave(self) -> None:
        self.found, self.events = None, ()
        self.changed.emit()

    def _tube(self, number: str, found: Outcome) -> None:
        self.found, self.events = found.tube, found.events
        self.changed.emit()
        if found.tube is None:
            self.refuse(DomainError("specimen.unknown", field="number", value=number), number)
        else:
            self.good(found.tube)

    def _box(self, code: str, box: BoxFacts | None) -> None:
        if box is None:
            self.refuse(DomainError("bench.not_known", value=code), code)
            return
        self.box.show(box)
        facts = {
            "name": box.name,
            "free": box.rows * box.columns - len(box.taken),
            "all": box.rows * box.columns,
        }
        say = self.page.context.say
        detail = say("bench.box_facts", temperature=box.temperature, **facts)
        now = self.page.context.desk.clock()
        self.tell(Result(GOOD, say("bench.box_open", **facts), code, detail, "", now, self.mode.value))
