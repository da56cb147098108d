"""For the operator's machines: does it live, is it ready, what does it count."""

from fastapi import APIRouter
from starlette.responses import Response

from server.api.dependencies import CentreDep, json_answer
from server.metrics import CONTENT_TYPE

router = APIRouter(tags=["operation"])


@router.get("/health", summary="存活")
async def health() -> Response:
    """Answer as long as the process serves requests."""
    return json_answer({"status": "ok"})


@router.get("/ready", summary="就绪")
def ready(centre: CentreDep) -> Response:
    """Return 200 if the store answers, the disk has room and the readers keep up; else 503 and what is wrong."""
    checks = centre.readiness.checks()
    good = all(state == "ok" for state in checks.values())
    return json_answer({"ready": good, "checks": checks}, 200 if good else 503)


@router.get("/metrics", summary="指标")
def metrics(centre: CentreDep) -> Response:
    """Return the counters in Prometheus' text form."""
    return Response(centre.metrics.text(), media_type=CONTENT_TYPE)


@router.get("/favicon.ico", include_in_schema=False)
async def icon() -> Response:
    """Return that there is none: browsers ask for it with every page and note what is missing as an error."""
    return Response(status_code=204, headers={"Cache-Control": "public, max-age=86400"})
