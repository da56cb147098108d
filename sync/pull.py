"""Pulling: pieces of the centre's log, each taken in with its cursor in one transaction."""

import io
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import msgspec
from sqlalchemy import Connection, delete, func, select, update

from domain.kernel.change_log import DONE
from domain.kernel.errors import DomainError, UnavailableError
from domain.kernel.ids import Id
from domain.kernel.store import Store
from domain.kernel.unit_of_work import CATALOGUE_SCOPE
from sync.bundle import BundleHeader
from sync.bundle_reader import BundleReader
from sync.device_auth import signature_fits
from sync.entries import PulledEntry, decode_pulled
from sync.identity import (
    cursors_of,
    identity_of,
    leaving,
    progress_of,
    set_cursors,
    set_leaving,
    set_progress,
)
from sync.leaving import leave
from sync.local_tables import outbound_bundle, push_outcome, refused_record
from sync.marks import keep_mark, life_read
from sync.parking import Waiting
from sync.pending import Pending
from sync.protocol import Centre, Cursor, PullReply, PullRequest, Welcome
from sync.push import forget_refused
from sync.rebase import Rebase
from sync.rows import Key
from sync.settle import MoreCareError
from sync.uncollected import uncollected
from sync.verdicts import APPLIED, DEFERRED, PARKED

LIMIT = 1000
"""Entries taken in at a time: some 100 ms during which commands of this branch wait."""
FAR, FAR_LIMIT = 5000, 2000
"""Further behind than so many, more are taken in at a time: each commit writes the pages of the indexes anew."""


class Inbox:
    """Takes in what the centre has for this branch.

    Args:
        store: The branch's store.
        now_us: Microseconds UTC.
    """

    def __init__(self, store: Store, now_us: Callable[[], int]) -> None:
        self._store = store
        self._now_us = now_us
        self._waiting = Waiting()

    def is_at(self, welcome: Welcome) -> bool:
        """Take over what a greeting says of a log in which nothing is new; returns whether it does.

        It does not where something waits to come back, which only reading the log can settle, or was set aside and
        may be taken in by now.
        """
        with self._store.write() as connection:
            progress = progress_of(connection)
            waits = progress.settled_seq < progress.acked_seq or leaving(connection)
            set_aside = self._waiting.look(connection).hopeful
            if welcome.current is None or waits or set_aside:
                return False
            if welcome.current != cursors_of(connection):
                set_cursors(connection, welcome.current)
            if welcome.mark is not None:
                keep_mark(connection, welcome.mark)
        return True

    def follow(self, scopes: Sequence[Id]) -> None:
        """Follow exactly these organisations and the catalogue.

        A new one is read from the start. What is pending for one that is left has gone up first, by the order of
        an exchange; its rows are removed once nothing of them is pending any more, which the next exchange sees.
        """
        wanted = {*scopes, CATALOGUE_SCOPE}
        position = 0
        with self._store.write() as connection:
            held = {cursor.org_id: cursor.position for cursor in cursors_of(connection)}
            left = leaving(connection) | (held.keys() - wanted)
            still = set()
            for org_id in sorted(left - wanted):
                done, at = leave(connection, org_id, self._now_us())
                position = max(position, at)
                still |= set() if done else {org_id}
            set_cursors(connection, [Cursor(org_id, held.get(org_id, 0)) for org_id in sorted(wanted)])
            set_leaving(connection, still)
        if position:
            self._store.ring(position)

    def pull(self, centre: Centre, received: Callable[[int, int], None], cancel: threading.Event) -> int:
        """Pull until nothing is left and return how many entries came.

        Args:
            centre: The centre.
            received: Told (position reached, head) after each piece.
            cancel: Stops between pieces.
        """
        count = 0
        with self._store.read() as connection:
            identity = identity_of(connection)
            pending = Pending(identity, progress_of(connection).settled_seq)
            request = PullRequest(cursors=cursors_of(connection), limit=LIMIT, life=life_read(connection))
        asking = partial(_asked, centre, identity.server_key)
        with ThreadPoolExecutor(1, thread_name_prefix="pull-ahead") as ahead:
            asked = ahead.submit(asking, request)
            more = True
            while more:
                if cancel.is_set():
                    raise UnavailableError("transfer.cancelled")
                (reply, entries), before = asked.result(), request.cursors
                more = reply.more
                if more:  # the next piece is packed there, and read here, while this one is taken in
                    limit = LIMIT if reply.head - min(c.position for c in reply.cursors) < FAR else FAR_LIMIT
                    request = msgspec.structs.replace(request, cursors=reply.cursors, limit=limit)
                    asked = ahead.submit(asking, request)
                self._take(entries, pending, before, reply)
                count += len(entries)
                received(min((c.position for c in reply.cursors), default=reply.head), reply.head)
        return count

    def _take(
        self, entries: Sequence[PulledEntry], pending: Pending, before: list[Cursor], reply: PullReply
    ) -> None:
        try:
            self._taken(entries, pending, before, reply, careful=False)
        except MoreCareError:
            self._taken(entries, pending, before, reply, careful=True)

    def _taken(
        self,
        entries: Sequence[PulledEntry],
        pending: Pending,
        before: list[Cursor],
        reply: PullReply,
        *,
        careful: bool,
    ) -> None:
        position = 0
        with uncollected(), self._store.write(bulk=True) as connection:
            if {c.org_id: c.position for c in cursors_of(connection)} != {
                c.org_id: c.position for c in before
            }:
                raise UnavailableError("sync.pulled_twice")
            if entries or self._waiting.look(connection).hopeful:
                identity = identity_of(connection)
                settled = progress_of(connection).settled_seq
                pending.read(connection)
                taken = Rebase(
                    connection,
                    identity,
                    pending,
                    settled,
                    self._now_us(),
                    waiting=self._waiting,
                    careful=careful,
                ).take(entries)
                position = taken.position
                forget_refused(connection, _refused_among(connection, taken.stated))
                _note_returned(connection, identity.device_id, entries)
                set_progress(connection, settled_seq=taken.settled)
            set_cursors(connection, reply.cursors)
            if reply.mark is not None:
                keep_mark(connection, reply.mark)
            _settle_bundles(connection, min(c.position for c in reply.cursors))
        if position:
            self._store.ring(position)


