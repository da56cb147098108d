"""The life line of a tube without its window: its family, what happened, and where its chain of custody breaks."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from sqlalchemy import select

from client.actions import Action
from client.background import Job
from client.navigation import RECORD_PAGES
from client.outgoing import handed_out
from client.pages.lifeline.rows import Mark, Tube
from client.station import Context, PageModel
from domain.biobank.custody_break_commands import CheckCustody
from domain.biobank.custody_chain import Break, breaks
from domain.biobank.lineage import Family, family_of
from domain.biobank.protocols import BIOBANK
from domain.biobank.records import Specimen
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.ids import Id
from domain.kernel.texts import Texts
from domain.outgoing.commands import HandOutDocument
from domain.outgoing.records import Destination
from forms.trace_table import write_trace_book
from forms.tracing import limits_note, trace_content

WHAT, DATA = "标本溯源图", "标本溯源数据"


@dataclasses.dataclass(frozen=True, slots=True)
class LifeLine:
    """A family as it is drawn and listed; `broken` are the places where a chain does not hold."""

    number: str
    tubes: tuple[Tube, ...]
    events: tuple[dict[str, Any], ...]
    ids: tuple[Id, ...]
    broken: tuple[Break, ...]
    unchained: int
    family: Family


def life_line(family: Family, broken: tuple[Break, ...], texts: Texts) -> LifeLine:
    """Return what is drawn of a family."""
    told = trace_content(family, texts)
    bad = {one.event_id: one.code for one in broken}
    rows = {member.row.id: at for at, member in enumerate(family.members)}
    marks: dict[Id, list[Mark]] = {}
    events = []
    for event, words in zip(family.events, told["events"], strict=True):
        code = bad.get(event.id, "")
        said = texts.say(f"word.custody_break.{code.removeprefix('custody.')}") if code else ""
        line = "　".join(
            part for part in (words["kind"], words["who"], words["place"], words["facts"], said) if part
        )
        marks.setdefault(event.specimen_id, []).append(
            Mark(event.occurred_at, str(event.kind), line, bool(code))
        )
        events.append({**words, "moment": event.occurred_at, "broken": said, "row": rows[event.specimen_id]})
    tubes = tuple(
        Tube(
            one["number"], "　".join(part for part in (one["type"], one["state"], one["left"]) if part), one["depth"],
            rows.get(member.row.parent_id, -1), one["asked"], one["ended"], tuple(marks.get(member.row.id, ())),
            tuple(rows[own] for own in member.sources if own in rows and own != member.row.parent_id),
        )
        for member, one in zip(family.members, told["tubes"], strict=True)
    )  # fmt: skip
    unchained = sum(1 for event in family.events if event.chain_number is None)
    ids = tuple(member.row.id for member in family.members)
    return LifeLine(told["asked"]["number"], tubes, tuple(events), ids, broken, unchained, family)


class ViewModel(PageModel):
    """`loaded` brings a `LifeLine`; `save_asked` an ending."""

    loaded = Signal(object)
    refused = Signal(str)
    save_asked = Signal(str)

    actions = (
        Action("check", "lifeline.check", "F5", command="specimen.check_custody", primary=True),
        Action("svg", "lifeline.svg", "F6", command="document.hand_out"),
        Action("pdf", "lifeline.pdf", "F8", command="document.hand_out"),
        Action("data", "lifeline.data", "F7", command="document.hand_out"),
        Action("record", "lifeline.record", "F4"),
    )

    def __init__(self, context: Context, entity: str, record_id: Id, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        context.actor.check(str(RECORD_PAGES["lifeline"]))
        if entity != "specimen":
            raise DomainError("page.unknown", page=f"lifeline:{entity}")
        self._record_id = record_id
        self.line: LifeLine | None = None
        self.action_set.on("check", self.check)
        self.action_set.on("svg", lambda: self.save_asked.emit("svg"))
        self.action_set.on("pdf", lambda: self.save_asked.emit("pdf"))
        self.action_set.on("data", lambda: self.save_asked.emit("xlsx"))
        self.action_set.on("record", lambda: context.open_page(f"record:specimen:{record_id}"))

    def on_open(self, **arguments: Any) -> None:
        self.load()

    def load(self) -> None:
        """Read the family and compare its events with their chains."""
        context, own = self.context, self._record_id

        def work(_job: Job) -> LifeLine:
            with context.desk.store.read() as connection:
                number = connection.execute(select(Specimen.number).where(Specimen.id == own)).scalar()
                if number is None:
                    raise DomainError("specimen.unknown", field="number", value=str(own))
                family = family_of(connection, context.actor, number)
                found = tuple(breaks(connection, family.events, context.actor.device_id))
            return life_line(family, found, context.desk.texts)

        self._follow(self.context.jobs.read(work, "lifeline"), self._take, self._say)

    def check(self) -> None:
        """Check the chain and keep what does not hold: it is an alert from then on."""
        if self.line is None:
            return
        order = CheckCustody(specimen_ids=list(self.line.ids))
        self.run(order, self._checked)

    def save(self, path: Path, write: Callable[[str, str], None]) -> None:
        """Let the picture go out as a file: on record first, then `write` is given path and title; it paints."""
        line, context = self.line, self.context
        if line is None:
            return
        what = f"{WHAT} {line.number}"
        order = HandOutDocument(what=what, destination=Destination.FILE)
        try:
            handed_out(context, order, lambda: write(str(path), what))
        except KnownError as error:
            self._say(error)
            return
        self.toast("lifeline.saved", "success", name=path.name)

    def save_data(self, path: Path) -> None:
        """Let every tube and event go out as a workbook; on record first, written in the background."""
        line, context = self.line, self.context
        if line is None:
            return
        texts, content = context.desk.texts, context.desk.dispatcher.content
        order = HandOutDocument(what=f"{DATA} {line.number}", destination=Destination.FILE)
        broken = {
            one.event_id: texts.say(f"word.custody_break.{one.code.removeprefix('custody.')}")
            for one in line.broken
        }

        def write() -> None:
            write_trace_book(
                line.family, broken, texts, path, who=context.actor.name, at=context.desk.clock(),
                limits=limits_note(content[BIOBANK], texts),
            )  # fmt: skip

        job = context.jobs.write(lambda _job: handed_out(context, order, write), "trace_book")
        self._follow(job, lambda _done: self.toast("lifeline.saved", "success", name=path.name), self._say)

    def _take(self, line: LifeLine) -> None:
        self.line = line
        self.title_changed.emit(self.context.say("lifeline.title", number=line.number))
        self.loaded.emit(line)

    def _checked(self, done: Any) -> None:
        count = int(done.receipt)
        self.toast(
            "lifeline.broken" if count else "lifeline.whole", "danger" if count else "success", count=count
        )
        self.load()

    def _say(self, error: KnownError) -> None:
        self.refused.emit(self.explain(error))
