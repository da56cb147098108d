"""Telling waiting branches at once that there is something new for them: one look at the log wakes them all.

The store's bell rings only for commits of this process; a look every second finds those of others.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable

from sqlalchemy import select

from domain.kernel.change_log import log_head, log_scope
from domain.kernel.errors import UnavailableError
from domain.kernel.ids import Id
from domain.kernel.store import Store
from domain.kernel.unit_of_work import CATALOGUE_SCOPE

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
LONGEST_WAIT_S = 25.0


class News:
    """Follows the head of the log for everybody who waits; lives on the server's event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seen = 0
        self._waiting: dict[Id, set[asyncio.Event]] = {}
        self._bell = asyncio.Event()
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None

    async def follow(self) -> None:
        """Look at the log when the bell rings, and every second; runs until it is cancelled."""
        loop = self._loop = asyncio.get_running_loop()
        stop = self._store.on_commit(lambda _position: self._ring_from_thread(loop))
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await self._bell.wait()
                self._bell.clear()
                await self._look()
        finally:
            stop()

    async def wait(self, scopes: Iterable[Id], position: int, longest_s: float = LONGEST_WAIT_S) -> int:
        """Return the newest position of these scopes once it is beyond `position`, or 0 after `longest_s`.

        Args:
            scopes: Organisations followed; the catalogue is always one of them.
            position: What the caller has seen.
            longest_s: At most this long.
        """
        wanted = {*scopes, CATALOGUE_SCOPE}
        event = asyncio.Event()
        for scope in wanted:
            self._waiting.setdefault(scope, set()).add(event)
        try:
            newest = await asyncio.to_thread(self._newest, wanted, position)
            if newest or self._closed:
                return newest
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(longest_s, LONGEST_WAIT_S)):
                    await event.wait()
            return await asyncio.to_thread(self._newest, wanted, position) if event.is_set() else 0
        finally:
            for scope in wanted:
                self._waiting[scope].discard(event)
                if not self._waiting[scope]:
                    del self._waiting[scope]

    def release(self) -> None:
        """Let everybody go home: the server stops. Call on the event loop."""
        self._closed = True
        for events in self._waiting.values():
            for event in events:
                event.set()

    def release_from_thread(self) -> None:
        """Let everybody go home, called from anywhere."""
        loop = self._loop
        if loop is None or loop.is_closed():
            self._closed = True
        else:
            loop.call_soon_threadsafe(self.release)

    def _ring_from_thread(self, loop: asyncio.AbstractEventLoop) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._bell.set)

    async def _look(self) -> None:
        try:
            head, scopes = await asyncio.to_thread(self._changed_scopes, list(self._waiting))
        except UnavailableError as error:
            log.warning("log not readable", extra={"code": error.code})
            return
        self._seen = head
        for scope in scopes:
            for event in self._waiting.get(scope, ()):
                event.set()

    def _changed_scopes(self, waiting: list[Id]) -> tuple[int, list[Id]]:
        """Return the head of the log and which of the organisations waited for have news since the last look."""
        with self._store.read() as connection:
            head = connection.execute(select(log_head.c.position)).scalar() or 0
            if head <= self._seen or not waiting:
                return head, []
            query = (
                select(log_scope.c.org_id)
                .where(log_scope.c.org_id.in_(waiting), log_scope.c.position > self._seen)
                .distinct()
            )
            return head, list(connection.execute(query).scalars())

    def _newest(self, scopes: set[Id], position: int) -> int:
        query = (
            select(log_scope.c.position)
            .where(log_scope.c.org_id.in_(scopes), log_scope.c.position > position)
            .order_by(log_scope.c.position.desc())
            .limit(1)
        )
        with self._store.read() as connection:
            return connection.execute(query).scalar() or 0
