"""The simulated devices of a workstation: four on pseudo-terminals, two label printers on sockets."""

import json
from pathlib import Path

from tests.journeys.day.processes import Running

PORTS = {
    "nibp": ("bp.and.tm2657", ["--measure-s", "0.3"]),
    "scale": ("scale.tanita.wb3000", []),
    "card": ("idcard.samv", []),
    "scanner": ("scanner.serial", []),
}
PRINTERS = (("tube", "zpl", "tube_50x30", "203"), ("aliquot", "tspl", "cryo_25x13", "300"))


def plug_in(home: Path, labels: Path, logs: Path) -> dict[str, Running]:
    """Start the simulators and write the workstation's ``devices.json``; returns them by name.

    Args:
        home: The workstation's folder; the pseudo-terminals are linked there.
        labels: Where the printers put what they were told to print, as pictures.
        logs: Where they log.
    """
    running: dict[str, Running] = {}
    settings: dict[str, list[dict[str, object]]] = {"ports": [], "printers": []}
    for name, (driver, extra) in PORTS.items():
        link = home / f"{name}.pty"
        link.unlink(missing_ok=True)
        arguments = ["-m", "devices.simulator", driver, "--link", str(link), *extra]
        running[name] = Running(f"device-{name}", arguments, logs).start()
        running[name].line()
        settings["ports"].append({"port": name, "driver": driver, "address": str(link), "parity": "N"})
    for use, language, template, dpi in PRINTERS:
        arguments = ["-m", "devices.labels.simulator", "--language", language, "--dpi", dpi, "--port", "0"]
        printer = Running(f"printer-{language}", [*arguments, "--out", str(labels / language)], logs).start()
        running[f"printer-{language}"] = printer
        settings["printers"].append({
            "use": use, "name": f"{language.upper()} 标签机", "language": language,
            "address": f"tcp:127.0.0.1:{printer.json_line()['port']}", "template": template,
        })  # fmt: skip
    (home / "devices.json").write_text(json.dumps(settings, ensure_ascii=False, indent=1), "utf-8")
    return running
