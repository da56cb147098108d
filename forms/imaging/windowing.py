"""Window and level, PNG, lengths and angles: pure functions over decoded frames."""

import math
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt

from forms.imaging.shapes import Facts, Frame

Point = tuple[float, float]
"""A place in an image: column and row, from its upper left corner, in pixels."""


def values_of(frame: Frame) -> npt.NDArray[Any]:
    """Return the values of a frame, rows by columns (by 3 for colour)."""
    if frame.form == "rgb":
        return np.frombuffer(frame.pixels, np.uint8).reshape(frame.rows, frame.columns, 3)
    return np.frombuffer(frame.pixels, np.int16 if frame.form == "i2" else np.float32).reshape(
        frame.rows, frame.columns
    )


def grey(frame: Frame, centre: float, width: float) -> npt.NDArray[np.uint8]:
    """Return what is shown of a grey frame: the linear function of PS3.3 C.11.2.1.2, dark to light."""
    width = max(1.0, width)
    values = values_of(frame)
    if values.dtype == np.int16:
        steps = np.arange(-32768, 32768, dtype=np.float32)
        table = np.roll(_linear(steps, centre, width, frame.inverted), 32768)
        shown: npt.NDArray[np.uint8] = table[values.view(np.uint16)]
        return shown
    return _linear(values, centre, width, frame.inverted)


def _linear(values: npt.NDArray[Any], centre: float, width: float, inverted: bool) -> npt.NDArray[np.uint8]:
    if width <= 1:
        scaled = np.where(values > centre - 0.5, 255.0, 0.0)
    else:
        scaled = ((values - (centre - 0.5)) / (width - 1) + 0.5) * 255.0
    shown = np.clip(scaled + 0.5, 0, 255).astype(np.uint8)
    return 255 - shown if inverted else shown


def png(frame: Frame, centre: float | None = None, width: float | None = None, most: int = 1400) -> bytes:
    """Return a frame as PNG, `most` pixels at its longer side; without a window in the first of its own."""
    from PIL import Image

    if frame.form == "rgb":
        picture = Image.fromarray(values_of(frame))
    else:
        _, own_centre, own_width = frame.windows[0]
        picture = Image.fromarray(
            grey(frame, own_centre if centre is None else centre, own_width if width is None else width)
        )
    picture.thumbnail((most, most))
    target = BytesIO()
    picture.save(target, "PNG", compress_level=3)
    return target.getvalue()


def length_mm(facts: Facts, start: Point, end: Point) -> float | None:
    """Return the distance of two places in millimetres; None where the file does not tell its spacing."""
    if facts.spacing is None:
        return None
    rows, columns = facts.spacing
    return math.hypot((end[0] - start[0]) * columns, (end[1] - start[1]) * rows)


def length_pixels(start: Point, end: Point) -> float:
    """Return the distance of two places in pixels."""
    return math.hypot(end[0] - start[0], end[1] - start[1])


def angle_degrees(facts: Facts, first: Point, corner: Point, last: Point) -> float:
    """Return the angle at `corner`, 0 to 180 degrees; unequal spacing of rows and columns is heeded."""
    rows, columns = facts.spacing or (1.0, 1.0)
    one, two = (
        math.atan2((place[1] - corner[1]) * rows, (place[0] - corner[0]) * columns) for place in (first, last)
    )
    turned = abs(math.degrees(one - two)) % 360
    return min(turned, 360 - turned)
