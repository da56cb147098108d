"""Where a centre keeps what its processes must know of each other: files of one machine, or Redis for several."""

import dataclasses
from collections.abc import Callable
from datetime import timedelta

from domain.kernel.clock import Clock
from domain.kernel.store import Store
from server.identity import Identity
from server.limiter import Failures, KeptFailures
from server.nonces import KeptNonces, nonces_of
from server.sessions import KeptSessions, Sessions
from server.settings import Settings


@dataclasses.dataclass(frozen=True, slots=True)
class Kept:
    """Sessions, nonces and counts of failures of one process of a centre.

    Attributes:
        failures: Makes a count: code of the refusal, failures allowed, within which time.
        check: Raises UnavailableError where they cannot be reached.
    """

    sessions: KeptSessions
    nonces: KeptNonces
    failures: Callable[[str, int, timedelta], KeptFailures]
    check: Callable[[], None]
    close: Callable[[], None]


def kept_of(settings: Settings, store: Store, identity: Identity, clock: Clock) -> Kept:
    """Return where this centre keeps them; nothing is asked of Redis yet."""
    if settings.redis:
        from server.shared_state import SharedFailures, SharedNonces, SharedSessions, SharedState

        state = SharedState(settings.redis, identity.device_id.hex)
        return Kept(
            SharedSessions(state, clock),
            SharedNonces(state),
            lambda code, most, window: SharedFailures(state, code, most, window, clock),
            state.check,
            state.close,
        )
    sessions = Sessions(settings.data_dir / "sessions.db", clock)
    nonces = nonces_of(store, settings.data_dir)

    def close() -> None:
        sessions.shut()
        nonces.close()

    return Kept(
        sessions, nonces, lambda code, most, window: Failures(code, most, window, clock), lambda: None, close
    )
