"""One route a command, made of its declaration: ``POST /api/commands/{name}``."""

from collections.abc import Callable

from fastapi import APIRouter, Request
from starlette.responses import Response

from domain.kernel.commands import Command
from domain.kernel.errors import DomainError
from server.api.dependencies import FIRST_STEPS, ActingOrChanging, CentreDep, JsonObject, json_answer
from server.api.schemas import offered_commands, operation_of

PREFIX = "/api/commands"


def command_router() -> APIRouter:
    """Return the routes of every command declared for people."""
    router = APIRouter(prefix=PREFIX)
    for command in offered_commands():
        router.add_api_route(
            f"/{command.name}", _endpoint(command), methods=["POST"], summary=command.label,
            description=(command.input.__doc__ or "").strip(), operation_id=command.name,
            tags=[command.name.partition(".")[0]], openapi_extra=operation_of(command), response_class=Response,
        )  # fmt: skip
    return router


def _endpoint(command: Command) -> Callable[..., Response]:
    def run(request: Request, centre: CentreDep, found: ActingOrChanging, data: JsonObject) -> Response:
        actor, bar = found
        if bar and command.name not in FIRST_STEPS[bar]:
            raise DomainError(bar)
        request.state.command = command.name
        done = centre.dispatcher.run_named(command.name, data, actor)
        request.state.sequence = done.position
        return json_answer({"receipt": done.receipt, "position": done.position, "txn_id": done.txn_id})

    return run
