"""A printer of the system (CUPS, Windows) as a label printer: each picture of dots is put on paper unscaled.

Drivers take no printer commands; what they take is a page. The page is as large as the label and its resolution
that of
the picture, so that one dot of the label is one dot of the head.
"""

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMarginsF, QRect, QSizeF
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPainter
from PySide6.QtPrintSupport import QPrinter, QPrinterInfo

from devices.labels.transports import Connection
from domain.kernel.errors import UnavailableError

_END = b"IEND\xaeB`\x82"
_MM_PER_M = 1000.0
_MM_PER_INCH = 25.4


@dataclass(frozen=True)
class SystemTransport:
    """The printer `queue` as the system calls it; `output` writes a PDF in its place (proofs)."""

    queue: str
    output: Path | None = None

    def connect(self) -> Connection:
        """Open it.

        Raises:
            UnavailableError: ``printer.unreachable`` for a queue the system does not have, ``printer.fault`` for one
                that is stopped or in error.
        """
        if self.output is None:
            info = QPrinterInfo.printerInfo(self.queue)
            if info.isNull():
                raise UnavailableError("printer.unreachable", address=self.queue)
            if info.state() == QPrinter.PrinterState.Error:
                raise UnavailableError("printer.fault", address=self.queue)
        return _SystemConnection(self)


class _SystemConnection:
    def __init__(self, transport: SystemTransport) -> None:
        self._transport = transport
        self._pending = b""

    def send(self, data: bytes) -> None:
        self._pending += data
        while _END in self._pending:
            one, _, self._pending = self._pending.partition(_END)
            self._page(QImage.fromData(one + _END, "PNG"))

    def receive(self, timeout_s: float) -> bytes:
        return b""

    def close(self) -> None:
        self._pending = b""

    def _page(self, picture: QImage) -> None:
        if picture.isNull():
            raise UnavailableError("printer.fault", address=self._transport.queue, sent=0)
        dots_per_mm = picture.dotsPerMeterX() / _MM_PER_M
        size = QSizeF(picture.width() / dots_per_mm, picture.height() / dots_per_mm)
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        if self._transport.output is None:
            printer.setPrinterName(self._transport.queue)
        else:
            printer.setOutputFileName(str(self._transport.output))
        printer.setDocName("label")
        printer.setResolution(round(dots_per_mm * _MM_PER_INCH))
        printer.setPageSize(
            QPageSize(size, QPageSize.Unit.Millimeter, "label", QPageSize.SizeMatchPolicy.ExactMatch)
        )
        printer.setPageMargins(QMarginsF(0, 0, 0, 0), QPageLayout.Unit.Millimeter)
        printer.setFullPage(True)
        painter = QPainter()
        if not painter.begin(printer):
            raise UnavailableError("printer.unreachable", address=self._transport.queue, sent=0)
        painter.drawImage(QRect(0, 0, picture.width(), picture.height()), picture)
        if not painter.end():
            raise UnavailableError("printer.connection_lost", address=self._transport.queue, sent=1)
