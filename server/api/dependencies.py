"""What routes ask for: the centre, who acts, and the body as plain data."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Request
from starlette.responses import Response

from domain.kernel.authority import Actor
from domain.kernel.errors import DomainError
from server.accounts import MUST_BIND, MUST_CHANGE
from server.centre import Centre
from server.problems import encoded

FIRST_STEPS = {
    MUST_CHANGE: frozenset({"staff.change_password"}),
    MUST_BIND: frozenset({"factor.begin", "factor.confirm", "staff.change_password"}),
}
"""The commands that are open while something has to be done first."""


async def centre_of(request: Request) -> Centre:
    """Return the centre that serves a request."""
    centre: Centre = request.app.state.centre
    return centre


CentreDep = Annotated[Centre, Depends(centre_of)]


async def bearer_token(request: Request) -> str:
    """Return the token of the ``Authorization`` header; DomainError ``session.missing``."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise DomainError("session.missing")
    return token.strip()


TokenDep = Annotated[str, Depends(bearer_token)]


def acting_or_changing(centre: CentreDep, token: TokenDep) -> tuple[Actor, str]:
    """Return who acts, and what has to be done before anything else is open; empty for nothing."""
    return centre.accounts.actor(centre.sessions.find(token), centre.clock())


ActingOrChanging = Annotated[tuple[Actor, str], Depends(acting_or_changing)]


async def acting(found: ActingOrChanging) -> Actor:
    """Return who acts; DomainError ``password.must_change``, ``factor.must_bind`` before that is done."""
    actor, bar = found
    if bar:
        raise DomainError(bar)
    return actor


ActorDep = Annotated[Actor, Depends(acting)]


async def json_object(request: Request) -> Mapping[str, Any]:
    """Return the body, a JSON object; DomainError ``input.not_json``."""
    body = await request.body()
    try:
        found = msgspec.json.decode(body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DomainError("input.not_json") from error
    if not isinstance(found, dict):
        raise DomainError("input.not_json")
    return found


JsonObject = Annotated[Mapping[str, Any], Depends(json_object)]


def typed(kind: type[Any]) -> Callable[..., Any]:
    """Return a dependency that reads the body as one of our structs; DomainError ``input.not_fitting``."""

    async def read(request: Request) -> Any:
        try:
            return msgspec.json.decode(await request.body(), type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise DomainError("input.not_fitting", reason=str(error)) from error

    return read


def json_answer(value: Any, status: int = 200) -> Response:
    """Return `value` as JSON: ids and times as text."""
    return Response(encoded(value), status, media_type="application/json")


def address_of(request: Request) -> str:
    """Return the network address a request came from."""
    return request.client.host if request.client else ""
