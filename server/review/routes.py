"""The pages of a reviewer: signing in, the queue, one case with everything, its files, and what can be done."""

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

import resources
from domain.checkup.image_identity import Match
from domain.kernel.authority import Actor
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError, KnownError
from forms.imaging.ecg import ecg_svg
from forms.imaging.shapes import AECG, DICOM, PDF
from forms.imaging.windowing import png
from server.api.dependencies import address_of
from server.api.session_routes import enter
from server.pages.answering import HEADERS
from server.portal.door import fields
from server.review import reading
from server.review.acting import act, offered, signed_by
from server.review.door import BASE, COOKIE, Door, DoorDep, id_of
from server.review.drawing import trend_svg
from server.review.pictures import Pictures, PicturesDep, verdict

router = APIRouter(prefix=BASE, include_in_schema=False)
_STATIC = {"review.css": "text/css; charset=utf-8", "review.js": "text/javascript; charset=utf-8"}
_KINDS = {AECG: "ecg", DICOM: "image", PDF: "pdf", "image/jpeg": "photo", "image/png": "photo"}


@router.get("/static/{name}")
def static(name: str) -> Response:
    """Return the style sheet or the script of the pages."""
    if name not in _STATIC:
        raise DomainError("http.not_found")
    body = (resources.folder("pages") / name).read_bytes()
    return Response(body, media_type=_STATIC[name], headers={"cache-control": "public, max-age=3600"})


@router.post("/sign-in")
async def sign_in(request: Request, door: DoorDep) -> Response:
    """Take login and password."""
    body = await request.body()

    def work() -> Response:
        sent = fields(body)
        login = sent.get("login", "")[:60]
        try:
            door.check_origin()
            token, must_change = enter(
                door.centre,
                address_of(request),
                login,
                sent.get("password", "")[:200],
                sent.get("code", "")[:40],
            )
            if must_change:
                door.centre.sessions.close(token)
                raise DomainError("password.must_change")
            return door.let_in(token)
        except KnownError as error:
            return door.ask_in(door.centre.texts.explain(error), 422, login)

    return await run_in_threadpool(work)


@router.post("/sign-out")
async def sign_out(request: Request, door: DoorDep) -> Response:
    """End the session."""
    sent = fields(await request.body())

    def work() -> Response:
        door.check_form(sent)
        door.centre.sessions.close(door.token)
        onward = RedirectResponse(BASE, 303, headers=HEADERS)
        onward.delete_cookie(COOKIE, path=BASE)
        return onward

    return await run_in_threadpool(door.answered, work)


@router.get("")
def show_queue(door: DoorDep, after: str = "", done: str = "", held: str = "") -> Response:
    """Show what waits, the most urgent first; above it what was just signed, while it can be taken back."""

    def work() -> Response:
        actor = door.actor
        rows, following = reading.queue(door.centre, actor, after)
        values = {"rows": rows, "following": quote(following or ""), "done": done[:40], "first": not after}
        values["held"] = _held(door, actor, held)
        return door.page(
            "review_queue.html", title=door.centre.texts.say("review_page.queue"), who=actor.name, when=_when,
            now=door.centre.clock(), **values,
        )  # fmt: skip

    return door.answered(work)


@router.get("/case/{report}")
def show_case(door: DoorDep, pictures: PicturesDep, report: str) -> Response:
    """Show one case; whoever looks at it will want its pictures."""

    def work() -> Response:
        page = _case_page(door, report)
        pictures.expect()
        return page

    return door.answered(work)


@router.post("/case/{report}/{move}")
async def do(request: Request, door: DoorDep, report: str, move: str) -> Response:
    """Pass on, sign or return a report; the text that was typed comes back with a refusal."""
    sent = fields(await request.body())

    def work() -> Response:
        actor = door.actor
        request.state.command = f"report.{move}"[:60]
        if not door.check_form(sent):  # sent twice: it has been done, or its refusal has been shown
            return RedirectResponse(f"{BASE}/case/{report}", 303, headers=HEADERS)
        try:
            label = act(door.centre, actor, id_of(report, "report.unknown"), move, sent)
        except KnownError as error:
            request.state.code = error.code
            return _case_page(door, report, problem=door.centre.texts.explain(error), sent=sent, status=409)
        held = f"&held={report}" if move == "sign" else ""
        return RedirectResponse(f"{BASE}?done={quote(label)}{held}", 303, headers=HEADERS)

    return await run_in_threadpool(door.answered, work)


@router.get("/case/{report}/file/{attachment}")
def show_file(
    door: DoorDep, pictures: PicturesDep, report: str, attachment: str, at: int = 0, c: float | None = None,
    w: float | None = None,
) -> Response:  # fmt: skip
    """Show one file of a case: an image with its window, an ECG, a page of a PDF, a photo."""
    return door.answered(lambda: _file_page(door, pictures, report, attachment, at, c, w))


