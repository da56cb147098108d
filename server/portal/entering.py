"""Coming in: WeChat's word on who is there, and binding with one of the client's links and the birth date."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, quote

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, RedirectResponse, Response

from domain.kernel.errors import DomainError, KnownError, UnavailableError
from domain.portal.commands import BindPortal, LeavePortal
from domain.portal.records import Relation
from server.channels.mini_program import MiniProgram
from server.channels.official import OfficialAccount
from server.channels.wire import Unanswered
from server.pages.answering import HEADERS, answer
from server.pages.links import Links
from server.pages.opening import LinksDep, opened
from server.portal.door import CHANNELS, LINK_COOKIE, STATE_COOKIE, Door, DoorDep, adapter_for, fields
from server.portal.reading import actor_of
from server.portal.sessions import Visitor

router = APIRouter(prefix="/w", include_in_schema=False)


@router.get("/{account}/back")
def back(door: DoorDep, code: str = "", state: str = "") -> Response:
    """Take WeChat's word on who is there."""
    try:
        door.sessions.came_back(door.account.id, door.request.cookies.get(STATE_COOKIE), state, code)
        adapter = adapter_for(door.centre, door.account)
        if not isinstance(adapter, OfficialAccount):
            raise DomainError("http.not_found")
        return door.let_in(Visitor(door.account.id, _vouched(lambda: adapter.who(code))))
    except KnownError as error:
        return door.sorry(error)


@router.post("/{account}/login")
async def login(request: Request, door: DoorDep) -> Response:
    """Take the code of a mini program's login; answers with a ticket for its web-view, good once within a minute."""
    body = await request.body()
    return await run_in_threadpool(_logged_in, door, body)


def _logged_in(door: Door, body: bytes) -> Response:
    try:
        code = parse_qs(body.decode("utf-8", "replace")).get("code", [""])[0][:200]
        adapter = adapter_for(door.centre, door.account)
        if not isinstance(adapter, MiniProgram) or not code:
            raise DomainError("mini.bad_code")
        door.sessions.spend_login(door.account.id, code)
        visitor = Visitor(door.account.id, _vouched(lambda: adapter.log_in(code).openid))
        page = f"{door.base}/enter?ticket={quote(door.sessions.ticket(visitor))}"
        return JSONResponse({"page": page}, headers={"cache-control": "no-store"})
    except KnownError as error:
        problem = {"problem": door.centre.texts.explain(error)}
        return JSONResponse(problem, 503 if isinstance(error, UnavailableError) else 422)


@router.get("/{account}/enter")
def enter(door: DoorDep, ticket: str = "") -> Response:
    """Let a mini program's web-view in."""
    try:
        return door.let_in(door.sessions.enter(door.account.id, ticket))
    except KnownError as error:
        return door.sorry(error)


def _vouched(ask: Any) -> str:
    try:
        return str(ask())
    except Unanswered as error:
        raise UnavailableError("portal.wechat_away", detail=error.outcome.detail or "") from error


@router.get("/{account}/bind")
def bind_page(door: DoorDep, links: LinksDep, t: str = "") -> Response:
    """Ask for a link and the birth date; a link brought along (`t`) waits while WeChat is asked."""
    try:
        if t and door.visitor is None:
            return door.keep(door.ask_wechat(), LINK_COOKIE, door.sessions.carried(door.account.id, t), 600)
        if door.visitor is None:
            raise DomainError("portal.session_over")
        brought = t or door.sessions.taken_along(door.account.id, door.request.cookies.get(LINK_COOKIE))
        return _bind_form(door, brought, {})
    except KnownError as error:
        return door.sorry(error)


@router.post("/{account}/bind")
async def bind(request: Request, door: DoorDep, links: LinksDep) -> Response:
    """Bind whoever proves to have the client's link and to know the birth date."""
    body = await request.body()
    return await run_in_threadpool(_bound, request, door, links, fields(body))


def _bound(request: Request, door: Door, links: Links, sent: Mapping[str, str]) -> Response:
    problems: dict[str, str] = {}
    brought = sent.get("link", "").strip().rstrip("/").rpartition("/")[2].partition("?")[0][:200]
    try:
        visitor = door.visitor
        if visitor is None:
            raise DomainError("portal.session_over")
        say = door.centre.texts
        try:
            link = opened(request, links, brought)
        except DomainError as error:
            return _bind_form(door, "", {"link": say.explain(error)}, sent, 422)
        if sent.get("agreed") != "yes":
            problems["agreed"] = say.say("portal.consent_missing")
        relation = sent.get("relation", "")
        if relation not in tuple(Relation):
            problems["relation"] = say.say("portal.relation_missing")
        if problems:
            return _bind_form(door, brought, problems, sent, 422)
        try:
            links.check_birth_date(link, sent.get("birth_date", ""))
        except DomainError as error:
            return _bind_form(door, brought, {"birth_date": say.explain(error)}, sent, 422)
        order = BindPortal(
            channel=CHANNELS[door.account.kind], account=door.account.id, openid=visitor.openid, link_id=link.id,
            relation=Relation(relation), agreed=True,
        )  # fmt: skip
        made = door.centre.dispatcher.run(order, links.actor(link)).receipt
        onward = RedirectResponse(f"{door.base}?m={made.hex}", 303, headers=HEADERS)
        onward.delete_cookie(LINK_COOKIE, path=door.base)
        return onward
    except KnownError as error:
        return door.sorry(error)


def _bind_form(
    door: Door,
    brought: str,
    problems: Mapping[str, str],
    sent: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    say = door.centre.texts.say
    return answer(
        "portal_bind.html", status, title="绑定客户档案", base=door.base, brought=brought, problems=problems,
        sent=sent or {}, consent=say("portal.consent"), family=say("portal.consent_family"),
        relations=[(one.value, say(f"choice.relation.{one}")) for one in Relation],
    )  # fmt: skip


@router.post("/{account}/leave")
async def leave(request: Request, door: DoorDep) -> Response:
    """End a binding."""
    sent = fields(await request.body())

    def work() -> Response:
        try:
            of = door.member(sent.get("m", "") or "-")
            door.centre.dispatcher.run(LeavePortal(binding_id=of.binding_id), actor_of(door.centre, of))
            return RedirectResponse(door.base, 303, headers=HEADERS)
        except KnownError as error:
            return door.sorry(error)

    return await run_in_threadpool(work)
