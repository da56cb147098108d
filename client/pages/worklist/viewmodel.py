"""The worklist page without its window: conditions, columns, what is selected, what can be done with it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer, Signal, Slot

from client.actions import Action
from client.background import Job
from client.live import Changed
from client.navigation import may_open
from client.pages.worklist import reports
from client.pages.worklist.answers import taking_out
from client.pages.worklist.cells import NUMBERS, about_row
from client.pages.worklist.entities import entities_of
from client.pages.worklist.export import PERMISSION, export_work
from client.pages.worklist.filters import Chip, Choice, Exact, choices_for, condition
from client.pages.worklist.give_out.giving import PERMISSION as GIVE_OUT
from client.pages.worklist.give_out.giving import may_give
from client.pages.worklist.row_commands import Offer, needs_no_row, offered, offers, prefilled
from client.pages.worklist.table import WorklistTable
from client.station import Context, PageModel
from domain.kernel.clock import clinic
from domain.kernel.commands import Command, commands
from domain.kernel.disputes import Disputed
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.worklists import Filter, ListColumn, Row, Worklist, worklists

MINUTE_MS = 60_000


class ViewModel(PageModel):
    """One worklist for one person."""

    chips_changed = Signal()
    columns_changed = Signal()
    offers_changed = Signal()
    progress = Signal(int, int)
    command_asked = Signal(object, dict)
    """A command and what is known of its input: the view opens the dialog."""

    several_asked = Signal(object, dict, object)
    """The command for several rows, what is known of its input, and the names of the fields its act asks for."""

    purpose_asked = Signal(object, str)
    """Path of an export that needs its purpose, and the sentence why."""
    reports_made = Signal(object)
    """`Made`: how many reports were written, and who has none with the reason."""

    actions = (
        Action("open", "worklist.open", "Return"),
        Action("filter", "worklist.filter", "F3"),
        Action("commands", "worklist.commands", "F4"),
        Action("reload", "worklist.reload", "F5"),
        Action("columns", "worklist.columns", "F10"),
        Action("export", "worklist.export", "Ctrl+E", permission=PERMISSION),
        Action("reports", "worklist.reports", "Ctrl+R", permission=reports.PERMISSION),
        Action("answers", "worklist.answers", "Ctrl+Shift+E", permission=taking_out.PERMISSION),
        Action("give_out", "worklist.give_out", "Ctrl+G", permission=GIVE_OUT),
    )

    def __init__(self, context: Context, name: str, parent: Any = None) -> None:
        super().__init__(context, parent)
        self.listing: Worklist = worklists()[name]
        self.table = WorklistTable(context, self.listing, self)
        self.chips: list[Chip] = []
        self.selected: Row | None = None
        self.chosen: Callable[[], list[int]] = list
        """Numbers of the rows that are chosen; the view knows them."""
        self._export: Job | None = None
        self._entities = entities_of(self.listing)
        self._minute = QTimer(self)
        self._minute.setInterval(MINUTE_MS)
        self._minute.timeout.connect(self.table.refresh_times)
        self._minute.start()
        self.action_set.on("open", self.open_selected)
        self.action_set.on("reload", self.reload)
        if not self.commands():
            self.action_set.enable("commands", False)
        if name not in reports.LISTS:
            self.action_set.leave_out("reports")
        if name not in taking_out.LISTS:
            self.action_set.leave_out("answers")
        if not self.gives_out:
            self.action_set.leave_out("give_out")
        self.table.selected = lambda: self.selected
        self.table.modelReset.connect(self._lost)

    def watches(self) -> frozenset[str]:
        return self._entities

    def on_changed(self, changed: Changed) -> None:
        own = self.listing.record.record_info.entity
        self.table.follow(changed, self._entities - {own})

    def on_open(self, only: Mapping[str, Any] | None = None, **arguments: Any) -> None:
        """Show the list; with `only` (value by column) those rows alone."""
        if only:
            self.chips = [self._exactly(name, value) for name, value in only.items()]
            self._filtered()
        elif self.table.rowCount() == 0:
            self.table.load()

    @Slot()
    def reload(self) -> None:
        """Read everything anew."""
        self.table.reload()

    def close(self) -> None:
        """Let go of the list and of what is still being read."""
        self._minute.stop()
        self.table.close()
        super().close()

    # Columns

    def filter_columns(self) -> list[ListColumn]:
        """Return the columns one may filter by."""
        return [c for i, c in enumerate(self.table.columns) if self.table.sortable(i)]

    def choices(self, column: ListColumn) -> list[Choice]:
        """Return the closed list of a column, empty when any value may be typed."""
        if column.kind == "Boolean":
            return [
                Choice("True", self.context.say("value.yes")),
                Choice("False", self.context.say("value.no")),
            ]
        named = self._named(column)
        if named:
            return named
        found = choices_for(self.listing, column)
        return [Choice(c.value, self._label(c)) for c in found]

    def _named(self, column: ListColumn) -> list[Choice]:
        """Return the codes that the words of a column name, as the store has them."""
        means = (column.info.means if column.info is not None else None) or ""
        texts, prefix = self.context.desk.texts, f"word.{means.removeprefix('words:')}."
        if not means.startswith("words:") or column.kind == "JsonText":
            return []
        codes = sorted(c.removeprefix(prefix) for c in texts.codes() if c.startswith(prefix))
        exact = int if column.kind in NUMBERS else str
        return [Choice(Exact(exact(code)), texts.say(prefix + code)) for code in codes]

    def _label(self, choice: Choice) -> str:
        return (
            choice.label
            if isinstance(choice.value, str) and choice.label != choice.value
            else (self.context.formatter.value(choice.value))
        )

    def shown_columns(self) -> list[str]:
        """Return the names of the columns shown, as this workstation remembers them."""
        names = [c.name for c in self.table.columns]
        kept = self.context.preferences.get(f"columns.{self.listing.name}")
        return [n for n in names if n in kept] or names if isinstance(kept, list) else names

    def show_column(self, name: str, shown: bool) -> None:
        """Show or hide a column; the last one stays."""
        now = self.shown_columns()
        wanted = [
            c.name
            for c in self.table.columns
            if (c.name in now or c.name == name) and (c.name != name or shown)
        ]
        if wanted:
            self.context.preferences.set(f"columns.{self.listing.name}", wanted)
            self.columns_changed.emit()

    def empty_text(self) -> str:
        """Return what an empty list says: what would bring rows here, and which key makes one."""
        own = f"empty.{self.listing.name}"
        if own in self.context.desk.texts:
            return self.context.say(own)
        return self.context.say("worklist.empty")

    # Conditions

    def add_filter(self, column: ListColumn, typed: Any, shown: str) -> None:
        """Add a condition, or say what is wrong with it beside the filter line."""
        try:
            chip = condition(column, typed, shown, today=clinic(self.context.desk.clock()).date())
        except DomainError as error:
            self.field_error.emit("filter", self.explain(error))
            return
        self.chips = [c for c in self.chips if c.text != chip.text] + [chip]
        self._filtered()

    def _exactly(self, name: str, value: Any) -> Chip:
        column = next(c for c in self.table.columns if c.name == name)
        named = self.context.formatter.value(value, column.entity, column.source)
        return Chip(f"{column.label} = {named}", (Filter(name, "eq", value),))

    def remove_filter(self, number: int) -> None:
        del self.chips[number]
        self._filtered()

    def clear_filters(self) -> None:
        if self.chips:
            self.chips = []
            self._filtered()

    def _filtered(self) -> None:
        self.field_error.emit("filter", "")
        self.table.filters = tuple(f for chip in self.chips for f in chip.filters)
        self.chips_changed.emit()
        self.table.load()

    # Rows

    def select(self, number: int) -> None:
        """Note which row the cursor is on, -1 for none."""
        self.selected = self.table.row(number)
        self.action_set.enable("open", self.selected is not None)
        self.offers_changed.emit()

    def commands(self) -> list[Command]:
        """Return every command this person may run on rows of this list."""
        return offered(self.listing, self.context.actor)

    def offers(self) -> list[Offer]:
        """Return the commands for the selected row; without one those that need none."""
        if self.selected is None:
            return [Offer(c, enabled=True) for c in self.commands() if needs_no_row(c)]
        if self.are_several:
            may = self._batch() is not None
            return [Offer(c, may and c.name in self.listing.acts) for c in self.commands()]
        return offers(self.listing, self.context.actor, self._selected_values())

    @property
    def gives_out(self) -> bool:
        """Whether questionnaires may be given to the clients of this list by this person."""
        return may_give(self.listing, self.context.actor)

    @property
    def are_several(self) -> bool:
        """Whether more than one row is chosen: then only what can be done to several is offered."""
        return len(self.chosen()) > 1

    def chosen_ids(self) -> tuple[Any, ...]:
        """Return the rows that are chosen if they are several; those not read yet are not among them."""
        rows = [self.table.row(number) for number in self.chosen()] if self.are_several else []
        return tuple(row.id for row in rows if row is not None)

    def _batch(self) -> Command | None:
        """Return the command for several rows, None for who may not."""
        found = commands().get(self.listing.several)
        allowed = found is not None and (found.permission is None or self.context.actor.may(found.permission))
        return found if allowed else None

    def ask_for_several(self, name: str) -> None:
        """Ask for the same on every row that is chosen; all must have been read."""
        batch, act = self._batch(), self.listing.acts.get(name)
        rows = [self.table.row(number) for number in self.chosen()]
        read = [row for row in rows if row is not None]
        if batch is None or act is None:
            self.toast("worklist.not_for_several", "warning", label=commands()[name].label)
        elif len(read) < len(rows):
            self.toast("worklist.not_all_read", "warning")
        else:
            at = next((i for i, c in enumerate(self.listing.columns) if c.name == "revision"), None)
            entity = self.listing.record.record_info.entity
            given: dict[str, Any] = {f"{entity}_ids": [row.id for row in read], "act": act}
            if at is not None:
                given["revisions"] = [row.values[at] for row in read]
            self.several_asked.emit(batch, given, {f.name for f in commands()[name].fields})

    def several_done(self, receipt: Any) -> None:
        """Say how many were done, and how many could not."""
        refused = len(receipt.refused)
        code = "worklist.several_partly" if refused else "worklist.several_done"
        self.toast(code, "warning" if refused else "success", done=receipt.done, refused=refused)

    def ask(self, name: str) -> None:
        """Ask for a command on the selected row; one that cannot run now is refused with its reason."""
        if self.are_several:
            self.ask_for_several(name)
            return
        offer = next((o for o in self.offers() if o.command.name == name), None)
        if offer is not None and self.selected is None:
            self.command_asked.emit(offer.command, {})
        elif offer is None or self.selected is None:
            self.toast("worklist.no_row", "warning")
        elif not offer.enabled:
            state = self.context.formatter.value(
                self._selected_values().get("state"), self.listing.record.record_info.entity, "state"
            )
            self.toast("worklist.not_now", "warning", label=offer.command.label, state=state)
        else:
            given = prefilled(self.listing, offer.command, self.selected.id, self._selected_values())
            self.command_asked.emit(offer.command, given)

    @Slot()
    def open_selected(self) -> None:
        """Open the page of the selected row: the one its list names if the person may see it, else its record."""
        if self.selected is not None:
            entity = self.listing.record.record_info.entity
            page = self.listing.page if may_open(self.context.actor, self.listing.page) else "record"
            self.context.open_page(f"{page}:{entity}:{self.selected.id}")

    def about(self, command: Command) -> str:
        """Return whom or what the dialog of a command is about: the chosen row, or how many rows.

        What is done without a row, such as registering somebody new, is not about the row the cursor is on.
        """
        if needs_no_row(command):
            return ""
        if self.are_several:
            return self.context.say("worklist.about_several", count=len(self.chosen()))
        row = self.selected
        return "" if row is None else about_row(self.context, self.listing.columns, row.values)

    def _selected_values(self) -> dict[str, Any]:
        row = self.selected
        if row is None:
            return {}
        named = {c.name: row.values[i] for i, c in enumerate(self.listing.columns)}
        # A form that began with both values of a dispute would keep them as one.
        return {name: value for name, value in named.items() if not isinstance(value, Disputed)}

    def _lost(self) -> None:
        self.select(-1)

    # Export

    @property
    def exporting(self) -> bool:
        return self._export is not None

    def suggested_path(self) -> Path:
        """Return where an export would go unless told otherwise."""
        stamp = f"{clinic(self.context.desk.clock()):%Y%m%d-%H%M%S}"
        return self.context.desk.home.exports / f"{self.listing.label}-{stamp}.xlsx"

    def export(self, path: Path, purpose: str | None = None) -> None:
        """Write every row of the present conditions to an Excel file, with progress; once at a time.

        Where it says who somebody is, `purpose_asked` wants to know what for, and nothing is written before.
        """
        if self._export is not None:
            return
        shown = set(self.shown_columns())
        columns = tuple(c for c in self.table.columns if c.name in shown)
        conditions = "；".join(chip.text for chip in self.chips)
        work = export_work(
            self.context,
            self.listing,
            columns,
            self.table.filters,
            self.table.order,
            path,
            purpose,
            conditions,
        )
        self._export_path = path
        self._export = self.context.jobs.read(work, "export")
        self._export.progressed.connect(self.progress)
        self._export.succeeded.connect(self._exported)
        self._export.refused.connect(self._export_refused)
        self._export.finished.connect(self._export_ended)

    def cancel_export(self) -> None:
        if self._export is not None:
            self._export.cancel()

    def make_reports(self, folder: Path, version: str) -> None:
        """Write the risk report of every client under the present conditions; one such job at a time."""
        if self._export is not None:
            return
        conditions = "；".join(chip.text for chip in self.chips)
        work = reports.reports_work(
            self.context, self.listing, self.table.filters, self.table.order, folder, version, conditions
        )
        self._export = self.context.jobs.read(work, "reports")
        self._export.progressed.connect(self.progress)
        self._export.succeeded.connect(self._reports_made)
        self._export.refused.connect(self._export_refused)
        self._export.finished.connect(self._export_ended)

    def _reports_made(self, made: reports.Made) -> None:
        tone = "warning" if made.failed else "success"
        self.toast(
            "worklist.reports_made", tone, files=made.files, failed=len(made.failed), folder=made.folder
        )
        self.reports_made.emit(made)

    def _exported(self, path: Path | None) -> None:
        if path is not None:
            self.toast("worklist.exported", "success", path=path)

    def _export_refused(self, error: KnownError) -> None:
        if error.code == "export.purpose_missing":
            self.purpose_asked.emit(self._export_path, self.explain(error))
            return
        self.message.emit(self.explain(error), "danger")

    def _export_ended(self) -> None:
        self._export = None
        self.progress.emit(-1, 0)
