"""What is plugged in: serial devices as their processes report them, and label printers as they answer."""

from collections.abc import Iterator, Sequence

from sync.diagnosis.looking import Check, Device, Finding, LabelPrinter, Level, Place, Reason, Watch

READY, PASSING = "printer.ready", frozenset({"printer.busy", "printer.buffer_full"})


def look(place: Place, watch: Watch) -> Sequence[Finding]:
    """One finding a device; a workstation without any says so."""
    if place.devices is None and place.printers is None:
        return []
    return list(_found(place, watch)) or [Finding("devices", Level.OK, "diagnosis.devices.none")]


def _found(place: Place, watch: Watch) -> Iterator[Finding]:
    if place.device_problems:
        facts = {"count": place.device_problems}
        yield Finding("devices", Level.BAD, "diagnosis.devices.settings", facts)
    for device in place.devices or ():
        yield _device(device)
    for printer in place.printers or ():
        if not watch.stopped():
            yield _printer(printer)


def _device(device: Device) -> Finding:
    facts = {"name": device.label}
    if device.tone == "ready":
        return Finding("devices", Level.OK, "diagnosis.devices.ok", facts)
    return Finding("devices", Level.WARNING, "diagnosis.devices.absent", facts, Reason(device.code))


def _printer(printer: LabelPrinter) -> Finding:
    condition, facts = printer.ask(), {"name": printer.name}
    if condition is None:
        return Finding("devices", Level.OK, "diagnosis.devices.mute", facts)
    if condition == READY or condition in PASSING:
        return Finding("devices", Level.OK, "diagnosis.devices.printer_ok", facts, Reason(condition))
    return Finding("devices", Level.WARNING, "diagnosis.devices.printer", facts, Reason(condition))


CHECK = Check("devices", 70, look)
