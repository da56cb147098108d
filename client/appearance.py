"""How the application looks: the rendered style sheets, the font, the icons. QtGui only, ready before first paint."""

import json
from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QDir, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPainter, QPalette, QPixmap

import resources

THEMES = ("light", "dark")
SYSTEM_FAMILIES = (
    "Microsoft YaHei UI",
    "Microsoft YaHei",
    "PingFang SC",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Noto Sans SC",
)
"""Families with simplified Chinese forms and the rare characters of names, best first; else the bundled one."""
FONT_MARK = "@font@"
BASE_PX = 14


@cache
def chinese_family() -> str:
    """Return a family that draws Chinese: the system's, or Noto Sans SC from its wheel (5 ms to load)."""
    present = set(QFontDatabase.families())
    for family in SYSTEM_FAMILIES:
        if family in present:
            return family
    from pylopdf_fonts_zh_cn import sans_path

    loaded = QFontDatabase.addApplicationFont(str(sans_path()))
    families = QFontDatabase.applicationFontFamilies(loaded)
    return families[0] if families else QGuiApplication.font().family()


def style_sheet(theme: str) -> str:
    """Return the sheet of a theme in the chosen font; its pictures are found under ``icon:``."""
    folder = resources.folder("styles")
    QDir.setSearchPaths("icon", [str(folder / "icons" / theme)])
    return (folder / f"{theme}.qss").read_text("utf-8").replace(FONT_MARK, chinese_family())


def base_font() -> QFont:
    """Return the font of everything the sheet does not reach."""
    font = QFont(chinese_family())
    font.setPixelSize(BASE_PX)
    return font


@cache
def _palettes() -> dict[str, dict[str, str]]:
    path: Path = resources.folder("styles") / "palette.json"
    return dict(json.loads(path.read_text("utf-8")))


class Colours:
    """Colours of the theme in force by what they are for (``danger``, ``muted``, …)."""

    def __init__(self, theme: str = "light") -> None:
        self.theme = theme

    def __getitem__(self, name: str) -> QColor:
        return QColor(_palettes()[self.theme][name])

    def palette(self) -> QPalette:
        """Return a palette for what style sheets do not draw: placeholders, links, item views' text."""
        palette = QPalette()
        roles = {
            QPalette.ColorRole.Window: "window",
            QPalette.ColorRole.Base: "surface",
            QPalette.ColorRole.AlternateBase: "window",
            QPalette.ColorRole.Text: "text",
            QPalette.ColorRole.WindowText: "text",
            QPalette.ColorRole.ButtonText: "text",
            QPalette.ColorRole.Button: "surface",
            QPalette.ColorRole.Highlight: "primary_soft",
            QPalette.ColorRole.HighlightedText: "text",
            QPalette.ColorRole.PlaceholderText: "muted",
            QPalette.ColorRole.Link: "primary",
            QPalette.ColorRole.ToolTipBase: "raised",
            QPalette.ColorRole.ToolTipText: "text",
        }
        for role, name in roles.items():
            palette.setColor(role, self[name])
        return palette


COLOURS = Colours()
"""Colours in force; views ask at each painting, so a change of theme needs no rewiring."""


def icon(name: str, colour: str = "text", size: int = 20) -> QIcon:
    """Return a line icon of ``resources/icons`` in a colour of the theme; an unknown name gives an empty icon."""
    path: Path = resources.folder("icons") / f"{name}.svg"
    if not path.exists():
        return QIcon()
    return _drawn(path.read_text("utf-8").replace("currentColor", COLOURS[colour].name()), size)


def _drawn(svg: str, size: int) -> QIcon:
    from PySide6.QtSvg import QSvgRenderer

    renderer = QSvgRenderer(QByteArray(svg.encode()))
    made = QIcon()
    for scale in (1, 2):
        pixmap = QPixmap(QSize(size * scale, size * scale))
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        renderer.render(painter, QRectF(0, 0, size * scale, size * scale))
        painter.end()
        pixmap.setDevicePixelRatio(scale)
        made.addPixmap(pixmap)
    return made
