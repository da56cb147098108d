"""Which organisation a sending facility (MSH-4) is."""

import time
from collections.abc import Callable

from sqlalchemy import select

from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.store import Store
from domain.people.records import Organization

FRESH_S = 30.0
ASK_AGAIN_S = 1.0


class Facilities:
    """Organisations by their code; read again every half minute, and for an unknown code at most each second.

    Args:
        store: The centre's store.
        monotonic: Seconds that only rise.
    """

    def __init__(self, store: Store, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._monotonic = monotonic
        self._by_code: dict[str, Id] = {}
        self._read_s = -FRESH_S

    def known(self, code: str) -> Id | None:
        """Return the organisation if it may be answered from memory."""
        return self._by_code.get(code) if self._monotonic() - self._read_s < FRESH_S else None

    def org_of(self, code: str) -> Id:
        """Return the organisation of a code, asking the store if need be.

        Raises:
            DomainError: ``interface.unknown_facility``.
            UnavailableError: The store does not answer.
        """
        age_s = self._monotonic() - self._read_s
        if age_s >= FRESH_S or (code not in self._by_code and age_s >= ASK_AGAIN_S):
            self._read()
        if code not in self._by_code:
            raise DomainError("interface.unknown_facility", "MSH-4", location="MSH^1^4", facility=code[:40])
        return self._by_code[code]

    def _read(self) -> None:
        table = Organization.__table__
        with self._store.read() as connection:
            rows = connection.execute(select(table.c.code, table.c.id)).all()
        self._by_code = {row.code: row.id for row in rows}
        self._read_s = self._monotonic()
