"""One request of a reviewer's browser: who is there, whether the page it comes from was ours, and saying sorry."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from domain.kernel.authority import Actor
from domain.kernel.columns import to_microseconds
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.ids import Id
from domain.security.commands import NoteLook
from server.accounts import MUST_BIND
from server.api.dependencies import CentreDep
from server.centre import Centre
from server.pages.answering import HEADERS, answer
from server.problems import status_of
from server.readings import AGAIN_S, MOST
from server.sessions import ABSOLUTE

BASE = "/review"
COOKIE = "aftercheck_review"


class Door:
    """A request with its session; `actor` raises where nobody is signed in."""

    def __init__(self, request: Request, centre: Centre) -> None:
        self.request, self.centre = request, centre
        self.token = request.cookies.get(COOKIE, "")

    @property
    def actor(self) -> Actor:
        """Who acts, asked anew at each request. Raises ``session.missing``, ``session.ended`` or what bars."""
        actor, bar = self.found
        if bar:
            raise DomainError(bar)
        return actor

    @property
    def found(self) -> tuple[Actor, str]:
        """Who is there, and what has to be done before anything else is open."""
        if not self.token:
            raise DomainError("session.missing")
        return self.centre.accounts.actor(self.centre.sessions.find(self.token), self.centre.clock())

    @property
    def proof(self) -> str:
        """What a form of ours carries and a page from elsewhere cannot know."""
        return hmac.new(self.token.encode(), b"aftercheck review form", hashlib.sha256).hexdigest()

    def once(self) -> str:
        """Return what tells one showing of a form from the next, so that a double click acts once."""
        return secrets.token_urlsafe(16)

    def check_origin(self) -> None:
        """Refuse a form sent by a page of another site; ``review_page.foreign``."""
        origin = self.request.headers.get("origin")
        if origin and urlsplit(origin).netloc != self.request.headers.get("host"):
            raise DomainError("review_page.foreign")

    def check_form(self, sent: dict[str, str]) -> bool:
        """Check that a form is ours; returns False where it was taken already.

        Raises:
            DomainError: ``review_page.foreign``: it was not made for who is signed in here.
        """
        self.check_origin()
        if not hmac.compare_digest(sent.get("proof", ""), self.proof):
            raise DomainError("review_page.foreign")
        nonce = f"review {self.proof} {sent.get('once', '')}"
        now = to_microseconds(self.centre.clock())
        return self.centre.nonces.spend(self.centre.identity.device_id, nonce, now)

    def note_look(self, actor: Actor, patient_id: Id) -> None:
        """Put into the audit that somebody has a client before them; the same again once in ten minutes."""
        noted: dict[tuple[Id | None, Id], float] = self.request.app.state.__dict__.setdefault(
            "review_looks", {}
        )
        key, now = (actor.staff_id, patient_id), time.monotonic()
        if now - noted.get(key, -AGAIN_S) < AGAIN_S:
            return
        if len(noted) >= MOST:
            noted.clear()
        noted[key] = now
        order = NoteLook(patient_id=patient_id, page=self.centre.texts.say("review_page.page"))
        self.centre.dispatcher.run(order, actor)

    def let_in(self, token: str) -> Response:
        """Go to the queue with a session; the cookie is for these pages alone and no script sees it."""
        onward = RedirectResponse(BASE, 303, headers=HEADERS)
        secure = self.centre.settings.tls_cert is not None or self.centre.settings.tls_in_front
        onward.set_cookie(
            COOKIE, token, path=BASE, httponly=True, samesite="strict", secure=secure,
            max_age=int(ABSOLUTE.total_seconds()),
        )  # fmt: skip
        return onward

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """Return a page that nobody but this browser keeps."""
        return _ours(answer(template, status, base=BASE, proof=self.proof, once=self.once(), **values))

    def answered(self, work: Callable[[], Response]) -> Response:
        """Return what `work` answers, or why not; who is not signed in is asked to."""
        try:
            return work()
        except KnownError as error:
            if error.code in {"session.missing", "session.ended"}:
                if not self.token:
                    return self.ask_in()
                return self.ask_in(self.centre.texts.explain(error), 401)
            if error.code == MUST_BIND:
                return RedirectResponse(f"{BASE}/second-factor", 303, headers=HEADERS)
            told = self.centre.texts.explain(error)
            return self.page(
                "review_sorry.html",
                status_of(error),
                title=self.centre.texts.say("review_page.not_shown"),
                problem=told,
            )

    def ask_in(self, problem: str = "", status: int = 200, login: str = "") -> Response:
        """Return the page that asks for login and password."""
        title = self.centre.texts.say("review_page.sign_in")
        return _ours(
            answer("review_sign_in.html", status, base=BASE, title=title, problem=problem, login=login)
        )


def _ours(page: Response) -> Response:
    """Let forms say that they come from here: without any referrer browsers send ``Origin: null``."""
    page.headers["referrer-policy"] = "same-origin"
    return page


def _door(request: Request, centre: CentreDep) -> Door:
    return Door(request, centre)


DoorDep = Annotated[Door, Depends(_door)]


def id_of(text: str, code: str) -> Id:
    """Return an id of an address; DomainError `code` for anything else."""
    try:
        return Id(hex=text)
    except ValueError as error:
        raise DomainError(code, value=text[:40]) from error
