"""The inbox without its window: the list, the conversation that is open, the answer being written."""

from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from client.actions import Action
from client.background import while_there
from client.live import Changed
from client.outgoing import handed_out
from client.pages.inbox.reading import (
    Canned,
    Line,
    Said,
    read_canned,
    read_inbox,
    read_offers,
    read_transcript,
)
from client.station import Context, PageModel
from client.stations.review.case import AttachmentRow
from client.stations.review.files import take_out
from domain.conduct.rules import MESSAGE_RULES, Hit, lint
from domain.conversations.commands import ReplyToClient
from domain.conversations.faq import Faq
from domain.conversations.media_commands import OpenMedia
from domain.kernel.commands import Command, commands
from domain.kernel.ids import Id

TICK_MS = 30_000
"""How long is left is told by the minute."""
CLOSE_MINUTES = 10
"""Fewer minutes than these are shown as a warning."""
ROW_COMMANDS = (
    "conversation.hand_over", "conversation.bind_to_me",
    "conversation.label", "conversation.close", "conversation.register", "messaging.pause",
    "messaging.resume",
)  # fmt: skip


class ViewModel(PageModel):
    """Keys: F9 sends, F3 turns between what is owed and all, F2 puts in a text, F4 what else can be done."""

    lines_changed = Signal()
    transcript_changed = Signal()
    canned_changed = Signal()
    command_asked = Signal(object, dict)
    sent = Signal()
    file_ready = Signal(object)
    """Path of a copy of what a client sent, for the system's viewer."""

    actions = (
        Action("send", "inbox.send", "F9", command="conversation.reply", primary=True),
        Action("canned", "inbox.canned", "F2", command="conversation.reply"),
        Action("faq", "inbox.faq", "F6", permission="faq.view"),
        Action("files", "inbox.files", "Ctrl+L"),
        Action("filter", "inbox.filter", "F3"),
        Action("commands", "inbox.commands", "F4", command="conversation.reply"),
        Action("record", "inbox.record", "Ctrl+O", permission="people.view"),
        Action("reload", "worklist.reload", "F5"),
    )

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        self.lines: list[Line] = []
        self.transcript: list[Said] = []
        self.canned: list[Canned] = []
        self.offered: list[Faq] = []
        """Answers to questions like the last one, the likest first."""
        self.current: Id | None = None
        self.owed_only = False
        self.patient_id: Id | None = None
        self._drafts: dict[Id, str] = {}
        self.action_set.on("filter", self.turn_filter)
        self.action_set.on("record", self.open_record)
        self.action_set.on("reload", self.load)
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.lines_changed)
        self._timer.start()
        self._enable()

    @property
    def line(self) -> Line | None:
        """The conversation that is open."""
        return next((line for line in self.lines if line.id == self.current), None)

    @property
    def owed(self) -> int:
        """How many of those shown are owed."""
        return sum(line.state == "owed" for line in self.lines)

    def watches(self) -> frozenset[str]:
        return frozenset(
            {"conversation", "conversation_message", "outbox_message", "attachment", "faq_entry"}
        )

    def on_changed(self, changed: Changed) -> None:
        self.load()

    def on_open(self, **arguments: Any) -> None:
        self.patient_id = arguments.get("patient_id")
        self.load()
        self.query(lambda: self._read(read_canned), self._take_canned, "canned")

    def close(self) -> None:
        self._timer.stop()
        super().close()

    @Slot()
    def load(self) -> None:
        """Read list and conversation anew."""
        owed_only, patient_id, here = self.owed_only, self.patient_id, self.current

        def read(connection: Any, actor: Any) -> tuple[list[Line], Id | None, tuple[list[Said], list[Faq]]]:
            lines = read_inbox(connection, actor, owed_only=owed_only, patient_id=patient_id)
            at = here if any(line.id == here for line in lines) else (lines[0].id if lines else None)
            return lines, at, _read_said(connection, actor, at) if at is not None else ([], [])

        self.query(lambda: self._read(read), lambda found: self._take_lines(here, *found), "inbox")

    def open(self, conversation_id: Id | None) -> None:
        """Turn to a conversation of the list."""
        self.current = conversation_id
        self.transcript, self.offered = [], []
        self._enable()
        self.patient_changed.emit(self.line.patient_id if self.line is not None else None)
        self._load_transcript()

    def draft(self) -> str:
        """Return what was written and not sent in the conversation that is open."""
        return self._drafts.get(self.current, "") if self.current is not None else ""

    def keep_draft(self, text: str) -> None:
        """Remember what is being written while one looks at another conversation."""
        if self.current is not None:
            self._drafts[self.current] = text

    def hits(self, text: str) -> tuple[Hit, ...]:
        """Return what is against the rules in the answer being written."""
        rules = self.context.desk.dispatcher.content.get(MESSAGE_RULES)
        return lint(text, rules) if rules is not None else ()

    def send(self, text: str, reason: str = "") -> None:
        """Answer; `reason` where the text is severely against the rules."""
        here = self.current
        if here is None or not text.strip():
            self.toast("inbox.nothing_written", "warning")
            return

        def done(_done: Any) -> None:
            self._drafts.pop(here, None)
            self.toast("inbox.sending", "success")
            self.sent.emit()

        order = ReplyToClient(conversation_id=here, text=text.strip(), reason=reason.strip() or None)
        self.run(order, done)

    @Slot()
    def turn_filter(self) -> None:
        """Show what is owed alone, or everything."""
        self.owed_only = not self.owed_only
        self.load()

    @Slot()
    def open_record(self) -> None:
        """Open the client's record."""
        if self.line is not None and self.line.patient_id is not None:
            self.context.open_page(f"record:patient:{self.line.patient_id}")
        else:
            self.toast("inbox.no_record", "info")

    def offers(self) -> list[Command]:
        """Return what may be done with the conversation that is open."""
        line = self.line
        if line is None:
            return []
        found = [commands()[name] for name in ROW_COMMANDS if name in commands()]
        if line.patient_id is not None:
            found = [c for c in found if c.name != "conversation.register"]
        else:
            found = [c for c in found if not _about_client(c)]
        return [c for c in found if c.permission is None or self.context.actor.may(c.permission)]

    def ask(self, name: str) -> None:
        """Ask for what a command still needs; `command_asked` carries it."""
        line = self.line
        if line is not None:
            own = (
                {"patient_id": line.patient_id}
                if _about_client(commands()[name])
                else {"conversation_id": line.id}
            )
            self.command_asked.emit(commands()[name], own)

    def left(self, line: Line) -> tuple[str, str]:
        """Return how long the owner has left, in words, and the tone."""
        if line.due_at is None:
            return "", ""
        minutes = int((line.due_at - self.context.desk.clock()).total_seconds() // 60)
        if minutes < 0:
            return self.context.say("inbox.overdue", minutes=-minutes), "danger"
        return self.context.say("inbox.left", minutes=minutes), "warning" if minutes < CLOSE_MINUTES else ""

    def _read(self, work: Any) -> Any:
        with self.context.desk.store.read() as connection:
            return work(connection, self.context.actor)

    def _take_lines(
        self, asked: Id | None, lines: list[Line], at: Id | None, said: tuple[list[Said], list[Faq]]
    ) -> None:
        turned = self.current != asked  # somebody has turned to another conversation meanwhile
        self.lines = lines
        if not turned or self.line is None:
            self.current = at
        self._enable()
        self.patient_changed.emit(self.line.patient_id if self.line is not None else None)
        self.lines_changed.emit()
        self._take_transcript(at, said)

    def _load_transcript(self) -> None:
        here = self.current
        if here is None:
            self._take_transcript(None, ([], []))
            return
        self.query(
            lambda: (here, self._read(lambda c, a: _read_said(c, a, here))),
            lambda found: self._take_transcript(*found), "transcript",
        )  # fmt: skip

    def files(self) -> list[Said]:
        """Return what the client sent as pictures, voices and videos and is kept, the latest first."""
        return [one for one in reversed(self.transcript) if one.file is not None][:9]

    def open_file(self, number: int) -> None:
        """Take a copy out for the system's viewer; that it goes there is on record before it does."""
        said = self.files()[number]
        assert said.file is not None  # noqa: S101  (`files` gives no other)
        sha256, media_type, name, size = said.file
        context, here = self.context, self.current
        assert here is not None  # noqa: S101  (a file is shown in a conversation)
        order = OpenMedia(conversation_id=here, sha256=sha256)
        taken = AttachmentRow(
            name=name,
            sha256=sha256,
            media_type=media_type,
            size=size,
            here=False,
            done=0,
            state="",
            reason="",
        )
        folder = context.desk.home.folder / "taken_out"
        job = context.jobs.read(
            lambda _job: handed_out(context, order, lambda: take_out(context.desk.blobs, taken, folder)),
            "conversation file",
        )
        job.succeeded.connect(self.file_ready)
        job.refused.connect(while_there(self, lambda error: self.message.emit(self.explain(error), "danger")))

    def _take_transcript(self, conversation_id: Id | None, said: tuple[list[Said], list[Faq]]) -> None:
        if conversation_id == self.current:
            self.transcript, self.offered = said
            self.transcript_changed.emit()

    def _take_canned(self, canned: list[Canned]) -> None:
        self.canned = canned
        self.canned_changed.emit()

    def _enable(self) -> None:
        for name in ("send", "canned", "commands", "record", "faq", "files"):
            self.action_set.enable(name, self.line is not None)


def _read_said(connection: Any, actor: Any, conversation_id: Id) -> tuple[list[Said], list[Faq]]:
    said = read_transcript(connection, actor, conversation_id)
    return said, read_offers(connection, actor, said)


def _about_client(command: Command) -> bool:
    """Tell whether a command is about the client, not the conversation."""
    return any(field.name == "patient_id" for field in command.fields) and not any(
        field.name == "conversation_id" for field in command.fields
    )
