"""Many small values at once, without the collector looking through them again and again."""

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Let the search for cycles wait while a piece of work makes some ten thousand values that have none.

    Whoever found the collector running lets it run again; so it does in the end, whichever threads were at it.
    What is not in a cycle is freed as always.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
