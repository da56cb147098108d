"""One port in use: bytes and times in, reports out; still no port and no clock of its own.

A session binds each event to the time of its first byte (so that a reading goes to the encounter that was open
then), drops partial frames after silence, turns down repetitions, and notices a device that is silent or
whose line settings are wrong. `devices.worker` does the input and output around it.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from devices.parser import Parser
from devices.readings import CardRead, DeviceEvent, Noise, Notice, ReadingSet, Refusal, Scan
from devices.registry import Profile

UNDECODED_BYTES = 64
UNDECODED_S = 3.0
UNDECODED_WINDOW_S = 10.0
_NOT_UNDERSTOOD = {"device.malformed", "device.bad_checksum", "scan.ime_active", "scan.control_character"}


class State(StrEnum):
    """What a port is doing; its Chinese sentence has the key ``device.state.<value>``."""

    STARTING = "starting"
    READY = "ready"
    SILENT = "silent"
    WRONG_SETTINGS = "wrong_settings"
    UNPLUGGED = "unplugged"
    BUSY = "busy"
    CRASHED = "crashed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class PortState:
    """A port changed state; `code` tells why where there is more to say (``device.port_busy``)."""

    port: str
    state: State
    code: str = ""


@dataclass(frozen=True, slots=True)
class Arrived:
    """An event with its times, in seconds of `time.monotonic` (the same for all processes of a machine).

    `first_byte_s` decides whose reading it is; where another encounter was opened before `last_byte_s`, a person has
    to say. `clock_skew_s` is how far the device's clock is ahead of ours, None where it told no time.
    """

    port: str
    driver: str
    event: DeviceEvent
    first_byte_s: float
    last_byte_s: float
    received_at: datetime
    clock_skew_s: float | None = None


Report = Arrived | PortState


class Session:
    """The life of one port between two openings; `lost` ends it, the next bytes begin a new one."""

    def __init__(
        self, port: str, profile: Profile, parser: Parser, *, utc_now: Callable[[], datetime] | None = None
    ) -> None:
        self._port = port
        self._profile = profile
        self._parser = parser
        self._utc_now = utc_now or (lambda: datetime.now(UTC))
        self._chunks: deque[tuple[int, float]] = deque()
        self._received = 0
        self._last_chunk_s: float | None = None
        self._opened_s = 0.0
        self._state = State.STARTING
        self._undecoded: deque[tuple[float, int]] = deque()
        self._last_event: DeviceEvent | None = None
        self._last_event_s = float("-inf")

    def opened(self, now_s: float) -> list[Report]:
        """Begin: the port has just been opened."""
        self._opened_s, self._last_chunk_s = now_s, None
        return self._enter(State.READY)

    def received(self, chunk: bytes, now_s: float) -> list[Report]:
        """Take bytes read from the port."""
        self._received += len(chunk)
        self._chunks.append((self._received, now_s))
        self._last_chunk_s = now_s
        reports = self._enter(State.READY) if self._state is State.SILENT else []
        return reports + self._reports(self._parser.feed(chunk), now_s) + self._suspect(now_s)

    def idle(self, now_s: float) -> list[Report]:
        """Tell that a read has just come back empty; only then does silence count."""
        last_s = self._last_chunk_s
        reports: list[Report] = []
        if last_s is not None and self._parser.pending and now_s - last_s > self._profile.gap_s:
            reports += self._reports(self._parser.drop("silence"), now_s)
        limit_s = self._profile.silence_s
        quiet_s = now_s - (self._opened_s if last_s is None else last_s)
        if limit_s is not None and quiet_s > limit_s and self._state is State.READY:
            reports += self._enter(State.SILENT)
        return reports + self._suspect(now_s)

    def poll(self, now_s: float) -> tuple[bytes, list[Report]]:
        """Return what to write now, and what that told."""
        data, events = self._parser.poll(now_s)
        return data, self._reports(events, now_s)

    def command(self, name: str) -> bytes:
        """Return the bytes of a command of the device; raises `DomainError` ``device.no_such_command``."""
        return self._parser.command(name)

    def lost(self, now_s: float) -> list[Report]:
        """Tell that the port is gone: a partial frame is thrown away with it."""
        reports = self._reports(self._parser.drop("lost"), now_s)
        self._undecoded.clear()
        return reports + self._enter(State.UNPLUGGED)

    def _enter(self, state: State) -> list[Report]:
        if state is self._state:
            return []
        self._state = state
        return [PortState(self._port, state)]

    def _reports(self, events: list[DeviceEvent], now_s: float) -> list[Report]:
        reports: list[Report] = []
        for event in events:
            first_s, last_s = (
                self._time_of(event.start, now_s),
                self._time_of(max(event.end - 1, event.start), now_s),
            )
            reports += self._settled(event, now_s)
            judged = self._judge(event, first_s)
            if judged is not None:
                reports.append(self._arrived(judged, first_s, last_s))
        while self._chunks and self._chunks[0][0] <= self._parser.earliest:
            self._chunks.popleft()
        return reports

    def _arrived(self, event: DeviceEvent, first_s: float, last_s: float) -> Arrived:
        at = self._utc_now()
        skew_s = None
        if isinstance(event, ReadingSet) and event.device_time is not None:
            skew_s = (event.device_time - at.astimezone().replace(tzinfo=None)).total_seconds()
        return Arrived(self._port, self._profile.id, event, first_s, last_s, at, skew_s)

    def _time_of(self, offset: int, now_s: float) -> float:
        return next((at for end, at in self._chunks if offset < end), now_s)

    def _judge(self, event: DeviceEvent, at_s: float) -> DeviceEvent | None:
        """Return the event, its refusal as a repetition, or None where it is the same thing said twice."""
        if not isinstance(event, ReadingSet | Scan):
            return event
        last, since_s = self._last_event, at_s - self._last_event_s
        self._last_event, self._last_event_s = event, at_s
        repeated = event == last and since_s < self._profile.repeat_s
        if isinstance(event, Scan) and repeated:
            return None
        if isinstance(event, ReadingSet) and (repeated or (event == last and event.device_time is not None)):
            return Refusal("device.duplicate", start=event.start, end=event.end)
        if last is not None and event != last and since_s < self._profile.glued_s:
            return Refusal("scan.too_close", start=event.start, end=event.end)
        return event

    def _settled(self, event: DeviceEvent, now_s: float) -> list[Report]:
        """Count what could not be decoded; anything understood clears the suspicion of wrong settings."""
        unclear = isinstance(event, Noise) and event.reason != "burst"
        if unclear or (isinstance(event, Refusal) and event.code in _NOT_UNDERSTOOD):
            self._undecoded.append((now_s, event.end - event.start))
        elif isinstance(event, ReadingSet | Scan | CardRead | Refusal | Notice):
            self._undecoded.clear()
            return self._enter(State.READY) if self._state is State.WRONG_SETTINGS else []
        return []

    def _suspect(self, now_s: float) -> list[Report]:
        while self._undecoded and now_s - self._undecoded[0][0] > UNDECODED_WINDOW_S:
            self._undecoded.popleft()
        if not self._undecoded or now_s - self._undecoded[0][0] < UNDECODED_S:
            return []
        total = sum(count for _, count in self._undecoded)
        return self._enter(State.WRONG_SETTINGS) if total > UNDECODED_BYTES else []
