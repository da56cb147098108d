"""The designer of labels without its window: templates, the draft, its preview and mistakes, its way out."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from client.actions import Action
from client.devices_hub import hub_of
from client.pages.label_designer.draft import NEW, Draft
from client.pages.label_designer.reading import Entry, from_file, templates_of, to_file
from client.pages.label_designer.rendering import Preview, preview_of
from client.station import Context, PageModel
from devices.labels.designing import template_of
from domain.biobank.records import SpecimenType
from domain.kernel.errors import DomainError, KnownError, UnavailableError
from domain.labels.design_commands import (
    PURPOSES,
    ChooseLabel,
    CreateLabelDesign,
    PublishLabelDesign,
    ReviseLabelDesign,
    SaveLabelDesign,
)

SAVE_MS = 1500
RESOLUTIONS = (203, 300, 600)
KINDS = tuple(NEW)
MOST_FILE = 1_000_000
"""Bytes of a file that is read; a template has some thousand."""


class ViewModel(PageModel):
    """`shown` when another template is open, `changed` when the draft is different, `previewed` with its picture."""

    listed = Signal()
    shown = Signal()
    changed = Signal()
    previewed = Signal(object)
    kept = Signal(str)
    asked = Signal(str)
    """The view is to ask for something: ``add``, ``publish``, ``choose``, ``import``, ``export``."""

    actions = (
        Action("new", "label_designer.new", "Ctrl+N", permission="label.design"),
        Action("add", "label_designer.add", "F2", permission="label.design"),
        Action("part", "label_designer.part", "F6"),
        Action("save", "label_designer.save", "F9", permission="label.design", primary=True),
        Action("test", "label_designer.test", "F8", permission="label.design"),
        Action("publish", "label_designer.publish", "F4", permission="label.publish"),
        Action("choose", "label_designer.choose", "F10", permission="label.assign"),
        Action("import", "label_designer.import", "Ctrl+O", permission="label.design"),
        Action("export", "label_designer.export", "Ctrl+E", permission="label.design"),
        Action("undo", "label_designer.undo", "Ctrl+Z", permission="label.design"),
    )

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        context.actor.check("label.design")
        self.entries: list[Entry] = []
        self.entry: Entry | None = None
        self.draft = Draft({"stock": {}, "elements": []})
        self.title = ""
        self.purpose = PURPOSES[0]
        self.dpi = RESOLUTIONS[0]
        self.preview: Preview | None = None
        self._dirty = self._saving = self._drawing = self._again = False
        self._wanted: Any = None
        self._seen: str | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SAVE_MS)
        self._timer.timeout.connect(self.save)
        for name in ("add", "publish", "choose", "import", "export", "part"):
            self.action_set.on(name, lambda name=name: self._ask(name))
        self.action_set.on("new", self.copy)
        self.action_set.on("save", self.save)
        self.action_set.on("test", self.print_sample)
        self.action_set.on("undo", lambda: self._done(self.draft.undo()))

    @property
    def editable(self) -> bool:
        """Whether what is shown may be changed."""
        return self.entry is not None and self.entry.is_draft

    def on_open(self, **arguments: Any) -> None:
        """Read which templates there are; the one worked on last is shown."""
        self._read_list()

    def close(self) -> None:
        """Keep what was not kept yet."""
        if self._dirty:
            self.save()
        super().close()

    def open(self, entry: Entry) -> None:
        """Show a template; what was changed in the one before is kept."""
        if self._dirty:
            self.save()
        self.entry, self._seen = entry, entry.seen
        self.title, self.purpose = entry.title, entry.purpose
        self.draft = Draft(entry.content)
        self.dpi = int((entry.content.get("stock") or {}).get("dpi", self.dpi))
        self._enable()
        self.shown.emit()
        self._draw()

    def copy(self) -> None:
        """Begin a template from the one that is shown; of a published one, its next version."""
        entry = self.entry
        if entry is None:
            return
        if entry.id is not None and entry.state in ("published", "retired"):
            self.run(ReviseLabelDesign(design_id=entry.id), self._made)
            return
        title = self.context.say("label_designer.copy_of", title=self.title)[:120]
        self._begin(title, self.purpose, self.draft.content, f"{entry.title} v{entry.version}"[:120])

    def add(self, key: int) -> bool:
        """Add the kind of element of a number key."""
        if not self.editable or not 1 <= key <= len(KINDS):
            return False
        self.draft.add(KINDS[key - 1])
        self._done(True)
        return True

    def remove(self) -> None:
        """Take the chosen element away."""
        if self.editable:
            self._done(self.draft.remove())

    def move(self, right: int, down: int) -> None:
        """Move the chosen element by tenths of a millimetre."""
        if self.editable:
            self._done(self.draft.move(right, down))

    def resize(self, wider: int, higher: int) -> None:
        """Make the chosen element larger by tenths of a millimetre."""
        if self.editable:
            self._done(self.draft.resize(wider, higher))

    def change(self, **values: Any) -> None:
        """Change fields of the chosen element."""
        if self.editable:
            self._done(self.draft.change(**values))

    def change_stock(self, **values: Any) -> None:
        """Change the label itself; the resolution is also that of the preview."""
        if "dpi" in values:
            self.dpi = int(values["dpi"])
            self._draw()
        if self.editable:
            self._done(self.draft.change_stock(**values))

    def call(self, title: str) -> None:
        """Give the template a name."""
        if self.editable and title.strip() and title.strip() != self.title:
            self.title = title.strip()[:120]
            self._done(True)

    def use_for(self, purpose: str) -> None:
        """Say what it is for."""
        if self.editable and purpose in PURPOSES and purpose != self.purpose:
            self.purpose = purpose
            self._done(True)

    def choose_element(self, place: int) -> None:
        """Choose the element the keys are for."""
        self.draft.choose(place)
        self.changed.emit()

    @Slot()
    def save(self) -> None:
        """Keep the draft; one save at a time, the last change is never left out."""
        entry = self.entry
        self._timer.stop()
        if entry is None or entry.id is None or not entry.is_draft or not self._dirty:
            return
        if self._saving:
            self._timer.start()
            return
        self._dirty, self._saving = False, True
        order = SaveLabelDesign(
            design_id=entry.id,
            title=self.title,
            purpose=self.purpose,
            content=self.draft.content,
            seen=self._seen,
        )
        job = self.run(order, self._saved, self._not_saved)
        job.finished.connect(self._save_ended)

    def publish(self, note: str, everywhere: bool) -> None:
        """Put the draft into use here, or everywhere; what was just changed is kept first."""
        entry = self.entry
        if entry is None or entry.id is None:
            return
        places = [] if everywhere else [self.context.actor.org_id]
        order = PublishLabelDesign(design_id=entry.id, everywhere=everywhere, places=places, note=note)

        def go(_done: Any = None) -> None:
            self.run(order, self._published)

        if self._dirty:
            self._dirty = False
            kept = SaveLabelDesign(
                design_id=entry.id, title=self.title, purpose=self.purpose, content=self.draft.content,
                seen=self._seen,
            )  # fmt: skip
            self.run(kept, go, self._not_saved)
        else:
            go()

    def assign(self, kind: str | None, printer: str | None) -> None:
        """Print this template here for a kind of specimen, at a printer."""
        entry = self.entry
        if entry is not None and entry.id is not None:
            wanted = SpecimenType(kind) if kind else None
            order = ChooseLabel(purpose=entry.purpose, code=entry.code, kind=wanted, printer=printer)
            self.run(order, lambda _done: self.toast("label_designer.chosen", "success"))

    def printers(self) -> list[str]:
        """Return the names of this workstation's printers."""
        hub = hub_of(self.context.desk)
        return [p.printer.name for use in PURPOSES if (p := hub.printer(use)) is not None]

    def print_sample(self) -> None:
        """Print the samples on this workstation's printer of that use; no specimen's label: nothing is noted."""
        printer = hub_of(self.context.desk).printer(self.purpose)
        if printer is None:
            self.toast("tube_label.no_printer", "warning")
            return
        content, title = self.draft.content, self.title

        def work() -> Any:
            template = template_of(content, "sample", title, 1)
            return printer.printer.print(template.fill(template.sample(), reprint=9))

        self.query(work, self._sample_printed, "label_sample")

    def write_file(self, path: Path) -> None:
        """Write the template to a file."""
        data = to_file(self.title, self.purpose, self.draft.content)

        def write() -> str:
            try:
                path.write_bytes(data)
            except OSError as error:
                raise UnavailableError("label_designer.not_written", reason=error.strerror or "") from error
            return path.name

        self.query(
            write, lambda name: self.toast("label_designer.written", "success", name=name), "label_export"
        )

    def read_file(self, path: Path) -> None:
        """Begin a template from a file that `write_file` made."""

        def read() -> tuple[str, str, dict[str, Any]]:
            try:
                data = path.read_bytes() if path.stat().st_size <= MOST_FILE else b""
            except OSError as error:
                raise UnavailableError("label_designer.not_read", reason=error.strerror or "") from error
            found = from_file(data)
            if found is None:
                raise DomainError("label_designer.no_template", name=path.name)
            return found

        self.query(
            read, lambda found: self._begin(found[0], found[1], found[2], path.name[:120]), "label_import"
        )

    def _ask(self, name: str) -> None:
        self.asked.emit(name)

    def _begin(self, title: str, purpose: str, content: dict[str, Any], based_on: str) -> None:
        order = CreateLabelDesign(title=title, purpose=purpose, content=content, based_on=based_on)
        self.run(order, self._made)

    def _made(self, done: Any) -> None:
        self._wanted = done.receipt
        self._read_list()

    def _read_list(self) -> None:
        self.query(lambda: templates_of(self.context), self._listed, "label_templates")

    def _listed(self, found: list[Entry]) -> None:
        self.entries = found
        wanted = self._wanted or (self.entry.id if self.entry and self.entry.id else None)
        self._wanted = None
        self.listed.emit()
        entry = next((e for e in found if wanted is not None and e.id == wanted), None)
        if entry is None and self.entry is None:
            entry = found[0] if found else None
        if entry is not None:
            self.open(entry)

    def _done(self, different: bool) -> None:
        if not different:
            return
        self._dirty = True
        self._timer.start()
        self.kept.emit(self.context.say("label_designer.unsaved"))
        self.changed.emit()
        self._draw()

    def _draw(self) -> None:
        if self._drawing:
            self._again = True
            return
        self._drawing, self._again = True, False
        content, dpi, purpose = Draft(self.draft.content).content, self.dpi, self.purpose
        job = self.query(lambda: preview_of(content, dpi, purpose), self._drawn, "label_preview")
        job.finished.connect(self._draw_ended)

    def _drawn(self, found: Preview) -> None:
        self.preview = found
        self.previewed.emit(found)

    @Slot()
    def _draw_ended(self) -> None:
        self._drawing = False
        if self._again and not self.is_closed:
            self._draw()

    def _saved(self, done: Any) -> None:
        self._seen = done.receipt
        moment = self.context.formatter.moment(self.context.desk.clock())
        self.kept.emit(self.context.say("label_designer.kept", moment=moment))

    def _not_saved(self, error: KnownError) -> None:
        self._dirty = False
        self.message.emit(self.explain(error), "danger")
        self.kept.emit(self.context.say("label_designer.not_kept"))

    @Slot()
    def _save_ended(self) -> None:
        self._saving = False

    def _published(self, done: Any) -> None:
        self.toast("label_designer.published", "success", count=done.receipt)
        self._read_list()

    def _sample_printed(self, result: Any) -> None:
        if result.code:
            self.message.emit(self.context.say(result.code), "danger")
        else:
            self.toast("label_designer.sample_printed", "success")

    def _enable(self) -> None:
        entry = self.entry
        for name in ("add", "save", "undo", "publish"):
            self.action_set.enable(name, self.editable)
        self.action_set.enable("choose", entry is not None and entry.state == "published")
