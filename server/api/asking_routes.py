"""What a workstation has the centre do for a person who sits at it: commands that the centre alone carries out."""

import dataclasses
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Request
from sqlalchemy import select
from starlette.responses import Response

from domain.kernel.change_log import change_log
from domain.kernel.commands import commands
from domain.kernel.dispatcher import CENTRE
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from server.api.dependencies import FIRST_STEPS, CentreDep
from server.api.session_routes import enter
from server.api.sync_routes import SignedDep, message
from server.centre import Centre
from server.problems import encoded
from sync import protocol
from sync.asking import Answered, Ask, SignedIn, SignIn

router = APIRouter(prefix="/sync/v1", tags=["sync"])


@router.post("/sign-in", summary="人员登录总院")
def sign_in(centre: CentreDep, sender: SignedDep, asked: Annotated[Any, message(SignIn)]) -> Response:
    """Return a session for a person at the workstation that signed this; refusals as at the web pages."""
    token, must_change = enter(centre, f"device {sender.device_id}", asked.login, asked.password, asked.code)
    return _answer(SignedIn(token, must_change))


@router.post("/ask", summary="由总院办理")
def ask(
    request: Request, centre: CentreDep, sender: SignedDep, asked: Annotated[Any, message(Ask)]
) -> Response:
    """Carry a command of the centre out, once for its `txn_id`, as the person of the session.

    Raises:
        DomainError: ``session.ended``; ``password.must_change`` and ``factor.must_bind`` before that is done;
            ``command.unknown``; ``command.at_desk`` for what the workstation does itself; the command's own.
    """
    actor, bar = centre.accounts.actor(centre.sessions.find(asked.token), centre.clock())
    if bar and asked.command not in FIRST_STEPS[bar]:
        raise DomainError(bar)
    command = commands().get(asked.command)
    if command is None:
        raise DomainError("command.unknown", name=asked.command)
    if command.place != CENTRE:
        raise DomainError("command.at_desk", label=command.label)
    request.state.command = command.name
    before = _position_of(centre, asked.txn_id)
    if before is not None:
        return _answer(Answered(before))
    actor = dataclasses.replace(actor, desk_id=sender.device_id)
    done = centre.dispatcher.run_named(command.name, _object(asked.data), actor, txn_id=asked.txn_id)
    request.state.sequence = done.position
    return _answer(Answered(done.position, encoded(done.receipt)))


def _position_of(centre: Centre, txn_id: Id) -> int | None:
    with centre.store.read() as connection:
        query = select(change_log.c.position).where(change_log.c.txn_id == txn_id)
        found: int | None = connection.execute(query).scalar()
    return found


def _object(data: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(data, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DomainError("input.not_json") from error


def _answer(found: msgspec.Struct) -> Response:
    return Response(protocol.encode(found), media_type=protocol.MEDIA_TYPE)
