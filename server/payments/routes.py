"""Where the cashier tells what became of an order: verified, worked off once, answered."""

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from domain.kernel.errors import DomainError
from server.api.dependencies import CentreDep
from server.centre import Centre

router = APIRouter(prefix="/pay", include_in_schema=False)


@router.post("/notify")
async def notify(request: Request, centre: CentreDep) -> Response:
    """Take a notice; what is not signed as agreed is refused with 403 and changes nothing."""
    return await run_in_threadpool(_taken, centre, dict(request.headers), await request.body())


def _taken(centre: Centre, headers: dict[str, str], body: bytes) -> Response:
    gateway = centre.cashier.gateway
    if gateway is None:
        raise DomainError("http.not_found")
    try:
        notice, nonce = gateway.read(headers, body)
    except DomainError:
        return JSONResponse({"taken": False}, 403)
    try:
        return JSONResponse({"taken": True, "news": centre.cashier.noticed(notice, nonce)})
    except (
        DomainError
    ) as error:  # another amount, an order that is none of ours: the cashier need not try again
        return JSONResponse({"taken": False, "problem": error.code}, 422)
