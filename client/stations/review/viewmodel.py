"""The review desk without its window: which case, what may be done with it, what comes next. QtCore only."""

from typing import Any

from PySide6.QtCore import QTimer, Signal, Slot

from client.actions import Action
from client.live import Changed
from client.ports import Scanned
from client.station import Context, StationModel
from client.stations.review.case import UNWRITTEN, Case, CaseKey, Proposal, StepRow
from client.stations.review.criticals import Criticals
from client.stations.review.doing import Doing
from client.stations.review.loading import Loader, Opened
from client.stations.review.looking import Looking
from client.stations.review.printing import Printer, print_file
from client.stations.review.proposals import Deviation, deviations, with_sentence
from client.stations.review.queue_model import CaseQueue
from client.stations.review.returning import Returning
from client.stations.review.wording import Wording
from client.stations.review.writing import Writing, anchored
from domain.checkup.workflow import report_review
from domain.kernel.errors import KnownError

SETTLE_MS = 400
"""A case that has just come up cannot be passed on at once: a key that bounced must not sign what nobody saw."""
LIVE_MS = 400
SHOWN_MS = 60
"""Reading behind a case waits until it is painted: both would only slow each other down."""
MOVES = {
    "submit": ("submit", "resubmit"), "pass_first": ("pass_first",), "pass_second": ("pass_second",),
    "sign": ("sign",), "return": ("return",),
}  # fmt: skip
QUEUED = frozenset({"report", "visit", "critical_value", "finding", "patient"})
WATCHED = QUEUED | {"observation", "review_step", "attachment", "questionnaire_response"}


