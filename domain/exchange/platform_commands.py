"""Writing down how the centre is; its watch is the only caller."""

import dataclasses
from datetime import timedelta
from typing import Any

from domain.exchange.platform_records import PlatformCheck
from domain.exchange.workflow import platform_life
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import stable_id
from domain.kernel.unit_of_work import UnitOfWork

FRESH = timedelta(minutes=30)
"""How old what was measured may grow while nothing turns: the log stays small."""


@dataclasses.dataclass(frozen=True, slots=True)
class Probe:
    """One thing as it is: whether that is well, what was measured and what is asked for."""

    kind: str
    well: bool
    value: str
    wanted: str


@command("platform.note", "更新平台运行状态", permission=None, place="internal")
class NotePlatform:
    """Write what turned, and what has not been written for long."""

    probes: list[Any] = ask("检查", kind=Kind.HIDDEN)


@handles(NotePlatform)
def note_platform(order: NotePlatform, work: UnitOfWork) -> int:
    """Return how many rows were written."""
    written = 0
    for probe in order.probes:
        kept = work.find(PlatformCheck, probe=probe.kind)
        if kept is None:
            kept = PlatformCheck(
                id=stable_id("platform_check", probe.kind), org_id=work.actor.org_id, probe=probe.kind,
                value=probe.value, wanted=probe.wanted, seen_at=work.now,
            )  # fmt: skip
            work.start(platform_life, kept)
            if not probe.well:
                work.move(platform_life, kept, "fail")
            work.add(kept)
            written += 1
            continue
        turned = (kept.state == "well") != probe.well
        if turned:
            work.move(platform_life, kept, "recover" if probe.well else "fail")
        if turned or work.now - kept.seen_at >= FRESH:
            kept.value, kept.wanted, kept.seen_at = probe.value, probe.wanted, work.now
            written += 1
    return written
