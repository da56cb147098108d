"""The one box at the centre: names, pinyin, initials, and the numbers of people, visits, reports, specimens."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends
from starlette.responses import Response

from server.api.dependencies import ActorDep, CentreDep, json_answer, typed

router = APIRouter(prefix="/api/search", tags=["search"])


class SearchRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was typed, and how many hits at most. In the body: an address is written into logs everywhere."""

    text: Annotated[str, msgspec.Meta(max_length=100)]
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20


@router.post("", summary="搜索")
def search(
    centre: CentreDep, actor: ActorDep, asked: Annotated[Any, Depends(typed(SearchRequest))]
) -> Response:
    """Return hits, best first, within the reader's scope and masked by clearance."""
    with centre.store.read() as connection:
        hits = centre.search.find(connection, asked.text, actor, limit=asked.limit)
    return json_answer({"hits": [
        {"entity": h.entity, "id": h.record_id, "title": h.title, "subtitle": h.subtitle} for h in hits
    ]})  # fmt: skip
