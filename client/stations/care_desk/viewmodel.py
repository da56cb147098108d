"""My day without its window: one list in one order, and for each line its one next step by one key."""

from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from client.actions import Action
from client.live import Changed
from client.pages.worklist.row_commands import offered, possible, prefilled
from client.station import Context, StationModel
from client.stations.care_desk.day_model import DayModel
from client.stations.care_desk.lines import Line
from domain.followup.definitions import FOLLOWUP, FollowUpContent
from domain.kernel.commands import Command, Kind, commands
from domain.kernel.worklists import worklists

LOOK_MS, TICK_MS = 300, 20_000
MEANS = {"appointment": "words:reception_kind", "conversation": "words:channel"}
"""What the title of a line stands for, where it is a code."""


class ViewModel(StationModel):
    """One person's day; `chosen` is the line the cursor is on."""

    chosen_changed = Signal(object)
    """The line the cursor is on, None for none."""
    asked = Signal(object, dict)
    """A command whose form is to be opened, and what is known of its input."""

    actions = (
        Action("next", "care_desk.action.next", "F9", primary=True),
        Action("more", "care_desk.action.more", "F4"),
        Action("client", "care_desk.action.client", "F2"),
        Action("at_hand", "care_desk.action.at_hand", "F10"),
        Action("reload", "care_desk.action.reload", "F5"),
    )

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        self.day = DayModel(context, self.say_line, self)
        self.chosen: Line | None = None
        self._doing = False
        self._look = QTimer(self)
        self._look.setSingleShot(True)
        self._look.setInterval(LOOK_MS)
        self._look.timeout.connect(self.day.load)
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self.day.refresh_times)
        for name, what in (("next", self.do_next), ("client", self.open_client), ("reload", self.day.load)):
            self.action_set.on(name, what)

    def watches(self) -> frozenset[str]:
        return frozenset({"alert", "follow_task", "follow_plan", "appointment", "conversation"})

    def on_changed(self, changed: Changed) -> None:
        if not self._look.isActive():
            self._look.start()

    def on_open(self, **arguments: Any) -> None:
        """Begin the day."""
        self.day.load()
        self._tick.start()

    def close(self) -> None:
        self._look.stop()
        self._tick.stop()
        super().close()

    def choose(self, row: int) -> None:
        """Put the cursor on a line."""
        self.chosen = self.day.line(row)
        self.patient_changed.emit(self.chosen.patient_id if self.chosen else None)
        self.chosen_changed.emit(self.chosen)

    def do_next(self) -> None:
        """Do the next step of the chosen line: at once where nothing is to be said, else by its form."""
        line = self.chosen
        if line is None or self._doing:
            return
        if line.next.asks:
            self.asked.emit(commands()[line.next.command], line.next.given)
            return
        self._doing = True
        job = self.run_named(line.next.command, {k: str(v) for k, v in line.next.given.items()}, self._done)
        job.finished.connect(self._ended)

    def _done(self, _done: Any) -> None:
        self.day.load()

    @Slot()
    def _ended(self) -> None:
        self._doing = False

    def at_hand_of(self) -> tuple[str, Any] | None:
        """Return the field and id by which scripts and handouts of the chosen line are found, None without any."""
        line = self.chosen
        if line is None or line.kind not in {"task", "appointment"}:
            return None
        return f"{line.kind}_id", line.id

    def open_client(self) -> None:
        """Open the client's record."""
        if self.chosen is not None and self.chosen.patient_id is not None:
            self.context.open_page("record", entity="patient", record_id=self.chosen.patient_id)

    def offers(self) -> list[tuple[Command, bool]]:
        """Return the other commands of the chosen line, each with whether its state lets it run."""
        if self.chosen is None:
            return []
        listing = worklists()[self.chosen.listing]
        found = offered(listing, self.context.actor)
        return [(command, possible(listing, command, self.chosen.values)) for command in found]

    def ask(self, name: str) -> None:
        """Open the form of one of the other commands."""
        if self.chosen is not None:
            command = commands()[name]
            given = prefilled(worklists()[self.chosen.listing], command, self.chosen.id, {})
            given |= {f.name: self.chosen.id for f in command.fields if f.name in self.chosen.next.given}
            hidden = {f.name for f in command.fields if f.asked.kind is Kind.HIDDEN}
            self.asked.emit(command, {name: value for name, value in given.items() if name in hidden})

    def title(self, line: Line) -> str:
        """Return what a line is, in words."""
        if line.kind in MEANS:
            return self.context.formatter.name(line.title, MEANS[line.kind])
        return line.title

    def about(self, line: Line) -> str:
        """Return what a line is about, in words."""
        return self.context.say("care_desk.plan_days", days=line.about) if line.kind == "plan" else line.about

    def due(self, line: Line) -> tuple[str, str]:
        """Return the due time in words, and its tone."""
        if line.due_at is None:
            return "", ""
        return self.context.formatter.due(line.due_at, self.context.desk.clock())

    def step(self, line: Line) -> str:
        """Return the name of the line's next step."""
        return commands()[line.next.command].label

    def band(self, line: Line) -> str:
        """Return the name of a line's band."""
        return self.context.say(f"care_desk.band.{line.band}")

    def say_line(self, line: Line) -> str:
        """Return a line as the screen reader says it."""
        parts = (self.band(line), self.title(line), line.who, self.due(line)[0], self.step(line))
        return "，".join(part for part in parts if part)

    def points(self, line: Line) -> list[tuple[str, list[str]]]:
        """Return what is at hand for a line: headings and sentences."""
        say, found = self.context.say, []
        if line.kind in {"task", "plan"}:
            way = self.context.formatter.name(str(line.values["way"]), "words:follow_way")
            found.append((say("care_desk.way"), [way]))
            found.append((say("care_desk.content"), list(line.values["content"])))
            found += self._script(line.values.get("script"))
        elif line.kind == "appointment":
            kind = self._content.events.reception[line.title]
            found.append((say("care_desk.steps"), list(kind.steps)))
            found.append((say("care_desk.materials"), [one.name for one in kind.materials]))
        if line.kind == "plan":
            found.insert(0, (say("care_desk.days"), [self.about(line)]))
            unsigned = [say("care_desk.unverified")] if line.values["unverified"] else []
            found.append((say("care_desk.source"), [line.values["source"], *unsigned]))
        elif line.kind not in {"task", "appointment"}:
            found.append((say("care_desk.about"), [line.about]))
        return found

    @property
    def _content(self) -> FollowUpContent:
        shipped: FollowUpContent = self.context.desk.dispatcher.content[FOLLOWUP]
        return self.day.content or shipped

    def _script(self, name: str | None) -> list[tuple[str, list[str]]]:
        script = self._content.scripts.get(name or "")
        if script is None:
            return []
        say = self.context.say
        unsigned = f"（{say('care_desk.unverified')}）" if script.status == "UNVERIFIED" else ""
        found = [(f"{say('care_desk.script')}{unsigned}", list(script.points))]
        return [*found, (say("care_desk.never"), list(script.never))] if script.never else found
