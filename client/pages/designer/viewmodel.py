"""The designer without its window: one design, changed step by step, kept at each of them, checked and published.

Every change is on this workstation's disk, sealed, before it is called kept; saving writes it into the store, from
where it travels. A whole questionnaire in the log at every keystroke would bury it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from client.actions import Action
from client.navigation import RECORD_PAGES
from client.pages.designer.loading import SKETCH, Design, drafts_here, read_design
from client.pages.designer.trial import Trial
from client.station import Context, PageModel
from client.stations.front_desk.drafts import Drafts
from domain.designs.commands import NewDesignVersion, SaveDesign
from domain.designs.publishing import PublishDesign, PublishMore, RetireDesign
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.ids import Id
from domain.risk.content import RISK, RiskModels
from domain.risk.factors import FactorBook
from forms.designing import properties as own
from forms.designing.checking import Mistake, mistakes
from forms.designing.factors import asking, choosable
from forms.designing.sketch import Sketch
from forms.designing.tree import Path

CHECK_AFTER_MS = 250
"""Quiet after a change before the whole is checked: while somebody types, it is not."""


@dataclass(frozen=True, slots=True)
class Told:
    """A mistake in words, and where it is."""

    text: str
    path: Path | None
    field: str


class ViewModel(PageModel):
    """`changed` follows every step, `chosen` another item, `checked` a new list of mistakes."""

    opened = Signal()
    changed = Signal()
    chosen = Signal()
    checked = Signal()
    kept_changed = Signal()
    field_asked = Signal(str)
    publish_asked = Signal()
    factors_found = Signal()

    actions = (
        Action("add", "designer.add", "Ctrl+N"),
        Action("group", "designer.add_group", "Ctrl+G"),
        Action("copy", "designer.copy", "Ctrl+D"),
        Action("delete", "designer.delete", "Ctrl+Delete"),
        Action("undo", "designer.undo", "Ctrl+Z"),
        Action("redo", "designer.redo", "Ctrl+Y"),
        Action("part", "designer.part", "F6"),
        Action("publish", "designer.publish", "F4", permission="design.publish"),
        Action("save", "designer.save", "F9", primary=True),
    )

    def __init__(self, context: Context, entity: str, record_id: Id, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        context.actor.check(str(RECORD_PAGES["designer"]))
        if entity != "form_design":
            raise DomainError("page.unknown", page=f"designer:{entity}")
        self._id = record_id
        self._drafts: Drafts | None = None
        self._saving = False
        self._checking = False
        self.design: Design | None = None
        self.sketch = Sketch({"resourceType": "Questionnaire", "item": []})
        self.title = ""
        self.mistakes: list[Told] = []
        self.kept_at: datetime | None = None
        self.is_saved = True
        self.factors: list[tuple[str, str]] = []
        self._book: FactorBook | None = None
        self.trial = Trial(context, self)
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(CHECK_AFTER_MS)
        self._quiet.timeout.connect(self._check)
        on = self.action_set.on
        on("add", lambda: self.add("choice"))
        on("group", lambda: self.add("group"))
        for name, step in (("copy", "duplicate"), ("delete", "remove"), ("undo", "undo"), ("redo", "redo")):
            on(name, lambda step=step: self._stepped(getattr(self.sketch, step)))
        on("save", self.save)
        on("publish", self.publish_asked.emit)

    @property
    def is_open(self) -> bool:
        """Whether the design may be changed."""
        return self.design is not None and self.design.is_draft

    def on_open(self, **arguments: Any) -> None:
        """Read the design, once."""
        if self.design is None:
            self.query(self._read, self._found, "design")
            self.query(self._read_factors, self._factors_read, "factors")

    def choose(self, path: Path | None) -> None:
        """Show another item's properties."""
        if path != self.sketch.state.path:
            self.sketch.choose(path)
            self.chosen.emit()

    def go_to(self, told: Told) -> None:
        """Show where a mistake is."""
        self.choose(told.path)
        self.field_asked.emit(told.field)

    def add(self, kind: str) -> None:
        """Add an item."""
        self._stepped(lambda: self.sketch.add(kind))
        if self.is_open:
            self.field_asked.emit("text")

    def delete(self) -> None:
        """Take the chosen item away."""
        self._stepped(self.sketch.remove)

    def move(self, way: str) -> None:
        """Move the chosen item."""
        self._stepped(lambda: self.sketch.move(way))

    def change(self, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
        """Change the chosen item as a property says; the item stays chosen."""
        if self.is_open and self.sketch.change(change):
            self._after()

    def change_form(self, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
        """Change the head of the questionnaire."""
        if self.is_open and self.sketch.change_form(change):
            self._after()

    def stand_for(self, code: str) -> None:
        """Let the answers to the chosen item count as a factor; empty for none."""
        item, book = self.sketch.item, self._book
        if item is None or code == own.factor(item):
            return
        factor = book.definitions.get(code) if book is not None else None
        self.change(lambda item: own.put_factor(item, "") if factor is None else asking(item, factor))

    def rename(self, link_id: str) -> None:
        """Give the chosen item another number."""
        if self.is_open and self.sketch.rename(link_id.strip()):
            self._after()

    def call(self, title: str) -> None:
        """Give the questionnaire another title."""
        if self.is_open and title.strip() != self.title:
            self.title = title.strip()
            self.change_form(lambda form: {**form, "title": self.title})

    def score(self, scoring: Mapping[str, Any] | None) -> None:
        """Change the scoring."""
        if self.is_open and self.sketch.score(scoring):
            self._after()

    @Slot()
    def save(self, then: Callable[[], None] | None = None) -> None:
        """Write the draft into the store; `then` when it is there."""
        design = self.design
        if design is None or not design.is_draft or self._saving:
            return
        if self.is_saved:
            if then is not None:
                then()
            else:
                self.toast("designer.saved", "success")
            return
        self._saving = True
        state = self.sketch.state
        order = SaveDesign(
            design_id=design.id, title=self.title, questionnaire=dict(state.resource),
            scoring=None if state.scoring is None else dict(state.scoring), seen=self._seen,
        )  # fmt: skip
        self.run(order, lambda done: self._saved(done.receipt, state, then), self._not_saved)

    def publish(self, version: str, everywhere: bool, places: list[Id], note: str) -> None:
        """Put the draft into use; what is not saved is saved first."""
        order = PublishDesign(
            design_id=self._id, version=version.strip(), everywhere=everywhere, places=places, note=note
        )
        self.save(lambda: self.run(order, lambda done: self._published(done.receipt)))

    def publish_more(self, everywhere: bool, places: list[Id]) -> None:
        """Give the published version to more organisations."""
        order = PublishMore(design_id=self._id, everywhere=everywhere, places=places)
        self.run(order, lambda done: self._published(done.receipt))

    def retire(self, reason: str) -> None:
        """Take the version out of use."""
        self.run(
            RetireDesign(design_id=self._id, reason=reason), lambda _done: self._reread("designer.retired")
        )

    def new_version(self) -> None:
        """Begin the next version and open it."""
        self.run(
            NewDesignVersion(design_id=self._id),
            lambda done: self.context.open_page(f"designer:form_design:{done.receipt}"),
        )

    def close(self) -> None:
        """Save what is not saved yet; on the disk it is in any case."""
        self._quiet.stop()
        self.save(lambda: None)
        super().close()

    # What happens behind

    def _read(self) -> tuple[Design, Drafts | None, KnownError | None]:
        problem, drafts = None, self._drafts
        try:
            drafts = drafts or drafts_here(self.context)
            return read_design(self.context, drafts, self._id), drafts, None
        except KnownError as error:
            problem = error
        return read_design(self.context, None, self._id), drafts, problem

    def _read_factors(self) -> FactorBook:
        models: RiskModels = self.context.desk.dispatcher.content[RISK]
        return models.book

    def _factors_read(self, book: FactorBook) -> None:
        self._book, self.factors = book, choosable(book)
        self.factors_found.emit()
        self._check()

    def _found(self, answer: tuple[Design, Drafts | None, KnownError | None]) -> None:
        self.design, self._drafts, problem = answer
        if problem is not None:
            self.message.emit(self.explain(problem), "warning")
        self.sketch = Sketch(self.design.questionnaire, self.design.scoring)
        self.title, self._seen = self.design.title, self.design.seen
        self.is_saved = not self.design.recovered
        if self.design.recovered:
            self.toast("designer.recovered")
        for name in ("add", "group", "copy", "delete", "undo", "redo", "save"):
            self.action_set.enable(name, self.is_open)
        self.action_set.enable("publish", self.design.state in ("draft", "published"))
        self.opened.emit()
        self.chosen.emit()
        self._check()

    def _stepped(self, step: Callable[[], Any]) -> None:
        if not self.is_open:
            return
        before = self.sketch.state
        step()
        if self.sketch.state is not before:
            self._after()

    def _after(self) -> None:
        self.is_saved = False
        self._keep()
        self.changed.emit()
        self._quiet.start()

    def _keep(self) -> None:
        drafts, design = self._drafts, self.design
        if drafts is None or design is None:
            self.kept_at = None
            self.kept_changed.emit()
            return
        state, now = self.sketch.state, self.context.desk.clock()
        kept = {
            "questionnaire": dict(state.resource), "scoring": state.scoring, "title": self.title, "seen": self._seen,
        }  # fmt: skip

        def write() -> datetime:
            drafts.save(design.id, SKETCH, kept)
            return now

        job = self.context.jobs.write(lambda _job: write(), "sketch")
        self._follow(job, self._kept, self._not_kept)

    def _kept(self, at: datetime) -> None:
        self.kept_at = at
        self.kept_changed.emit()

    def _not_kept(self, error: KnownError) -> None:
        self.kept_at = None
        self.kept_changed.emit()
        self.message.emit(self.explain(error), "danger")

    def _saved(self, seen: str, state: Any, then: Callable[[], None] | None) -> None:
        self._saving = False
        self._seen = seen
        self.is_saved = self.sketch.state is state or self.sketch.state.resource is state.resource
        drafts, design_id = self._drafts, self._id
        if drafts is not None and self.is_saved:
            self.context.jobs.write(lambda _job: drafts.forget(design_id, SKETCH), "forget_sketch")
        self.kept_changed.emit()
        if then is not None:
            then()
        else:
            self.toast("designer.saved", "success")

    def _not_saved(self, error: KnownError) -> None:
        self._saving = False
        self.message.emit(self.explain(error), "danger")

    def _published(self, count: int) -> None:
        self._reread("designer.published", count=count)

    def _reread(self, code: str, **facts: Any) -> None:
        self.toast(code, "success", **facts)
        self.query(self._read, self._found, "design")

    def _check(self) -> None:
        if self._checking or self.design is None:
            self._quiet.start()
            return
        self._checking = True
        state, parts, book = self.sketch.state, self.design.parts, self._book
        job = self.query(
            lambda: mistakes({**state.resource, "title": self.title}, state.scoring, parts, book),
            self._told,
            "check",
        )
        job.finished.connect(self._check_ended)
        self.trial.show(state.resource, state.scoring)

    @Slot()
    def _check_ended(self) -> None:
        self._checking = False

    def _told(self, found: list[Mistake]) -> None:
        say = self.context.say
        self.mistakes = [Told(say(one.what.code, **one.what.facts), one.path, one.field) for one in found]
        self.checked.emit()
