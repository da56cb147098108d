"""One formatter for what people read: times in clinic time, dates, numbers, choices, sizes."""

import enum
import functools
import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from domain.kernel.clock import clinic
from domain.kernel.facts import Means
from domain.kernel.texts import Texts

_MEBI = 1024 * 1024


class Formatter:
    """Turns values into Chinese text with the catalogue's words."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    def value(self, value: Any, entity: str = "", column: str = "") -> str:
        """Return a value as text; `entity` and `column` help with states."""
        if value is None:
            return ""
        if type(value).__name__ == "Disputed":  # by name: the desk formats before the records are loaded
            text: str = value.shown(lambda one: self.value(one, entity, column))
            return text
        if column == "state" and isinstance(value, str):
            from domain.kernel.workflow import workflows

            if entity in workflows():
                return workflows()[entity].label_of(value)
        if isinstance(value, enum.Enum):
            return self.choice(value)
        if isinstance(value, bool):
            return self._texts.say("value.yes" if value else "value.no")
        if isinstance(value, datetime):
            return self.moment(value)
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, list | tuple):
            return "、".join(self.value(v, entity, column) for v in value)
        means = meaning_of(entity, column)
        if isinstance(value, dict):
            parts = ((self._field(k) if means == Means.FIELD else k, self.value(v)) for k, v in value.items())
            return "；".join(f"{name}：{text}" for name, text in parts)
        return self.name(str(value), means) if means and isinstance(value, str | int) else _plain(value)

    def name(self, code: str, means: str) -> str:
        """Return the Chinese name of a code; one this program does not know stays as it is, never lost."""
        kind, _, of = means.partition(":")
        if kind == "words":
            key = f"word.{of}.{code}"
            return self._texts.say(key) if key in self._texts else code
        if kind == "state":
            from domain.kernel.workflow import workflows

            return workflows()[of].label_of(code) if of in workflows() else code
        if means == Means.UNIT:
            from domain.catalog.units import shown_unit

            return shown_unit(code)
        if means == Means.RECORD:
            from domain.kernel.record import record_classes

            return record_classes()[code].record_info.label if code in record_classes() else code
        if means == Means.COMMAND:
            from domain.kernel.commands import commands

            return commands()[code].label if code in commands() else code
        return "、".join(self._field(one) for one in code.split(","))

    @staticmethod
    def _field(name: str) -> str:
        from domain.kernel.record import column_info, record_classes

        for kind in record_classes().values():
            if name in kind.__table__.c and (info := column_info(kind.__table__.c[name])) is not None:
                return info.label
        return name

    def disputes(self, disputes: Iterable[Any]) -> str:
        """Return what is in dispute (`domain.kernel.disputes.Dispute`), both values each, in one line."""
        return "；".join(f"{d.label}：{self.value(d.value, d.entity, d.column)}" for d in disputes)

    def choice(self, member: enum.Enum) -> str:
        """Return the label of a member of a code list (text ``choice.<list>.<value>``)."""
        code = choice_code(member)
        return self._texts.say(code) if code in self._texts else str(member.value)

    def moment(self, value: datetime) -> str:
        """Return a time of the clinic, to the minute."""
        return f"{clinic(value):%Y-%m-%d %H:%M}"

    def short_moment(self, value: datetime, now: datetime) -> str:
        """Return the time of day for today, else day and time."""
        local = clinic(value)
        return f"{local:%H:%M}" if local.date() == clinic(now).date() else f"{local:%m-%d %H:%M}"

    def due(self, value: datetime, now: datetime) -> tuple[str, str]:
        """Return a due time with what is left or over, and its tone: ``""``, ``warning`` or ``danger``."""
        left = value - now
        at = self.short_moment(value, now)
        if left < timedelta():
            return self._texts.say("due.over", at=at, span=self.span(-left)), "danger"
        tone = "warning" if left < timedelta(minutes=30) else ""
        return self._texts.say("due.left", at=at, span=self.span(left)), tone

    def asked_unit(self, ucum: str) -> str:
        """Return the unit of what a form asks for; lengths of time in words, as nobody types ``a`` for years."""
        from domain.catalog.units import shown_unit

        code = f"asked_unit.{ucum}"
        return self._texts.say(code) if code in self._texts else shown_unit(ucum)

    def span(self, length: timedelta) -> str:
        """Return a length of time in its largest useful unit."""
        minutes = int(length.total_seconds() // 60)
        if minutes < 60:
            return self._texts.say("span.minutes", count=minutes)
        if minutes < 48 * 60:
            return self._texts.say("span.hours", count=minutes // 60)
        return self._texts.say("span.days", count=minutes // (24 * 60))

    def size(self, count: int) -> str:
        """Return a number of bytes."""
        if count < 1024:
            return f"{count} B"
        return f"{count / 1024:.0f} KB" if count < _MEBI else f"{count / _MEBI:.1f} MB"


@functools.cache
def meaning_of(entity: str, column: str) -> str | None:
    """Return what the codes of a column stand for, by its declaration; the records may not be loaded without one."""
    if not entity:
        return None
    from domain.kernel.record import column_info, record_classes

    kind = record_classes().get(entity)
    info = column_info(kind.__table__.c[column]) if kind is not None and column in kind.__table__.c else None
    return info.means if info is not None else None


def choice_code(member: enum.Enum) -> str:
    """Return the key of a code's label, e.g. ``choice.specimen_type.SER``."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(member).__name__).lower()
    return f"choice.{name}.{member.value}"


def age_on(birth: date, day: date) -> int:
    """Return completed years."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, bytes):
        return f"{len(value)} B"
    return str(value)
