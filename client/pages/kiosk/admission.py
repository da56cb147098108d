"""Who may open which form at a kiosk: by the code of a sheet or of a hand-over, and the birth date. No widgets."""

from dataclasses import dataclass
from datetime import date

from PySide6.QtCore import QObject, Signal

from client.background import while_there
from client.pages.form.subject import read_patient, read_subject
from client.station import Context
from domain.checkup.sheets import SheetCode, read_sheet_code
from domain.kernel.columns import Mask
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.ids import Id
from domain.kernel.masking import mask_text
from domain.links.birth_dates import read_birth_date
from domain.links.commands import MOST_WRONG
from domain.people.scanned import FORM_LINK, FORM_SHEET, Scanned

TOLD = frozenset({"scan.damaged_sheet", "scan.sheet_of_nobody", "scan.link_of_nobody", "scan.link_for_phone"})
"""Reasons of a scan that a client can do something with; of every other it is enough that it is no form."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """Which form may be opened: the page's entity and record, and the code of the sheet if it was one."""

    entity: str
    record_id: Id
    name: str
    born: date | None
    sheet: SheetCode | None


class Admission(QObject):
    """`asked` wants the birth date of the (masked) name, `admitted` opens the form, `refused` says why not.

    After too many wrong birth dates nothing is admitted any more until the staff have taken the screen back.
    """

    asked = Signal(str)
    admitted = Signal(object)
    refused = Signal(str)

    def __init__(self, context: Context, parent: QObject) -> None:
        super().__init__(parent)
        self._context = context
        self._waiting: Admitted | None = None
        self._wrong = 0
        self._looking = False

    @property
    def is_closed(self) -> bool:
        """Whether somebody has tried too often."""
        return self._wrong >= MOST_WRONG

    def look_up(self, text: str) -> None:
        """Find out which form a code is of; the store answers beside the screen."""
        if self.is_closed:
            self.refused.emit(self._context.say("kiosk.too_often"))
            return
        if self._looking:
            return
        self._looking = True
        job = self._context.jobs.read(lambda _job: self._read(text), "kiosk_code")
        job.succeeded.connect(while_there(self, self._ask))
        job.refused.connect(while_there(self, self._refuse))
        job.finished.connect(while_there(self, self._looked))

    def answer(self, typed: str) -> None:
        """Take the birth date."""
        say, wanted = self._context.say, self._waiting
        said = read_birth_date(typed)
        if wanted is None:
            return
        if said is None:
            self.refused.emit(say("link.birth_date_needed"))
        elif said == wanted.born:
            self._waiting, self._wrong = None, 0
            self.admitted.emit(wanted)
        else:
            self._wrong += 1
            left = MOST_WRONG - self._wrong
            if not left:
                self._waiting = None
            self.refused.emit(say("link.wrong_birth_date", left=left) if left else say("kiosk.too_often"))

    def give_up(self) -> None:
        """Nobody answers: the next code, please."""
        self._waiting = None

    def _read(self, text: str) -> Admitted:
        desk, actor = self._context.desk, self._context.actor
        if desk.scan_lookup is None:
            raise DomainError("scan.no_lookup")
        found: Scanned = desk.scan_lookup(actor, text)
        if found.record_id is None or found.kind not in (FORM_SHEET, FORM_LINK):
            raise DomainError(found.reason if found.reason in TOLD else "kiosk.no_form", text=found.text)
        with desk.store.read() as connection:
            if found.kind == FORM_SHEET:
                entity, patient_id = "patient", found.record_id
            else:
                entity = "person_link"
                subject = read_subject(connection, self._context, entity, found.record_id)
                if subject.corrects is not None:  # it is in: a correction is for the staff
                    raise DomainError("link.used")
                patient_id = subject.patient_id
            patient = read_patient(connection, self._context, patient_id)
        if patient.birth_date is None:
            raise DomainError("kiosk.no_birth_date")
        sheet = read_sheet_code(found.text) if found.kind == FORM_SHEET else None
        name = mask_text(Mask.NAME, patient.name)
        return Admitted(entity, found.record_id, name, patient.birth_date, sheet)

    def _ask(self, found: Admitted) -> None:
        self._waiting = found
        self.asked.emit(found.name)

    def _refuse(self, error: KnownError) -> None:
        self.refused.emit(self._context.desk.texts.explain(error))

    def _looked(self) -> None:
        self._looking = False
