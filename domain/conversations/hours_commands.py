"""Setting when answers are owed."""

from datetime import date

from sqlalchemy import func, select

from domain.conversations.hours import DAYS, spans_of
from domain.conversations.records import AnswerHours
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Organization

EXAMPLE = "如 08:00-12:00 13:30-17:30；不填为不办公"


@command("conversation.set_hours", "设置答复时段", permission="conversation.hours", place="centre")
class SetAnswerHours:
    """Answers are owed in these spans only; the half hour of an owner runs while the place is open."""

    place_code: str = ask("机构编码（不填为所有机构）", default="", max_length=40)
    monday: str = ask(f"周一（{EXAMPLE}）", default="", max_length=200)
    tuesday: str = ask("周二", default="", max_length=200)
    wednesday: str = ask("周三", default="", max_length=200)
    thursday: str = ask("周四", default="", max_length=200)
    friday: str = ask("周五", default="", max_length=200)
    saturday: str = ask("周六", default="", max_length=200)
    sunday: str = ask("周日", default="", max_length=200)
    closed_days: str = ask("停诊日（如 2027-02-16 2027-02-17）", default="", max_length=4000)
    reason: str = ask("修订说明", kind=Kind.NOTE)


_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@handles(SetAnswerHours)
def set_answer_hours(order: SetAnswerHours, work: UnitOfWork) -> int:
    """Return the number of the version; what is owed already keeps its time.

    Raises:
        DomainError: ``conversation.bad_hours`` (the day) for what is no span, ``conversation.never_open`` (`monday`)
            for a week without any, ``conversation.bad_day`` (`closed_days`), ``conversation.no_place``.
    """
    place_id: Id | None = None
    if order.place_code.strip():
        place = work.find(Organization, code=order.place_code.strip())
        if place is None:
            raise DomainError("conversation.no_place", field="place_code", value=order.place_code)
        place_id = place.id
    week: dict[str, list[str]] = {}
    for weekday, name in zip(DAYS, _NAMES, strict=True):
        try:
            spans = spans_of(getattr(order, name))
        except ValueError as error:
            raise DomainError("conversation.bad_hours", field=name, value=str(error)) from error
        if spans:
            week[weekday] = [f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in spans]
    if not week:
        raise DomainError("conversation.never_open", field="monday")
    c = AnswerHours.__table__.c
    same = c.place_id.is_(None) if place_id is None else c.place_id == place_id
    number = (work.connection.execute(select(func.max(c.number)).where(same)).scalar() or 0) + 1
    work.add(
        AnswerHours(
            id=stable_id("answer_hours", place_id or "all", number), place_id=place_id, number=number, week=week,
            closed_days=_days(order.closed_days), reason=order.reason, set_at=work.now, set_by=work.actor.staff_id,
            set_name=work.actor.name,
        )
    )  # fmt: skip
    return number


def _days(text: str) -> list[str]:
    found = []
    for part in text.replace("，", " ").replace(",", " ").replace("、", " ").split():
        try:
            found.append(date.fromisoformat(part).isoformat())
        except ValueError as error:
            raise DomainError("conversation.bad_day", field="closed_days", value=part) from error
    return sorted(set(found))
