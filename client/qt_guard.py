"""PySide6 6.12 under Python 3.11 gives back `True` from every `Signal.emit` without counting the reference.

Each emit takes one reference of `True` away; after some thousand signals its count is zero and the interpreter aborts
(``Fatal Python error: bool_dealloc: deallocating True or False``). Seen with::

    before = sys.getrefcount(True)
    for _ in range(60):
        signal.emit()
    sys.getrefcount(True) - before  # -60

From Python 3.12 on the constants are immortal and the fault is harmless. Until then the count is raised once, far
beyond what a workstation can use up: at a million signals a second it lasts twelve days, at ours for centuries.
"""

import ctypes
import sys

SPARE = 1 << 40
IMMORTAL = (3, 12)


def keep_bools_alive() -> None:
    """Give the constants references to lose; does nothing where they are immortal. Safe to call again."""
    if sys.version_info >= IMMORTAL or sys.implementation.name != "cpython":
        return
    for constant in (True, False, None):
        if sys.getrefcount(constant) < SPARE:
            # The reference count is the first field of an object of CPython's release builds.
            ctypes.c_ssize_t.from_address(id(constant)).value += SPARE
