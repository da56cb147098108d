"""Putting tubes into a box: the box is scanned once, then each tube takes the position the screen shows."""

import dataclasses

from client.ports import Scanned
from client.station import PageModel
from client.stations.bench.box_model import BoxModel
from client.stations.bench.part import BenchPart
from client.stations.bench.reading import BoxFacts, Outcome, TubeFacts, read_box
from client.stations.bench.telling import GOOD, Result
from domain.biobank.bench import TUBE, Card, Mode
from domain.biobank.commands import CreateContainer, StoreSpecimen
from domain.biobank.custody_commands import ReturnReceipt, ReturnSpecimen
from domain.kernel.errors import DomainError, KnownError

UNKNOWN = "X"
"""An element of a pre-analytical code that nobody can say: a time, a protocol or a volume is missing."""


class StoreModel(BenchPart):
    """`unknown_box` is a code that may be made a new box by the confirm key."""

    mode = Mode.STORE

    def __init__(self, page: PageModel, box: BoxModel) -> None:
        super().__init__(page)
        self.box = box
        self.unknown_box = ""

    def take(self, scanned: Scanned) -> None:
        self.unknown_box = ""
        if scanned.kind == TUBE:
            self._store(scanned.text)
        else:
            self._open(scanned.text)

    def take_card(self, card: Card) -> None:
        self.unknown_box = ""
        self._point(card)

    def offer(self, code: str) -> None:
        """Ask whether a code nobody knows is that of a new box."""
        self.unknown_box = code
        self.tell(self.teller.ask(self.mode, "bench.box_unknown", code, self.page.context.desk.clock()))

    def leave(self) -> None:
        self.unknown_box = ""

    def create(self) -> bool:
        """Make the unknown code a new box of the usual grid; returns whether there was one."""
        code, self.unknown_box = self.unknown_box, ""
        if not code:
            return False
        order = CreateContainer(code=code, name=code)
        self.page.run(order, lambda _done: self._open(code), lambda error: self.refuse(error, code))
        return True

    def refresh(self) -> None:
        """Read the box anew: another desk may have put something in."""
        if self.box.box is None:
            return
        code, context = self.box.box.code, self.page.context
        self.page.query(lambda: read_box(context.desk.store, context.actor, code), self._refreshed, "box")

    def _open(self, code: str) -> None:
        context = self.page.context
        self.read(
            lambda: read_box(context.desk.store, context.actor, code),
            lambda box: self._opened(code, box),
            code,
        )

    def _opened(self, code: str, box: BoxFacts | None) -> None:
        now = self.page.context.desk.clock()
        if box is None:
            self.offer(code)
            return
        self.box.show(box)
        facts = {
            "name": box.name,
            "free": box.rows * box.columns - len(box.taken),
            "all": box.rows * box.columns,
        }
        title = "bench.box_open" if self.box.pointer else "bench.box_is_full"
        self.tell(
            Result(
                GOOD, self.page.context.say(title, **facts), box.code,
                self.page.context.say("bench.box_facts", temperature=box.temperature, **facts),
                self.page.context.say("bench.box_next", position=self.box.pointer or "—"), now, self.mode.value,
            )
        )  # fmt: skip

    def _point(self, code: Card) -> None:
        if code.box and (self.box.box is None or self.box.box.code != code.box):
            self.refuse(DomainError("bench.other_box", box=code.box), f"{code.box}:{code.text}")
            return
        try:
            self.box.point(code.text)
        except KnownError as error:
            self.refuse(error, code.text)
            return
        now = self.page.context.desk.clock()
        self.tell(self.teller.ask(self.mode, "bench.pointed", code.text, now, position=self.box.pointer))

    def _store(self, number: str) -> None:
        """Store a tube where the pointer stands; one that was taken out goes back to the place kept for it."""
        box, position = self.box.box, self.box.pointer

        def order(tube: TubeFacts | None) -> StoreSpecimen | ReturnSpecimen:
            if tube is not None and tube.state == "out":
                return ReturnSpecimen(number=number)
            if box is None or position is None:
                raise DomainError("bench.box_first" if box is None else "bench.box_full")
            return StoreSpecimen(number=number, container=box.code, position=position)

        def done(outcome: Outcome) -> None:
            back = outcome.done is not None and isinstance(outcome.done.receipt, ReturnReceipt)
            if back or position is None:
                self._returned(outcome)
            else:
                self._stored(outcome, position)

        self.act(order, number, done)

    def _stored(self, outcome: Outcome, position: str) -> None:
        if outcome.tube is not None:
            self.box.place(position, outcome.tube.number)
            now, ahead = self.page.context.desk.clock(), self.box.pointer
            told = self.teller.good(self.mode, outcome.tube, now, position=position)
            code = "bench.box_next" if ahead else "bench.do.bench.box_full"
            say, sprec = self.page.context.say, outcome.tube.sprec
            unknown = say("bench.sprec_unknown") if UNKNOWN in sprec.split("-") else ""
            detail = f"{told.detail} · {sprec}{unknown}" if sprec else told.detail
            self.tell(dataclasses.replace(told, detail=detail, remedy=say(code, position=ahead)))

    def _returned(self, outcome: Outcome) -> None:
        """Tell how long it was out, and how often it may still be thawed."""
        if outcome.tube is None or outcome.done is None:
            return
        now, back, say = self.page.context.desk.clock(), outcome.done.receipt, self.page.context.say
        out = (
            say("bench.out_unknown")
            if back.out_s is None
            else say("bench.minutes", minutes=-(-back.out_s // 60))
        )
        told = self.teller.good(self.mode, outcome.tube, now, position=(back.place or "").replace(":", " "))
        title = say("bench.done.return", place=(back.place or "").replace(":", " "))
        remedy = say("bench.out_for", out=out, thaws=back.thaws, most=back.most_thaws)
        if not back.verified:
            remedy += say("bench.limits_unverified")
        self.tell(dataclasses.replace(told, title=title, remedy=remedy))

    def _refreshed(self, box: BoxFacts | None) -> None:
        if box is not None and self.box.box is not None and box.code == self.box.box.code:
            self.box.show(box)
