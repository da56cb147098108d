"""One blood-pressure measurement from the numbers of a frame; what every monitor's decoder ends with."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from devices.parser import FrameError, out_of_range
from devices.readings import UCUM, Kind, Reading, ReadingSet

MEAN_SHARE = (Decimal("0.2"), Decimal("0.6"))
"""Where between diastolic (0) and systolic (1) a mean pressure may lie, inclusive.

A third to a half is usual, and so are published frames; the bounds are wider, UNVERIFIED in a primary source, and
only there to see damage. A measurement beyond them is repeated, or typed from the display.
"""


@dataclass(frozen=True, slots=True)
class PressureLimits:
    """What a monitor can measure at all, inclusive, mmHg and beats a minute; outside it the frame is wrong."""

    systolic: tuple[int, int]
    diastolic: tuple[int, int]
    heart_rate: tuple[int, int]


@dataclass(frozen=True, slots=True)
class PressureFrame:
    """The numbers of one frame, mmHg and beats a minute; `mean` None where the monitor sends none."""

    model: str
    device_time: datetime
    systolic: int
    diastolic: int
    heart_rate: int
    mean: int | None
    subject: str
    raw: bytes
    flags: frozenset[str] = frozenset()


def pressure_event(frame: PressureFrame, limits: PressureLimits) -> ReadingSet:
    """Return the measurement.

    Raises:
        FrameError: ``device.out_of_range`` (a value the monitor cannot measure) or ``bp.inconsistent`` (systolic
            not above diastolic, or a mean that cannot belong to them, see `MEAN_SHARE`).
    """
    values = {
        Kind.SYSTOLIC: (frame.systolic, limits.systolic),
        Kind.DIASTOLIC: (frame.diastolic, limits.diastolic),
        Kind.HEART_RATE: (frame.heart_rate, limits.heart_rate),
    }
    for kind, (value, (low, high)) in values.items():
        if not low <= value <= high:
            raise out_of_range(kind, Decimal(value), Decimal(low), Decimal(high))
    mean = frame.mean
    if frame.systolic <= frame.diastolic or not _may_be_mean(mean, frame.systolic, frame.diastolic):
        raise FrameError("bp.inconsistent", systolic=frame.systolic, diastolic=frame.diastolic)
    told = {kind: value for kind, (value, _) in values.items()}
    if mean is not None:
        told[Kind.MEAN_PRESSURE] = mean
    readings = tuple(
        Reading(kind, Decimal(value), UCUM[kind], frame.model, frame.device_time, frame.raw, frame.flags)
        for kind, value in told.items()
    )
    return ReadingSet(readings, frame.subject)


def _may_be_mean(mean: int | None, systolic: int, diastolic: int) -> bool:
    if mean is None:
        return True
    low, high = (diastolic + share * (systolic - diastolic) for share in MEAN_SHARE)
    return low <= mean <= high
