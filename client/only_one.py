"""One program at a time on one installation: two would send the same transactions and ask for the same devices.

The lock is the operating system's, so it ends with the process, however that ends. Standard library only: it is taken
before the first paint.
"""

import errno
import os
import sys
from pathlib import Path

from domain.kernel.errors import UnavailableError

NAME = "in-use.lock"
_WITHOUT_SPACE = {errno.ENOSPC, errno.EDQUOT}


class HomeLock:
    """The right to use one installation.

    Args:
        folder: Of the installation; one that does not exist yet needs no lock.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: int | None = None

    def take(self) -> None:
        """Take the right, if it is not held already.

        Raises:
            UnavailableError: ``store.in_use``: another program has it; ``store.read_only``, ``store.disk_full``: the
                folder cannot be written to.
        """
        if self._file is not None or not self._folder.is_dir():
            return
        try:
            file = os.open(self._folder / NAME, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            code = "store.disk_full" if error.errno in _WITHOUT_SPACE else "store.read_only"
            raise UnavailableError(code) from error
        try:
            _lock(file)
        except OSError as error:
            os.close(file)
            raise UnavailableError("store.in_use", path=str(self._folder)) from error
        self._file = file

    def can_take(self) -> bool:
        """Take the right if that is possible; returns whether it is held, or not needed yet."""
        try:
            self.take()
        except UnavailableError:
            return False
        return True

    def release(self) -> None:
        """Let another program have it."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _lock(file: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
