"""The rendered sheets: readable by WCAG's arithmetic, complete, up to date, and with Chinese glyphs."""

import json
import re

import pytest
import yaml
from PySide6.QtGui import QFont, QFontMetrics, QRawFont

import resources
from client.appearance import FONT_MARK, THEMES, chinese_family, icon, style_sheet
from client.navigation import BUILT_IN, ICONS
from client.stations import stations

STYLES = resources.folder("styles")
COLOURS = yaml.safe_load((STYLES / "themes.yaml").read_text("utf-8"))
TEXTS_ON_GROUNDS = [
    ("text", "window"), ("text", "surface"), ("text", "raised"), ("text", "primary_soft"), ("text", "hover"),
    ("muted", "window"), ("muted", "surface"), ("muted", "raised"), ("primary", "surface"), ("primary", "window"),
    ("primary_text", "primary"), ("danger", "surface"), ("danger", "danger_soft"), ("danger", "primary_soft"),
    ("warning", "warning_soft"), ("warning", "surface"), ("warning", "primary_soft"), ("success", "success_soft"),
    ("success", "surface"), ("bar_text", "bar"), ("bar_muted", "bar"), ("male", "surface"), ("female", "surface"),
]  # fmt: skip
MARKS_ON_GROUNDS = [
    ("focus", "surface"),
    ("focus", "window"),
    ("focus", "raised"),
    ("strong_border", "surface"),
]


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_arithmetic_is_that_of_wcag():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#767676", "#FFFFFF") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("ink", "ground"), TEXTS_ON_GROUNDS)
def test_text_has_contrast(theme, ink, ground):
    assert contrast(COLOURS[theme][ink], COLOURS[theme][ground]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("mark", "ground"), MARKS_ON_GROUNDS)
def test_the_focus_ring_and_borders_are_seen(theme, mark, ground):
    assert contrast(COLOURS[theme][mark], COLOURS[theme][ground]) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_every_picture_a_sheet_names_is_there(qapp, theme):
    sheet = style_sheet(theme)
    named = set(re.findall(r"url\(icon:/([^)]+)\)", sheet))
    assert named
    assert {n for n in named if not (STYLES / "icons" / theme / n).exists()} == set()
    style_sheet("light")


@pytest.mark.parametrize("theme", THEMES)
def test_the_sheet_is_rendered_from_what_stands_beside_it(theme):
    sheet = (STYLES / f"{theme}.qss").read_text("utf-8")
    assert FONT_MARK in sheet
    assert "{{" not in sheet
    assert "$" not in sheet
    for name in ("surface", "focus", "bar", "danger_soft"):
        assert COLOURS[theme][name] in sheet, f"run resources/tools/render_styles.py: {name}"
    assert json.loads((STYLES / "palette.json").read_text("utf-8"))[theme] == COLOURS[theme]


def test_the_themes_name_the_same_colours():
    assert COLOURS["light"].keys() == COLOURS["dark"].keys()


@pytest.mark.parametrize("text", ["检后通", "䶮", "㛃", "血清分离管"])
def test_the_font_draws_chinese_rare_characters_included(qapp, text):
    font = QFont(chinese_family())
    raw = QRawFont.fromFont(font)
    assert all(raw.supportsCharacter(ord(char)) for char in text)
    assert QFontMetrics(font).horizontalAdvance(text) > 0


def test_every_icon_that_is_named_is_drawn(qapp):
    names = (
        {i for _, _, i, _ in BUILT_IN}
        | set(ICONS.values())
        | {s.icon for s in stations().values()}
        | {"list"}
    )
    assert {n for n in names if icon(n).isNull()} == set()


def test_nothing_of_the_theme_maker_is_loaded_at_run_time():
    import subprocess
    import sys

    code = (
        "import sys; from client.workstation import Workstation; import client.desk; "
        "print([m for m in sys.modules if m.startswith(('qt_material', 'jinja2', 'PySide6.QtTest', 'xlsxwriter'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_sign_in_window_needs_no_database():
    import subprocess
    import sys

    code = "import sys; from client.workstation import Workstation; print('sqlalchemy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
