"""Radar and heat map of a risk report as SVG: every point and cell also says its number, so no colour is needed."""

import math
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from forms.charts import Chart
from forms.fonts import SANS, printable

_SIZE, _RADIUS, _MIDDLE = 420, 128, (210.0, 186.0)
_HEIGHT = 372
_RINGS = (25, 50, 75, 100)
_CELL_W, _CELL_H, _HEAD_W, _HEAD_H = 30, 19, 92, 112
_FEWEST = 3


def radar_of(axes: Mapping[str, Any]) -> list[Chart]:
    """Return the radar of a document's `axes` (title, points with label and value), none with too few points."""
    drawn = radar_chart(axes["title"], [(one["label"], int(one["value"])) for one in axes["points"]])
    return [drawn] if drawn is not None else []


def radar_chart(title: str, points: Sequence[tuple[str, int]]) -> Chart | None:
    """Draw axes of 0 to 100, 100 outside; with fewer than three there is no area and no chart.

    Args:
        title: What the axes count.
        points: (label, value) clockwise from the top; values outside 0..100 are drawn at the edge.
    """
    if len(points) < _FEWEST:
        return None
    turns = [2 * math.pi * index / len(points) - math.pi / 2 for index in range(len(points))]
    body = [_polygon([_at(turn, ring) for turn in turns], "none", "#9aa5b1", 0.7) for ring in _RINGS]
    body += [_line(_MIDDLE, _at(turn, 100)) for turn in turns]
    body += [
        _words(_MIDDLE[0] - 4, _at(-math.pi / 2, ring)[1] + 3, str(ring), "end", 8) for ring in _RINGS[:3]
    ]
    outline = [_at(turn, min(max(value, 0), 100)) for turn, (_, value) in zip(turns, points, strict=True)]
    body.append(_polygon(outline, "#1b3a5722", "#1b3a57", 1.8))
    body += [f'<circle cx="{x}" cy="{y}" r="3" fill="#1b3a57"/>' for x, y in outline]
    for turn, (label, value) in zip(turns, points, strict=True):
        x, y = _at(turn, 113)
        anchor = "middle" if abs(math.cos(turn)) < 0.2 else "start" if math.cos(turn) > 0 else "end"
        body.append(_words(x, y, label, anchor, 10))
        body.append(_words(x, y + 12, str(value), anchor, 10.5, bold=True))
    told = "，".join(f"{label} {value}" for label, value in points)
    return _chart(_SIZE, _HEIGHT, body, f"{title}：{told}")


def heat_map(
    rows: Sequence[str], columns: Sequence[str], cells: Sequence[Sequence[int | None]]
) -> Chart | None:
    """Draw factor groups (rows) by diseases (columns): the share of the risk above the ideal, in per cent.

    Args:
        rows: Labels of the groups.
        columns: Names of the diseases.
        cells: One list a row; None where the group has no share.
    """
    if not rows or not columns:
        return None
    width, height = _HEAD_W + _CELL_W * len(columns) + 70, _HEAD_H + _CELL_H * len(rows) + 4
    body = []
    for index, name in enumerate(columns):
        x = _HEAD_W + _CELL_W * index + _CELL_W / 2 + 3
        body.append(
            f'<g transform="translate({x} {_HEAD_H - 6}) rotate(-52)">{_words(0, 0, name, "start", 9)}</g>'
        )
    for row, (label, line) in enumerate(zip(rows, cells, strict=True)):
        y = _HEAD_H + _CELL_H * row
        body.append(_words(_HEAD_W - 5, y + 13, label, "end", 9))
        for column, share in enumerate(line):
            x = _HEAD_W + _CELL_W * column
            body.append(
                f'<rect x="{x}" y="{y}" width="{_CELL_W}" height="{_CELL_H}" fill="{_shade(share)}" '
                'stroke="#b8c0c8" stroke-width="0.5"/>'
            )
            if share is not None:
                ink = "#fff" if share >= 45 else "#111"
                body.append(_words(x + _CELL_W / 2, y + 13, str(share), "middle", 9, ink=ink))
    told = "；".join(
        f"{label}："
        + "，".join(f"{columns[i]} {share}%" for i, share in enumerate(line) if share is not None)
        for label, line in zip(rows, cells, strict=True)
    )
    return _chart(width, height, body, f"各类因素在各病风险升高中所占比例。{told}")


def _shade(share: int | None) -> str:
    if share is None:
        return "#ffffff"
    depth = min(max(share, 0), 100) / 100
    red, green, blue = (
        round(high + (low - high) * depth) for high, low in ((251, 150), (233, 20), (226, 28))
    )
    return f"#{red:02x}{green:02x}{blue:02x}"


def _at(turn: float, value: float) -> tuple[float, float]:
    reach = _RADIUS * value / 100
    return round(_MIDDLE[0] + reach * math.cos(turn), 2), round(_MIDDLE[1] + reach * math.sin(turn), 2)


def _polygon(corners: Sequence[tuple[float, float]], fill: str, stroke: str, width: float) -> str:
    told = " ".join(f"{x},{y}" for x, y in corners)
    return f'<polygon points="{told}" fill="{fill}" stroke="{stroke}" stroke-width="{width}"/>'


def _line(start: tuple[float, float], end: tuple[float, float]) -> str:
    return f'<line x1="{start[0]}" y1="{start[1]}" x2="{end[0]}" y2="{end[1]}" stroke="#b8c0c8" stroke-width="0.7"/>'


def _words(
    x: float, y: float, words: str, anchor: str, size: float, *, ink: str = "#111", bold: bool = False
) -> str:
    weight = f' stroke="{ink}" stroke-width="0.35"' if bold else ""
    return (
        f'<text x="{round(x, 2)}" y="{round(y, 2)}" text-anchor="{anchor}" font-family="{SANS}" '
        f'font-size="{size}" fill="{ink}"{weight}>{escape(printable(words))}</text>'
    )


def _chart(width: int, height: int, body: Sequence[str], told: str) -> Chart:
    alt = printable(told)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label={quoteattr(alt)}>'
    )
    return Chart(head + "".join(body) + "</svg>", alt)
