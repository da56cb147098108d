"""Exercise on the client's page: the prescription, another way, the diary with what it cost, and the weeks."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from domain.care.content import CARE, CareContent
from domain.care.execution_commands import occasion_of_day
from domain.care.exercise_commands import ClientNotesExercise, ClientSwapsExercise, swap_choices
from domain.care.exercise_reading import exercise_in_force, moved_lately, today_moved
from domain.care.schedules import Course, schedule_of
from domain.kernel.clock import CLINIC_TIME, clinic
from domain.kernel.errors import DomainError, KnownError
from domain.scales.drafting import DRAFTS
from forms.care_plan import exercise_said
from server.pages.answering import HEADERS, answer
from server.portal.door import Door, DoorDep, fields, id_of
from server.portal.reading import Member, actor_of

router = APIRouter(prefix="/w", include_in_schema=False)


@router.get("/{account}/exercise")
def exercise(door: DoorDep, m: str = "") -> Response:
    """Show the exercise prescription and its diary."""
    try:
        return _page(door, door.member(m), {})
    except KnownError as error:
        return door.sorry(error)


@router.post("/{account}/exercise")
async def note_bout(request: Request, door: DoorDep) -> Response:
    """Note a bout of exercise."""
    sent = fields(await request.body())
    return await run_in_threadpool(_done, door, sent, _bout)


@router.post("/{account}/exercise/swap")
async def swap(request: Request, door: DoorDep) -> Response:
    """Take another way of exercise."""
    sent = fields(await request.body())
    return await run_in_threadpool(_done, door, sent, _swap)


def _done(
    door: Door, sent: Mapping[str, str], order_of: Callable[[Member, Mapping[str, str]], Any]
) -> Response:
    try:
        of = door.member(sent.get("m", ""))
        try:
            door.centre.dispatcher.run(order_of(of, sent), actor_of(door.centre, of))
        except DomainError as error:
            return _page(door, of, sent, door.centre.texts.explain(error), 422)
        return RedirectResponse(f"{door.base}/exercise?m={of.binding_id.hex}", 303, headers=HEADERS)
    except KnownError as error:
        return door.sorry(error)


def _bout(of: Member, sent: Mapping[str, str]) -> ClientNotesExercise:
    minutes = _number(sent, "minutes", "时长")
    if minutes is None:
        raise DomainError("input.missing", field="minutes", label="时长")
    try:
        day = date.fromisoformat(sent["day"]) if sent.get("day") else None
    except ValueError as error:
        raise DomainError("input.type", field="day", label="日期", value=sent["day"][:20]) from error
    return ClientNotesExercise(
        patient_id=of.patient_id, activity=sent.get("activity", "")[:60], minutes=minutes, day=day,
        heart_rate=_number(sent, "heart_rate", "心率"), effort=_number(sent, "effort", "自觉用力"),
        note=sent.get("note", "")[:1000] or None,
    )  # fmt: skip


def _swap(of: Member, sent: Mapping[str, str]) -> ClientSwapsExercise:
    return ClientSwapsExercise(
        patient_id=of.patient_id, care_item_id=id_of(sent.get("item", "")), takes=sent.get("takes", "")[:40]
    )


def _number(sent: Mapping[str, str], name: str, label: str) -> float | None:
    said = sent.get(name, "").strip()
    try:
        return float(said) if said else None
    except ValueError as error:
        raise DomainError("input.type", field=name, label=label, value=said[:20]) from error


def _wanted_on(item: Any, day: date) -> float | None:
    """Return the minutes asked for on a day; None on a free one."""
    if item is None or item.target_value is None:
        return None
    course = Course(schedule_of(item.schedule), item.from_on, item.to_on)
    noon = datetime.combine(day, time(12), CLINIC_TIME)
    return float(item.target_value) if occasion_of_day(course, noon) is not None else None


def _page(door: Door, of: Member, sent: Mapping[str, str], problem: str = "", status: int = 200) -> Response:
    content: CareContent = door.centre.dispatcher.content[CARE]
    rules = door.centre.dispatcher.content.get(DRAFTS)
    today = clinic(door.centre.clock()).date()
    with door.centre.store.read() as connection:
        item = exercise_in_force(connection, of.patient_id, today)
        report = moved_lately(connection, of.patient_id, today)
        now = today_moved(connection, of.patient_id, today, _wanted_on(item, today))
    choices = list(swap_choices(content.programmes, item.detail)) if item is not None and item.detail else []
    return answer(
        "portal_exercise.html", status, title="运动处方与日记", base=door.base, of=of, problem=problem, sent=sent,
        today=today, now=now, clinic=clinic, item=item,
        told=exercise_said(content, item) if item is not None else {}, choices=choices,
        names=list(content.activities.activities), report=report, stop=list(rules.stop) if rules is not None else [],
    )  # fmt: skip
