"""The beginning of a questionnaire without its window: each way ends in a draft that the designer opens."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from client.actions import Action
from client.pages.design_start.reading import AtHand, Imported, at_hand, copy_of, joined, read_file
from client.station import Context, PageModel
from domain.designs.commands import CreateDesign
from domain.designs.records import Origin
from domain.scales.importing import Licence
from forms.designing.composing import Composed

WAYS = ("blank", "copy", "composite", "import")


class ViewModel(PageModel):
    """`forms_changed` brings what is at hand, `composed` and `imported` what would become a draft."""

    forms_changed = Signal(object)
    composed_changed = Signal(object)
    imported_changed = Signal(object)
    go_asked = Signal()

    actions = (
        Action("look", "design_start.look", "F5"),
        Action("go", "design_start.go", "F9", primary=True),
    )

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(context, parent)
        context.actor.check("design.edit")
        self.forms: list[AtHand] = []
        self.composed: Composed | None = None
        self.imported: Imported | None = None
        self.look: Callable[[], None] = lambda: None
        self._beginning = False
        self.action_set.on("go", self.go_asked.emit)
        self.action_set.on("look", lambda: self.look())

    def on_open(self, **arguments: Any) -> None:
        """Read which forms are at hand."""
        self.query(lambda: at_hand(self.context), self._found, "forms_at_hand")

    def begin_blank(self, title: str) -> None:
        """Begin an empty questionnaire."""
        self._begin(CreateDesign(title=title.strip()))

    def begin_copy(self, form: str, title: str) -> None:
        """Begin from a form that is at hand."""
        self.query(
            lambda: copy_of(self.context, form),
            lambda found: self._begin(
                CreateDesign(
                    title=title.strip(), origin=Origin.COPY, questionnaire=found[0], based_on=found[1]
                )
            ),
            "copy_form",
        )

    def join(self, forms: list[str], title: str, then: Callable[[Composed], None] | None = None) -> None:
        """Work out what several forms would be as one."""
        if len(forms) < 2:
            self.toast("design_start.two_at_least", "warning")
            return
        self.query(lambda: joined(self.context, forms, title.strip()), then or self._joined, "compose")

    def begin_composite(self, forms: list[str], title: str) -> None:
        """Begin a questionnaire out of several instruments."""

        def begin(found: Composed) -> None:
            self._joined(found)
            self._begin(
                CreateDesign(
                    title=title.strip(), origin=Origin.COMPOSITE, questionnaire=found.resource, parts=found.parts,
                    based_on="、".join(forms)[:255],
                )
            )  # fmt: skip

        self.join(forms, title, begin)

    def read(self, path: str, over: str, title: str, licence: Licence) -> None:
        """Read a file with licensed text and show what it would become."""
        if not path.strip():
            self.toast("design_start.no_file_chosen", "warning")
            return
        self.query(
            lambda: read_file(self.context, Path(path.strip()), over, title.strip(), licence),
            self._read,
            "import",
        )

    def begin_imported(self, title: str) -> None:
        """Begin from the file that was read."""
        found = self.imported
        if found is None or found.resource is None:
            self.toast("design_start.read_first", "warning")
            return
        named = title.strip() or str(found.resource.get("title") or "")
        origin = Origin.OVERLAY if found.over else Origin.IMPORT
        self._begin(
            CreateDesign(
                title=named, origin=origin, form=found.over or None, questionnaire=found.resource,
                based_on=found.based_on or None,
            )
        )  # fmt: skip

    def _begin(self, order: CreateDesign) -> None:
        if self._beginning:
            return
        self._beginning = True
        job = self.run(order, lambda done: self.context.open_page(f"designer:form_design:{done.receipt}"))
        job.finished.connect(self._ended)

    def _ended(self) -> None:
        self._beginning = False

    def _found(self, found: list[AtHand]) -> None:
        self.forms = found
        self.forms_changed.emit(found)

    def _joined(self, found: Composed) -> None:
        self.composed = found
        self.composed_changed.emit(found)

    def _read(self, found: Imported) -> None:
        self.imported = found
        self.imported_changed.emit(found)
