"""Start of the workstation: the sign-in window is painted first, everything heavy comes after it.

Order: settings and texts, window, first paint, then in a thread SQLAlchemy, the store and the wiring
(`client.desk.build_desk`), while the person types. Nobody waits for a module they do not need yet.
"""

import argparse
import gc
import logging
import os
import sys
from pathlib import Path
from typing import Any

from client.early.opening import FirstLook
from client.home import Home, default_home
from client.only_one import HomeLock
from client.preferences import Preferences
from client.settings import SettingsError, read_settings
from domain.kernel.logs import JsonLines, catch_the_rest

log = logging.getLogger(__name__)


def main(argv: list[str] | None = None) -> int:
    """Run the workstation; returns the exit code (2: settings cannot be used)."""
    options = read_options(argv)
    home = Home(options.home)
    try:
        settings = read_settings(home.settings)
    except SettingsError as error:
        sys.stderr.write(f"{home.settings}:\n{error}\n")
        return 2
    start_log(home)
    if options.from_media is not None:
        from client.from_media import run

        return run(home, settings, options.from_media)

    gc.disable()  # what is loaded now stays; `client.collector` collects once the window is there
    lock = HomeLock(home.folder)
    first = FirstLook(home, settings) if lock.can_take() else None  # what is wrong is said on the screen

    from client.workstation import Workstation

    workstation = Workstation(
        home, settings, Preferences(home.preferences), login=options.login_as, first=first, lock=lock
    )
    if options.pilot:
        workstation.take_pilot()
    code = workstation.run()
    logging.shutdown()
    # Qt's and the pools' teardown at interpreter exit has nothing left to save; leave at once.
    sys.stdout.flush()
    os._exit(code)


def read_options(argv: list[str] | None) -> Any:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="client", description="Aftercheck workstation")
    parser.add_argument("--home", type=Path, default=default_home(), help="folder of the installation")
    parser.add_argument(
        "--login-as", default="", help="login name to begin with; the password is still asked"
    )
    parser.add_argument(
        "--from-media", type=Path, help="fill the store from a snapshot in this folder, then end"
    )
    parser.add_argument("--pilot", action="store_true", help="take commands as JSON lines on standard input")
    return parser.parse_args(argv)


class _RotatingLater(logging.Handler):
    """Loads what writes the file (sockets and more come with it) with the first record."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._file: logging.Handler | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write it."""
        try:
            if self._file is None:
                from logging.handlers import RotatingFileHandler

                self._file = RotatingFileHandler(
                    self._path, maxBytes=5_000_000, backupCount=5, encoding="utf-8"
                )
                self._file.setFormatter(self.formatter)
            self._file.emit(record)
        except OSError:
            self.handleError(record)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
        super().close()


def start_log(home: Home) -> None:
    """Log JSON lines to a file of at most 5 MB, five kept; they hold no data of patients."""
    try:
        home.log.parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = _RotatingLater(home.log)
    except OSError:
        handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    catch_the_rest()
