"""The content as it is in force: what ships, with an institution's own versions in its place."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from domain.followup.definitions import FollowUpContent, Handout, LabelRule, Limits, PlanTemplate, TalkScript
from domain.followup.own_records import ContentKind, FollowContent
from domain.kernel.prepared import Prepared

TYPES: dict[ContentKind, type[Any]] = {
    ContentKind.PLANS: PlanTemplate, ContentKind.SCRIPTS: TalkScript, ContentKind.HANDOUTS: Handout,
    ContentKind.LABELS: LabelRule, ContentKind.LIMITS: Limits,
}  # fmt: skip
KEPT = 8
LIMITS_CODE = "limits"
_C = FollowContent.__table__.c
_STAND = Prepared(select(func.count(), func.max(_C.written_at), func.max(_C.id)))
_ALL = Prepared(select(_C.kind, _C.code, _C.body, _C.withdrawn).order_by(_C.version, _C.written_at, _C.id))
_made: "OrderedDict[tuple[Any, ...], tuple[FollowUpContent, FollowUpContent]]" = OrderedDict()
_lock = threading.Lock()


def content_in_force(connection: Connection, shipped: FollowUpContent) -> FollowUpContent:
    """Return what counts now; made once for each stand of the versions, which only ever grow in number.

    Of several versions the highest counts; of one version written at two places at once the later one, and of
    those the one with the greater id, everywhere the same. A version this program cannot read is passed over.
    """
    count, latest, last = next(iter(_STAND.rows(connection)))
    if not count:
        return shipped
    key = (id(connection.engine), id(shipped), count, latest, last)
    with _lock:
        kept = _made.get(key)
        if kept is not None and kept[0] is shipped:
            return kept[1]
    made = _overlaid(connection, shipped)
    with _lock:
        _made[key] = (shipped, made)
        while len(_made) > KEPT:
            _made.popitem(last=False)
    return made


def _overlaid(connection: Connection, shipped: FollowUpContent) -> FollowUpContent:
    lists = {str(kind): dict(shipped_of(shipped, kind)) for kind in TYPES}
    for kind, code, body, withdrawn in _ALL.rows(connection):
        own = lists[str(kind)]
        ships = shipped_of(shipped, ContentKind(kind)).get(code)
        if withdrawn:
            own.pop(code, None)
            if ships is not None:
                own[code] = ships
            continue
        try:
            own[code] = msgspec.convert(msgspec.json.decode(body), TYPES[ContentKind(kind)])
        except msgspec.ValidationError:
            continue
    limits = lists.pop(ContentKind.LIMITS)[LIMITS_CODE]
    return msgspec.structs.replace(shipped, limits=limits, **lists)


def shipped_of(content: FollowUpContent, kind: ContentKind) -> Mapping[str, Any]:
    """Return the pieces of a kind by their code; the limits are one piece."""
    found = getattr(content, kind)
    return {LIMITS_CODE: found} if kind is ContentKind.LIMITS else found
