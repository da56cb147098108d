"""The one script an installation starts: finds our code, hands over to the workstation.

Standard library only, and as little of it as possible: it stays as it is when the program is updated.
``--run-module NAME ARGUMENTS`` runs a module of ours instead, e.g. ``client.enrol`` to join by command line.
"""

import os
import sys


def base() -> str:
    """Return the folder of the installation."""
    if getattr(sys, "frozen", False):
        return os.path.dirname(sys.executable)  # noqa: PTH120  (pathlib costs 15 ms of the first paint)
    here = os.path.abspath(__file__)  # noqa: PTH100
    return os.path.dirname(os.path.dirname(os.path.dirname(here)))  # noqa: PTH120


def main() -> int:
    """Run the program; returns its exit code."""
    sys.path.insert(0, os.path.join(base(), "app"))  # noqa: PTH118
    if sys.argv[1:2] == ["--run-module"] and len(sys.argv) > 2:
        import runpy

        name = sys.argv[2]
        sys.argv[:3] = [name]
        runpy.run_module(name, run_name="__main__", alter_sys=True)
        return 0
    from client.main import main as run

    return run()


if __name__ == "__main__":
    if getattr(sys, "frozen", False):
        # Reports and ports are processes of their own that start this same program: they must go no further.
        sys.path.insert(0, os.path.join(base(), "app"))  # noqa: PTH118
        from multiprocessing import freeze_support

        freeze_support()
    sys.exit(main())
