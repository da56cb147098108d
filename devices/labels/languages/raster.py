"""Any other printer, through the driver of the system (CUPS, Windows): one picture of exactly the printer's dots.

The picture is a PNG of one bit a dot that names its resolution; whoever hands it to a driver must not scale it. A
driver
tells nothing of a label, so it ends as sent, and a scan proves it.
"""

import io

from devices.labels.languages import language
from devices.labels.layout import Page
from devices.labels.raster import draw
from devices.labels.status import PrinterStatus


@language("raster")
class Raster:
    """One PNG a label."""

    status_query = b""
    counter_query = b""
    receipt = b""

    def encode(self, page: Page) -> bytes:
        """Return the label as PNG, black on white."""
        stream = io.BytesIO()
        draw(page).save(stream, "PNG", dpi=(page.dpi, page.dpi))
        return stream.getvalue()

    def parse_status(self, answer: bytes) -> PrinterStatus | None:
        """A driver answers nothing."""
        return None

    def parse_counter(self, answer: bytes) -> int | None:
        """A driver counts nothing."""
        return None

    def parse_receipt(self, answer: bytes) -> bool:
        """A driver confirms nothing."""
        return False
