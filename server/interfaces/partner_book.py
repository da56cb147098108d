"""What is known of who sends: the partner behind MSH-3 and MSH-4, its characters, and what its own codes mean."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select

from domain.interop.code_records import PartnerCode
from domain.interop.partner_records import Charset, Partner, PartnerRole
from domain.kernel.errors import UnavailableError
from domain.kernel.store import Store

FRESH_S = 5.0


@dataclass(frozen=True, slots=True)
class Sender:
    """A sender; `role` is None where it is no registered partner."""

    role: PartnerRole | None = None
    charset: Charset | None = None
    codes: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)

    @property
    def narrates(self) -> bool:
        """Whether its texts are reports for people: images and ECG."""
        return self.role in (PartnerRole.PACS, PartnerRole.ECG)


NOBODY = Sender()


class PartnerBook:
    """Senders by ``application|facility``; read again when older than five seconds.

    Args:
        store: The centre's store.
        monotonic: Seconds that only rise.
    """

    def __init__(self, store: Store, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._monotonic = monotonic
        self._known: dict[str, Sender] = {}
        self._read_s, self._once = -FRESH_S, False

    def sender(self, name: str) -> Sender:
        """Return what is known of a sender; while the store does not answer, what was known last.

        Raises:
            UnavailableError: The store does not answer and was never read.
        """
        if self._monotonic() - self._read_s >= FRESH_S:
            try:
                self._known = self._read()
            except UnavailableError:
                if not self._once:
                    raise
            self._once, self._read_s = True, self._monotonic()
        return self._known.get(name, NOBODY)

    def _read(self) -> dict[str, Sender]:
        codes: dict[str, dict[str, str]] = {}
        units: dict[str, dict[str, str]] = {}
        c = PartnerCode.__table__
        with self._store.read() as connection:
            partners = connection.execute(
                select(Partner.sender, Partner.role, Partner.charset).where(Partner.active.is_(True))
            ).all()
            for row in connection.execute(
                select(c.c.system, c.c.code, c.c.item, c.c.unit).where(c.c.item.is_not(None))
            ):
                codes.setdefault(row.system, {})[row.code] = row.item
                if row.unit:
                    units.setdefault(row.system, {})[row.code] = row.unit
        known = {row.sender: (row.role, row.charset) for row in partners}
        return {
            name: Sender(*known.get(name, (None, None)), codes.get(name, {}), units.get(name, {}))
            for name in {*known, *codes}
        }
