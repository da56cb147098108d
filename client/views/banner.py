"""Whose data is on the screen: name, sex, age, number, allergy; always above the work, coloured by sex.

The colour only repeats what the words say. The banner reads the client itself, masked for who looks.
"""

import dataclasses
from datetime import date
from typing import Any

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from client.formatting import age_on
from client.live import Changed
from domain.kernel.clock import clinic
from domain.kernel.ids import Id

SEX_PART = {"1": "male", "2": "female"}


@dataclasses.dataclass(frozen=True, slots=True)
class BannerFacts:
    """What the banner shows, as text."""

    patient_id: Id
    name: str
    sex: str
    sex_text: str
    age: str
    number: str
    phone: str
    allergy: str


def read_banner(context: Any, patient_id: Id) -> BannerFacts | None:
    """Return the facts of a client within the reader's scope; called off the UI thread."""
    from domain.kernel.worklists import records
    from domain.people.records import Patient

    with context.desk.store.read() as connection:
        found = records(connection, context.actor, Patient, Patient.id == patient_id, limit=1)
        if not found:
            return None
        row = found[0]
    birth = row.birth_date
    today = clinic(context.desk.clock()).date()
    age = context.say("banner.age", age=age_on(birth, today)) if isinstance(birth, date) else ""
    return BannerFacts(
        patient_id, str(row.name), str(row.sex), context.formatter.value(row.sex), age, str(row.number),
        str(row.phone or ""), str(row.allergy or ""),
    )  # fmt: skip


class PatientBanner(QFrame):
    """Hidden until a client is shown; follows changes of that client's record."""

    def __init__(self, context: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._patient_id: Id | None = None
        self.setProperty("part", "banner")
        self.setObjectName("patient_banner")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 8, 14, 8)
        row.setSpacing(18)
        self._labels: dict[str, QLabel] = {}
        for part in ("name", "sex", "age", "number", "phone", "allergy"):
            label = QLabel(self)
            label.setObjectName(f"banner_{part}")
            label.setProperty("role", part if part in {"name", "sex", "allergy"} else "subtitle")
            self._labels[part] = label
            row.addWidget(label)
            if part == "phone":
                row.addStretch(1)
        self.hide()
        context.live.changed.connect(self._live)

    @property
    def patient_id(self) -> Id | None:
        """The client shown, None for none."""
        return self._patient_id

    @Slot(object)
    def show_patient(self, patient_id: Id | None) -> None:
        """Show a client by id; None hides the banner at once."""
        self._patient_id = patient_id
        if patient_id is None:
            self.hide()
            return
        context = self._context
        job = context.jobs.read(lambda _job: read_banner(context, patient_id), "banner")
        job.succeeded.connect(self._fill)

    @Slot(object)
    def _fill(self, facts: BannerFacts | None) -> None:
        if facts is None or facts.patient_id != self._patient_id:
            return
        self._labels["name"].setText(facts.name)
        self._labels["sex"].setText(facts.sex_text)
        self._labels["age"].setText(facts.age)
        self._labels["number"].setText(self._context.say("banner.number", number=facts.number))
        self._labels["phone"].setText(facts.phone)
        for label in self._labels.values():
            label.setVisible(bool(label.text()))
        allergy = self._labels["allergy"]
        allergy.setText(self._context.say("banner.allergy", allergy=facts.allergy))
        allergy.setVisible(bool(facts.allergy))
        self.setProperty("sex", SEX_PART.get(facts.sex, ""))
        for widget in (self, *self._labels.values()):
            widget.style().unpolish(widget)
            widget.style().polish(widget)
        self.setAccessibleName(f"{facts.name} {facts.sex_text} {facts.age} {facts.number}")
        self.show()

    @Slot(object)
    def _live(self, changed: Changed) -> None:
        mine = self._patient_id is not None and changed.has("patient", self._patient_id)
        if mine or (self._patient_id is not None and changed.touches(("conflict",))):
            self.show_patient(self._patient_id)
