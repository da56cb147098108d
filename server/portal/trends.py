"""A client's courses on the phone: state, chart, what was done meanwhile."""

from fastapi import APIRouter
from starlette.responses import Response

from domain.care.content import CARE
from domain.kernel.errors import KnownError
from forms.trend_report import chart_of, course_said, pair_said, read_trends
from server.pages.answering import answer
from server.portal.door import DoorDep

router = APIRouter(prefix="/w", include_in_schema=False)


@router.get("/{account}/trends")
def trends(door: DoorDep, m: str = "") -> Response:
    """Show how the client's values stand over time."""
    try:
        of = door.member(m)
        dispatcher = door.centre.dispatcher
        with door.centre.store.read() as connection:
            found = read_trends(dispatcher, connection, of.patient_id)
        courses = [
            (course_said(one), chart_of(one), one.cause.said if one.cause else "") for one in found.told
        ]
        pairs = [pair_said(one, dispatcher.content["catalog"]) for one in found.pairs if one.rho is not None]
        unverified = dispatcher.content[CARE].indicators.status != "V"
        return answer(
            "portal_trends.html", title="指标趋势", base=door.base, of=of, courses=courses, pairs=pairs,
            unverified=unverified,
        )  # fmt: skip
    except KnownError as error:
        return door.sorry(error)
