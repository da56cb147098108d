"""What a form's page does with files and signatures; the other half of its view-model."""

from pathlib import Path

from PySide6.QtCore import Signal

from client.pages.form.files import store_files
from client.pages.form.filling import Filling
from client.station import PageModel
from domain.checkup.form_commands import Source
from domain.kernel.errors import DomainError, UnavailableError
from forms.nodes import Place
from forms.signing import handwritten
from forms.values import Attachment


class FilesModel(PageModel):
    """Files and signatures go into `filling`; what was refused is said beside its question."""

    files_asked = Signal(object)
    """`Place` of the question for which files are to be chosen."""

    filling: Filling | None
    source: Source = Source.NURSE
    """Who answers, where: what the response says of it. At the kiosk nobody looks through this machine's files."""

    def _answered(self, kept: bool) -> None:
        """Keep the draft and draw the page."""
        raise NotImplementedError

    def ask_files(self, place: Place) -> None:
        """Let files be chosen for a question, or for the whole form."""
        if self.source is Source.KIOSK:  # the nurse takes the screen back, adds it, and hands it over again
            self.message.emit(self.context.say("kiosk.files_by_staff"), "warning")
        elif self.filling is not None:
            self.files_asked.emit(place)

    def add_files(self, place: Place, paths: list[Path]) -> None:
        """Put files to a question; each that is not taken is told with its reason, the others are."""
        filling, desk = self.filling, self.context.desk
        if filling is None or not paths:
            return
        item = filling.item(place)
        self.query(
            lambda: list(store_files(desk, item, paths)),
            lambda found: self._attach(filling, place, found),
            "files",
        )

    def remove_file(self, place: Place, number: int) -> None:
        """Take a file of a question away; it stays on the disk of this workstation."""
        if self.filling is not None:
            self.filling.detach(place, number)
            self._answered(kept=True)

    def sign(self, place: Place, png: bytes, strokes: list[list[float]]) -> None:
        """Put a signature by hand where one is asked for; nothing written takes it back."""
        filling = self.filling
        if filling is None:
            return
        try:
            now = self.context.desk.clock()
            who = self.context.say("form_page.signed_by")
            filling.sign(place, handwritten(png, strokes, now, who) if png else None)
        except DomainError as error:
            filling.refuse(place, error)
        self._answered(kept=True)

    def _attach(
        self, filling: Filling, place: Place, found: list[Attachment | DomainError | UnavailableError]
    ) -> None:
        if filling is not self.filling:
            return  # another form is open by now; what is on the disk harms nobody
        files = [one for one in found if isinstance(one, Attachment)]
        refused = [one for one in found if not isinstance(one, Attachment)]
        try:
            if files:
                filling.attach(place, files)
        except DomainError as error:
            refused.append(error)
        for reason in refused:
            self.message.emit(self.explain(reason), "danger")
            if isinstance(reason, DomainError):
                filling.refuse(place, reason)
        self._answered(kept=bool(files))