def _asked(centre: Centre, server_key: str, request: PullRequest) -> tuple[PullReply, list[PulledEntry]]:
    """Return the next piece of the log, with its entries read and proven."""
    reply = centre.pull(request)
    return reply, [] if reply.bundle is None else _entries(reply.bundle, server_key)


def _entries(data: bytes, server_key: str) -> list[PulledEntry]:
    """Return the entries of a bundle that the centre signed."""

    def verify(_header: BundleHeader, message: bytes, signature: bytes) -> bool:
        return signature_fits(server_key, message, signature)

    try:
        return list(map(decode_pulled, BundleReader(io.BytesIO(data), verify).transactions()))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DomainError("bundle.bad_transaction") from error


def _refused_among(connection: Connection, stated: set[Key]) -> list[Key]:
    rows = connection.execute(select(refused_record.c.entity, refused_record.c.record_id))
    return [key for row in rows if (key := (row.entity, row.record_id.bytes)) in stated]


def _note_returned(connection: Connection, device_id: Id, entries: Sequence[PulledEntry]) -> None:
    """Note that own transactions the centre had put off were dealt with."""
    put_off = set(
        connection.scalars(
            select(push_outcome.c.dev_seq).where(push_outcome.c.outcome.in_([DEFERRED, PARKED]))
        )
    )
    for entry in entries if put_off else ():
        if entry.device_id == device_id.bytes and entry.dev_seq in put_off:
            outcome = APPLIED if entry.outcome == DONE else entry.outcome
            connection.execute(
                update(push_outcome)
                .where(push_outcome.c.dev_seq == entry.dev_seq)
                .values(outcome=outcome, code=None, facts=None, seen=False)
            )


def _settle_bundles(connection: Connection, position: int) -> None:
    """Own transactions of a bundle have come back once everything up to the receipt's position was pulled."""
    settled = (outbound_bundle.c.state == "acked") & (outbound_bundle.c.position <= position)
    last = connection.execute(select(func.max(outbound_bundle.c.last_seq)).where(settled)).scalar()
    if last is not None:
        before = progress_of(connection).settled_seq
        set_progress(connection, settled_seq=max(before, last))
        connection.execute(delete(outbound_bundle).where(settled))
