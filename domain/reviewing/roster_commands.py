"""What an expert takes on: specialties, limit, days of duty, absence."""

from datetime import date

from sqlalchemy import select

from domain.catalog.content import Catalog
from domain.checkup.records import Report
from domain.kernel.clock import clinic
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Staff
from domain.reviewing.assigning import count_reviewer, reviewer_of
from domain.reviewing.commands import ACCEPT, ASSIGN, assign_best
from domain.reviewing.records import ReviewTask


@command("review.set_expert", "设置总检专家", permission=ASSIGN)
class SetReviewer:
    """Say what an expert takes on; what is left out stays."""

    login: str = ask("专家登录名", max_length=60)
    specialties: str | None = ask("专科（检查分组，以、分隔）", default=None, max_length=400)
    task_limit: int | None = ask("任务上限", kind=Kind.NUMBER, default=None, low=1, high=500)
    weekdays: str | None = ask("值班日（如 12345，填 0 为每天）", default=None, max_length=7)
    on_duty: bool | None = ask("当班", default=None)


@handles(SetReviewer)
def set_reviewer(order: SetReviewer, work: UnitOfWork) -> None:
    """Keep it, and give out what waited for somebody.

    Raises:
        DomainError: ``review.no_expert`` (``login``); ``review.no_specialty``; ``review.weekdays``.
    """
    staff = work.find(Staff, login=order.login.strip())
    known = work.content["authority"].roles
    if staff is None or not known[staff.role].may(ACCEPT):
        raise DomainError("review.no_expert", field="login", given=order.login)
    kept = reviewer_of(work, staff)
    if order.specialties is not None:
        kept.specialties = _specialties(work, order.specialties)
    if order.task_limit is not None:
        kept.task_limit = order.task_limit
    if order.weekdays is not None:
        if not set(order.weekdays) <= set("01234567"):
            raise DomainError("review.weekdays", field="weekdays", given=order.weekdays)
        kept.weekdays = [] if "0" in order.weekdays else sorted({int(d) for d in order.weekdays})
    if order.on_duty is not None:
        kept.on_duty = order.on_duty
    _give_on(work, staff)


@command("review.away", "登记休假", permission=ACCEPT)
class BeAway:
    """One is away on these days, both included: nothing new comes, and what was not taken yet goes to others."""

    away_from: date = ask("休假自", kind=Kind.DATE)
    away_until: date = ask("休假至", kind=Kind.DATE)
    login: str | None = ask("专家登录名（留空为本人）", default=None, max_length=60)


@handles(BeAway)
def be_away(order: BeAway, work: UnitOfWork) -> None:
    """Note the days.

    Raises:
        DomainError: ``review.away_span`` (``away_until``); ``review.no_expert``; ``review.not_your_leave`` for who
            may not assign and names another.
    """
    if order.away_until < order.away_from:
        raise DomainError("review.away_span", field="away_until")
    named = (order.login or "").strip()
    staff = work.find(Staff, login=named) if named else work.get(Staff, work.actor.staff_id)
    if staff is None:
        raise DomainError("review.no_expert", field="login", given=named or work.actor.name)
    if staff.id != work.actor.staff_id and not work.actor.may(ASSIGN):
        raise DomainError("review.not_your_leave", field="login", name=staff.name)
    kept = reviewer_of(work, staff)
    kept.away_from, kept.away_until = order.away_from, order.away_until
    _give_on(work, staff)


def _give_on(work: UnitOfWork, staff: Staff) -> None:
    """Give what an expert who is not there has not taken yet to others; what nobody can take stays with them."""
    if not reviewer_of(work, staff).works_on(clinic(work.now).date()):
        work.flush()
        for task in work.list(
            select(ReviewTask).where(ReviewTask.owner_id == staff.id, ReviewTask.state == "assigned")
        ):
            report = work.get(Report, task.report_id)
            if report is not None:
                assign_best(work, task, report)
    count_reviewer(work, staff.id)


def _specialties(work: UnitOfWork, given: str) -> list[str]:
    catalog: Catalog | None = work.content.get("catalog")
    known = set(catalog.groups.values()) if catalog is not None else set()
    found = [p.strip() for p in given.replace("，", "、").replace(",", "、").split("、") if p.strip()]
    strange = [p for p in found if known and p not in known]
    if strange:
        raise DomainError(
            "review.no_specialty", field="specialties", given=strange[0], known="、".join(sorted(known))
        )
    return found
