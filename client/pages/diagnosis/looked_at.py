"""What the checks are given of a workstation, and what the bundle is made of."""

import dataclasses
import functools
from pathlib import Path
from typing import Any

from client.desk import Desk
from client.device_settings import LabelPrinter as Label
from client.devices_hub import hub_of
from client.keys import key_file_of, read_key
from client.ports import SyncState
from sync.diagnosis.looking import Device, LabelPrinter, Line, Place, Reason

LOST, WAITS = frozenset({"rejected", "merged"}), frozenset({"deferred", "parked"})


def place_of(desk: Desk) -> Place:
    """Return what is looked at; reads memory only, on the UI thread, where devices and line live."""
    hub = hub_of(desk)
    settings = desk.settings
    return Place(
        folder=desk.home.folder,
        least_free=settings.least_free_mib << 20,
        now=desk.clock(),
        store=desk.store,
        device_id=desk.installation.device_id,
        has_centre=bool(desk.installation.server),
        line=None if desk.sync is None else line_of(desk.sync.state()),
        key=functools.partial(read_key, desk.home.store, key_file_of(settings.key_file)),
        devices=tuple(Device(state.label, state.tone, state.code) for state in hub.states()),
        device_problems=len(hub.problems),
        printers=tuple(_asked(label) for label in hub.label_printers()),
    )


def line_of(state: SyncState) -> Line:
    """Return the exchange as the checks know it."""
    return Line(
        phase=state.phase,
        reason=Reason(state.reason, state.facts) if state.reason else None,
        last_contact=state.last_contact,
        skew_s=state.skew_s if state.last_contact else None,
        waiting=state.waiting,
        refused=sum(one.kind in LOST for one in state.refused),
        parked=sum(one.kind in WAITS for one in state.refused),
        conflicts=state.conflicts,
    )


def contents_of(desk: Desk) -> dict[str, Any]:
    """Return what the bundle tells beside the findings: arguments of `sync.diagnosis.bundle.bundle`."""
    hub = hub_of(desk)
    told = [fields_of(one) for one in (*hub.settings.ports, *hub.settings.printers)]
    return {
        "device": str(desk.installation.device_id),
        "settings": dataclasses.asdict(desk.settings),
        "devices": told,
        "logs": logs_of(desk.home.log),
    }


def logs_of(log: Path) -> list[Path]:
    """Return the files of the program's log, the newest first; never those of devices, which hold readings."""
    older = sorted(log.parent.glob(f"{log.name}.[0-9]*"), key=lambda path: int(path.suffix[1:]))
    return [path for path in (log, *older) if path.is_file()]


def fields_of(setting: Any) -> dict[str, Any]:
    """Return a setting's fields by name."""
    return {name: getattr(setting, name) for name in setting.__struct_fields__}


def _asked(label: Label) -> LabelPrinter:
    printer = label.printer

    def ask() -> str | None:
        return f"printer.{printer.status().condition}" if printer.answers_status else None

    return LabelPrinter(printer.name, ask)
