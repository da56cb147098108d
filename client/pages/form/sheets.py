"""Forms on paper at the desk: printed with a code, and found again by it on a photo of the filled sheet."""

import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtGui import QImage

from client.camera.codes import codes_in
from client.outgoing import handed_out
from client.pages.form.choosing import Choice
from client.pages.form.files import Photo
from client.pages.form.opening import read_begun
from client.pages.form.subject import Subject, read_patient
from client.printing import Printer
from client.station import Context
from domain.checkup.form_files import LARGEST
from domain.checkup.sheets import SheetCode, read_sheet_code
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError
from domain.outgoing.commands import HandOutDocument
from domain.outgoing.records import Destination
from domain.scales.facts import SEXES
from forms.assessing import organisation_names
from forms.paper import SheetHead, sheet_pdf
from forms.printables import documents
from forms.session import FormSession


@dataclass(frozen=True, slots=True)
class SheetPhoto:
    """A picture of a filled sheet, and what its code says; None where no code was found."""

    file: Path | Photo
    code: SheetCode | None


def codes_on(file: Path | Photo) -> list[str]:
    """Return the texts of the codes on a picture; none for what is no picture, or larger than any file may be."""
    if isinstance(file, Photo):
        return codes_in(QImage.fromData(file.content))
    with suppress(OSError):  # told by whoever takes the file
        return codes_in(QImage(str(file))) if file.stat().st_size <= LARGEST else []
    return []


def read_sheet_photos(files: Sequence[Path | Photo]) -> list[SheetPhoto]:
    """Look for the code of a sheet on each picture; off the UI thread."""
    found = []
    for file in files:
        told = (read_sheet_code(text) for text in codes_on(file))
        found.append(SheetPhoto(file, next((one for one in told if one is not None), None)))
    return found


def check_own(photos: list[SheetPhoto], number: str, form: str) -> None:
    """Refuse photos of a sheet that is another client's, or another form's (empty: any form will do).

    Raises:
        DomainError: ``form.sheet_of_other`` with what the code says.
    """
    for one in photos:
        code = one.code
        if code is not None and (
            code.number != number.upper() or (form and code.form.lower() != form.lower())
        ):
            raise DomainError(
                "form.sheet_of_other", name=one.file.name, number=code.number, form=code.form, own=number
            )


def client_number(context: Context, patient_id: Any) -> str:
    """Return the number of a client within the reader's scope."""
    with context.desk.store.read() as connection:
        return read_patient(connection, context, patient_id).number


def print_sheet(
    context: Context, folder: Path, subject: Subject, choice: Choice, session: FormSession | None, printer: Printer,
    *, blank: bool,
) -> None:  # fmt: skip
    """Print a form for a client, blank or with what is answered and known; it is on record before it goes.

    Off the UI thread.

    Raises:
        DomainError: What reading the form raises, ``permission.denied``.
        UnavailableError: There is no printer.
    """
    context.actor.check("document.print")
    if session is None:
        session = read_begun(context, folder, None, subject, choice).recovered.session
    with context.desk.store.read() as connection:
        patient = read_patient(connection, context, subject.patient_id)
        names = organisation_names(connection, patient.org_id)
    head = SheetHead(
        organisation=names[-1], branch=names[0], name=patient.name, sex=SEXES.get(patient.sex) or "unknown",
        born=patient.birth_date, number=patient.number, form=choice.form, printed_at=clinic(context.desk.clock()),
    )  # fmt: skip
    pdf = sheet_pdf(documents(), head, session, blank=blank)
    order = HandOutDocument(
        what=f"纸质问卷 {session.form.title}", destination=Destination.PRINTER, patient_id=subject.patient_id
    )
    with tempfile.TemporaryDirectory(dir=context.desk.home.folder) as place:
        path = Path(place) / "sheet.pdf"
        path.write_bytes(pdf)
        handed_out(context, order, lambda: printer(path))
