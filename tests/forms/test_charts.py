from datetime import date, timedelta
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.errors import DomainError
from forms.chart_axis import day_positions, ticks
from forms.charts import HEIGHT, WIDTH, Trend, interval, trend_chart

NAME = "{http://www.w3.org/2000/svg}"
values = st.decimals(-10_000, 10_000, places=2)
limits = st.one_of(st.none(), values)


def texts(svg):
    return [node.text for node in ElementTree.fromstring(svg).iter(f"{NAME}text")]  # noqa: S314 (our own drawing)


def trend(*points, low=None, high=None, title="空腹血糖"):
    days = [(date(2020, 1, 1) + timedelta(days=day), Decimal(value)) for day, value in points]
    bounds = (Decimal(limit) if limit is not None else None for limit in (low, high))
    return Trend(title, "mmol/L", tuple(days), *bounds)


def test_the_chart_names_item_unit_interval_dates_and_values():
    chart = trend_chart(trend((0, "5.60"), (365, "7.10"), low="3.9", high="6.1"))
    found = texts(chart.svg)
    for words in ("空腹血糖（mmol/L）", "参考区间 3.9–6.1", "2020-01-01", "2020-12-31", "5.60", "7.10"):
        assert words in found
    assert (
        chart.alt == "空腹血糖趋势图，单位 mmol/L，参考区间 3.9–6.1：2020-01-01 为 5.60，2020-12-31 为 7.10"
    )


def test_out_of_range_is_told_by_shape_not_by_colour():
    svg = trend_chart(trend((0, "3"), (30, "5"), (60, "9"), low="3.9", high="6.1")).svg
    root = ElementTree.fromstring(svg)  # noqa: S314
    assert len(list(root.iter(f"{NAME}circle"))) == 1
    corners = [node.get("points").split() for node in root.iter(f"{NAME}polygon")]
    tips = [float(points[0].split(",")[1]) - float(points[1].split(",")[1]) for points in corners]
    assert [tip > 0 for tip in tips] == [True, False], "below points down, above points up"
    colours = {node.get(name) for node in root.iter() for name in ("fill", "stroke")} - {None, "none"}
    for colour in colours:
        digits = colour.lstrip("#")
        channels = [int(part * 2 if len(digits) == 3 else part, 16) for part in _parts(digits)]
        assert max(channels) - min(channels) <= 8, f"{colour} is not grey"


def _parts(digits):
    width = len(digits) // 3
    return [digits[start : start + width] for start in range(0, len(digits), width)]


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [("1", "2", "1–2"), (None, "2", "≤ 2"), ("1", None, "≥ 1"), (None, None, "未设")],
)
def test_one_sided_intervals_read_right(low, high, words):
    assert interval(trend((0, "1"), low=low, high=high)) == words


def test_no_point_is_refused():
    with pytest.raises(DomainError, match=r"chart\.no_points"):
        trend_chart(trend())


def test_markup_in_a_title_stays_text():
    chart = trend_chart(trend((0, "1"), title='</text><script>&"'))
    assert '</text><script>&"（mmol/L）' in texts(chart.svg)


@given(st.lists(st.tuples(st.integers(0, 9000), values), min_size=1, max_size=60), limits, limits)
def test_every_place_is_on_the_drawing(points, low, high):
    bounds = sorted(limit for limit in (low, high) if limit is not None)
    low, high = (bounds[0], bounds[1]) if len(bounds) == 2 else (low, high)
    root = ElementTree.fromstring(trend_chart(trend(*points, low=low, high=high)).svg)  # noqa: S314
    for node in root.iter():
        for name in ("x", "x1", "x2", "cx"):
            assert 0 <= float(node.get(name, 0)) <= WIDTH
        for name in ("y", "y1", "y2", "cy"):
            assert 0 <= float(node.get(name, 0)) <= HEIGHT
        assert float(node.get("height", 0)) >= 0


@given(values, values)
def test_ticks_enclose_both_limits_with_few_round_numbers(one, other):
    low, high = min(one, other), max(one, other)
    scale = ticks(low, high)
    assert scale[0] <= low <= high < scale[-1]
    assert 2 <= len(scale) <= 9
    assert scale == sorted(set(scale))


def test_days_are_placed_in_proportion_to_time():
    start = date(2026, 1, 1)
    assert day_positions([start, start + timedelta(10), start + timedelta(100)], 0, 100) == [0, 10, 100]
    assert day_positions([start, start], 0, 90) == [30, 60]
    assert day_positions([start], 0, 100) == [50]
