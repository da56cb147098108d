"""The bundle for who helps from afar: findings, versions, settings and logs, without anything of a person.

It is made of what is known to be needed: settings by their declaration (numbers and switches as they are, of texts
only whether there is one), devices by their drivers, the program's own log line by line (`scrubbing`). The store, the
files of clients and the raw logs of devices, which hold readings, are never opened for it.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from domain.kernel.clock import clinic
from sync.diagnosis.looking import WORST_FIRST, Finding
from sync.diagnosis.scrubbing import scrubbed_facts, scrubbed_log

MOST_LOG = 4 << 20
"""Bytes of logs that are taken, the newest."""
Say = Callable[..., str]


def bundle(
    findings: Sequence[Finding],
    say: Say,
    *,
    at: datetime,
    device: str,
    versions: Mapping[str, Any],
    settings: Mapping[str, Any],
    devices: Sequence[Mapping[str, Any]],
    logs: Sequence[Path],
) -> bytes:
    """Return a ZIP archive.

    Args:
        findings: What the checks found.
        say: The catalogue's sentences: ``say(code, **facts)``.
        at: Now, UTC.
        device: Id of the installation, by which the centre knows it.
        versions: `sync.diagnosis.versions.versions`.
        settings: Every setting by name, as it is; what may leave of it is decided here.
        devices: Of each device what `told_of_device` keeps.
        logs: Files of the program's log, the newest first.
    """
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.txt", report(findings, say, at=at, device=device))
        archive.writestr("findings.json", _json([_plain(one) for one in findings]))
        archive.writestr("versions.json", _json(versions))
        archive.writestr("settings.json", _json({n: _setting(v) for n, v in settings.items()}))
        archive.writestr("devices.json", _json([told_of_device(one) for one in devices]))
        for path, lines in _newest(logs):
            archive.writestr(f"logs/{path.name}", "\n".join(scrubbed_log(lines)) + "\n")
    return packed.getvalue()


def report(findings: Sequence[Finding], say: Say, *, at: datetime, device: str) -> str:
    """Return the findings in words, the worst first."""
    lines = [say("diagnosis.report", at=f"{clinic(at):%Y-%m-%d %H:%M}", device=device), ""]
    for one in worst_first(findings):
        head = f"[{say(f'diagnosis.level.{one.level}')}] {say(f'diagnosis.check.{one.check}')}"
        lines += [head, "  " + sentence(one, say, scrub=True)]
        if one.level is not WORST_FIRST[-1]:
            lines.append("  " + say(f"{one.code}.remedy"))
    return "\n".join(lines) + "\n"


def worst_first(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings as they are shown: bad, warnings, what is in order; else in the order of the checks."""
    return sorted(findings, key=lambda one: WORST_FIRST.index(one.level))


def sentence(one: Finding, say: Say, *, scrub: bool = False) -> str:
    """Return what a finding means, with the reason a part of the program gave."""
    keep = scrubbed_facts if scrub else dict
    told = say(one.code, **keep(one.facts))
    return told if one.reason is None else f"{told}{say(one.reason.code, **keep(one.reason.facts))}"


def told_of_device(setting: Mapping[str, Any]) -> dict[str, Any]:
    """Return what may be told of a device's setting: what it is, by which kind of line; no name, no address."""
    kept = {n: setting[n] for n in ("driver", "use", "language", "model", "template", "baud", "parity", "dpi")
            if setting.get(n) is not None}  # fmt: skip
    return scrubbed_facts(kept) | {"line": str(setting.get("address", "")).partition(":")[0][:8]}


def _plain(one: Finding) -> dict[str, Any]:
    plain = {"check": one.check, "level": one.level, "code": one.code, "facts": scrubbed_facts(one.facts)}
    if one.reason is not None:
        plain["reason"] = {"code": one.reason.code, "facts": scrubbed_facts(one.reason.facts)}
    return plain


def _setting(value: Any) -> Any:
    return value if isinstance(value, bool | int | float) else {"set": bool(value)}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True)


def _newest(logs: Sequence[Path]) -> Iterator[tuple[Path, list[str]]]:
    """Yield the newest whole lines of the logs, `MOST_LOG` bytes in all; one that cannot be read is left out."""
    left = MOST_LOG
    for path in logs:
        if left <= 0:
            return
        try:
            with path.open("rb") as file:
                size = file.seek(0, io.SEEK_END)
                start = max(0, size - left)
                file.seek(start)
                raw = file.read(left)
        except OSError:
            continue
        left -= len(raw)
        lines = raw.decode("utf-8", "replace").splitlines()
        yield path, lines[1:] if start else lines
