"""What a form's page does with paper: printing a form, opening it by the code of a filled sheet, taking its photo."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal

from client.background import while_there
from client.pages.form.choosing import Choice
from client.pages.form.files import Photo
from client.pages.form.files_model import FilesModel
from client.pages.form.lines import FILES
from client.pages.form.sheets import SheetPhoto, check_own, client_number, print_sheet, read_sheet_photos
from client.pages.form.subject import Subject
from client.ports import Scanned
from client.printing import Printer, print_file
from domain.checkup.form_commands import Source
from domain.checkup.sheets import SheetCode, read_sheet_code
from domain.kernel.errors import DomainError
from domain.people.scanned import FORM_SHEET
from forms.nodes import Place


class PaperModel(FilesModel):
    """A form on paper is the same form: printed with its code, opened by it, typed in by its numbers."""

    print_asked = Signal(object)
    """The `Choice` to print: a person says whether blank."""

    choice: Choice | None
    printer: Printer = staticmethod(print_file)
    _subject: Subject | None
    _folder: Path

    def choose(self, choice: Choice) -> None:
        """Begin a form."""
        raise NotImplementedError

    def show_choices(self) -> None:
        """Leave the form."""
        raise NotImplementedError

    def on_scan(self, scanned: Scanned) -> bool:
        """Open the form of a sheet of this client; that of another client opens on a page of its own."""
        code = read_sheet_code(scanned.text) if scanned.kind == FORM_SHEET else None
        if code is None or (self._subject is not None and self._subject.patient_id != scanned.record_id):
            return False
        self.open_sheet(code)
        return True

    def open_sheet(self, code: SheetCode) -> None:
        """Open the form of a sheet, as soon as it is known whose page this is."""
        self._sheet = code
        if self._subject is not None:
            self._open_sheet(code)

    def _open_sheet(self, code: SheetCode) -> None:
        """Open the form of a sheet, in its version; the one that is open already stays."""
        self._sheet = None
        self.source = Source.PAPER
        if (
            self.filling is not None
            and self.choice is not None
            and self.choice.form.lower() == code.form.lower()
        ):
            self.toast("form_page.sheet_open", "info")
            return
        if self.filling is not None:
            self.show_choices()
        self.choose(Choice(code.form, code.form, "given", "", version=code.version))
        self.toast("form_page.sheet_opened", "success")

    def print_form(self, choice: Choice, *, blank: bool) -> None:
        """Print a form for this client, blank or with what is known or answered."""
        subject, context, folder, printer = self._subject, self.context, self._folder, self.printer
        if subject is None:
            return
        session = self.filling.session if self.filling is not None else None
        self.toast("record.printing", "info", label=choice.title)
        job = context.jobs.read(
            lambda _job: print_sheet(context, folder, subject, choice, session, printer, blank=blank),
            "print_form",
        )
        job.succeeded.connect(
            while_there(self, lambda _nothing: self.toast("record.printed", "success", label=choice.title))
        )
        job.refused.connect(while_there(self, lambda error: self.message.emit(self.explain(error), "danger")))

    def add_photos(self, files: Sequence[Path | Photo]) -> None:
        """Take photos or scans of filled sheets: the form of their code is opened, and they go with the response."""
        subject, context = self._subject, self.context
        if subject is None or not files:
            return

        def look() -> tuple[str, list[SheetPhoto]]:
            return client_number(context, subject.patient_id), read_sheet_photos(files)

        self.query(look, lambda found: self._take_photos(*found), "sheet_photos")

    def _take_photos(self, number: str, photos: list[SheetPhoto]) -> None:
        open_form = self.choice.form if self.filling is not None and self.choice is not None else ""
        try:
            check_own(photos, number, open_form)
        except DomainError as error:
            self.message.emit(self.explain(error), "danger")
            return
        code = next((one.code for one in photos if one.code is not None), None)
        files = [one.file for one in photos]
        if self.filling is not None:
            if code is not None and self.source is not Source.KIOSK:
                self.source = Source.PAPER
            super().add_files(FILES, files)
        elif code is None:
            self.toast("form_page.no_sheet_code", "warning")
        else:
            self._photos = files
            self._open_sheet(code)

    def add_files(self, place: Place, files: Sequence[Path | Photo]) -> None:
        """Put files to a question; those for the whole form are looked at for the code of a sheet first."""
        if place == FILES:
            self.add_photos(files)
        else:
            super().add_files(place, files)

    def _photos_waiting(self) -> list[Path | Photo]:
        """Return the photos a form was opened by, once."""
        found, self._photos = self._photos, []
        return found

    _sheet: SheetCode | None = None
    _photos: list[Path | Photo] = []  # noqa: RUF012  (replaced, never changed)
