"""Start the workstation: ``python -m client --home DIR``."""

import sys

if __name__ == "__main__":
    if getattr(sys, "frozen", False):
        # Reports are made by processes of their own, which start this same program: they must go no further.
        from multiprocessing import freeze_support

        freeze_support()

    from client.main import main

    sys.exit(main())
