"""The library without its window: what is asked, what was found, and the entry that is read."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from client.actions import Action
from client.live import Changed
from client.station import Context, PageModel
from domain.kernel.clock import clinic
from domain.kernel.commands import Command, commands
from domain.kernel.errors import DomainError
from domain.knowledge.content import KNOWLEDGE, KnowledgeContent
from domain.knowledge.keeping import entry_id
from domain.knowledge.reading import VIEW, entry_of, found
from domain.knowledge.records import Shelf
from domain.knowledge.search import Asked, Shelved


class ViewModel(PageModel):
    """Looks as it is typed; `changed` when the list is another, `read_changed` when the entry is."""

    changed = Signal()
    read_changed = Signal()
    find_asked = Signal()
    command_asked = Signal(object, dict)

    actions = (
        Action("find", "knowledge.action.find", "F3", permission=VIEW),
        Action("review", "knowledge.action.review", "F6", command="knowledge.review", primary=True),
        Action("revise", "knowledge.action.revise", "F7", command="knowledge.write"),
        Action("write", "knowledge.action.write", "F4", command="knowledge.write"),
        Action("import", "knowledge.action.import", "F8", command="knowledge.import"),
        Action("retire", "knowledge.action.retire", "Ctrl+D", command="knowledge.retire"),
        Action("list", "knowledge.action.list", "F9", permission=VIEW),
    )

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        self.asked = Asked()
        self.lines: tuple[Shelved, ...] = ()
        self.selected: Shelved | None = None
        self.entry: Mapping[str, Any] | None = None
        for name, act in {
            "find": self.find_asked.emit, "write": lambda: self.ask("knowledge.write", {}),
            "import": lambda: self.ask("knowledge.import", {}), "revise": self.revise,
            "review": lambda: self.about("knowledge.review"), "retire": lambda: self.about("knowledge.retire"),
            "list": lambda: context.open_page("worklist:knowledge.entries"),
        }.items():  # fmt: skip
            self.action_set.on(name, act)
        self._enable()

    @property
    def words(self) -> Any:
        """The diseases and groups entries are sorted by."""
        content: KnowledgeContent = self.context.desk.dispatcher.content[KNOWLEDGE]
        return content.words

    @property
    def shelves(self) -> list[tuple[str, str]]:
        """Every library with its name."""
        return [(str(one), self.context.say(f"choice.shelf.{one}")) for one in Shelf]

    def watches(self) -> frozenset[str]:
        return frozenset({"knowledge_entry"})

    def on_changed(self, changed: Changed) -> None:
        del changed
        self.look()

    def on_open(self, **arguments: Any) -> None:
        self.look_for(Asked(words=str(arguments.get("words", ""))))

    def look_for(self, asked: Asked) -> None:
        """Look for something else."""
        self.asked = asked
        self.look()

    def look(self) -> None:
        """Read it anew."""
        desk, actor, asked = self.context.desk, self.context.actor, self.asked

        def work() -> tuple[Asked, list[Shelved]]:
            content: KnowledgeContent = desk.dispatcher.content[KNOWLEDGE]
            with desk.store.read() as connection:
                return asked, found(connection, actor, asked, content.words)

        self.query(work, self._take, "knowledge")

    def select(self, row: int) -> None:
        """Read an entry."""
        self.selected = self.lines[row] if 0 <= row < len(self.lines) else None
        self._enable()
        if self.selected is None:
            self.entry = None
            self.read_changed.emit()
            return
        desk, actor, code = self.context.desk, self.context.actor, self.selected.code

        def work() -> dict[str, object] | None:
            with desk.store.read() as connection:
                return entry_of(connection, actor, entry_id(code))

        self.query(work, self._read, "knowledge.entry")

    def about(self, name: str) -> None:
        """Ask for a command about the entry that is read."""
        if self.entry is not None:
            self.ask(name, {"knowledge_entry_id": self.entry["id"]})

    def revise(self) -> None:
        """Ask for the next version, beginning with what stands."""
        entry = self.entry
        if entry is None:
            return
        if entry["kept_in"]:
            self._refuse(DomainError("knowledge.kept_elsewhere", title=entry["title"]))
            return
        joined = {name: "、".join(entry[name] or ()) for name in ("diseases", "groups", "tags")}
        same = {n: entry[n] for n in ("kind", "code", "title", "age_from", "age_to", "points", "source")}
        self.ask("knowledge.write", {**same, **joined})

    def ask(self, name: str, given: dict[str, Any]) -> None:
        """Ask for what a command needs; `command_asked` carries it."""
        command: Command = commands()[name]
        self.command_asked.emit(command, given)

    @property
    def summary(self) -> str:
        """How many there are."""
        code = "knowledge.summary" if self.lines else "knowledge.none"
        return self.context.say(code, count=len(self.lines))

    def row(self, line: Shelved) -> tuple[str, ...]:
        """Return a line as the table shows it."""
        say = self.context.say
        diseases = "、".join(line.diseases) or say("knowledge.every_disease")
        groups = "、".join(line.groups) or say("knowledge.every_group")
        return say(f"choice.shelf.{line.kind}"), line.title, diseases, groups

    @property
    def told(self) -> tuple[str, str, str]:
        """The title of the entry that is read, what it says, and where it is from and how old it is."""
        entry, say = self.entry, self.context.say
        if entry is None:
            return "", "", say("knowledge.read_hint")
        points = "\n\n".join(f"{n}. {line}" for n, line in enumerate(str(entry["points"]).split("\n"), 1))
        about = [say("knowledge.version", version=entry["version"], day=_day(entry["changed_at"]))]
        if entry["reviewed_at"]:
            about.append(
                say("knowledge.reviewed", name=entry["reviewed_name"], day=_day(entry["reviewed_at"]))
            )
        if entry["due_at"]:
            late = entry["due_at"] < self.context.desk.clock()
            about.append(say("knowledge.late" if late else "knowledge.due", day=_day(entry["due_at"])))
        low, high = entry["age_from"], entry["age_to"]
        if low is not None or high is not None:
            about.append(say("knowledge.ages", low=low or 0, high="" if high is None else high))
        about.append(say("knowledge.source", source=entry["source"]))
        if entry["kept_in"]:
            kept = self.context.formatter.name(str(entry["kept_in"]), "words:knowledge_kept")
            about.append(say("knowledge.kept_in", kept=kept))
        if entry["newer"]:
            about.append(say("knowledge.newer", version=entry["newer"]))
        return str(entry["title"]), points, "\n".join(about)

    @property
    def unverified(self) -> bool:
        """Whether nobody has answered for the entry that is read."""
        return self.entry is not None and bool(self.entry["unverified"])

    def _take(self, answer: tuple[Asked, list[Shelved]]) -> None:
        asked, lines = answer
        if asked != self.asked:
            return  # something else was typed meanwhile
        self.lines = tuple(lines)
        self.changed.emit()

    def _read(self, entry: Mapping[str, Any] | None) -> None:
        if self.selected is None or entry is None or entry["code"] != self.selected.code:
            return
        self.entry = entry
        self._enable()
        self.read_changed.emit()

    def _enable(self) -> None:
        for name in ("review", "revise", "retire"):
            self.action_set.enable(name, self.entry is not None and self.selected is not None)


def _day(at: Any) -> str:
    return f"{clinic(at):%Y-%m-%d}"
