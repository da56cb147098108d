"""Reads the environment loggers of this workstation once a minute; a part of the desk, in a thread of its own.

Which there are stands in ``environment.json`` of the home::

    {"loggers": [{"model": "ult_freezer", "address": "tcp:10.0.0.9:502", "unit": 1, "probes": {"temperature": "F1"}}],
     "brokers": [{"host": "10.0.0.5", "port": 8883, "topic": "site/+/env/+/state", "ca_file": "/etc/ca.pem"}]}

A workstation without the file reads nothing and judges no silence: another one does.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from domain.environment.reading_commands import LookAtProbes, TakenReading, TakeReadings
from domain.kernel.authority import Actor, system_actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError, KnownError

if TYPE_CHECKING:
    from devices.environment.models import Model
    from devices.environment.mqtt import Listener

log = logging.getLogger(__name__)
FILE_NAME = "environment.json"
EVERY_S = 60.0


class LoggerSetting(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One Modbus logger; `probes` says which probe of ours each of its channels is."""

    model: str
    address: str
    unit: int = 1
    baud: int | None = None
    probes: dict[str, str]


class BrokerSetting(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One MQTT broker."""

    host: str
    port: int = 8883
    topic: str
    username: str = ""
    password_file: str = ""
    ca_file: str = ""


class EnvironmentSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything of ``environment.json``."""

    loggers: tuple[LoggerSetting, ...] = ()
    brokers: tuple[BrokerSetting, ...] = ()

    @property
    def probes(self) -> list[str]:
        return sorted({code for one in self.loggers for code in one.probes.values()})


class EnvironmentWatch:
    """`troubles` names what could not be read and why, by address; empty where all is well."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        actor: Actor,
        settings: EnvironmentSettings,
        models: "Mapping[str, Model]",
        *,
        clock: Callable[[], datetime],
        every_s: float = EVERY_S,
    ) -> None:
        self._dispatcher, self._actor, self._settings, self._models = dispatcher, actor, settings, models
        self._clock, self._every_s = clock, every_s
        self._listeners: list[Listener] = []
        self._heard: set[str] = set()
        self.troubles: dict[str, KnownError] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="environment", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """End; waits for the round that is under way."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        for listener in self._listeners:
            listener.stop()

    def round(self) -> int:
        """Read every logger once, keep and judge what was read; returns how many readings were new."""
        taken = [reading for one in self._settings.loggers for reading in self._read(one)]
        for listener in self._listeners:
            for came in listener.take():
                self._heard.add(came.probe)
                taken.append(TakenReading(came.probe, came.at, came.value, "mqtt"))
        kept = 0
        by_probe: dict[str, list[TakenReading]] = {}
        for reading in taken:
            by_probe.setdefault(reading.probe, []).append(reading)
        for code, readings in by_probe.items():  # one that is not set up stops no other
            kept += self._do(code, TakeReadings(readings=readings))
        quiet = [c for c in {*self._settings.probes, *self._heard} if c not in by_probe]
        if quiet:
            self._do("look", LookAtProbes(codes=sorted(quiet)))
        from domain.environment.listing import list_waiting

        list_waiting(self._dispatcher, self._actor)
        return kept

    def _run(self) -> None:
        self._listen()
        while not self._ended.is_set():
            try:
                self.round()
            except Exception:
                log.exception("environment: a round failed")
            self._ended.wait(self._every_s)

    def _listen(self) -> None:
        from devices.environment.mqtt import Broker, Listener

        for one in self._settings.brokers:
            broker = Broker(one.host, one.port, one.topic, one.username, one.password_file, one.ca_file)
            listener = Listener(broker, self._refused)
            try:
                listener.start()
            except KnownError as error:
                self.troubles[one.host] = error
                continue
            self._listeners.append(listener)

    def _read(self, one: LoggerSetting) -> list[TakenReading]:
        from devices.environment.modbus import ModbusLine, read_logger

        model = self._models.get(one.model)
        key = f"{one.address}#{one.unit}"
        if model is None:
            self.troubles[key] = DomainError("environment.no_model", value=one.model)
            return []
        try:
            values = read_logger(ModbusLine(one.address, one.unit, one.baud), model, one.probes)
        except KnownError as error:
            self.troubles[key] = error
            return []
        self.troubles.pop(key, None)
        now = self._clock()
        return [TakenReading(one.probes[name], now, value, "modbus") for name, value in values.items()]

    def _do(self, key: str, order: Any) -> int:
        try:
            receipt = self._dispatcher.run(order, self._actor).receipt
        except KnownError as error:
            self.troubles[key] = error
            return 0
        self.troubles.pop(key, None)
        return int(receipt.kept)

    def _refused(self, error: DomainError) -> None:
        self.troubles[str(error.facts.get("probe", "mqtt"))] = error


def read_settings(path: Path) -> EnvironmentSettings:
    """Return the settings of a file; an absent one is empty.

    Raises:
        DomainError: ``environment.settings`` with what is wrong.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=EnvironmentSettings)
    except FileNotFoundError:
        return EnvironmentSettings()
    except (msgspec.DecodeError, UnicodeDecodeError, OSError) as error:
        raise DomainError("environment.settings", detail=str(error)[:200]) from error


def join_environment(desk: Any) -> None:
    """Join the watch to a desk: a part of `client.desk.INSTALLED`; a workstation without loggers gets none."""
    try:
        settings = read_settings(desk.home.folder / FILE_NAME)
    except DomainError as error:
        log.warning("environment.json was not used: %s", error.facts.get("detail"))
        return
    if not settings.loggers and not settings.brokers:
        return
    import resources
    from devices.environment.models import load_models

    who = desk.installation
    watch = EnvironmentWatch(
        desk.dispatcher, system_actor(who.org_id, who.device_id), settings,
        load_models(resources.folder("environment")), clock=desk.clock,
    )  # fmt: skip
    desk.workers.append(watch)
