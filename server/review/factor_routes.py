"""The page on which a person binds an authenticator app to the own account; the QR code is shown once."""

import re
from typing import Any

from fastapi import APIRouter, Request
from markupsafe import Markup
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from domain.factor.commands import BeginFactor, ConfirmFactor
from domain.factor.records import SecondFactor
from domain.kernel.authority import Actor
from domain.kernel.errors import DomainError, KnownError
from forms.paper import qr_svg
from server.accounts import MUST_CHANGE
from server.pages.answering import HEADERS
from server.portal.door import fields
from server.review.door import BASE, Door, DoorDep

router = APIRouter(prefix=f"{BASE}/second-factor", include_in_schema=False)


@router.get("")
def show_factor(door: DoorDep) -> Response:
    """Say whether one is bound; offer to bind one."""
    return door.answered(lambda: _page(door, _who(door)))


@router.post("")
async def begin(request: Request, door: DoorDep) -> Response:
    """Show the QR code of a new secret."""
    sent = fields(await request.body())

    def work() -> Response:
        actor = _who(door)
        if not door.check_form(sent):  # reloaded: the code that was shown is not shown again
            return RedirectResponse(f"{BASE}/second-factor", 303, headers=HEADERS)
        try:
            made = door.centre.dispatcher.run(
                BeginFactor(password=sent.get("password", "")[:200]), actor
            ).receipt
        except KnownError as error:
            return _page(door, actor, 422, problem=door.centre.texts.explain(error))
        drawn = Markup(_scalable(qr_svg(made.uri)))  # noqa: S704  (our own drawing)
        return _page(door, actor, qr=drawn, secret=_in_fours(made.secret), minutes=made.minutes)

    return await run_in_threadpool(door.answered, work)


@router.post("/confirm")
async def confirm(request: Request, door: DoorDep) -> Response:
    """Take the first code; shows the recovery codes, once."""
    sent = fields(await request.body())

    def work() -> Response:
        actor = _who(door)
        if not door.check_form(sent):
            return RedirectResponse(f"{BASE}/second-factor", 303, headers=HEADERS)
        try:
            given = door.centre.dispatcher.run(ConfirmFactor(code=sent.get("code", "")[:20]), actor).receipt
        except KnownError as error:
            again = error.code != "factor.not_begun"
            return _page(door, actor, 422, problem=door.centre.texts.explain(error), confirming=again)
        return _page(door, actor, codes=given.codes)

    return await run_in_threadpool(door.answered, work)


def _who(door: Door) -> Actor:
    actor, bar = door.found
    if bar == MUST_CHANGE:
        raise DomainError(bar)
    return actor


def _page(door: Door, actor: Actor, status: int = 200, **values: Any) -> Response:
    with door.centre.store.read() as connection:
        held = connection.execute(
            select(SecondFactor.bound, SecondFactor.recovery_left).where(
                SecondFactor.staff_id == actor.staff_id
            )
        ).one_or_none()
    bound, left = (False, 0) if held is None else (held.bound, held.recovery_left)
    shown: dict[str, Any] = {
        "problem": "",
        "codes": [],
        "qr": "",
        "confirming": False,
        "bound": bound,
        "left": left,
    }
    title = door.centre.texts.say("factor.page")
    return door.page("review_factor.html", status, title=title, who=actor.name, **shown | values)


def _in_fours(secret: str) -> str:
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def _scalable(svg: str) -> str:
    """Return a drawing as it stands inside a page: without the head of a file, of the size the style sheet says."""
    drawing = svg[svg.index("<svg") :]
    width, height = re.findall(r'(?:width|height)="(\d+)"', drawing)[:2]
    return drawing.replace("<svg", f'<svg viewBox="0 0 {width} {height}"', 1)
