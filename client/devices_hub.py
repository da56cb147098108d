"""The devices of a workstation as the screens see them: Qt signals, a state per device, nothing that blocks.

Each port runs in a process of its own (`devices.port`); a socket notifier wakes the UI thread when one has something
to say. `join_devices` puts the hub among the workers of a desk; a station asks `hub_of(desk)` for it.
"""

import functools
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, QSocketNotifier, Signal, Slot

import resources
from client.device_settings import (
    FILE_NAME,
    DeviceSettings,
    DeviceSettingsError,
    LabelPrinter,
    label_printers,
    port_config,
    read_device_settings,
)
from client.home import Home
from devices.port import PortWorker
from devices.readings import CardRead, ReadingSet, Scan
from devices.registry import profile
from devices.session import Arrived, PortState, State
from devices.worker import PortConfig
from domain.kernel.errors import UnavailableError

log = logging.getLogger(__name__)

READY, ABSENT, SUSPECT = "ready", "absent", "suspect"
_SHOWN = {State.READY: READY, State.WRONG_SETTINGS: SUSPECT}


@dataclass(frozen=True, slots=True)
class DeviceState:
    """One device: `tone` is ``ready``, ``absent`` or ``suspect``; `code` is the key of its sentence."""

    port: str
    driver: str
    kind: str
    label: str
    tone: str
    code: str


class DeviceHub(QObject):
    """All ports of one workstation; lives on the UI thread."""

    state_changed = Signal(str)
    """Name of the port whose state changed."""
    card_read = Signal(object)
    measured = Signal(object)
    scanned = Signal(object)
    """A `Scan` of a scanner in serial mode, for the shell's `ScanRouter.take`."""
    told = Signal(object)
    """Arrived with a Refusal or a Notice: something to show, never a value."""
    _begun = Signal()

    def __init__(
        self,
        settings: DeviceSettings,
        configs: tuple[PortConfig, ...] = (),
        printers: Mapping[str, LabelPrinter] | None = None,
        *,
        problems: tuple[str, ...] = (),
        make_worker: Callable[[PortConfig], Any] = PortWorker,
    ) -> None:
        super().__init__()
        self.labels_recovered = False
        """Whether the label jobs that an earlier run left in the middle were put in order."""
        self.settings = settings
        self.problems = problems
        """What is wrong with the settings file, in Chinese; the desk works without devices then."""
        self._printers = dict(printers or {})
        self._workers = {config.port: make_worker(config) for config in configs}
        self._card_taker: Callable[[CardRead], None] | None = None
        self._states = {config.port: _state(config, State.STARTING) for config in configs}
        self._notifiers: list[QSocketNotifier] = []
        application = QCoreApplication.instance()
        if application is not None:
            self.moveToThread(application.thread())
        self._begun.connect(self._listen)

    def start(self) -> None:
        """Start every port; returns at once, from any thread."""
        for worker in self._workers.values():
            worker.start()
        self._begun.emit()

    def stop(self) -> None:
        """End all ports at the same time (two seconds at most) and give them back."""
        for notifier in self._notifiers:
            notifier.setEnabled(False)
        self._notifiers.clear()
        threads = [threading.Thread(target=worker.stop) for worker in self._workers.values()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._workers.clear()

    def states(self) -> tuple[DeviceState, ...]:
        """Return every device as it stands."""
        return tuple(self._states.values())

    def has(self, kind: str) -> bool:
        """Tell whether a device of a kind (``bp``, ``scale``, ``idcard``) is set up here."""
        return any(state.kind == kind for state in self._states.values())

    def command(self, kind: str, name: str) -> None:
        """Ask the device of a kind to do something (``start`` a measurement).

        Raises:
            UnavailableError: ``device.not_ready``.
        """
        for port, state in self._states.items():
            if state.kind == kind and port in self._workers:
                self._workers[port].command(name)
                return
        raise UnavailableError("device.not_ready", command=name)

    def printer(self, use: str) -> LabelPrinter | None:
        """Return the label printer of a use, None where none is set up."""
        return self._printers.get(use)

    def label_printers(self) -> tuple[LabelPrinter, ...]:
        """Return every label printer that is set up."""
        return tuple(self._printers.values())

    @Slot()
    def _listen(self) -> None:
        for port, worker in self._workers.items():
            notifier = QSocketNotifier(worker.fileno(), QSocketNotifier.Type.Read, self)
            notifier.activated.connect(functools.partial(self._fetch, port))
            self._notifiers.append(notifier)
            self._fetch(port)

    def _fetch(self, port: str, *_activated: object) -> None:
        worker = self._workers.get(port)
        for report in worker.poll() if worker is not None else ():
            if isinstance(report, PortState):
                self._enter(port, report)
            elif isinstance(report, Arrived):
                self._hand_on(report)

    def _enter(self, port: str, report: PortState) -> None:
        before = self._states[port]
        code = report.code or f"device.state.{report.state.value}"
        self._states[port] = DeviceState(
            port, before.driver, before.kind, before.label, _SHOWN.get(report.state, ABSENT), code
        )
        self.state_changed.emit(port)

    def claim_cards(self, taker: Callable[[CardRead], None]) -> None:
        """Hand cards to a page that is on the screen and waits for one, in the place of the front desk."""
        self._card_taker = taker

    def release_cards(self, taker: Callable[[CardRead], None]) -> None:
        """Hand cards to the front desk again, unless another page has claimed them since."""
        if self._card_taker == taker:
            self._card_taker = None

    def _hand_on(self, report: Arrived) -> None:
        if isinstance(report.event, CardRead):
            if self._card_taker is not None:
                self._card_taker(report.event)
            else:
                self.card_read.emit(report)
        elif isinstance(report.event, ReadingSet):
            self.measured.emit(report)
        elif isinstance(report.event, Scan):
            self.scanned.emit(report.event)
        elif getattr(report.event, "code", ""):
            self.told.emit(report)


def _state(config: PortConfig, state: State) -> DeviceState:
    known = profile(config.driver)
    return DeviceState(
        config.port, config.driver, known.kind, known.shown_label, ABSENT, f"device.state.{state.value}"
    )


def load_hub(home: Home) -> DeviceHub:
    """Return the hub of an installation; settings that cannot be used leave it without devices, with `problems`."""
    try:
        settings = read_device_settings(home.folder / FILE_NAME)
        configs = tuple(port_config(setting, home) for setting in settings.ports)
        printers = label_printers(settings, resources.folder("documents") / "labels")
    except DeviceSettingsError as error:
        log.warning("device settings were not used: %d problems", len(error.problems))
        return DeviceHub(DeviceSettings(), problems=tuple(error.problems))
    return DeviceHub(settings, configs, printers)


def join_devices(desk: Any) -> None:
    """Join the devices to a desk: a part of `client.desk.INSTALLED`."""
    desk.workers.append(load_hub(desk.home))


def hub_of(desk: Any) -> DeviceHub:
    """Return the hub that was joined to a desk, or one without any device."""
    for worker in desk.workers:
        if isinstance(worker, DeviceHub):
            return worker
    hub = DeviceHub(DeviceSettings())
    desk.workers.append(hub)
    return hub
