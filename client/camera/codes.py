"""The codes on a picture: of a camera, of a photo that was taken elsewhere. Takes some tens of milliseconds."""

import numpy as np
import zxingcpp
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage

LARGEST_PX = 3000
"""A photo is made no wider than this before its code is looked for."""


def codes_in(image: QImage) -> list[str]:
    """Return the texts of the codes on a picture; none for what is no picture. Off the UI thread."""
    if image.isNull():
        return []
    if max(image.width(), image.height()) > LARGEST_PX:
        image = image.scaled(LARGEST_PX, LARGEST_PX, Qt.AspectRatioMode.KeepAspectRatio)
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(grey.constBits(), np.uint8).reshape(grey.height(), grey.bytesPerLine())
    return [found.text for found in zxingcpp.read_barcodes(np.ascontiguousarray(rows[:, : grey.width()]))]
