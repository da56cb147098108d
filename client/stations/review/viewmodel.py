"""The review desk without its window: what may be done with the open case, and doing it. QtCore only."""

import functools
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Signal, Slot

from client.live import Changed
from client.ports import Scanned
from client.printing import Printer, print_file
from client.station import Context, StationModel
from client.stations.review.case import Case, CaseKey, Proposal, StepRow
from client.stations.review.checking import Checking
from client.stations.review.criticals import Criticals
from client.stations.review.doing import Doing
from client.stations.review.holding import Holding
from client.stations.review.looking import Looking
from client.stations.review.media.model import MediaModel
from client.stations.review.offering import ACTIONS, FORWARD, Moment, moves, offers
from client.stations.review.opening import WATCHED, Opening
from client.stations.review.proposals import with_sentence
from client.stations.review.queue_model import CaseQueue
from client.stations.review.returning import Returning
from client.stations.review.wording import Wording
from client.stations.review.writing import Writing, anchored
from domain.checkup.scheme import reviews_at
from domain.kernel.errors import KnownError


class ViewModel(StationModel):
    """One person at the review desk. Everything is offered by permission and by the state of the report."""

    case_state = Signal(str, str)
    """``empty``, ``loading``, ``ready`` or ``refused`` with the reason."""
    case_shown = Signal(object, bool)
    """The case, and whether it is another one than before."""
    note_changed = Signal(str, str)
    """What came of the last action: sentence and tone, empty to clear; shown beside the actions."""
    reason_asked = Signal(object)
    """A `Case` whose text scores too low to be handed in without one."""
    trend_asked = Signal()
    attach_asked = Signal()
    images_asked = Signal()
    part_asked = Signal()
    return_asked = Signal()
    """A remark is about to begin: the view notes the line its cursor stands in."""

    actions = ACTIONS

    def __init__(self, context: Context, parent: Any = None, *, printer: Printer = print_file) -> None:
        super().__init__(context, parent)
        self.wording = Wording(context)
        self.queue = CaseQueue(context, self.wording.row, self)
        self.writing = Writing(context, self)
        self.opening = Opening(context, self.queue, self.writing, self)
        self.returning = Returning(self.writing, self)
        self.doing = Doing(context, self.writing, self)
        self.looking = Looking(context, printer, self)
        self.criticals = Criticals(self)
        self.media = MediaModel(context, self)
        self.holding = Holding(context, self)
        self.checking = Checking(self.context, self.writing, self)
        self._refused = False
        self._wire()
        self._offer()

    def _wire(self) -> None:
        self.opening.taken.connect(self._taken)
        self.opening.shown.connect(self.case_shown)
        self.opening.state.connect(self.case_state)
        self.opening.moved_on.connect(self._moved_on)
        self.opening.changed.connect(self._offer)
        self.writing.changed.connect(self._written)
        self.writing.disputed_changed.connect(self._offer)
        self.writing.restored.connect(self._restored)
        self.writing.not_kept.connect(self._draft_not_kept)
        self.returning.changed.connect(self._offer)
        self.doing.done.connect(self._done)
        self.doing.failed.connect(self._failed)
        self.doing.changed.connect(self._act_changed)
        self.holding.changed.connect(self._offer)
        self.holding.taken_back.connect(self._taken_back)
        self.criticals.answered.connect(self.opening.renew)
        for part in (self.doing, self.looking, self.holding):
            part.note.connect(self.note_changed)
        for name in ("save", *FORWARD, "preview", "print"):
            self.action_set.on(name, functools.partial(self.act, name))
        for name, handler in (
            ("return", self.return_pressed), ("propose", self.propose_next), ("critical", self.ask_critical),
            ("trend", self.trend_asked.emit), ("filter", self.queue.next_reason), ("part", self.part_asked.emit),
            ("next", self.skip), ("attach", self.attach_asked.emit),
            ("images", self.images_asked.emit), ("check", self.checking.go_on),
            ("withdraw", self.withdraw),
        ):  # fmt: skip
            self.action_set.on(name, handler)

    # The page

    def watches(self) -> frozenset[str]:
        return WATCHED

    def on_open(self, **arguments: Any) -> None:
        """Begin; ``report_id`` or ``visit_id`` opens that case."""
        self.queue.start()
        for kind in ("report", "visit"):
            if arguments.get(f"{kind}_id") is not None:
                self.open(CaseKey(kind, arguments[f"{kind}_id"]))
                return
        self.opening.tell_state()

    def on_scan(self, scanned: Scanned) -> bool:
        """Open the case of a visit whose barcode was scanned."""
        if scanned.kind != "visit" or scanned.record_id is None:
            return False
        self.open(CaseKey("visit", scanned.record_id))
        return True

    def on_changed(self, changed: Changed) -> None:
        self.opening.follow(changed)

    def close(self) -> None:
        """Keep what was typed, forget copies of files."""
        self.opening.close()
        self.queue.stop()
        self.looking.close()
        self.media.close()
        self.holding.close()
        super().close()

    # Which case

    @property
    def case(self) -> Case | None:
        """The open case."""
        return self.opening.case

    @property
    def wanted(self) -> CaseKey | None:
        """The case that was asked for last."""
        return self.opening.wanted

    def open(self, key: CaseKey) -> None:
        """Show a case."""
        if key != self.wanted:
            self.returning.leave()
        self.opening.open(key)

    def skip(self) -> None:
        """Go to the next case without doing anything."""
        self.returning.leave()
        if self.opening.skip():
            self.note_changed.emit("", "")

    @Slot(object, bool)
    def _taken(self, case: Case, fresh: bool) -> None:
        if fresh:
            self._refused = False
            self.returning.select(None)
            if self._may_return(case):
                self.returning.resume()
        self._written()

    @Slot(object)
    def _moved_on(self, case: Case) -> None:
        """Tell that somebody else has dealt with the report, unless a refusal has just said so."""
        self.returning.leave()
        if not self._refused:
            self.note_changed.emit(self.context.say("review.moved_on", state=case.state_label), "warning")

    # What may be done

    @property
    def can_edit(self) -> bool:
        """Whether conclusion and advice may be changed by this person now."""
        case = self.case
        return case is not None and case.with_branch and case.clear and self.context.actor.may("report.write")

    @property
    def standing_remark(self) -> StepRow | None:
        """The remark a returned report came back with, its place in what is shown now."""
        return None if self.case is None else anchored(self.case, self.writing)

    def open_proposals(self) -> list[Proposal]:
        """Return the proposed sentences that the conclusion does not speak of yet."""
        proposals = self.case.proposals if self.case is not None else ()
        return [p for p in proposals if not p.written_in(self.writing.conclusion)]

    @Slot()
    def _offer(self) -> None:
        """Switch each action on or off as the case allows."""
        now = Moment(
            acting=bool(self.doing.name),
            settled=self.opening.settled,
            returning=self.returning.open,
            disputed=self.writing.disputed,
            editing=self.can_edit,
            edited=self.writing.edited,
            proposals=bool(self.open_proposals()),
            critical=self.criticals.waiting(self.case) is not None,
            following=self.queue.after(self.wanted) is not None,
            remarks=bool(self.checking.remarks),
            held=self.holding.last is not None,
        )
        for name, enabled in offers(self.case, now).items():
            self.action_set.enable(name, enabled and (name != "return" or self._may_return(self.case)))

    def _may_return(self, case: Case | None) -> bool:
        actor = self.context.actor
        return case is not None and moves(case, "return") and reviews_at(actor, case.state)

    @Slot()
    def _written(self) -> None:
        self.checking.look(self.case)
        self._offer()

    @Slot(object)
    def _restored(self, at: Any) -> None:
        if at is not None:
            shown = self.context.formatter.short_moment(at, self.context.desk.clock())
            self.note_changed.emit(self.context.say("review.restored", at=shown), "info")

    @Slot(object)
    def _draft_not_kept(self, error: KnownError) -> None:
        self.note_changed.emit(self.context.say("review.drafts_off", reason=self.explain(error)), "warning")

    # Doing it

    def act(self, name: str) -> None:
        """Write, submit, pass on, sign, preview or print the open case."""
        acts: dict[str, Callable[[Case], None]] = {
            "save": self.doing.save, "submit": self._submit, "sign": self.doing.sign,
            "pass_first": self.doing.pass_first, "pass_second": self.doing.pass_second,
            "pass_further": self.doing.pass_further,
            "issue": self.doing.issue, "preview": self.looking.preview, "print": self.looking.print_issued,
        }  # fmt: skip
        if self.case is not None:
            acts[name](self.case)

    def _submit(self, case: Case) -> None:
        """Hand the report on; a text that scores too low wants a reason first."""
        if self.checking.enough:
            self.doing.submit(case)
        else:
            self.reason_asked.emit(case)

    def propose_next(self) -> None:
        """Take over the next proposed sentence."""
        waiting = self.open_proposals()
        if waiting:
            self.take_over(waiting[0])

    def take_over(self, proposal: Proposal) -> None:
        """Put a proposed sentence, and its advice, into the report."""
        if self.can_edit:
            self.writing.put_text("conclusion", with_sentence(self.writing.conclusion, proposal.sentence))
            if proposal.advice:
                self.writing.put_text("advice", with_sentence(self.writing.advice, proposal.advice))

    def return_pressed(self) -> None:
        """Begin a remark on what is selected, or send the one that was typed."""
        if self.returning.open:
            self.send_return()
        else:
            self.return_asked.emit()
            self.returning.begin()

    def send_return(self) -> None:
        """Send the report back with the remark."""
        if self.case is not None and self.returning.open:
            self.doing.give_back(self.case)

    def withdraw(self) -> None:
        """Take the last signature back, wherever one is by now; else that of the open case."""
        if self.holding.last is not None:
            self.holding.take_back()
        elif self.case is not None:
            self.doing.withdraw(self.case)

    @Slot(object)
    def _taken_back(self, report_id: Any) -> None:
        """Show the report whose signature was taken back."""
        key = CaseKey("report", report_id)
        self.opening.loader.forget(key)
        self.queue.load()
        self.open(key)

    def ask_critical(self) -> None:
        """Ask for the value as it was read back, or for what was done."""
        waiting = self.criticals.waiting(self.case)
        if waiting is not None:
            self.criticals.asked.emit(waiting)

    @Slot()
    def _act_changed(self) -> None:
        self.opening.held = bool(self.doing.name)
        self._offer()

    @Slot(str, object, object)
    def _done(self, name: str, case: Case, receipt: Any) -> None:
        self.opening.held = False
        self.returning.leave()
        if name == "sign":
            self.holding.hold(case)
        if name == "save":
            self.opening.stay_with(CaseKey("report", receipt.report_id))
        elif name == "withdraw":
            self.opening.stay_with(case.key)
        else:
            self.opening.leave_for_next(case)
        self._offer()

    @Slot(object)
    def _failed(self, error: KnownError) -> None:
        self.opening.held = False
        self._refused = True
        if error.field:
            self.field_error.emit(error.field, self.explain(error))
        self.opening.renew()
        self._offer()