@router.get("/case/{report}/file/{attachment}/picture.png")
def picture(
    door: DoorDep, pictures: PicturesDep, report: str, attachment: str, at: int = 0, c: float | None = None,
    w: float | None = None,
) -> Response:  # fmt: skip
    """Return a frame as PNG. Raises ``review_page.foreign_image``: it is of somebody else."""
    case, row = _file_of(door, report, attachment)
    told = pictures.told(row.sha256, row.media_type, row.size, at)
    if told.frame is None or verdict(case, row.media_type, told).match is Match.FOREIGN:
        raise DomainError("review_page.foreign_image", number=case.visit.number)
    return Response(png(told.frame, c, w), media_type="image/png", headers={"cache-control": "no-store"})


def _case_page(
    door: Door, report: str, *, problem: str = "", sent: dict[str, str] | None = None, status: int = 200
) -> Response:
    actor, blobs, say = door.actor, door.centre.blobs, door.centre.texts.say
    case = reading.read_case(door.centre, actor, id_of(report, "report.unknown"))
    door.note_look(actor, case.patient_id)
    values: dict[str, Any] = {
        "title": f"{case.name}　{case.report.number}", "who": actor.name, "case": case, "report": report,
        "files": [(row, _kind(door, row), blobs.has(row.sha256)) for row in case.files],
        "moves": offered(case, actor), "places": reading.places(case), "problem": problem, "sent": sent or {},
        "trend": lambda row: Markup(trend_svg(row)),  # noqa: S704  (numbers and days of our own drawing)
        "step": lambda one: say(f"review.step.{one.action}"), "when": _when, "now": door.centre.clock(),
    }  # fmt: skip
    return door.page("review_case.html", status, **values)


def _held(door: Door, actor: Actor, report: str) -> reading.Case | None:
    if not report:
        return None
    case = reading.read_case(door.centre, actor, id_of(report, "report.unknown"))
    return case if signed_by(case, actor) else None


def _kind(door: Door, row: Any) -> str:
    return door.centre.texts.say(f"review_page.kind.{_KINDS.get(row.media_type, 'other')}")


def _file_of(door: Door, report: str, attachment: str) -> tuple[reading.Case, Any]:
    case = reading.read_case(door.centre, door.actor, id_of(report, "report.unknown"))
    return case, case.file(id_of(attachment, "attachment.unknown"))


def _file_page(
    door: Door, pictures: Pictures, report: str, attachment: str, at: int, c: float | None, w: float | None
) -> Response:
    case, row = _file_of(door, report, attachment)
    say = door.centre.texts.say
    values: dict[str, Any] = {
        "title": f"{row.name}　{case.name}", "who": door.actor.name, "case": case, "row": row, "report": report,
        "at": at, "count": 1, "problem": "", "waiting": False, "doubt": "", "wave": "", "windows": [], "facts": None,
        "centre": c, "width": w, "before": None, "after": None, "kind": _kind(door, row),
    }  # fmt: skip
    same = [f for f in case.files if f.media_type == row.media_type]
    place = next(n for n, f in enumerate(same) if f.id == row.id)
    values["before"] = same[place - 1] if place else None
    values["after"] = same[place + 1] if place + 1 < len(same) else None
    values["place"], values["total"] = place + 1, len(same)
    try:
        told = pictures.told(row.sha256, row.media_type, row.size, at)
    except KnownError as error:
        values["problem"] = door.centre.texts.explain(error)
        values["waiting"] = error.code == "review_page.not_here"
        return door.page("review_file.html", **values)
    found = verdict(case, row.media_type, told)
    if found.match is Match.FOREIGN:
        told_of = "、".join(say(f"review_page.differs.{d}") for d in found.differs)
        values["problem"] = say("review_page.foreign_why", differs=told_of, name=case.name)
        return door.page("review_file.html", **values)
    values["facts"], values["count"] = told.facts, told.facts.frames if told.facts else 1
    if found.match is Match.UNSURE:
        values["doubt"] = say("review_page.unsure")
    if told.waveform is not None:
        values["wave"] = Markup(ecg_svg(told.waveform))  # noqa: S704  (our own drawing; names are escaped there)
    elif told.frame is not None and told.frame.windows:
        values["windows"] = [
            (say(f"review_page.window.{name}"), round(cc), round(ww)) for name, cc, ww in told.frame.windows
        ]
        values["centre"] = round(told.frame.windows[0][1]) if c is None else round(c)
        values["width"] = round(told.frame.windows[0][2]) if w is None else round(w)
    return door.page("review_file.html", **values)


def _when(moment: Any) -> str:
    return "" if moment is None else clinic(moment).strftime("%m-%d %H:%M")
