"""Trend charts as SVG: drawn in black and grey, so that a photocopy says the same as the page.

The band is the reference interval; a value inside it is a filled circle, above it a triangle pointing up,
below it one pointing down. Texts stay texts, so that a search finds them in the finished PDF.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from xml.sax.saxutils import escape, quoteattr

from domain.kernel.errors import DomainError
from forms.chart_axis import day_positions, ticks
from forms.fonts import SANS, printable

WIDTH, HEIGHT = 520, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 22, 34, 30
_LABELS_AT_MOST = 12


@dataclass(frozen=True)
class Chart:
    """A drawing for a document: SVG source, and the same said in a sentence for those who cannot see it."""

    svg: str
    alt: str


@dataclass(frozen=True)
class Trend:
    """One result over time: its unit (as printed), its reference interval, its (day, value) points."""

    title: str
    unit: str
    points: tuple[tuple[date, Decimal], ...]
    low: Decimal | None = None
    high: Decimal | None = None

    def position(self, value: Decimal) -> int:
        """Tell on which side of the reference interval a value lies: -1 below, 0 inside, 1 above."""
        if self.low is not None and value < self.low:
            return -1
        return 1 if self.high is not None and value > self.high else 0


def trend_chart(trend: Trend) -> Chart:
    """Draw one result over time.

    Raises:
        DomainError: ``chart.no_points`` if there is nothing to draw.
    """
    if not trend.points:
        raise DomainError("chart.no_points", "points", title=trend.title)
    points = sorted(trend.points)
    values = [value for _, value in points] + [
        limit for limit in (trend.low, trend.high) if limit is not None
    ]
    scale = ticks(min(values), max(values))
    plot = _Plot(trend, points, scale)
    body = [*plot.band(), *plot.grid(), plot.line(), *plot.marks(), *plot.days(), plot.heading()]
    view = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    alt = _sentence(trend, points)
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {view} role="img" aria-label={quoteattr(alt)}>'
    return Chart(svg + "".join(body) + "</svg>", alt)


class _Plot:
    """Places of one chart in SVG units; each method returns elements."""

    def __init__(self, trend: Trend, points: list[tuple[date, Decimal]], scale: list[Decimal]) -> None:
        self.trend = trend
        self.points = points
        self.scale = scale
        self.xs = day_positions([day for day, _ in points], _LEFT + 26, WIDTH - _RIGHT - 26)
        self.ys = [self._y(value) for _, value in points]

    def _y(self, value: Decimal) -> float:
        low, high = self.scale[0], self.scale[-1]
        share = float((value - low) / (high - low))
        return round(HEIGHT - _BOTTOM - share * (HEIGHT - _BOTTOM - _TOP), 2)

    def band(self) -> list[str]:
        low, high = self.trend.low, self.trend.high
        if low is None and high is None:
            return []
        top = self._y(high) if high is not None else _TOP
        bottom = self._y(low) if low is not None else HEIGHT - _BOTTOM
        width = WIDTH - _LEFT - _RIGHT
        shape = f'x="{_LEFT}" y="{top}" width="{width}" height="{round(bottom - top, 2)}"'
        edges = [
            _line(_LEFT, y, WIDTH - _RIGHT, y, "#777", dash="4 3") for y in _edges(low, high, top, bottom)
        ]
        return [f'<rect {shape} fill="#e4e7ea"/>', *edges]

    def grid(self) -> list[str]:
        parts = [_line(_LEFT, HEIGHT - _BOTTOM, WIDTH - _RIGHT, HEIGHT - _BOTTOM, "#333")]
        parts.append(_line(_LEFT, _TOP, _LEFT, HEIGHT - _BOTTOM, "#333"))
        for tick in self.scale:
            y = self._y(tick)
            parts.append(_line(_LEFT - 4, y, _LEFT, y, "#333"))
            parts.append(_text(_LEFT - 7, y + 3.5, f"{tick:f}", anchor="end"))
        return parts

    def line(self) -> str:
        path = " ".join(f"{x},{y}" for x, y in zip(self.xs, self.ys, strict=True))
        return f'<polyline points="{path}" fill="none" stroke="#111" stroke-width="1.4"/>'

    def marks(self) -> list[str]:
        shown = self._labelled()
        parts = []
        for index, ((_, value), x, y) in enumerate(zip(self.points, self.xs, self.ys, strict=True)):
            side = self.trend.position(value)
            parts.append(_mark(x, y, side))
            if index in shown:
                below = side < 0 and y < HEIGHT - _BOTTOM - 16
                parts.append(_text(x, y + 15 if below else y - 8, f"{value:f}", size=10, halo_behind=True))
        return parts

    def days(self) -> list[str]:
        shown = self._labelled()
        labels = [(x, day.isoformat()) for x, (day, _) in zip(self.xs, self.points, strict=True)]
        room, last_end = 58.0, float("-inf")
        parts = []
        for index, (x, label) in enumerate(labels):
            if index in shown and x - room / 2 > last_end:
                parts.append(_text(x, HEIGHT - _BOTTOM + 15, label))
                last_end = x + room / 2
        return parts

    def heading(self) -> str:
        words = _cut(f"{self.trend.title}（{self.trend.unit}）", 30)
        title = _text(_LEFT - 40, 15, words, anchor="start", size=12)
        return title + _text(WIDTH - _RIGHT, 15, _cut(f"参考区间 {interval(self.trend)}", 14), anchor="end")

    def _labelled(self) -> set[int]:
        """Return the points that get a number: all of them, or evenly chosen ones and always the last."""
        count = len(self.points)
        step = -(-count // _LABELS_AT_MOST)
        return set(range(count - 1, -1, -step))


def interval(trend: Trend) -> str:
    """Write the reference interval as a person reads it."""
    if trend.low is not None and trend.high is not None:
        return f"{trend.low:f}–{trend.high:f}"
    if trend.high is not None:
        return f"≤ {trend.high:f}"
    return f"≥ {trend.low:f}" if trend.low is not None else "未设"


def _cut(words: str, room: int) -> str:
    """Return as much as fits into `room` full-width characters, with an ellipsis where some is left out."""
    words = printable(words).replace("\n", " ")
    used = 0.0
    for index, mark in enumerate(words):
        used += 0.62 if mark.isascii() else 1.0
        if used > room:
            return words[: max(index - 1, 0)] + "…"
    return words


def _edges(low: Decimal | None, high: Decimal | None, top: float, bottom: float) -> list[float]:
    return [y for limit, y in ((high, top), (low, bottom)) if limit is not None]


def _sentence(trend: Trend, points: list[tuple[date, Decimal]]) -> str:
    series = "，".join(f"{day.isoformat()} 为 {value:f}" for day, value in points)
    return printable(f"{trend.title}趋势图，单位 {trend.unit}，参考区间 {interval(trend)}：{series}")


def _mark(x: float, y: float, side: int) -> str:
    if side == 0:
        return f'<circle cx="{x}" cy="{y}" r="3.4" fill="#111"/>'
    tip, base = y - side * 5, y + side * 4
    corners = f"{x},{tip} {x - 5},{base} {x + 5},{base}"
    return f'<polygon points="{corners}" fill="#fff" stroke="#111" stroke-width="1.5"/>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, dash: str = "") -> str:
    dashes = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{colour}" stroke-width="0.8"{dashes}/>'


def _text(
    x: float, y: float, words: str, *, anchor: str = "middle", size: int = 9, halo_behind: bool = False
) -> str:
    place = f'x="{x}" y="{y}" text-anchor="{anchor}" font-family="{SANS}" font-size="{size}" fill="#111"'
    halo = (
        'stroke="#fff" stroke-width="2.5" stroke-linejoin="round" paint-order="stroke"' if halo_behind else ""
    )
    return f"<text {place} {halo}>{escape(printable(words))}</text>"
