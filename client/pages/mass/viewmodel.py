"""Mass sending without its window: what is chosen, what it would be, what became of those before."""

from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from client.actions import Action
from client.background import Job, while_there
from client.live import Changed
from client.pages.mass.media import media_order
from client.pages.mass.reading import Choice, Desk, Progress, read_desk
from client.station import Context, PageModel
from domain.kernel.clock import CLINIC_TIME
from domain.kernel.commands import Command, commands
from domain.messaging.mass_commands import PauseMass, ResumeMass, StopMass
from domain.messaging.records import Channel
from domain.messaging.templates import TEMPLATES
from domain.tags.mass_commands import MassPreview, PreviewMass, SendToTagged


class ViewModel(PageModel):
    """F9 sends what is previewed, F6 holds a sending back or lets it go on, Ctrl+N writes a template."""

    desk_changed = Signal()
    preview_changed = Signal()
    command_asked = Signal(object, dict)
    sent = Signal()

    actions = (
        Action("send", "mass.send", "F9", command="messaging.send_to_tagged", primary=True),
        Action("pause", "mass.pause", "F6", command="messaging.pause_mass"),
        Action("stop", "mass.stop", "Shift+F6", command="messaging.stop_mass"),
        Action("template", "mass.template", "Ctrl+N", command="messaging.write_template"),
        Action("media", "mass.media", "Ctrl+I", command="messaging.attach_media"),
        Action("failed", "mass.failed", "F8", permission="messaging.view"),
        Action("reload", "worklist.reload", "F5"),
    )

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        context.actor.check("messaging.mass")
        self.desk = Desk((), (), ())
        self.template, self.channel = "", ""
        self.tags: list[str] = []
        self.preview: MassPreview | None = None
        self.problem = ""
        self.current: Any = None
        self._asked = 0
        self.action_set.on("pause", self.turn_pause)
        self.action_set.on("stop", self.stop)
        self.action_set.on("template", self.write_template)
        self.action_set.on("failed", lambda: self.context.open_page("worklist:messaging.failed"))
        self.action_set.on("reload", self.load)
        self._enable()

    def watches(self) -> frozenset[str]:
        return frozenset(
            {"mass_sending", "message_template", "outbox_message", "client_tag", "channel_budget"}
        )

    def on_changed(self, changed: Changed) -> None:
        self.load()

    def on_open(self, **arguments: Any) -> None:
        self.title_changed.emit(self.context.say("nav.mass"))
        self.load()

    @Slot()
    def load(self) -> None:
        """Read everything anew; what is chosen stays chosen."""
        dispatcher, actor = self.context.desk.dispatcher, self.context.actor

        def read() -> Desk:
            with dispatcher.store.read() as connection:
                return read_desk(connection, actor, dispatcher.content[TEMPLATES])

        self.query(read, self._take, "mass")

    @property
    def choice(self) -> Choice | None:
        """The template that is chosen."""
        return next((one for one in self.desk.templates if one.code == self.template), None)

    def add_media(self, path: Path) -> None:
        """Add a picture or video to the template that is chosen; what it is and how large is told by its content."""
        choice, context = self.choice, self.context
        if choice is None:
            self.toast("mass.media_no_template", "warning")
            return
        code = choice.code

        def work(_job: Job) -> None:
            order = media_order(context, code, path)
            context.desk.dispatcher.run(order, context.actor)

        job = context.jobs.write(work, "template media")
        job.succeeded.connect(
            while_there(self, lambda _done: self.toast("mass.media_added", "success", name=path.name))
        )
        job.refused.connect(while_there(self, lambda error: self.message.emit(self.explain(error), "danger")))

    @property
    def sending(self) -> Progress | None:
        """The earlier sending the list stands on."""
        return next((one for one in self.desk.sendings if one.id == self.current), None)

    def choose_template(self, code: str) -> None:
        """Choose a template, and its first channel unless it may go by the one chosen."""
        self.template = code
        choice = self.choice
        if choice is not None and self.channel not in choice.channels:
            self.channel = choice.channels[0] if choice.channels else ""
        self.look()

    def choose_channel(self, channel: str) -> None:
        """Choose by which it goes."""
        self.channel = channel
        self.look()

    def choose_tags(self, tags: list[str]) -> None:
        """Choose the tags a client must all have."""
        self.tags = list(tags)
        self.look()

    def look_at(self, sending_id: Any) -> None:
        """Stand on an earlier sending."""
        self.current = sending_id
        self._enable()

    def look(self) -> None:
        """Find out what would be sent now, if enough is chosen."""
        self._asked += 1
        mine = self._asked
        self.preview, self.problem = None, ""
        if not (self.template and self.channel and self.tags):
            self._shown()
            return
        order = PreviewMass(template=self.template, channel=Channel(self.channel), tags=self.tags)

        def take(preview: Any, problem: str) -> None:
            if mine == self._asked:  # something else was chosen meanwhile
                self.preview, self.problem = preview, problem
                self._shown()

        self.run(order, lambda done: take(done.receipt, ""), lambda error: take(None, self.explain(error)))

    def send(self, label: str, when: str, *, over_days: bool) -> None:
        """Send what is previewed. `when` is ``YYYY-MM-DD HH:MM`` in clinic time, ``HH:MM`` today, '' for now."""
        preview = self.preview
        if preview is None or not preview.queued:
            self.toast("mass.nothing", "warning")
            return
        try:
            send_at = self._moment(when.strip())
        except ValueError:
            self.field_error.emit("send_at", self.context.say("mass.bad_time"))
            return
        order = SendToTagged(
            label=label.strip() or self.choice_label(), template=self.template, channel=Channel(self.channel),
            tags=self.tags, budget_left=preview.budget.left, over_days=over_days, send_at=send_at,
        )  # fmt: skip

        def done(told: Any) -> None:
            self.toast("mass.sent", "success", count=told.receipt.queued)
            self.sent.emit()
            self.choose_tags([])
            self.load()

        self.run(order, done)

    def choice_label(self) -> str:
        """Return the name a sending has that nobody named."""
        return self.choice.label if self.choice is not None else self.template

    @Slot()
    def turn_pause(self) -> None:
        """Hold the sending back, or let it go on."""
        one = self.sending
        if one is not None:
            self.run(
                ResumeMass(mass_id=one.id) if one.paused else PauseMass(mass_id=one.id),
                lambda _d: self.load(),
            )

    @Slot()
    def stop(self) -> None:
        """End the sending."""
        if self.sending is not None:
            self.run(StopMass(mass_id=self.sending.id), lambda _d: self.load())

    @Slot()
    def write_template(self) -> None:
        """Ask for a template's words; `command_asked` carries the command."""
        command: Command = commands()["messaging.write_template"]
        self.command_asked.emit(command, {})

    def _moment(self, text: str) -> datetime | None:
        if not text:
            return None
        now = self.context.desk.clock().astimezone(CLINIC_TIME)
        day, _, clock = text.rpartition(" ")
        on = date.fromisoformat(day) if day else now.date()
        return datetime.combine(on, time.fromisoformat(clock), CLINIC_TIME)

    def _take(self, desk: Desk) -> None:
        self.desk = desk
        known = {one.code for one in desk.templates}
        if self.template not in known and desk.templates:
            self.template = ""
            self.choose_template(desk.templates[0].code)
        if self.sending is None:
            self.current = desk.sendings[0].id if desk.sendings else None
        self._enable()
        self.desk_changed.emit()

    def _shown(self) -> None:
        self._enable()
        self.preview_changed.emit()

    def _enable(self) -> None:
        self.action_set.enable("send", self.preview is not None and self.preview.queued > 0)
        going = self.sending is not None and self.sending.going
        self.action_set.enable("pause", going)
        self.action_set.enable("stop", going)
