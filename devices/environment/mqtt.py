"""Readings that loggers publish by MQTT (QoS 1): ``site/<org>/env/<probe>/state`` with a small JSON object.

``{"t": "2026-11-23T01:05:00Z", "temp_c": -79.4, "seq": 8812}``; ``rh`` for humidity, ``"fault": true`` for a broken
probe, ``"boot": true`` where the number begins anew. The last will of a logger is the empty text: its silence tells.
"""

import queue
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from domain.kernel.errors import DomainError, UnavailableError

KEEP_ALIVE_S = 30
MOST_WAITING = 20_000
CONNECT_S = 10.0
VALUES = ("temp_c", "rh")
NUMBERS = (-273.15, 1000.0)


class _State(msgspec.Struct, frozen=True):
    t: datetime
    temp_c: float | None = None
    rh: float | None = None
    seq: int | None = None
    boot: bool = False
    fault: bool = False


@dataclass(frozen=True, slots=True)
class Published:
    """One message: the probe of its topic, its own time (UTC), the value; None where the probe is at fault."""

    probe: str
    at: datetime
    value: float | None


@dataclass(frozen=True, slots=True)
class Broker:
    """Where to listen; the password stands in a file of its own."""

    host: str
    port: int
    topic: str
    username: str = ""
    password_file: str = ""
    ca_file: str = ""


class Decoder:
    """Makes readings of messages; remembers the last number of each probe to see one that goes back."""

    def __init__(self) -> None:
        self._last: dict[str, int] = {}

    def decode(self, topic: str, payload: bytes) -> Published | None:
        """Return the reading of a message, None for the last will.

        Raises:
            DomainError: ``environment.bad_topic``, ``environment.bad_message``, or ``environment.went_back``: the
                number is not behind the last one and nothing says that the logger was started anew.
        """
        parts = topic.split("/")
        if len(parts) < 2 or parts[-1] != "state" or not parts[-2]:
            raise DomainError("environment.bad_topic", topic=topic[:120])
        probe = parts[-2]
        if not payload:
            return None
        try:
            state = msgspec.json.decode(payload, type=_State)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise DomainError("environment.bad_message", probe=probe) from error
        values = [v for v in (state.temp_c, state.rh) if v is not None]
        good = len(values) == 1 and NUMBERS[0] <= values[0] <= NUMBERS[1]
        if state.t.tzinfo is None or not (good or state.fault):
            raise DomainError("environment.bad_message", probe=probe)
        if state.seq is not None:
            before = self._last.get(probe)
            if before is not None and state.seq < before and not state.boot:
                raise DomainError("environment.went_back", probe=probe)
            self._last[probe] = state.seq
        return Published(probe, state.t.astimezone(UTC), None if state.fault else values[0])


class Listener:
    """Listens to one broker in a thread of paho's; what came is fetched by `take`."""

    def __init__(self, broker: Broker, refused: Callable[[DomainError], None] | None = None) -> None:
        self._broker, self._refused = broker, refused
        self._decoder = Decoder()
        self._came: queue.Queue[Published] = queue.Queue(MOST_WAITING)
        client = paho.Client(CallbackAPIVersion.VERSION2, clean_session=True)
        if broker.username:
            password = Path(broker.password_file).read_text("utf-8").strip() if broker.password_file else None
            client.username_pw_set(broker.username, password)
        if broker.ca_file:
            client.tls_set(ca_certs=broker.ca_file)
        client.on_connect = self._connected
        client.on_message = self._message
        self._client = client

    @property
    def is_connected(self) -> bool:
        return bool(self._client.is_connected())

    def start(self) -> None:
        """Connect; raises `UnavailableError` ``environment.no_broker``. A line cut later comes back by itself."""
        try:
            self._client.connect(self._broker.host, self._broker.port, KEEP_ALIVE_S)
        except OSError as error:
            raise UnavailableError("environment.no_broker", host=self._broker.host) from error
        self._client.loop_start()

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def take(self) -> list[Published]:
        """Return what came since the last time."""
        found = []
        while True:
            try:
                found.append(self._came.get_nowait())
            except queue.Empty:
                return found

    def _connected(self, client: paho.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if not reason.is_failure:
            client.subscribe(self._broker.topic, qos=1)

    def _message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        try:
            came = self._decoder.decode(message.topic, bytes(message.payload))
            if came is not None:
                self._came.put_nowait(came)
        except DomainError as error:
            if self._refused is not None:
                self._refused(error)
        except queue.Full:
            pass  # nobody fetches: the probes will be told as silent, which is what they are to this store
