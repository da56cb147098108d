"""Who is it: a card, a code or a name leads to a client, or to a register form that is filled in already."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from client.identity_words import light_sentence
from client.station import PageModel
from client.stations.front_desk.drafts import drafts_of
from client.stations.front_desk.finding import Person, born, by_id_number, day_of, likely_same, search
from devices.readings import CardRead
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.ids import Id
from domain.people.idnumber import IdNumber, read_id
from domain.people.patient_commands import CITIZEN_CARD
from domain.people.records import Sex

OTHER_CARD = "99"
"""WS/T 364.3 CV02.01.101: 其他法定有效证件, where the permanent residence card of foreigners belongs (UNVERIFIED)."""
FIELDS = ("name", "sex", "birth_date", "id_number", "phone", "address")


@dataclass(frozen=True, slots=True)
class Registration:
    """A register form: what is in its fields, which came from a card, and who the person may be already."""

    fields: Mapping[str, str]
    from_card: bool = False
    id_type: str = CITIZEN_CARD
    likely: tuple[Person, ...] = ()
    expired: bool = False
    read_once: bool = False
    """The reader gave the card once only: nothing but a look at the card tells a damaged name."""


class IdentityModel(QObject):
    """Finding and registering; `chosen` names the client to work with."""

    chosen = Signal(object)
    """Id of the client."""
    registration_changed = Signal()
    found_changed = Signal()
    light_changed = Signal(str, str)
    """What the comparison of the card with the record found, and its tone; empty for the next client."""
    drafts_counted = Signal(object)
    """How many questionnaires lie half-filled on this workstation."""
    field_error = Signal(str, str)
    """Field and sentence; an empty field clears all."""

    def __init__(self, page: PageModel) -> None:
        super().__init__(page)
        self._page = page
        self._asked = 0
        self._card: CardRead | None = None
        self._registering = False
        self._typed: dict[str, str] = {}
        self.registration: Registration | None = None
        self.found: tuple[Person, ...] = ()
        self.searched = ""

    def _present(
        self, number: str, presence: str, known: Callable[[Id], None], unknown: Callable[[], None]
    ) -> None:
        """Take on whoever shows a whole number, for who sees only clients of their own; others look as ever."""
        page, actor = self._page, self._page.context.actor
        if actor.own_clients and actor.may("people.take_on"):
            data = {"number": number, "presence": presence}
            page.run_named(
                "people.take_on", data, lambda done: known(done.receipt.patient_id), lambda _error: unknown()
            )
        else:
            unknown()

    def read_card(self, card: CardRead) -> None:
        """Look for the person of a card; nobody known opens the form with the card's fields."""

        def known(patient_id: Id) -> None:
            self._choose(patient_id, card)

        self._present(card.number, "card", known, lambda: self._look_for_card(card))

    def _look_for_card(self, card: CardRead) -> None:
        desk, actor = self._page.context.desk, self._page.context.actor
        today = day_of(desk.clock())
        self._card = card
        self.light_changed.emit("", "")
        self._asked += 1
        asked = self._asked

        def work() -> tuple[int, Person | None, Registration]:
            person = by_id_number(desk.store, actor, card.number)
            alike = (
                [] if person else likely_same(desk.store, actor, name=card.name, birth_date=card.birth_date)
            )
            fields = {
                "name": card.name, "sex": card.sex, "birth_date": card.birth_date.isoformat(),
                "id_number": card.number, "phone": "", "address": card.address,
            }  # fmt: skip
            id_type = CITIZEN_CARD if card.kind == "citizen" else OTHER_CARD
            read_once = "read_once" in card.flags
            return (
                asked,
                person,
                Registration(fields, True, id_type, tuple(alike), card.expired(today), read_once),
            )

        self._page.query(work, self._card_read, "card")

    def read_number(self, number: str) -> None:
        """Take a scanned or typed identity number of nobody known: the form opens with what the number says."""
        today = day_of(self._page.context.desk.clock())
        try:
            told = read_id(number, today=today)
        except DomainError as error:
            self._page.message.emit(self._page.explain(error), "danger")
            return
        self._present(told.number, "number", self._choose, lambda: self._begin_with(told))

    def _begin_with(self, told: IdNumber) -> None:
        sex = Sex.MALE if told.sex == "male" else Sex.FEMALE
        fields = {"id_number": told.number, "birth_date": told.birth_date.isoformat(), "sex": sex.value}
        self._show(Registration(dict.fromkeys(FIELDS, "") | fields))

    def begin(self) -> None:
        """Open an empty form, for who has no card."""
        self._card = None
        self.light_changed.emit("", "")
        self._show(Registration(dict.fromkeys(FIELDS, "")))

    def cancel(self) -> None:
        """Close the form and the list of hits."""
        self.registration, self.found, self.searched, self._card = None, (), "", None
        self.registration_changed.emit()
        self.found_changed.emit()

    def count_drafts(self) -> None:
        """Look how many forms are unfinished, so that nobody has to remember after a crash."""
        desk = self._page.context.desk

        def told_elsewhere(_error: KnownError) -> None:
            """Say nothing: the form says it when it is opened."""

        job = self._page.context.jobs.read(lambda _job: drafts_of(desk).count(), "drafts")
        self._page._follow(job, self.drafts_counted.emit, told_elsewhere)

    def look_for(self, text: str) -> None:
        """Search by number, phone or the beginning of the name."""
        desk, actor = self._page.context.desk, self._page.context.actor
        self.searched = text.strip()
        self._page.query(lambda: (text.strip(), tuple(search(desk.store, actor, text))), self._found, "find")

    def choose(self, key: int) -> bool:
        """Take the person of a number key from the list on screen."""
        listed = self.registration.likely if self.registration else self.found
        if not 1 <= key <= len(listed):
            return False
        self._choose(listed[key - 1].patient_id)
        return True

    def compare(self, fields: Mapping[str, str]) -> None:
        """Look for likely the same person while the form is being typed."""
        registration, desk, actor = self.registration, self._page.context.desk, self._page.context.actor
        if registration is None:
            return
        who = {
            "name": fields.get("name", ""),
            "phone": fields.get("phone", ""),
            "id_number": fields.get("id_number", ""),
        }
        birth = born(fields.get("birth_date", ""))
        self._asked += 1
        asked = self._asked
        kept = Registration(
            dict(registration.fields) | dict(fields), registration.from_card, registration.id_type,
            expired=registration.expired,
        )  # fmt: skip

        def work() -> tuple[int, Registration, tuple[Person, ...]]:
            return asked, kept, tuple(likely_same(desk.store, actor, birth_date=birth, **who))

        self._page.query(work, self._compared, "likely")

    def register(self, fields: Mapping[str, str]) -> None:
        """Keep the new client; who was shown as likely the same and not chosen is another person."""
        registration = self.registration
        if registration is None or self._registering:
            return
        self.field_error.emit("", "")
        self._typed = dict(fields)
        data: dict[str, Any] = {k: v.strip() for k, v in fields.items() if v.strip()}
        if day := born(data.get("birth_date", "")):
            data["birth_date"] = day.isoformat()
        data |= {"id_type": registration.id_type, "another_person": bool(registration.likely)}
        data["to_check"] = self._card is None or self._card.number != data.get("id_number")
        self._registering = True
        self._page.run_named("people.register", data, self._registered, self._refused)

    def _registered(self, done: Any) -> None:
        self._registering = False
        card, patient_id = self._card, done.receipt.patient_id
        self._choose(patient_id)
        if card is not None and card.number == self._typed.get("id_number", "").strip():
            self._light_up(card, patient_id)

    def _light_up(self, card: CardRead, patient_id: Id) -> None:
        """Compare the card with the record and keep what was found; nothing waits for it."""
        data = {
            "patient_id": str(patient_id), "name": card.name, "id_number": card.number,
            "birth_date": card.birth_date.isoformat(),
        }  # fmt: skip
        self._page.run_named("people.check", data, self._lit)

    def _lit(self, done: Any) -> None:
        self.light_changed.emit(*light_sentence(self._page.context.say, done.receipt))

    def _refused(self, error: KnownError) -> None:
        self._registering = False
        sentence = self._page.explain(error)
        if error.field in FIELDS:
            self.field_error.emit(error.field, sentence)
        else:
            self._page.message.emit(sentence, "danger")
        if error.code in {"patient.likely_same", "patient.exists"} and self.registration is not None:
            self.compare(self.registration.fields | self._typed)  # the other is offered by a number key

    def _choose(self, patient_id: Id, card: CardRead | None = None) -> None:
        self.cancel()
        self.chosen.emit(patient_id)
        if card is not None:
            self._light_up(card, patient_id)

    def _card_read(self, answer: tuple[int, Person | None, Registration]) -> None:
        asked, person, registration = answer
        if asked != self._asked:
            return
        if registration.read_once:
            self._page.toast("front_desk.card_read_once", "warning")
        if registration.expired:
            self._page.toast("front_desk.card_expired", "warning")
        if person is not None:
            self._choose(person.patient_id, self._card)
        else:
            self._show(registration)

    def _compared(self, answer: tuple[int, Registration, tuple[Person, ...]]) -> None:
        asked, kept, likely = answer
        if asked == self._asked and self.registration is not None:
            self.registration = Registration(kept.fields, kept.from_card, kept.id_type, likely, kept.expired)
            self.registration_changed.emit()

    def _found(self, answer: tuple[str, tuple[Person, ...]]) -> None:
        text, found = answer
        if text != self.searched:
            return
        self.found = found
        self.found_changed.emit()
        if not found and text:
            self._present(
                text,
                "number",
                self._choose,
                lambda: self._page.toast("front_desk.nobody_found", "warning", text=text),
            )

    def _show(self, registration: Registration) -> None:
        self.found = ()
        self.registration = registration
        self.registration_changed.emit()
