"""An electrocardiogram as it stands on paper: 25 mm a second, 10 mm a millivolt, on millimetre paper; SVG."""

from collections.abc import Sequence
from html import escape

from forms.imaging.shapes import Lead, Waveform

MM_PER_S, MM_PER_MV = 25.0, 10.0
ROW_MM, LEFT_MM = 22.0, 12.0
FINEST_MM = 0.2
"""Finer than a line is wide: within it the lowest and the highest value are drawn, so that no spike is lost."""


def ecg_svg(wave: Waveform) -> str:
    """Return all leads below each other, a calibration pulse before each; lengths are millimetres."""
    seconds = max(len(lead.values) for lead in wave.leads) / wave.rate
    width, height = LEFT_MM + seconds * MM_PER_S + 2, ROW_MM * len(wave.leads) + 8
    rows = "".join(_row(lead, wave.rate, n * ROW_MM + ROW_MM / 2 + 4) for n, lead in enumerate(wave.leads))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="ecg" role="img" aria-label="25 mm/s 10 mm/mV" '
        f'viewBox="0 0 {width:.1f} {height:.1f}" width="{width:.1f}mm" height="{height:.1f}mm">'
        '<defs><pattern id="mm" width="1" height="1" patternUnits="userSpaceOnUse">'
        '<path d="M1 0H0V1" fill="none" stroke="#f6c9c9" stroke-width=".1"/></pattern>'
        '<pattern id="cm" width="5" height="5" patternUnits="userSpaceOnUse">'
        '<path d="M5 0H0V5" fill="url(#mm)" stroke="#e79a9a" stroke-width=".15"/></pattern></defs>'
        f'<rect width="100%" height="100%" fill="#fff8f6"/><rect width="100%" height="100%" fill="url(#mm)"/>'
        f'<rect width="100%" height="100%" fill="url(#cm)"/>{rows}</svg>'
    )


def points_mm(lead: Lead, rate: float) -> list[tuple[float, float]]:
    """Return what is drawn of a lead: millimetres to the right and upwards, spikes kept."""
    step = max(1, int(rate * FINEST_MM / MM_PER_S))
    found = []
    for start in range(0, len(lead.values), step):
        part = lead.values[start : start + step]
        low, high = min(part), max(part)
        first, last = (low, high) if part.index(low) <= part.index(high) else (high, low)
        at = start / rate * MM_PER_S
        found.append((at, first * MM_PER_MV))
        if low != high:
            found.append((at + FINEST_MM / 2, last * MM_PER_MV))
    return found


def _row(lead: Lead, rate: float, middle: float) -> str:
    pulse = _line([(1, 0), (3, 0), (3, 10), (8, 10), (8, 0), (10, 0)], middle, 0)
    name = f'<text x="{LEFT_MM + 1}" y="{middle - 6}" font-size="3.6" font-weight="600">{escape(lead.name)}</text>'
    return pulse + name + _line(points_mm(lead, rate), middle, LEFT_MM)


def _line(points: Sequence[tuple[float, float]], middle: float, left: float) -> str:
    drawn = " ".join(f"{left + x:.2f},{middle - y:.2f}" for x, y in points)
    return f'<polyline points="{drawn}" fill="none" stroke="#14202b" stroke-width=".22" stroke-linejoin="round"/>'
