"""What counts as wrong: read from ``resources/security/watch.yaml``."""

from datetime import timedelta
from pathlib import Path

import msgspec

from domain.alerts.parts import Anomaly
from domain.kernel.content import ContentError, read_yaml
from domain.security.records import Suspicion


class WatchLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much is too much.

    Attributes:
        version: Of the file.
        window: Minutes that are counted together.
        limits: By suspicion, the number that may be reached; one more is noted.
        areas: Areas of commands (``reception`` of ``reception.book``) whose order and habits are judged.
        habit: What counts as unlike a person's own past there.
    """

    version: int
    window: int
    limits: dict[Suspicion, int]
    areas: frozenset[str]
    habit: Anomaly

    @property
    def span(self) -> timedelta:
        return timedelta(minutes=self.window)


def load_limits(path: Path) -> WatchLimits:
    """Read the file.

    Raises:
        ContentError: It says something unknown, or leaves a limit out.
    """
    try:
        read = msgspec.convert(read_yaml(path.read_text("utf-8")), WatchLimits)
    except msgspec.ValidationError as error:
        raise ContentError([f"{path.name}: {error}"]) from error
    wanted = {Suspicion.BEYOND_RIGHTS, Suspicion.MASS_READING, Suspicion.MASS_CHANGE, Suspicion.AGAINST_ORDER}
    if missing := wanted - read.limits.keys():
        raise ContentError([f"{path.name}: limits: missing: {', '.join(sorted(missing))}"])
    return read
