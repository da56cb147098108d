"""How a picture is looked at: window, zoom, rotation, and what was measured on it. Pure; no Qt."""

from dataclasses import dataclass, field

from forms.imaging.shapes import Facts, Frame
from forms.imaging.windowing import Point, angle_degrees, length_mm, length_pixels

CLOSEST, FARTHEST = 20.0, 0.05
TOOLS = {"length": 2, "angle": 3}
"""How many places a tool takes."""


@dataclass(slots=True)
class Look:
    """What stays while a person walks through a series: the window is the same on every slice."""

    series: str = ""
    centre: float | None = None
    width: float | None = None
    inverted: bool = False
    zoom: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    turned: int = 0
    tool: str = ""
    measures: dict[tuple[str, int], list["Measure"]] = field(default_factory=dict)

    def begin(self, series: str) -> None:
        """Start anew with another series; measures stay with their pictures."""
        if series != self.series:
            self.series, self.centre, self.width, self.inverted = series, None, None, False
            self.fit()

    def fit(self) -> None:
        """Show the whole picture, upright."""
        self.zoom, self.shift, self.turned = 1.0, (0.0, 0.0), 0

    def window(self, frame: Frame) -> tuple[float, float]:
        """Return centre and width in force."""
        _, centre, width = frame.windows[0]
        return (centre if self.centre is None else self.centre), (width if self.width is None else self.width)

    def change_window(self, frame: Frame, centre_by: float, width_by: float) -> None:
        """Change level and width; a width is never below 1."""
        centre, width = self.window(frame)
        self.centre, self.width = centre + centre_by, max(1.0, width + width_by)

    def preset(self, frame: Frame, number: int) -> bool:
        """Take one of the frame's windows, counted from 1; returns whether there is such a one."""
        if not 1 <= number <= len(frame.windows):
            return False
        _, self.centre, self.width = frame.windows[number - 1]
        return True

    def zoom_by(self, factor: float) -> None:
        self.zoom = min(CLOSEST, max(FARTHEST, self.zoom * factor))


@dataclass(frozen=True, slots=True)
class Measure:
    """A length or an angle: the places clicked so far, in pixels of the picture."""

    tool: str
    places: tuple[Point, ...]

    @property
    def whole(self) -> bool:
        return len(self.places) == TOOLS[self.tool]

    def value(self, facts: Facts) -> tuple[str, float]:
        """Return the code of the sentence and the number: millimetres, pixels without spacing, or degrees."""
        if self.tool == "angle":
            return "angle", angle_degrees(facts, *self.places[:3])
        millimetres = length_mm(facts, *self.places[:2])
        if millimetres is None:
            return "pixels", length_pixels(*self.places[:2])
        return ("detector" if facts.spacing_kind == "detector" else "length"), millimetres
