"""Plays a simulated device over a transport: says things when they are due, hears the host, applies the faults."""

import heapq
import itertools
import random
import threading
import time
from collections.abc import Callable
from typing import Protocol

from devices.faults import Faults, damaged
from devices.simulated import DeviceSimulator, Say
from devices.transport import PortLostError, SerialSettings, Transport

LISTEN_S = 0.02
UNPLUGGED_S = 0.1


class Line(Transport, Protocol):
    """The device's end of a line that can be unplugged and plugged in again."""

    def plug(self) -> None: ...

    def unplug(self) -> None: ...


class Player(threading.Thread):
    """One device on one line, in a thread of its own until `stop`."""

    def __init__(
        self,
        device: DeviceSimulator,
        line: Line,
        settings: SerialSettings,
        *,
        faults: Faults | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(name="device-simulator", daemon=True)
        self.faults = faults or Faults()
        self._device = device
        self._line = line
        self._settings = settings
        self._clock = clock
        self._random = random.Random(device.random.random())  # noqa: S311 - faults, not secrets
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._agenda: list[tuple[float, int, bytes]] = []
        self._order = itertools.count()

    def act(self, action: str, argument: str = "") -> None:
        """Do something to the device (an action of its simulator); raises its `DomainError`."""
        with self._lock:
            self._schedule(self._device.act(action, argument))

    def unplug(self) -> None:
        """Pull the plug; what was still to be said is gone."""
        with self._lock:
            self._agenda.clear()
            self._line.unplug()

    def replug(self) -> None:
        """Plug the device in again."""
        with self._lock:
            self._line.plug()

    def stop(self) -> None:
        """End the thread and unplug."""
        self._ended.set()
        self.join()
        self._line.close()

    def run(self) -> None:
        while not self._ended.is_set():
            try:
                self._listen()
                self._speak()
            except PortLostError:
                self._ended.wait(UNPLUGGED_S)

    def _listen(self) -> None:
        with self._lock:
            heard = self._line.read(0)
            if heard:
                self._schedule(self._device.heard(heard))
        if not heard:
            self._ended.wait(LISTEN_S)

    def _schedule(self, said: list[Say]) -> None:
        now = self._clock()
        for say in said:
            if say.cancels:
                self._agenda.clear()
            heapq.heappush(
                self._agenda, (now + say.after_s + self.faults.late_s, next(self._order), say.data)
            )

    def _speak(self) -> None:
        while True:
            with self._lock:
                if not self._agenda or self._agenda[0][0] > self._clock():
                    return
                frame = heapq.heappop(self._agenda)[2]
            self._send(damaged(frame, self.faults, self._random, baud=self._settings.baud))

    def _send(self, data: bytes) -> None:
        limit = self.faults.unplug_after
        sent = data if limit is None else data[:limit]
        for at in range(0, len(sent), self.faults.chunk):
            piece = sent[at : at + self.faults.chunk]
            if self.faults.pace:
                self._ended.wait(len(piece) * self._settings.bits_per_byte / self._settings.baud)
            with self._lock:
                self._line.write(piece)
        if limit is not None and len(data) > limit:
            self.unplug()
