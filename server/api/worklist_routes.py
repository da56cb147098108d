"""Reading worklists: what a role may look at, within its data scope, masked by its clearance."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from domain.kernel.authority import Actor
from domain.kernel.errors import DomainError
from domain.kernel.worklists import Row, Worklist, worklists
from domain.security.commands import READ_LIST
from server.api.dependencies import ActorDep, CentreDep, json_answer, typed
from server.api.worklist_query import ListRequest, condition_of, filters_of, key_of, next_text
from server.centre import Centre
from server.readings import shows_people

router = APIRouter(prefix="/api/worklists", tags=["worklists"])


@router.get("", summary="可用列表")
def list_worklists(actor: ActorDep) -> Response:
    """Return what is known of every worklist the reader may look at."""
    return json_answer([_facts(w) for w in worklists().values() if actor.may(w.permission)])


@router.get("/{name}", summary="列表内容")
def read_worklist(
    centre: CentreDep,
    actor: ActorDep,
    name: str,
    filter: Annotated[list[str], Query(description="列:方式:值，可重复")] = [],  # noqa: A002, B006
    order: str | None = None,
    after: str | None = None,
    limit: int = 100,
) -> Response:
    """Return one page; conditions on personal columns go into the body of a POST instead."""
    asked = ListRequest([condition_of(text) for text in filter], order, after, limit)
    return _page(centre, actor, name, asked, in_url=True)


@router.post("/{name}", summary="列表内容（条件含个人信息时）")
def search_worklist(
    centre: CentreDep, actor: ActorDep, name: str, asked: Annotated[Any, Depends(typed(ListRequest))]
) -> Response:
    """Return one page, as the GET does, with the conditions in the body."""
    return _page(centre, actor, name, asked, in_url=False)


def _page(centre: Centre, actor: Actor, name: str, asked: ListRequest, *, in_url: bool) -> Response:
    listing = worklists().get(name)
    if listing is None:
        raise DomainError("worklist.unknown", name=name)
    if not actor.may(listing.permission):
        centre.dispatcher.record_refusal(
            READ_LIST, actor, {"list": listing.name, "permission": listing.permission}
        )
    actor.check(listing.permission)
    filters = filters_of(listing, asked.filters, in_url=in_url)
    after = key_of(listing, asked.order, asked.after)
    page = centre.pages.page(
        listing, actor, filters=filters, order=asked.order, after=after, limit=max(1, asked.limit)
    )
    if shows_people(listing, actor):
        centre.readings.note(actor, listing.name, len(page.rows), goes_on=after is not None)
    rows = [_row(row) for row in page.rows]
    return json_answer({**_facts(listing), "rows": rows, "next": next_text(page)})


def _row(row: Row) -> dict[str, Any]:
    """Return a row; what is in dispute of its client or tube stands beside it, both values each."""
    told: dict[str, Any] = {"id": row.id, "values": row.values}
    if row.disputes:
        told["disputes"] = [
            {"record": d.entity, "field": d.column, "label": d.label, "values": list(d.value.values)}
            for d in row.disputes
        ]
    return told


def _facts(listing: Worklist) -> dict[str, Any]:
    return {
        "name": listing.name,
        "label": listing.label,
        "order": ("-" if listing.descending else "") + listing.order,
        "columns": [
            {
                "name": c.name, "label": c.label, "kind": c.kind, "unit": c.info.unit if c.info else None,
                "code": c.info.code if c.info else None,
                "sensitivity": (c.info.sensitivity.name.lower() if c.info else "public"),
            }
            for c in listing.columns
        ],
        "commands": list(listing.commands),
    }  # fmt: skip
