"""Dividing a tube: scan the parent, one number key, and the labels print; arrows choose volume and kind."""

from dataclasses import dataclass

from PySide6.QtCore import Signal

from client.label_jobs import LabelJobs, LabelOrder
from client.ports import Scanned
from client.station import PageModel
from client.stations.bench.part import BenchPart
from client.stations.bench.reading import Outcome, TubeFacts, look_up
from client.tube_plan import AliquotPlan, tube_plan
from devices.labels.jobs import JobState
from domain.biobank.bench import Card, Mode
from domain.biobank.commands import MOST_ALIQUOTS, AliquotSpecimen
from domain.biobank.numbers import grouped
from domain.biobank.protocols import BIOBANK, BiobankContent
from domain.biobank.records import EventKind, SpecimenType
from domain.biobank.workflow import specimen_life
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError

_ANY = AliquotPlan("", (500, 300, 200, 1000), 4)


@dataclass(frozen=True, slots=True)
class AliquotLine:
    """One aliquot just made: number, label state and reason in Chinese."""

    number: str
    shown_number: str
    label_text: str
    reason: str
    tone: str


class AliquotModel(BenchPart):
    """`source` waits for its number of aliquots; `made` are the last ones.

    `kinds` are what its way of processing gives, `kind` the one that is made; `left`: the parent goes on afterwards.
    """

    changed = Signal()
    mode = Mode.ALIQUOT

    def __init__(self, page: PageModel, labels: LabelJobs) -> None:
        super().__init__(page)
        self.labels = labels
        self.source: TubeFacts | None = None
        self.made: tuple[str, ...] = ()
        self.volume_ul = 0
        self.kinds: tuple[SpecimenType, ...] = ()
        self.kind: SpecimenType | None = None
        self.left = False
        self._fields: dict[str, dict[str, str]] = {}
        self._dividing = False
        labels.changed.connect(self._label_changed)

    @property
    def plan(self) -> AliquotPlan:
        """How the kind that is made is divided."""
        return self.plan_of(self.kind) if self.kind else _ANY

    @staticmethod
    def plan_of(kind: SpecimenType) -> AliquotPlan:
        """Return how a kind is divided."""
        return tube_plan().aliquots.get(kind, _ANY)

    def take(self, scanned: Scanned) -> None:
        context, number = self.page.context, scanned.text
        self.source = None
        self.read(
            lambda: look_up(context.desk.store, context.actor, number),
            lambda found: self._found(found, number),
            number,
        )

    def take_card(self, card: Card) -> None:
        if not self.divide(int(card.text)):
            self.refuse(DomainError("bench.no_parent"), card.text)

    def leave(self) -> None:
        self.source = None
        self.changed.emit()

    def divide(self, count: int) -> bool:
        """Make so many aliquots of the parent; returns whether one waits."""
        parent = self.source
        if parent is None or self._dividing or not 1 <= count <= MOST_ALIQUOTS:
            return False
        self._dividing = True
        kind = self.kind or parent.type
        order = AliquotSpecimen(
            number=parent.number, count=count, volume_ul=self.volume_ul, parent_left=self.left,
            type=kind if kind is not parent.type else None,
        )  # fmt: skip

        def divided(outcome: Outcome) -> None:
            receipts = outcome.done.receipt if outcome.done else []
            self.print_made(kind, [r.number for r in receipts])
            if outcome.tube is not None:
                label = self.plan_of(kind).label if kind is not parent.type else ""
                self.good(outcome.tube, count=count, volume=self.volume_ul, kind=label)

        self.act(order, parent.number, divided)
        return True

    def tell(self, result: object) -> None:
        """End the division before the result is told."""
        if self._dividing:
            self._dividing, self.source = False, None
            self.changed.emit()
        super().tell(result)  # type: ignore[arg-type]

    def change_volume(self, step: int) -> None:
        """Go to the next volume of the plan, or the one before."""
        volumes = self.plan.volumes_ul
        if self.source is not None and self.volume_ul in volumes:
            self.volume_ul = volumes[(volumes.index(self.volume_ul) + step) % len(volumes)]
            self.changed.emit()

    def change_kind(self, step: int) -> None:
        """Go to the next kind the parent can be divided into, or the one before; its usual volume comes with it."""
        if self.source is not None and self.kind in self.kinds:
            self.kind = self.kinds[(self.kinds.index(self.kind) + step) % len(self.kinds)]
            self.volume_ul = self.plan.volumes_ul[0]
            self.changed.emit()

    def keep_rest(self) -> None:
        """Say that the parent is not empty afterwards, or take it back."""
        if self.source is not None and not self._dividing:
            self.left = not self.left
            self.changed.emit()

    def print_again(self) -> None:
        """Print the last aliquots' labels that did not come out; where nobody knows, a second copy is marked."""
        orders = []
        for number in self.made:
            state = self.labels.fate(number).state
            if state == JobState.UNKNOWN:
                reason = self.page.context.say("bench.reprint_unknown")
                orders.append(LabelOrder(number, self._fields[number], 1, reason))
            elif state == JobState.FAILED:
                orders.append(LabelOrder(number, self._fields[number]))
        self.labels.print(orders)

    def lines(self) -> list[AliquotLine]:
        """Return the last aliquots with their labels."""
        say = self.page.context.say
        tones = {"failed": "danger", "unknown": "warning", "printed": "success", "sent": "success"}
        found = []
        for number in self.made:
            fate = self.labels.fate(number)
            found.append(
                AliquotLine(
                    number, grouped(number), say(f"tube_label.{fate.state}"),
                    say(fate.code, **fate.facts) if fate.code else "", tones.get(str(fate.state), ""),
                )
            )  # fmt: skip
        return found

    def _found(self, found: Outcome, number: str) -> None:
        tube = found.tube
        if tube is None:
            self.refuse(DomainError("specimen.unknown", field="number", value=number), number)
        elif tube.is_aliquot:
            self.refuse(DomainError("specimen.already_aliquot", field="number", number=number), number, tube)
        elif tube.state != "processed":
            needed = specimen_life.label_of("processed")
            facts = {"state": specimen_life.label_of(tube.state), "needed": needed}
            target = specimen_life.label_of("used_up")
            self.refuse(DomainError("specimen.wrong_state", target=target, **facts), number, tube)
        else:
            self.source, self.left = tube, False
            self.kinds = self._kinds_of(tube, found)
            self.kind = self.kinds[0]
            self.volume_ul = self.plan.volumes_ul[0]
            now = self.page.context.desk.clock()
            detail = self.teller.describe(tube)
            self.tell(self.teller.ask(self.mode, "bench.how_many", grouped(tube.number), now, detail=detail))
        self.changed.emit()

    def _kinds_of(self, tube: TubeFacts, found: Outcome) -> tuple[SpecimenType, ...]:
        """Return what a tube can be divided into, the usual kind first: what its spin gives, else its own."""
        content: BiobankContent = self.page.context.desk.dispatcher.content[BIOBANK]
        names = [event.protocol for event in found.events if event.kind == EventKind.PROCESSED.value]
        protocol = content.protocols.get(names[-1] if names else "")
        if protocol is None:
            return (tube.type,)
        own = (tube.type,) if tube.type in protocol.types else ()
        return (*own, *(kind for kind in protocol.given if kind not in own))

    def print_made(self, kind: SpecimenType, numbers: list[str]) -> None:
        """Print the labels of tubes just made; they are the ones that can be printed again by one key."""
        day = f"{clinic(self.page.context.desk.clock()):%Y-%m-%d}"
        label = self.plan_of(kind).label or str(kind)
        self.made = tuple(numbers)
        self._fields = {
            number: {
                "specimen_number": number, "study": "", "specimen_type": label, "aliquot": f"{n}/{len(numbers)}",
                "frozen_at": day,
            }
            for n, number in enumerate(numbers, 1)
        }  # fmt: skip
        self.labels.print([LabelOrder(number, self._fields[number]) for number in numbers])
        self.changed.emit()

    def _label_changed(self, number: str) -> None:
        if number in self.made:
            self.changed.emit()
