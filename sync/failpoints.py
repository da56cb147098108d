"""Places where a test may let the process die: just before or after something becomes durable.

``AFTERCHECK_FAILPOINT=name`` kills the process (SIGKILL) when it first comes to that place, ``name:3`` the
third time. Without the variable a place costs one comparison.
"""

import os
import signal
import threading

NAMES = (
    "upload-taken", "upload-written", "upload-synced", "upload-counted", "upload-proven", "blob-before-rename",
    "blob-renamed", "blob-adopted", "upload-handed-over", "upload-done", "transfer-before-note", "transfer-noted",
    "part-fetched", "part-unpacked", "part-before-commit", "part-loaded", "store-sealed",
    "backup-before-named", "backup-before-copied", "restore-before-named",
)  # fmt: skip

_armed, _, _number = os.environ.get("AFTERCHECK_FAILPOINT", "").partition(":")
_left = int(_number or 1)
_lock = threading.Lock()


def reached(name: str) -> None:
    """Die here, if this is the place and the time."""
    global _left
    if name != _armed:
        return
    with _lock:
        _left -= 1
        if _left == 0:
            os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
