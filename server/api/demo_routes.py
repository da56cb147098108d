"""Only with the setting ``demo_clock``: moving the clock of a demonstration, from this machine."""

from datetime import timedelta
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from domain.kernel.errors import DomainError
from server.api.dependencies import CentreDep, address_of, json_answer, typed
from server.clock import FileOffsetClock
from server.settings import is_loopback

router = APIRouter(prefix="/api/demo", tags=["demo"])


class Advance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far the clock is to be moved on, in seconds, at most a year at once."""

    seconds: Annotated[float, msgspec.Meta(ge=0, le=366 * 86_400)]


@router.get("/clock", summary="演示时钟")
def read_clock(centre: CentreDep) -> Response:
    """Return the time the server works with."""
    return json_answer({"now": centre.clock()})


@router.post("/clock", summary="拨快演示时钟")
def advance_clock(
    request: Request, centre: CentreDep, asked: Annotated[Any, Depends(typed(Advance))]
) -> Response:
    """Move the clock of every process of this centre on."""
    if not is_loopback(address_of(request)) or not isinstance(centre.clock, FileOffsetClock):
        raise DomainError("permission.denied", permission="demo", role="")
    centre.clock.advance(timedelta(seconds=asked.seconds))
    return json_answer({"now": centre.clock()})
