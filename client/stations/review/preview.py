"""The pages of a PDF as pictures, for looking at exactly what will be signed or printed."""

import threading

from PySide6.QtGui import QImage

from domain.kernel.errors import UnavailableError

SCALE = 1.6
"""Pixels a point: an A4 page comes out 952 pixels wide."""
_one_at_a_time = threading.Lock()  # PDFium may not be entered by two threads


def pdf_pages(pdf: bytes, scale: float = SCALE) -> list[QImage]:
    """Return the pages of a PDF; never on the UI thread.

    Raises:
        UnavailableError: ``review.preview_unavailable``: the drawing library is not installed.
    """
    try:
        import pypdfium2
    except ImportError as error:
        raise UnavailableError("review.preview_unavailable") from error
    with _one_at_a_time:
        document = pypdfium2.PdfDocument(pdf)
        try:
            document.init_forms()  # the hand under a consent lies in the field of its seal
            return [_page(document[number], scale) for number in range(len(document))]
        finally:
            document.close()


def _page(page: object, scale: float) -> QImage:
    bitmap = page.render(scale=scale, rev_byteorder=True, prefer_bgrx=True)  # type: ignore[attr-defined]
    form = QImage.Format.Format_RGBX8888 if bitmap.n_channels == 4 else QImage.Format.Format_RGB888
    picture = QImage(bytes(bitmap.buffer), bitmap.width, bitmap.height, bitmap.stride, form)
    return picture.copy()
