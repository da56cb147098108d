"""What tests of cameras share: a folder that the simulator looks at, and codes to hold before it."""

import dataclasses

from PySide6.QtGui import QColor, QImage, qRgb

from devices.labels.symbols import qr_modules


def look_at(desk, folder, *pictures):
    """Let a desk's camera see pictures."""
    folder.mkdir(exist_ok=True)
    for number, picture in enumerate(pictures):
        picture.save(str(folder / f"{number}.png"))
    desk.settings = dataclasses.replace(desk.settings, camera=f"files:{folder}")


def scene(colour="teal"):
    picture = QImage(640, 360, QImage.Format.Format_RGB32)
    picture.fill(QColor(colour))
    return picture


def code(text):
    """Return a picture of a sheet of paper with a QR code."""
    modules = qr_modules(text)
    side, unit, edge = len(modules), 8, 60
    picture = QImage(side * unit + 2 * edge, side * unit + 2 * edge, QImage.Format.Format_RGB32)
    picture.fill(QColor("white"))
    for row, line in enumerate(modules):
        for column, dark in enumerate(line):
            if dark:
                for y in range(unit):
                    for x in range(unit):
                        picture.setPixel(edge + column * unit + x, edge + row * unit + y, qRgb(0, 0, 0))
    return picture
