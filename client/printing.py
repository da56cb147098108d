"""Handing a finished PDF to a printer, or to the system's viewer. QtCore only; never on the UI thread."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from PySide6.QtCore import QProcess, QStandardPaths

from domain.kernel.errors import UnavailableError

Printer: TypeAlias = Callable[[Path], None]


def print_file(path: Path) -> None:
    """Print a PDF on the default printer: CUPS (``lp``), or the print verb of the PDF program on Windows.

    Raises:
        UnavailableError: ``review.no_printer``: there is no such program, or it does not take the file.
    """
    if sys.platform == "win32":
        try:
            os.startfile(path, "print")  # noqa: S606  (a file this program has just written)
        except OSError as error:
            raise UnavailableError("review.no_printer", reason=error.strerror or "") from error
        return
    program = QStandardPaths.findExecutable("lp")
    if not program:
        raise UnavailableError("review.no_printer", reason="lp")
    code = QProcess.execute(program, ["-s", str(path)])
    if code != 0:
        raise UnavailableError("review.no_printer", reason=f"lp {code}")
