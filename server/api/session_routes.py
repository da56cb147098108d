"""Signing in and out."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from domain.kernel.errors import DomainError
from domain.people.signing_in import sign_in
from server.accounts import MUST_BIND, MUST_CHANGE
from server.api.dependencies import (
    ActingOrChanging,
    CentreDep,
    TokenDep,
    address_of,
    json_answer,
    typed,
)
from server.centre import Centre
from server.sessions import ABSOLUTE, IDLE

router = APIRouter(prefix="/api/session", tags=["session"])


class SignInRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Login name, password, and the code of the second factor where one is bound."""

    login: Annotated[str, msgspec.Meta(max_length=60)]
    password: Annotated[str, msgspec.Meta(max_length=200)]
    code: Annotated[str, msgspec.Meta(max_length=40)] = ""


@router.post("", summary="登录", status_code=201)
def open_session(
    request: Request, centre: CentreDep, asked: Annotated[Any, Depends(typed(SignInRequest))]
) -> Response:
    """Return the token of a new session, to be sent as ``Authorization: Bearer``."""
    token, must_change = enter(centre, address_of(request), asked.login, asked.password, asked.code)
    return json_answer({"token": token, "must_change": must_change, **_limits()}, 201)


def enter(centre: Centre, address: str, login: str, password: str, code: str = "") -> tuple[str, bool]:
    """Return the token of a new session, and whether the password has to be changed first.

    Raises:
        DomainError: ``sign_in.refused``, ``sign_in.locked``, ``sign_in.code_needed`` …; ``sign_in.too_many``.
    """
    centre.wrong_passwords.check(address)
    with centre.hashing:
        result = sign_in(
            centre.dispatcher, centre.authority, login, password,
            device_id=centre.identity.device_id, org_id=centre.identity.org_id, code=code or None,
        )  # fmt: skip
    if result.actor is None or result.actor.staff_id is None:
        if result.code != "sign_in.code_needed":  # nothing wrong was said yet
            centre.wrong_passwords.note(address)
        raise DomainError(result.code, **result.facts)
    return centre.sessions.open(result.actor.staff_id), result.must_change


@router.get("", summary="当前会话")
def show_session(found: ActingOrChanging) -> Response:
    """Return who is signed in and what he may do."""
    actor, bar = found
    return json_answer({
        "staff_id": actor.staff_id, "name": actor.name, "role": actor.role, "role_label": actor.rights.label,
        "org_id": actor.org_id, "permissions": actor.rights.permissions, "must_change": bar == MUST_CHANGE,
        "must_bind": bar == MUST_BIND,
    })  # fmt: skip


@router.delete("", summary="退出", status_code=204)
def close_session(centre: CentreDep, token: TokenDep) -> Response:
    """End the session; its token is worth nothing from now on."""
    centre.sessions.close(token)
    return Response(status_code=204)


def _limits() -> dict[str, int]:
    return {"idle_s": int(IDLE.total_seconds()), "absolute_s": int(ABSOLUTE.total_seconds())}
