"""What a form's page does with files and signatures; the other half of its view-model."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal

from client.pages.form.files import Photo, store_files
from client.pages.form.filling import Filling
from client.station import PageModel
from domain.checkup.form_commands import Source
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError, UnavailableError
from forms.nodes import Place
from forms.signing import handwritten
from forms.values import Attachment


class FilesModel(PageModel):
    """Files and signatures go into `filling`; what was refused is said beside its question."""

    files_asked = Signal(object)
    """`Place` of the question for which files are to be chosen."""
    photo_asked = Signal(object)
    """`Place` of the question for which a photo is to be taken by the camera of this workstation."""

    filling: Filling | None
    source: Source = Source.NURSE
    """Who answers, where: what the response says of it. At the kiosk nobody looks through this machine's files."""

    def _answered(self, kept: bool) -> None:
        """Keep the draft and draw the page."""
        raise NotImplementedError

    def ask_files(self, place: Place) -> None:
        """Let files be chosen for a question, or for the whole form; at the kiosk a photo is taken instead."""
        if self.source is Source.KIOSK:
            self.ask_photo(place)
        elif self.filling is not None:
            self.files_asked.emit(place)

    def ask_photo(self, place: Place) -> None:
        """Let a photo be taken for a question, or for the whole form."""
        if self.filling is not None:
            self.photo_asked.emit(place)

    def add_photo(self, place: Place, jpeg: bytes) -> None:
        """Put a photo that was just taken here to a question; it is named by its time."""
        now = clinic(self.context.desk.clock())
        self.add_files(place, [Photo(f"{self.context.say('photo.name')}_{now:%Y%m%d_%H%M%S}.jpg", jpeg)])

    def add_files(self, place: Place, files: Sequence[Path | Photo]) -> None:
        """Put files to a question; each that is not taken is told with its reason, the others are."""
        filling, desk = self.filling, self.context.desk
        if filling is None or not files:
            return
        item = filling.item(place)
        self.query(
            lambda: list(store_files(desk, item, files)),
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
