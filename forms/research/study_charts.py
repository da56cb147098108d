"""Charts of a study's statistics as SVG: bars, means with their intervals, and curves of time to an event.

Drawn in black and grey with line styles, so that a photocopy says the same; each says its numbers in a sentence too.
"""

from collections.abc import Sequence
from decimal import Decimal
from xml.sax.saxutils import escape, quoteattr

from forms.chart_axis import ticks
from forms.charts import Chart
from forms.fonts import SANS, printable
from forms.research.statistics import Change
from forms.research.survival import Curve
from forms.research.wording import number

WIDTH, HEIGHT = 340, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 12, 30, 34
_DASHES = ("", "6 3", "2 3", "8 3 2 3")


def bars_chart(title: str, bars: Sequence[tuple[str, int]]) -> Chart:
    """Draw counts: a name and a count each."""
    most = max((count for _name, count in bars), default=0)
    scale = ticks(Decimal(0), Decimal(max(most, 1)))
    plot = _Plot(title, [float(one) for one in scale])
    room = plot.inner / max(len(bars), 1)
    for at, (name, count) in enumerate(bars):
        left = _LEFT + at * room
        top = plot.y(count)
        plot.add(
            f'<rect x="{left + room * 0.12:.1f}" y="{top:.1f}" width="{room * 0.76:.1f}" '
            f'height="{HEIGHT - _BOTTOM - top:.1f}" fill="#c3ccd5" stroke="#333" stroke-width="0.6"/>'
        )
        if len(bars) <= 14:
            plot.words(left + room / 2, top - 3, str(count), 8)
        if at % (1 + len(bars) // 9) == 0:
            plot.words(left + room / 2, HEIGHT - _BOTTOM + 12, _cut(name, max(3.2, room / 8)), 8)
    return plot.chart("；".join(f"{name} {count} 人" for name, count in bars))


def means_chart(title: str, unit: str, changes: Sequence[Change]) -> Chart:
    """Draw the mean of each visit with its 95 % interval and of how many it is."""
    low = min(one.mean - one.half for one in changes)
    high = max(one.mean + one.half for one in changes)
    scale = ticks(Decimal(str(round(low, 6))), Decimal(str(round(high, 6))))
    plot = _Plot(f"{title}（{unit}）" if unit else title, [float(one) for one in scale])
    room = plot.inner / len(changes)
    points = [(_LEFT + (at + 0.5) * room, plot.y(one.mean)) for at, one in enumerate(changes)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    plot.add(f'<polyline points="{path}" fill="none" stroke="#111" stroke-width="1.3"/>')
    for (x, y), one in zip(points, changes, strict=True):
        top, foot = plot.y(one.mean + one.half), plot.y(one.mean - one.half)
        plot.line(x, top, x, foot)
        plot.line(x - 4, top, x + 4, top)
        plot.line(x - 4, foot, x + 4, foot)
        plot.add(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#111"/>')
        plot.words(x + 6, y - 5, number(one.mean), 8, "start")
        plot.words(x, HEIGHT - _BOTTOM + 12, _cut(one.visit, 8), 8)
        plot.words(x, HEIGHT - _BOTTOM + 23, f"n={one.n}", 7.5)
    return plot.chart("；".join(
        f"{one.visit} {one.n} 人，均值 {number(one.mean)}，95% 区间 ±{number(one.half)}" for one in changes
    ))  # fmt: skip


def survival_chart(title: str, curves: Sequence[Curve]) -> Chart:
    """Draw the share without the event over days, one line style a group; marks of censoring are not drawn."""
    plot = _Plot(title, [0.0, 0.25, 0.5, 0.75, 1.0])
    longest = max((one.at_risk[-1][0] for one in curves if one.at_risk), default=1) or 1
    for at, one in enumerate(curves):
        points: list[tuple[float, float]] = [(_LEFT, plot.y(1.0))]
        share = 1.0
        for day, after in zip(one.days, one.share, strict=True):
            x = _LEFT + plot.inner * day / longest
            points += [(x, plot.y(share)), (x, plot.y(after))]
            share = after
        points.append((_LEFT + plot.inner, plot.y(share)))
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dash = f' stroke-dasharray="{_DASHES[at % 4]}"' if _DASHES[at % 4] else ""
        plot.add(f'<polyline points="{path}" fill="none" stroke="#111" stroke-width="1.4"{dash}/>')
        y = _TOP + 10 + at * 12
        plot.add(f'<line x1="{WIDTH - 118}" y1="{y}" x2="{WIDTH - 94}" y2="{y}" stroke="#111"{dash}/>')
        plot.words(WIDTH - 90, y + 3, f"{_cut(one.name or '全部', 8)} n={one.n}", 8, "start")
    for mark, _count in curves[0].at_risk if curves else ():
        plot.words(_LEFT + plot.inner * mark / longest, HEIGHT - _BOTTOM + 12, str(mark), 8)
    plot.words(_LEFT + plot.inner / 2, HEIGHT - 8, "入组后天数", 8)
    said = []
    for one in curves:
        left = number(100 * (one.share or (1.0,))[-1])
        said.append(f"{one.name or '全部'} {one.n} 人，事件 {one.events} 例，末次未发生比例 {left}%")
    return plot.chart("；".join(said))


class _Plot:
    """Frame, grid and title of one chart."""

    def __init__(self, title: str, scale: Sequence[float]) -> None:
        self._title, self._scale, self._parts = title, scale, []  # type: str, Sequence[float], list[str]
        self.inner = WIDTH - _LEFT - _RIGHT
        self.line(_LEFT, _TOP, _LEFT, HEIGHT - _BOTTOM)
        self.line(_LEFT, HEIGHT - _BOTTOM, WIDTH - _RIGHT, HEIGHT - _BOTTOM)
        for tick in scale:
            y = self.y(tick)
            self.line(_LEFT - 3, y, _LEFT, y)
            self.words(_LEFT - 5, y + 3, number(tick), 8, "end")
        self.words(6, 14, _cut(title, 26), 10, "start")

    def y(self, value: float) -> float:
        low, high = self._scale[0], self._scale[-1]
        return HEIGHT - _BOTTOM - (value - low) / (high - low) * (HEIGHT - _BOTTOM - _TOP)

    def add(self, element: str) -> None:
        self._parts.append(element)

    def line(self, x1: float, y1: float, x2: float, y2: float) -> None:
        self.add(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#333" stroke-width="0.8"/>'
        )

    def words(self, x: float, y: float, words: str, size: float, anchor: str = "middle") -> None:
        place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-family="{SANS}" font-size="{size}"'
        self.add(f'<text {place} fill="#111">{escape(printable(words))}</text>')

    def chart(self, said: str) -> Chart:
        alt = printable(f"{self._title}：{said}")
        view = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {view} role="img" aria-label={quoteattr(alt)}>'
        return Chart(head + "".join(self._parts) + "</svg>", alt)


def _cut(words: str, room: float) -> str:
    """Return as much as fits into so many full-width characters."""
    used = 0.0
    for at, mark in enumerate(words):
        used += 0.6 if mark.isascii() else 1.0
        if used > room:
            return words[:at] + "…"
    return words