class ViewModel(StationModel):
    """One person at the review desk. Everything is offered by permission and by the state of the report."""

    case_state = Signal(str, str)
    """``empty``, ``loading``, ``ready`` or ``refused`` with the reason."""
    case_shown = Signal(object, bool)
    """The case, and whether it is another one than before."""
    note_changed = Signal(str, str)
    """What came of the last action: sentence and tone, empty to clear; shown beside the actions."""
    checks_changed = Signal()
    trend_asked = Signal()
    part_asked = Signal()
    return_asked = Signal()
    """A remark is about to begin: the view notes the line its cursor stands in."""

    actions = (
        Action("submit", "review.action.submit", "F9", command="report.submit", primary=True),
        Action("pass_first", "review.action.pass_first", "F9", command="report.pass_first", primary=True),
        Action("pass_second", "review.action.pass_second", "F9", command="report.pass_second", primary=True),
        Action("sign", "review.action.sign", "F9", command="report.sign", primary=True),
        Action("return", "review.action.return", "F7", command="report.return"),
        Action("save", "review.action.save", "Ctrl+S", command="report.write"),
        Action("propose", "review.action.propose", "F4", command="report.write"),
        Action("preview", "review.action.preview", "F8"),
        Action("print", "review.action.print", "Ctrl+P", permission="document.print"),
        Action("critical", "review.action.critical", "Ctrl+R", command="critical.receive"),
        Action("trend", "review.action.trend", "Ctrl+T"),
        Action("filter", "review.action.filter", "F3"),
        Action("part", "review.action.part", "F2"),
        Action("next", "review.action.next", "Alt+Down"),
    )

    def __init__(self, context: Context, parent: Any = None, *, printer: Printer = print_file) -> None:
        super().__init__(context, parent)
        self.wording = Wording(context)
        self.queue = CaseQueue(context, self.wording.row, self)
        self.writing = Writing(context, self)
        self.returning = Returning(self.writing, self)
        self.doing = Doing(context, self.writing, self)
        self.looking = Looking(context, printer, self)
        self.criticals = Criticals(self)
        self.loader = Loader(context, self.writing.read_draft, self)
        self.case: Case | None = None
        self.wanted: CaseKey | None = None
        self.checks: list[Deviation] = []
        self.settle_ms = SETTLE_MS
        self._settled = False
        self._refused = False
        self._live_due: set[str] = set()
        self._settle_timer = self._once(self._settle)
        self._live_timer = self._once(self._follow_live)
        self._shown_timer = self._once(self._look_around)
        self._wire()
        self._offer()

    def _once(self, slot: Any) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.timeout.connect(slot)
        return timer

    def _wire(self) -> None:
        self.loader.opened.connect(self._opened)
        self.loader.renewed.connect(self._renewed)
        self.loader.refused.connect(self._open_refused)
        self.queue.loaded.connect(self._queue_loaded)
        self.writing.changed.connect(self._written)
        self.writing.disputed_changed.connect(self._offer)
        self.writing.restored.connect(self._restored)
        self.writing.not_kept.connect(self._draft_not_kept)
        self.returning.changed.connect(self._offer)
        self.doing.done.connect(self._done)
        self.doing.failed.connect(self._failed)
        self.doing.changed.connect(self._offer)
        self.criticals.answered.connect(self.renew)
        for part in (self.doing, self.looking):
            part.note.connect(self.note_changed)
        for name, handler in (
            ("submit", self.submit), ("pass_first", self.pass_first), ("pass_second", self.pass_second),
            ("sign", self.sign), ("return", self.return_pressed), ("save", self.save), ("propose", self.propose_next),
            ("preview", self.preview), ("print", self.print_report), ("critical", self.ask_critical),
            ("trend", self.trend_asked.emit), ("filter", self.queue.next_reason), ("part", self.part_asked.emit),
            ("next", self.skip),
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
        if self.case is None:
            self.case_state.emit("empty" if self.wanted is None else "loading", "")

    def on_scan(self, scanned: Scanned) -> bool:
        """Open the case of a visit whose barcode was scanned."""
        if scanned.kind != "visit" or scanned.record_id is None:
            return False
        self.open(CaseKey("visit", scanned.record_id))
        return True

    def on_changed(self, changed: Changed) -> None:
        """Follow the log, at most a few times a second however much arrives."""
        self._live_due |= changed.entities & WATCHED
        if not self._live_timer.isActive():
            self._live_timer.start(LIVE_MS)

    def close(self) -> None:
        """Keep what was typed, forget copies of files."""
        self.writing.keep()
        self._settle_timer.stop()
        self._live_timer.stop()
        self._shown_timer.stop()
        self.queue.stop()
        self.loader.clear()
        self.looking.close()
        super().close()

    # Which case

    def open(self, key: CaseKey) -> None:
        """Show a case; at once if it was loaded ahead."""
        if key == self.wanted and self.case is not None:
            return
        self.writing.keep()
        self.returning.leave()
        self.wanted = key
        if not self.loader.open(key):
            self.case_state.emit("loading", "")

    def skip(self, step: int = 1) -> None:
        """Go to the next case without doing anything."""
        key = self.queue.after(self.wanted, step)
        if key is not None:
            self.note_changed.emit("", "")
            self.open(key)

    @Slot()
    def renew(self) -> None:
        """Read the open case again."""
        if self.wanted is not None:
            self.loader.renew(self.wanted)

    @Slot()
    def _queue_loaded(self) -> None:
        if self.wanted is None and self.queue.rowCount():
            self.open(self.queue.row(0).key)
        else:
            self._load_ahead()
        self._offer()

    @Slot()
    def _follow_live(self) -> None:
        due, self._live_due = self._live_due, set()
        if due & QUEUED:
            self.queue.load()
        if not self.doing.name:
            self.renew()

    @Slot(object)
    def _opened(self, opened: Opened) -> None:
        if opened.key != self.wanted:
            return
        case = opened.case
        fresh = self.case is None or self.case.visit_id != case.visit_id
        self.wanted, self.case, self._refused = case.key, case, False
        self.returning.select(None)
        if fresh:
            self._settled = False
            self._settle_timer.start(self.settle_ms)
        self.writing.show(case, opened.draft)
        if self._moves("return") and self.context.actor.may("report.annotate"):
            self.returning.resume()
        self._written()
        self.case_shown.emit(case, fresh)
        self.case_state.emit("ready", "")
        self._shown_timer.start(SHOWN_MS)

    @Slot(object)
    def _renewed(self, opened: Opened) -> None:
        if self.case is None or opened.key != self.wanted or opened.case == self.case:
            return
        before, self.case = self.case, opened.case
        self.wanted = opened.case.key
        self.writing.follow(opened.case)
        if opened.case.state != before.state and before.state != UNWRITTEN:
            self.returning.leave()
            self._say_moved_on(opened.case)
        self._written()
        self.case_shown.emit(opened.case, False)

    def _say_moved_on(self, case: Case) -> None:
        """Tell that somebody else has dealt with the report, unless a refusal has just said so."""
        if not self._refused:
            self.note_changed.emit(self.context.say("review.moved_on", state=case.state_label), "warning")

    @Slot(object, object)
    def _open_refused(self, key: CaseKey, error: KnownError) -> None:
        if key == self.wanted:
            self.case = None
            self.writing.leave()
            self.case_state.emit("refused", self.explain(error))
            self._offer()

    @Slot()
    def _look_around(self) -> None:
        """Once a case is painted: see whether it is still so in the store, and read the next ones ahead."""
        self.renew()
        self._load_ahead()

    def _load_ahead(self) -> None:
        self.loader.ahead(self.queue.case_keys(self.queue.row_of(self.wanted) + 1, 3))

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

    def _moves(self, name: str) -> bool:
        if self.case is None or self.case.state == UNWRITTEN:
            return self.case is not None and name == "submit"
        return any(m in report_review.possible(self.case.state) for m in MOVES[name])

    @Slot()
    def _settle(self) -> None:
        self._settled = True
        self._offer()

    @Slot()
    def _offer(self) -> None:
        """Switch each action on or off as the case allows."""
        case, actions = self.case, self.action_set
        free = case is not None and case.clear and not self.doing.name
        settled = free and self._settled
        undisputed = not self.writing.disputed
        for name in MOVES:
            actions.enable(name, settled and undisputed and not self.returning.open and self._moves(name))
        actions.enable("return", settled and self._moves("return"))
        actions.enable("save", free and undisputed and self.can_edit and self.writing.edited)
        actions.enable("propose", free and self.can_edit and bool(self.open_proposals()))
        actions.enable("preview", free and case is not None and case.report_id is not None)
        actions.enable("print", free and case is not None and bool(case.document_sha256))
        actions.enable("critical", free and self.criticals.waiting(case) is not None)
        actions.enable("trend", case is not None and bool(case.results))
        actions.enable("next", self.queue.after(self.wanted) is not None)

    @Slot()
    def _written(self) -> None:
        rows = self.case.results if self.case is not None and self.case.clear else ()
        self.checks = deviations(self.writing.conclusion, rows)
        self.checks_changed.emit()
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

    def save(self) -> None:
        if self.case is not None and self.can_edit:
            self.doing.save(self.case)

    def submit(self) -> None:
        if self.case is not None and self.can_edit:
            self.doing.submit(self.case)

    def pass_first(self) -> None:
        if self.case is not None:
            self.doing.pass_on(self.case, "pass_first")

    def pass_second(self) -> None:
        if self.case is not None:
            self.doing.pass_on(self.case, "pass_second")

    def sign(self) -> None:
        if self.case is not None:
            self.doing.sign(self.case)

    def preview(self) -> None:
        if self.case is not None and self.case.report_id is not None:
            self.looking.preview(self.case)

    def print_report(self) -> None:
        if self.case is not None:
            self.looking.print_issued(self.case)

    def open_file(self, number: int) -> None:
        if self.case is not None and self.case.clear:
            self.looking.open_file(self.case.attachments[number])

    def ask_critical(self) -> None:
        waiting = self.criticals.waiting(self.case)
        if waiting is not None:
            self.criticals.asked.emit(waiting)

    @Slot(str, object, object)
    def _done(self, name: str, case: Case, receipt: Any) -> None:
        self.loader.forget(case.key)
        self.returning.leave()
        if name == "save":
            self.wanted = CaseKey("report", receipt.report_id)
            self.renew()
            self._offer()
            return
        following = self.queue.after(case.key) or self.queue.after(case.key, -1)
        self.queue.drop(case.key)
        self.case, self.wanted = None, None
        self.writing.leave()
        if following is not None and following != case.key:
            self.open(following)
        else:
            self.case_state.emit("empty", "")
        self._offer()

    @Slot(object)
    def _failed(self, error: KnownError) -> None:
        self._refused = True
        if error.field:
            self.field_error.emit(error.field, self.explain(error))
        self.renew()
        self._offer()
