"""Nodes, items and packages as they are in force: what ships, with the institution's own versions in their place."""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from domain.kernel.prepared import Prepared
from domain.process.definitions import PROCESS, DayRules, Item, Node, Package, ProcessContent
from domain.process.records import ProcessContentVersion, ProcessKind

TYPES: dict[ProcessKind, type[Any]] = {
    ProcessKind.NODES: Node, ProcessKind.ITEMS: Item, ProcessKind.PACKAGES: Package, ProcessKind.RULES: DayRules,
}  # fmt: skip
RULES_CODE = "rules"
KEPT = 8
_C = ProcessContentVersion.__table__.c
_STAND = Prepared(select(func.count(), func.max(_C.written_at), func.max(_C.id)))
_ALL = Prepared(select(_C.kind, _C.code, _C.body, _C.withdrawn).order_by(_C.version, _C.written_at, _C.id))
_made: "OrderedDict[tuple[Any, ...], tuple[ProcessContent, ProcessContent]]" = OrderedDict()
_lock = threading.Lock()


def process_in_force(connection: Connection, content: Mapping[str, Any]) -> ProcessContent | None:
    """Return what counts now, None where nothing ships; made once for each stand of the versions.

    Of several versions the highest counts, of two of one number the later, everywhere the same. A version this
    program cannot read is passed over.
    """
    shipped: ProcessContent | None = content.get(PROCESS)
    if shipped is None:
        return None
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


def _overlaid(connection: Connection, shipped: ProcessContent) -> ProcessContent:
    lists = {str(kind): dict(shipped_of(shipped, kind)) for kind in TYPES}
    for kind, code, body, withdrawn in _ALL.rows(connection):
        own = lists[str(kind)]
        if withdrawn:
            own.pop(code, None)
            ships = shipped_of(shipped, ProcessKind(kind)).get(code)
            if ships is not None:
                own[code] = ships
            continue
        try:
            own[code] = msgspec.convert(msgspec.json.decode(body), TYPES[ProcessKind(kind)])
        except msgspec.ValidationError:
            continue
    rules = lists.pop(ProcessKind.RULES)[RULES_CODE]
    return ProcessContent(rules, lists["nodes"], lists["items"], lists["packages"])


def shipped_of(content: ProcessContent, kind: ProcessKind) -> Mapping[str, Any]:
    """Return the pieces of a kind by their code; the day's numbers are one piece."""
    found = getattr(content, kind)
    return {RULES_CODE: found} if kind is ProcessKind.RULES else found
