"""``python -m tests.peers`` installs the peers, so that tests and benches find them there."""

import sys

from tests.peers import npm_folder, python_of_peers

sys.stdout.write(f"{npm_folder()}\n{python_of_peers()}\n")
