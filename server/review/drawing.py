"""The course of one result as SVG that stands in the page: values, reference interval, the latest one marked."""

from domain.checkup.compared import ResultRow

WIDTH, HEIGHT, EDGE = 120, 36, 6


def trend_svg(row: ResultRow) -> str:
    """Return the course of a result; empty where there is only one value."""
    if len(row.points) < 2:
        return ""
    bounds = [b for b in (row.low, row.high) if b is not None]
    values = [p.value for p in row.points]
    low, high = min([*values, *bounds]), max([*values, *bounds])
    span = (high - low) or 1.0
    days = [p.day.toordinal() for p in row.points]
    length = (days[-1] - days[0]) or 1

    def x(day: int) -> float:
        return EDGE + (day - days[0]) / length * (WIDTH - 2 * EDGE)

    def y(value: float) -> float:
        return HEIGHT - EDGE - (value - low) / span * (HEIGHT - 2 * EDGE)

    top = y(row.high) if row.high is not None else 0.0
    bottom = y(row.low) if row.low is not None else float(HEIGHT)
    band = (
        f'<rect x="0" y="{top:.1f}" width="{WIDTH}" height="{max(0.0, bottom - top):.1f}" class="band"/>'
        if bounds
        else ""
    )
    line = " ".join(f"{x(d):.1f},{y(v):.1f}" for d, v in zip(days, values, strict=True))
    dots = "".join(
        f'<circle cx="{x(d):.1f}" cy="{y(v):.1f}" r="{3.2 if n == len(values) - 1 else 2}">'
        f"<title>{p.day} {p.value:g}</title></circle>"
        for n, (p, d, v) in enumerate(zip(row.points, days, values, strict=True))
    )
    said = "，".join(f"{p.day} {p.value:g}" for p in row.points)
    kind = "trend out" if row.abnormal else "trend"
    return (
        f'<svg class="{kind}" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{said}">{band}<polyline points="{line}"/>{dots}</svg>'
    )
