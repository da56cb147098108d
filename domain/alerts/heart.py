"""The dead man's switch of the alert engine: somebody else looks whether it still evaluates, and tells if not.

The engine beats once a minute, when the log is read to its end and everything due has been done (`beat`). The watch
runs in another thread, at the centre perhaps in another process. It counts its own looks, not the clock: a clock that
jumps or a computer that slept is no silence. While the engine is silent the watch judges its own rows by the rules
and moves their ladder itself, for nobody else would.
"""

import time
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from domain.alerts.engine import AlertEngine
from domain.alerts.heart_commands import NoteHearts, Pulse, heart_id
from domain.alerts.heart_records import AlertHeart
from domain.alerts.situations import beat_table
from domain.kernel.authority import Actor
from domain.kernel.columns import from_microseconds
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import Id
from domain.messaging.records import Channel, ChannelState

ENGINE = "engine"
LOOK_EVERY_S = 60.0
LOOKS = 5
"""Looks without a beat, a minute apart, after which the engine counts as silent."""
CHANNELS = (Channel.SMS, Channel.EMAIL)
"""Ways to staff of which no other rule tells the receivers of A-143 (A-144 has the private channels)."""
INTERRUPTED = 2
_HEART = AlertHeart.__table__


class HeartWatch:
    """Looks at one installation's engine.

    Args:
        dispatcher: Runs its command.
        engine: Judges what the watch writes, beside the log; never the thread that follows it.
        actor: The system's actor of this installation.
        name: What the installation is called.
        channels: Names of the channels to staff, at the centre; nothing at a branch, which sends none.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        engine: AlertEngine,
        actor: Actor,
        name: str,
        channels: "dict[str, str] | None" = None,
    ) -> None:
        self._dispatcher, self._engine, self._actor, self._name = dispatcher, engine, actor, name
        self._channels = channels or {}
        self._seen: int | None = None
        self._looked = False
        self._unchanged = 0
        self._next = 0.0

    def tick(self) -> None:
        """Look if it is time."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + LOOK_EVERY_S
            self.look()

    def look(self) -> int:
        """Write what stopped or is back, and tell it; returns how many rows turned."""
        with self._dispatcher.store.read() as connection:
            pulses = [self._engines(connection), *self._of_channels(connection)]
            silent = _silent(connection, [heart_id(self._actor.device_id, p.part) for p in pulses])
        worth = [p for p in pulses if p.beats == (heart_id(self._actor.device_id, p.part) in silent)]
        turned: Sequence[Id] = ()
        if worth:
            turned = self._dispatcher.run(NoteHearts(pulses=worth), self._actor).receipt
        if not pulses[0].beats:
            self._engine.attend("alert_heart", sorted({*turned, *silent}))
        return len(turned)

    def _engines(self, connection: Connection) -> Pulse:
        """How the engine is: silent after so many looks at one and the same beat."""
        b = beat_table().c
        at = connection.execute(select(b.at).where(b.device_id == self._actor.device_id)).scalar()
        came = self._looked and at != self._seen
        self._unchanged = 0 if came or not self._looked else self._unchanged + 1
        self._looked, self._seen = True, at
        # What stands as silent stays so until a beat is seen to come: a watch that begins has seen none.
        stands = bool(_silent(connection, [heart_id(self._actor.device_id, ENGINE)]))
        beats = came if stands else self._unchanged < LOOKS
        known = None if at is None else from_microseconds(at)
        return Pulse(ENGINE, self._name, beats, known, None if beats else "stalled")

    def _of_channels(self, connection: Connection) -> Iterable[Pulse]:
        if not self._channels:
            return
        c = ChannelState.__table__.c
        query = select(c.channel, c.trouble, c.reason, c.checked_at).where(c.channel.in_(self._channels))
        for row in connection.execute(query):
            name = self._channels[str(row.channel)]
            yield Pulse(str(row.channel), name, row.trouble < INTERRUPTED, row.checked_at, row.reason)


def _silent(connection: Connection, ids: Sequence[Id]) -> set[Id]:
    query = select(_HEART.c.id).where(_HEART.c.id.in_(ids), _HEART.c.state == "silent")
    return set(connection.execute(query).scalars())
