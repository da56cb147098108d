"""Start the workstation: ``python -m client --home DIR``."""

import sys

from client.main import main

sys.exit(main())
