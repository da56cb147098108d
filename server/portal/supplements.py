"""Supplements on the phone: the month's check-ins as a calendar, and what supplements and diet come to."""

from fastapi import APIRouter
from starlette.responses import Response

from domain.care.calendar import sums_of, supplements_in
from domain.care.content import CARE
from domain.kernel.clock import clinic
from domain.kernel.errors import KnownError
from domain.scales.facts import completed_years
from forms.supplement_report import GROWN_UP, sum_said, weeks_of
from server.pages.answering import answer
from server.portal.door import DoorDep

router = APIRouter(prefix="/w", include_in_schema=False)


@router.get("/{account}/supplements")
def supplements(door: DoorDep, m: str = "") -> Response:
    """Show this month's check-ins."""
    try:
        of = door.member(m)
        now = door.centre.clock()
        today = clinic(now).date()
        age = GROWN_UP if of.birth_date is None else completed_years(of.birth_date, now)
        with door.centre.store.read() as connection:
            months = supplements_in(connection, of.patient_id, today.replace(day=1), now)
            sums = sums_of(connection, door.centre.dispatcher.content[CARE], of.patient_id, today, age)
        return answer(
            "portal_supplements.html", title="补充剂打卡日历", base=door.base, of=of, month=f"{today:%Y-%m}",
            today=str(today.day), months=[(one, weeks_of(one.days)) for one in months],
            sums=[sum_said(one) for one in sums],
        )  # fmt: skip
    except KnownError as error:
        return door.sorry(error)
