"""Python's garbage in a process that runs for months."""

import gc


def settle() -> None:
    """Set aside what is there now: modules and declarations, which live as long as the process.

    Else each full collection walks hundreds of thousands of objects that never become garbage: a tenth of the work
    of keeping a message. Called once, when everything is loaded.
    """
    gc.collect()
    gc.freeze()
