"""Content that ships, with an institution's own versions laid over it: one reading for every feature that has such.

A record of versions has ``kind``, ``code``, ``version``, ``body``, ``withdrawn`` and ``written_at``; the content is a
struct with a field a kind, a mapping of pieces by code, or one single piece where there is only one of the kind.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Generic, TypeVar

import msgspec
from sqlalchemy import Connection, func, select

from domain.kernel.prepared import Prepared
from domain.kernel.record import Record

Content = TypeVar("Content", bound=msgspec.Struct)
KEPT = 8


class OwnVersions(Generic[Content]):
    """Reads what counts now, made once for each stand of the versions, which only ever grow in number.

    Args:
        record: The record of versions.
        types: Type of a piece, by kind.
        single: Kinds of which there is one piece, and the code it goes by.
    """

    def __init__(
        self, record: type[Record], types: Mapping[Any, type[Any]], single: Mapping[StrEnum, str]
    ) -> None:
        columns: Any = record.__table__.c
        self._types = {str(kind): piece for kind, piece in types.items()}
        self._single = {str(kind): code for kind, code in single.items()}
        self._stand = Prepared(select(func.count(), func.max(columns.written_at), func.max(columns.id)))
        ordered = (columns.version, columns.written_at, columns.id)
        self._all = Prepared(
            select(columns.kind, columns.code, columns.body, columns.withdrawn).order_by(*ordered)
        )
        self._made: OrderedDict[tuple[Any, ...], tuple[Content, Content]] = OrderedDict()
        self._lock = threading.Lock()

    def in_force(self, connection: Connection, shipped: Content) -> Content:
        """Return what counts now.

        Of several versions the highest counts; of one version written at two places at once the later one, and of
        those the one with the greater id, everywhere the same. A version this program cannot read is passed over.
        """
        count, latest, last = next(iter(self._stand.rows(connection)))
        if not count:
            return shipped
        key = (id(connection.engine), id(shipped), count, latest, last)
        with self._lock:
            kept = self._made.get(key)
            if kept is not None and kept[0] is shipped:
                return kept[1]
        made = self._overlaid(connection, shipped)
        with self._lock:
            self._made[key] = (shipped, made)
            while len(self._made) > KEPT:
                self._made.popitem(last=False)
        return made

    def shipped_of(self, content: Content, kind: str) -> Mapping[str, Any]:
        """Return the pieces of a kind by their code; a single piece goes by its own."""
        found = getattr(content, str(kind))
        code = self._single.get(str(kind))
        return found if code is None else {code: found}

    def _overlaid(self, connection: Connection, shipped: Content) -> Content:
        pieces = {kind: dict(self.shipped_of(shipped, kind)) for kind in self._types}
        for kind, code, body, withdrawn in self._all.rows(connection):
            if withdrawn:
                pieces[str(kind)].pop(code, None)
                ships = self.shipped_of(shipped, kind).get(code)
                if ships is not None:
                    pieces[str(kind)][code] = ships
                continue
            try:
                pieces[str(kind)][code] = msgspec.convert(msgspec.json.decode(body), self._types[str(kind)])
            except msgspec.ValidationError:
                continue
        singles = {kind: pieces.pop(kind)[code] for kind, code in self._single.items()}
        return msgspec.structs.replace(shipped, **singles, **pieces)
