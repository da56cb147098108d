"""Render the two style sheets of the client: qt-material's template in our colours, then our own layer.

Run at build time (``python resources/tools/render_styles.py``); the client reads only the result: ``<theme>.qss``,
the pictures it names under ``icons/``, and ``palette.json``. Rendering at start would cost 0.3 s.
"""

import json
import re
import shutil
import string
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[1] / "styles"
EDITOR_NOTES = re.compile(r' ?(?:inkscape:export-filename|sodipodi:docname)="[^"]*"')
"""What a drawing program wrote of the machine it ran on."""
FONT = "@font@"
"""Stands in the sheet for the family the client chooses at start."""


def main() -> None:
    """Render every theme of ``themes.yaml``."""
    colours = yaml.safe_load((FOLDER / "themes.yaml").read_text("utf-8"))
    themes = {name: values for name, values in colours.items() if isinstance(values, dict)}
    shutil.rmtree(FOLDER / "icons", ignore_errors=True)
    for name, values in themes.items():
        sheet = render(name, values)
        (FOLDER / f"{name}.qss").write_text(sheet, "utf-8")
        print(f"{name}.qss: {len(sheet)} characters")
    (FOLDER / "palette.json").write_text(json.dumps(themes, indent=1) + "\n", "utf-8")


def render(name: str, colours: dict[str, str]) -> str:
    """Return the sheet of one theme and put the pictures it names into ``icons/<theme>``."""
    base, pictures = material(colours)
    overrides = string.Template((FOLDER / "overrides.qss").read_text("utf-8"))
    sheet = squeezed(base) + "\n" + squeezed(overrides.substitute(colours, font=FONT)) + "\n"
    for used in sorted(set(re.findall(r"url\(icon:/([^)]+)\)", sheet))):
        target = FOLDER / "icons" / name / used
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(pictures[used], "utf-8")
    return "/* Made by resources/tools/render_styles.py; base: qt-material (BSD-2-Clause). */\n" + sheet


def material(colours: dict[str, str]) -> tuple[str, dict[str, str]]:
    """Return qt-material's sheet in these colours, and its pictures by ``folder/name.svg``."""
    import PySide6.QtGui  # noqa: F401  (qt-material looks whether Qt is loaded)
    from qt_material import build_stylesheet

    with tempfile.TemporaryDirectory() as folder:
        theme = Path(folder) / "theme.xml"
        theme.write_text(theme_xml(colours), "utf-8")
        extra: dict[str, Any] = {
            "font_family": FONT,
            "density_scale": "-1",
            "danger": colours["danger"],
            "warning": colours["warning"],
            "success": colours["success"],
        }
        sheet = build_stylesheet(str(theme), False, extra, f"{folder}/icons", export=True)
        pictures = {
            f"{p.parent.name}/{p.name}": EDITOR_NOTES.sub("", p.read_text("utf-8"))
            for p in Path(folder).rglob("*.svg")
        }
    if not sheet:
        raise SystemExit("qt-material gave no sheet")
    return without_views(sheet.replace("icon://", "icon:/")), pictures


def without_views(sheet: str) -> str:
    """Return the sheet without the rules of tables and lists, whose text colour would beat that of a row."""
    blocks = re.findall(r"[^{}]+\{[^{}]*\}", re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL))
    kept = [
        b for b in blocks if "::indicator" in b or not re.search(r"Q(Table|Tree|List|ItemView|Header)", b)
    ]
    return "".join(kept)


def theme_xml(colours: dict[str, str]) -> str:
    """Return a theme file of qt-material."""
    names = {
        "primaryColor": "primary",
        "primaryLightColor": "primary_soft",
        "secondaryColor": "surface",
        "secondaryLightColor": "border",
        "secondaryDarkColor": "window",
        "primaryTextColor": "text",
        "secondaryTextColor": "text",
    }
    rows = "".join(f'<color name="{theirs}">{colours[ours]}</color>' for theirs, ours in names.items())
    return f"<resources>{rows}</resources>"


def squeezed(sheet: str) -> str:
    """Return the sheet without comments and spare space, which Qt would parse at each start."""
    sheet = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    sheet = re.sub(r"\s+", " ", sheet)
    return re.sub(r"\} ", "}\n", re.sub(r" ?([{};,]) ?", r"\1 ", sheet)).strip()


if __name__ == "__main__":
    sys.exit(main())
