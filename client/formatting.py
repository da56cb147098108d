"""One formatter for what people read: times in clinic time, dates, numbers, choices, sizes."""

import enum
import re
from datetime import date, datetime, timedelta
from typing import Any

from domain.kernel.clock import clinic
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
        if isinstance(value, str) and f"word.{column}.{value}" in self._texts:
            return self._texts.say(f"word.{column}.{value}")
        return _plain(value)

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
    if isinstance(value, list | tuple):
        return "、".join(_plain(v) for v in value)
    if isinstance(value, dict):
        return "；".join(f"{k}：{_plain(v)}" for k, v in value.items())
    if isinstance(value, bytes):
        return f"{len(value)} B"
    return str(value)
