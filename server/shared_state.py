"""What the machines of a centre have to know of each other between requests, in Redis: sessions, failures, nonces.

Nothing here is worth a backup: who loses it signs in again, and counts begin anew. While Redis does not answer,
requests that need it are refused for the moment (503 ``server.shared_unreachable``); workstations try again by
themselves.
"""

import contextlib
import hashlib
import uuid
from collections.abc import Iterator
from datetime import timedelta

import redis

from domain.kernel.clock import Clock
from domain.kernel.columns import to_microseconds
from domain.kernel.errors import DomainError, UnavailableError
from domain.kernel.ids import Id
from server.sessions import ABSOLUTE, IDLE, PER_ACCOUNT, TOUCH_EVERY, Session, digest_of, new_token
from sync.device_auth import REMEMBERED_US

ANSWER_S = 3.0
PREFIX = "aftercheck"


class SharedState:
    """A connection to Redis, of one centre.

    Args:
        url: ``redis://`` or ``rediss://`` with password and number of the database.
        centre: Name of the centre: several may use one Redis.
    """

    def __init__(self, url: str, centre: str) -> None:
        self.redis = redis.Redis.from_url(
            url, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S, health_check_interval=30,
            decode_responses=True,
        )  # fmt: skip
        self._centre = centre

    def key(self, *parts: str) -> str:
        """Return the name of a key of this centre."""
        return ":".join((PREFIX, self._centre, *parts))

    def check(self) -> None:
        """Raise UnavailableError ``server.shared_unreachable`` if it does not answer."""
        with answered():
            self.redis.ping()

    def close(self) -> None:
        self.redis.close()


@contextlib.contextmanager
def answered() -> Iterator[None]:
    """Tell that Redis is away in the product's words."""
    try:
        yield
    except redis.RedisError as error:
        raise UnavailableError("server.shared_unreachable") from error


class SharedSessions:
    """`server.sessions.Sessions` for several machines; the same rules over another place."""

    def __init__(self, state: SharedState, clock: Clock) -> None:
        self._state = state
        self._redis = state.redis
        self._clock = clock

    def open(self, staff_id: Id) -> str:
        token, now = new_token(), to_microseconds(self._clock())
        digest, account = digest_of(token).hex(), self._state.key("account", str(staff_id))
        with answered():
            with self._redis.pipeline() as pipe:
                pipe.hset(self._key(digest), mapping={"staff": str(staff_id), "opened": now, "seen": now})
                pipe.expire(self._key(digest), ABSOLUTE)
                pipe.zadd(account, {digest: now})
                pipe.expire(account, ABSOLUTE)
                pipe.zrange(account, 0, -PER_ACCOUNT - 1)
                old = pipe.execute()[-1]
            for digest in old:
                self._end(digest, account)
        return token

    def find(self, token: str) -> Session:
        digest = digest_of(token).hex()
        with answered():
            found = self._redis.hgetall(self._key(digest))
        if not found:
            raise DomainError("session.ended")
        now, seen, opened = to_microseconds(self._clock()), int(found["seen"]), int(found["opened"])
        if now - seen > _us(IDLE) or now - opened > _us(ABSOLUTE):
            self.close(token)
            raise DomainError("session.ended")
        if now - seen >= _us(TOUCH_EVERY):
            with answered():  # of one that was ended meanwhile nothing must come back to life
                self._touch(digest, now)
        return Session(uuid.UUID(found["staff"]), opened)

    def close(self, token: str) -> None:
        digest = digest_of(token).hex()
        with answered():
            staff = self._redis.hget(self._key(digest), "staff")
            if staff:
                self._end(digest, self._state.key("account", staff))

    def sweep(self) -> int:
        """Nothing to do: Redis forgets them itself."""
        return 0

    def _touch(self, digest: str, now: int) -> None:
        script = "if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'seen', ARGV[1]) end"
        self._redis.eval(script, 1, self._key(digest), now)

    def _end(self, digest: str, account: str) -> None:
        self._redis.delete(self._key(digest))
        self._redis.zrem(account, digest)

    def _key(self, digest: str) -> str:
        return self._state.key("session", digest)


class SharedFailures:
    """`server.limiter.Failures` counted by all machines together."""

    def __init__(self, state: SharedState, code: str, most: int, window: timedelta, clock: Clock) -> None:
        self._state, self._redis = state, state.redis
        self._code, self._most, self._window, self._clock = code, most, window, clock

    def check(self, address: str) -> None:
        now, key = self._clock().timestamp(), self._key(address)
        with answered():
            times = self._redis.zrangebyscore(
                key, now - self._window.total_seconds(), "+inf", withscores=True
            )
        if len(times) >= self._most:
            wait = self._window.total_seconds() - (now - times[-self._most][1])
            raise DomainError(self._code, seconds=max(1, int(wait)))

    def note(self, address: str) -> None:
        now, key = self._clock().timestamp(), self._key(address)
        with answered(), self._redis.pipeline() as pipe:
            pipe.zadd(key, {uuid.uuid4().hex: now})
            pipe.zremrangebyscore(key, "-inf", now - self._window.total_seconds())
            pipe.expire(key, self._window)
            pipe.execute()

    def _key(self, address: str) -> str:
        told = hashlib.sha256(address.encode()).hexdigest()[:32]
        return self._state.key("failed", self._code, told)


class SharedNonces:
    """Signed requests that were seen lately, whichever machine took them.

    What a crash of Redis forgets may be shown once more, and repeating it changes nothing.
    """

    def __init__(self, state: SharedState) -> None:
        self._state = state

    def spend(self, device_id: Id, nonce: str, now_us: int) -> bool:
        digest = hashlib.sha256(device_id.bytes + nonce.encode()).hexdigest()[:40]
        with answered():
            return bool(
                self._state.redis.set(
                    self._state.key("nonce", digest), now_us, nx=True, px=REMEMBERED_US // 1000 + 60_000
                )
            )

    def sweep(self, now_us: int) -> int:
        """Nothing to do: Redis forgets them itself."""
        return 0

    def close(self) -> None:
        """Nothing to do: the connection is closed by whoever opened it."""


def _us(length: timedelta) -> int:
    return length // timedelta(microseconds=1)
