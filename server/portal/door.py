"""One request to the client's pages in WeChat: which account, who is there, and what to answer where nobody is."""

from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from domain.kernel.errors import DomainError, KnownError, UnavailableError
from domain.kernel.ids import Id
from domain.messaging.records import Channel
from server.api.dependencies import CentreDep
from server.centre import Centre
from server.channels.accounts import Account
from server.channels.mini_program import MiniProgram
from server.channels.official import OfficialAccount
from server.pages.answering import HEADERS, answer
from server.portal import reading
from server.portal.reading import Member
from server.portal.sessions import PortalSessions, Visitor

COOKIE, STATE_COOKIE, LINK_COOKIE = "aftercheck_wechat", "aftercheck_wechat_state", "aftercheck_wechat_link"
CHANNELS = {"official_account": Channel.OFFICIAL_ACCOUNT, "mini_program": Channel.MINI_PROGRAM}


def _sessions(request: Request, centre: CentreDep) -> PortalSessions:
    found: PortalSessions | None = getattr(request.app.state, "portal", None)
    if found is None:
        found = request.app.state.portal = PortalSessions(centre)
    return found


def _account(centre: CentreDep, account: str) -> Account:
    found = centre.sender.book.accounts.get(account)
    if found is None or found.kind not in CHANNELS:
        raise DomainError("http.not_found")
    return found


SessionsDep = Annotated[PortalSessions, Depends(_sessions)]
AccountDep = Annotated[Account, Depends(_account)]


class Door:
    """One request: who is there, and what to answer where nobody is."""

    def __init__(self, request: Request, centre: Centre, sessions: PortalSessions, account: Account) -> None:
        self.request, self.centre, self.sessions, self.account = request, centre, sessions, account
        self.base = f"/w/{account.id}"

    @property
    def visitor(self) -> Visitor | None:
        """Who WeChat has vouched for, None for nobody."""
        return self.sessions.visitor(self.account.id, self.request.cookies.get(COOKIE))

    def member(self, binding: str) -> Member:
        """Return the client asked for. Raises ``portal.session_over``, ``portal.not_bound``."""
        visitor = self.visitor
        if visitor is None:
            raise DomainError("portal.session_over")
        return reading.member(self.centre, visitor, binding)

    def keep(self, onward: Response, name: str, value: str, seconds: int | None = None) -> Response:
        """Give the browser a cookie of these pages alone."""
        secure = self.centre.settings.tls_cert is not None or self.centre.settings.tls_in_front
        # Lax: the way back from WeChat is a step from elsewhere, which a strict cookie would not make.
        onward.set_cookie(
            name, value, path=self.base, httponly=True, samesite="lax", secure=secure, max_age=seconds
        )
        return onward

    def let_in(self, visitor: Visitor) -> Response:
        """Recognise somebody and go home, or on with the link that was brought along."""
        waiting = self.sessions.taken_along(self.account.id, self.request.cookies.get(LINK_COOKIE))
        onward = RedirectResponse(f"{self.base}/bind" if waiting else self.base, 303, headers=HEADERS)
        onward.delete_cookie(STATE_COOKIE, path=self.base)
        return self.keep(onward, COOKIE, self.sessions.session(visitor))

    def ask_wechat(self) -> Response:
        """Send the browser to WeChat to say who is there; a mini program has to be opened anew."""
        adapter = adapter_for(self.centre, self.account)
        if not isinstance(adapter, OfficialAccount):
            raise DomainError("portal.open_program")
        state, proof = self.sessions.state(self.account.id)
        public = self.centre.sender.book.settings.public_url or str(self.request.base_url)
        there = adapter.authorize_url(f"{public.rstrip('/')}{self.base}/back", state)
        return self.keep(RedirectResponse(there, 302, headers=HEADERS), STATE_COOKIE, proof, 600)

    def sorry(self, error: KnownError) -> Response:
        """Return the page that says why not."""
        if error.code == "portal.session_over" and self.request.method == "GET":
            try:
                return self.ask_wechat()
            except DomainError as instead:
                error = instead
        if error.code == "portal.not_bound" and self.visitor is not None:
            return RedirectResponse(f"{self.base}/bind", 303, headers=HEADERS)
        status = {"portal.not_bound": 403, "portal.session_over": 403, "portal.no_file": 404}.get(
            error.code, 422
        )
        status = (
            503 if isinstance(error, UnavailableError) or error.code == "link.report_not_ready" else status
        )
        return answer("sorry.html", status, title="检后通", problem=self.centre.texts.explain(error))


def _door(request: Request, centre: CentreDep, sessions: SessionsDep, account: AccountDep) -> Door:
    return Door(request, centre, sessions, account)


DoorDep = Annotated[Door, Depends(_door)]


def adapter_for(centre: Centre, account: Account) -> OfficialAccount | MiniProgram:
    """Return who talks to the vendor for an account. Raises ``http.not_found``."""
    found = centre.sender.book.adapter_of(account.id)
    if not isinstance(found, OfficialAccount | MiniProgram):
        raise DomainError("http.not_found")
    return found


def fields(body: bytes) -> dict[str, str]:
    """Return what a form sent, the first of each name. Raises ``link.too_many_fields``."""
    try:
        return {name: values[0] for name, values in parse_qs(body.decode(), max_num_fields=50).items()}
    except ValueError as error:
        raise DomainError("link.too_many_fields") from error


def id_of(text: str) -> Id:
    """Return an id of an address. Raises ``portal.no_message``."""
    try:
        return Id(hex=text)
    except ValueError as error:
        raise DomainError("portal.no_message") from error
