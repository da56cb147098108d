"""Tubes of the open encounter: planned and printed on arrival, verified by a scan, collected by a scan."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from client.formatting import age_on
from client.label_jobs import NONE, LabelJobs, LabelOrder
from client.station import PageModel
from client.stations.front_desk.encounter import Encounter, Tube
from client.stations.front_desk.finding import day_of
from client.tube_plan import tube_plan
from devices.labels.jobs import JobState
from domain.biobank.commands import CollectSpecimen, PlanSpecimen
from domain.biobank.numbers import grouped, parse_specimen_number
from domain.kernel.clock import clinic
from domain.kernel.disputes import Dispute
from domain.kernel.errors import DomainError, KnownError
from domain.labels.queue_commands import VerifyLabel

PLANNED = "planned"
_STORED = {
    "confirmed": JobState.PRINTED,
    "sent": JobState.SENT,
    "unknown": JobState.UNKNOWN,
    "failed": JobState.FAILED,
    "doubled": JobState.UNKNOWN,
    "mismatch": JobState.UNKNOWN,
    "verified": JobState.PRINTED,
    "withdrawn": JobState.FAILED,
}
REASONS = ("damaged", "unreadable", "wrong_tube", "lost", "not_printed")
"""Why a label is printed again, by number key; texts are ``front_desk.reprint.<name>``."""


@dataclass(frozen=True, slots=True)
class TubeLine:
    """One tube as it is shown; `label_state` is ``none`` or a `JobState` value, `reason` says why in Chinese."""

    number: str
    shown_number: str
    label: str
    cap: str
    colour: str
    items: str
    state: str
    label_state: str
    label_text: str
    reason: str
    tone: str
    verified: bool
    collected: bool
    printed: int


class TubesModel(QObject):
    """What is drawn from the client of the open encounter."""

    changed = Signal()
    stored = Signal()
    """Tubes changed in the store; the encounter is to be read anew."""
    scanned = Signal(bool, str)
    """A tube was scanned: good or not, and the sentence."""

    def __init__(self, page: PageModel, labels: LabelJobs) -> None:
        super().__init__(page)
        self._page = page
        self.labels = labels
        self._encounter: Encounter | None = None
        self._verified: set[str] = set()
        self._to_print = False
        labels.changed.connect(self._label_changed)

    def open(self, encounter: Encounter, *, anew: bool) -> None:
        """Work on this encounter."""
        if anew:
            self._verified.clear()
            self._to_print = False
        self._encounter = encounter
        if self._to_print:
            self._to_print = False
            self.print_waiting()
        self.changed.emit()

    def close(self) -> None:
        self._encounter = None
        self._verified.clear()
        self.changed.emit()

    def lines(self) -> list[TubeLine]:
        """Return the tubes in order of draw."""
        tubes = self._encounter.tubes if self._encounter else ()
        return [self._line(tube) for tube in sorted(tubes, key=_draw_order)]

    def prepare(self) -> None:
        """Give the visit the tubes of its package that it lacks, then print what has no label yet."""
        encounter = self._encounter
        actor, dispatcher = self._page.context.actor, self._page.context.desk.dispatcher
        if encounter is None or not actor.may("biobank.plan"):
            return
        there = {(tube.type, tube.container) for tube in encounter.tubes}
        orders = [
            PlanSpecimen(visit_id=encounter.visit_id, type=kind.type, container=kind.container)
            for kind in tube_plan().for_package(encounter.package)
            if (kind.type, kind.container) not in there
        ]
        job = self._page.context.jobs.write(
            lambda _job: [dispatcher.run(order, actor) for order in orders], "plan_tubes"
        )
        job.succeeded.connect(self._planned)
        job.refused.connect(self._not_planned)

    def print_waiting(self) -> None:
        """Print the labels that are not on paper yet, in order of draw."""
        self.labels.print([self._order(tube) for tube in sorted(self._unprinted(), key=_draw_order)])

    def has_waiting(self) -> bool:
        """Tell whether any tube still waits for its first label."""
        return bool(self._unprinted())

    def needs_reason(self, number: str) -> bool:
        """Tell whether another label of this tube would be a second one."""
        tube = self._tube(number)
        return tube is not None and self._on_paper(tube)

    def reprint(self, number: str, reason: str = "") -> None:
        """Print the label of one tube again; `reason` is one of `REASONS` for a second one."""
        tube = self._tube(number)
        if tube is None:
            return
        text = self._page.context.say(f"front_desk.reprint.{reason}") if reason else None
        if self._on_paper(tube) and text is None:
            return
        self.labels.print([self._order(tube, text)])

    def verify(self, text: str) -> None:
        """Check that a label belongs to this client, and note that its code was read."""
        tube = self._scanned_tube(text)
        if tube is not None:
            number = tube.number
            self._page.run(
                VerifyLabel(number=number), lambda _done: self._read_back(number), self._not_collected
            )

    def _read_back(self, number: str) -> None:
        self._verified.add(number)
        self.scanned.emit(True, self._say("front_desk.tube_fits", number=grouped(number)))
        self.changed.emit()

    def collect(self, text: str) -> None:
        """Note a tube as filled, now."""
        tube = self._scanned_tube(text)
        if tube is None:
            return
        if tube.state != PLANNED:
            self.scanned.emit(True, self._say("front_desk.collected_before", number=grouped(tube.number)))
            return
        self._page.run(CollectSpecimen(number=tube.number), self._collected, self._not_collected)

    def all_labelled(self) -> bool:
        """Tell whether every tube has a label that came out, as far as the printer can tell."""
        good = {JobState.PRINTED.value, JobState.SENT.value}
        lines = self.lines()
        return bool(lines) and all(x.collected or x.verified or x.label_state in good for x in lines)

    def refuse(self, code: str, **facts: object) -> None:
        """Say loudly why a scan is no tube of this client; nothing is written."""
        self.scanned.emit(False, self._say(code, **facts))

    def _scanned_tube(self, text: str) -> Tube | None:
        """Return the tube of this client that was scanned; anything else is refused loudly."""
        try:
            number = parse_specimen_number(text)
        except DomainError as error:
            self.scanned.emit(False, self._page.explain(error))
            return None
        tube = self._tube(number)
        if tube is None:
            name = self._encounter.name if self._encounter else ""
            self.scanned.emit(False, self._say("front_desk.other_tube", number=grouped(number), name=name))
        return tube

    def _collected(self, done: object) -> None:
        receipt = done.receipt  # type: ignore[attr-defined]
        self._verified.add(receipt.number)
        self.scanned.emit(True, self._say("front_desk.tube_collected", number=grouped(receipt.number)))
        self.stored.emit()

    def _not_collected(self, error: KnownError) -> None:
        self.scanned.emit(False, self._page.explain(error))

    def _planned(self, _done: Sequence[object]) -> None:
        # Only now: a reading of the encounter that began before this would lack the last tubes.
        self._to_print = True
        self.stored.emit()

    def _not_planned(self, error: KnownError) -> None:
        self._page.message.emit(self._page.explain(error), "danger")

    def _label_changed(self, _number: str) -> None:
        self.changed.emit()

    def _tube(self, number: str) -> Tube | None:
        tubes = self._encounter.tubes if self._encounter else ()
        return next((tube for tube in tubes if tube.number == number), None)

    def _unprinted(self) -> list[Tube]:
        tubes = self._encounter.tubes if self._encounter else ()
        return [tube for tube in tubes if tube.state == PLANNED and not self._on_paper(tube)]

    def _on_paper(self, tube: Tube) -> bool:
        fate = self.labels.fate(tube.number).state
        return tube.printed > 0 or fate in {JobState.SENT, JobState.PRINTED, JobState.UNKNOWN}

    def _order(self, tube: Tube, reason: str | None = None) -> LabelOrder:
        encounter, context = self._encounter, self._page.context
        assert encounter is not None  # noqa: S101  (callers looked)
        now = context.desk.clock()
        kind = tube_plan().kind_of(tube.type, tube.container)
        age = age_on(encounter.birth_date, day_of(now)) if encounter.birth_date else None
        fields = {
            "specimen_number": tube.number,
            "patient_name": whose(tube.disputes, encounter.name),
            "sex": self._say(f"front_desk.sex.{encounter.sex}"),
            "age": "—" if age is None else self._say("front_desk.age", age=age),
            "specimen_type": kind.label if kind else tube.type.value,
            "collected_at": f"{clinic(now):%Y-%m-%d %H:%M}",
            "items": kind.items if kind else "",
            "visit_number": encounter.number,
        }
        return LabelOrder(tube.number, fields, max(1, tube.printed) if reason else 0, reason)

    def _line(self, tube: Tube) -> TubeLine:
        context, kind = self._page.context, tube_plan().kind_of(tube.type, tube.container)
        fate = self.labels.fate(tube.number)
        state, code = fate.state, fate.code
        if state == NONE and tube.last_result:
            state = _STORED.get(tube.last_result, JobState.UNKNOWN)
        collected = tube.state != PLANNED
        verified = tube.number in self._verified or collected
        return TubeLine(
            tube.number, grouped(tube.number), kind.label if kind else tube.type.value, kind.cap if kind else "",
            kind.colour if kind else "", kind.items if kind else "", tube.state, str(state),
            self._say(f"tube_label.{state}"),
            context.formatter.disputes(tube.disputes) or (self._say(code, **fate.facts) if code else ""),
            "danger" if tube.disputes else _tone(str(state), verified),
            verified, collected, tube.printed,
        )  # fmt: skip

    def _say(self, code: str, **facts: object) -> str:
        return self._page.context.say(code, **facts)


def whose(disputes: Iterable[Dispute], name: str) -> str:
    """Return whose tube it is, for its label: in a dispute everybody it may be of, for no label may hide one."""
    found = [d.value for d in disputes if d.column == "patient_id"]
    return str(found[0]) if found else name


def _tone(state: str, verified: bool) -> str:
    if verified:
        return "success"
    tones = {
        JobState.FAILED.value: "danger",
        JobState.UNKNOWN.value: "warning",
        JobState.PRINTED.value: "success",
    }
    return tones.get(state, "")


def _draw_order(tube: Tube) -> tuple[int, str]:
    kind = tube_plan().kind_of(tube.type, tube.container)
    return (kind.order if kind else 99, tube.number)
