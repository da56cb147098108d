"""The form of a command without its window: which fields are asked, what was entered, what was wrong."""

import dataclasses
import enum
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from PySide6.QtCore import QObject, Signal

from client.asking import ask as ask_centre
from client.asking import is_centres, login_of
from client.background import Crash, Job
from client.pages.worklist.filters import Choice, read_day, read_moment
from client.station import Context
from domain.kernel.clock import clinic
from domain.kernel.commands import Command, Field, Kind
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.unit_of_work import Done

PASSWORD, CODE = "centre_password", "centre_code"
"""Fields that a command of the centre has beside its own: who asks signs in there."""
SIMPLE = (str, int, float, bool, date, datetime)


@dataclass(frozen=True, slots=True)
class Asked:
    """One field as the form shows it; `choices` for closed lists, `value` to begin with."""

    name: str
    label: str
    kind: Kind
    required: bool
    unit: str
    hint: str
    max_length: int
    choices: tuple[Choice, ...]
    flag: bool
    value: Any


class ViewModel(QObject):
    """Runs one command as the person signed in; `done` when it is on disk."""

    field_error = Signal(str, str)
    """Field (empty for the whole form) and sentence."""
    busy_changed = Signal(bool)
    done = Signal(object)

    def __init__(
        self, context: Context, command: Command, given: Mapping[str, Any], parent: QObject | None = None,
        *, only: Collection[str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.context = context
        self.command = command
        self.given = dict(given)
        self.fields = tuple(
            self._asked(f)
            for f in command.fields
            if f.asked.kind is not Kind.HIDDEN and (only is None or f.name in only)
        )
        self.asks_centre = is_centres(command) and not context.desk.dispatcher.at_centre
        if self.asks_centre:
            self.fields += self._signing_in()
        self._moments = {f.name for f in command.fields if f.type is datetime}
        self.busy = False

    def _asked(self, field: Field) -> Asked:
        asked = field.asked
        value = self.given.get(field.name, field.default)
        return Asked(
            field.name, asked.label, asked.kind, field.required and not field.optional, self._unit(field),
            self._hint(field), asked.max_length, self._choices(field), field.type is bool,
            value if isinstance(value, enum.Enum | bool) else "" if value is None else _entered(value),
        )  # fmt: skip

    def _unit(self, field: Field) -> str:
        unit = field.asked.unit
        return self.context.formatter.asked_unit(unit) if unit else ""

    def _signing_in(self) -> tuple[Asked, Asked]:
        """Return the fields by which who asks signs in at the centre; those signed in there leave them empty."""
        say, door = self.context.say, self.context.desk.centre
        known = door is not None and door.knows(self.context.actor)
        hint = say("centre.known_hint" if known else "centre.password_hint")
        return (
            Asked(PASSWORD, say("centre.password"), Kind.SECRET, not known, "", hint, 200, (), False, ""),
            Asked(
                CODE, say("centre.code"), Kind.SECRET, False, "", say("centre.code_hint"), 40, (), False, ""
            ),
        )

    def _hint(self, field: Field) -> str:
        asked = field.asked
        if asked.kind is Kind.DATE or field.type is date:
            return self.context.say("form.date_hint")
        if field.type is datetime:
            return self.context.say("form.moment_hint")
        if asked.low is not None or asked.high is not None:
            low, high = ("" if v is None else f"{v:g}" for v in (asked.low, asked.high))
            return self.context.say("form.range_hint", low=low, high=high, unit=self._unit(field))
        return ""

    def _choices(self, field: Field) -> tuple[Choice, ...]:
        """Return the closed list of a field: its code list, or for roles the roles in force.

        Where nothing is chosen yet the list begins with that: a first entry nobody chose must never be kept.
        """
        found: tuple[Choice, ...] = ()
        if isinstance(field.type, type) and issubclass(field.type, enum.Enum):
            found = tuple(Choice(m, self.context.formatter.choice(m)) for m in field.type)
        elif field.asked.kind is Kind.CHOICE and field.name == "role":
            roles = self.context.desk.authority.roles
            found = tuple(Choice(name, role.label) for name, role in roles.items())
        if found and self.given.get(field.name, field.default) is None:
            code = "form.choose" if field.required and not field.optional else "form.unchanged"
            found = (Choice(None, self.context.say(code)), *found)
        return found

    @property
    def formable(self) -> bool:
        """Whether everything that must be given can be entered here or is given already."""
        return all(
            f.name in self.given or not f.required or (f.asked.kind is not Kind.HIDDEN and _simple(f))
            for f in self.command.fields
        )

    def submit(self, entered: Mapping[str, Any]) -> None:
        """Run the command with what was entered; a refusal comes back beside its field."""
        if self.busy:
            return
        for asked in self.fields:
            self.field_error.emit(asked.name, "")
        self.field_error.emit("", "")
        try:
            own = [a for a in self.fields if a.name not in {PASSWORD, CODE}]
            data = self.given | {a.name: self._read(a, entered.get(a.name)) for a in own}
            order = self.command.read({k: v for k, v in data.items() if v is not None})
        except DomainError as error:
            self._refuse(error)
            return
        self._set_busy(True)
        job = self._begun(order, str(entered.get(PASSWORD) or ""), str(entered.get(CODE) or ""))
        job.succeeded.connect(self._done)
        job.refused.connect(self._refuse)
        job.crashed.connect(self._crash)
        job.finished.connect(self._ended)

    def _begun(self, order: Any, password: str, code: str) -> Job:
        """Start the command where it belongs: at the centre for a person who signs in there, or in this store."""
        desk, actor = self.context.desk, self.context.actor
        if not self.asks_centre:
            return self.context.jobs.write(lambda _job: desk.dispatcher.run(order, actor), self.command.name)

        def work(_job: Job) -> Done:
            if password and desk.centre is not None:
                desk.centre.sign_in(actor, login_of(desk.store, actor), password, code)
            return ask_centre(desk.centre, order, actor)

        return self.context.jobs.read(work, self.command.name)

    def handed_over(self, receipt: Any) -> str:
        """Return what a person has to be told of the receipt, once and nowhere else: a one-time password, a code."""
        key = f"handed_over.{self.command.name}"
        if not dataclasses.is_dataclass(receipt) or key not in self.context.desk.texts:
            return ""
        return self.context.say(key, **dataclasses.asdict(receipt))  # type: ignore[arg-type]

    def _read(self, asked: Asked, raw: Any) -> Any:
        if isinstance(raw, str):
            if not raw.strip():
                return None
            if asked.kind is Kind.DATE:
                return read_day(asked.name, raw, clinic(self.context.desk.clock()).date(), "form.day")
            if asked.name in self._moments:
                return read_moment(asked.name, raw, clinic(self.context.desk.clock()).date())
        return raw

    def _done(self, done: Done) -> None:
        self.done.emit(done)

    def _refuse(self, error: KnownError) -> None:
        sentence = self.context.desk.texts.explain(error)
        shown = {a.name for a in self.fields}
        field = error.field
        if self.asks_centre and error.code.startswith(("sign_in.", "centre.sign_in")):
            field = CODE if error.code.startswith("sign_in.code") else PASSWORD
        self.field_error.emit(field if field in shown else "", sentence)

    def _crash(self, crash: Crash) -> None:
        self.field_error.emit("", self.context.say("crash.sentence", number=crash.number))

    def _ended(self) -> None:
        self._set_busy(False)

    def _set_busy(self, busy: bool) -> None:
        self.busy = busy
        self.busy_changed.emit(busy)


def _simple(field: Field) -> bool:
    return isinstance(field.type, type) and (field.type in SIMPLE or issubclass(field.type, enum.Enum))


def _entered(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{clinic(value):%Y-%m-%d %H:%M}"
    return value if isinstance(value, str) else value.isoformat() if isinstance(value, date) else str(value)
