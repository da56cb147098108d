"""The second shape of a store: what this release adds to the tables of 0001.

One migration a release, its steps in `sync.migrations.second`, a module a feature. It is closed: stores of this shape are
in use, and a test holds what its modules said then.
"""

import importlib
import pkgutil
from collections.abc import Sequence

from sync.migrations import second

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    for part in sorted(module.name for module in pkgutil.iter_modules(second.__path__)):
        importlib.import_module(f"{second.__name__}.{part}").upgrade()


def downgrade() -> None:
    raise NotImplementedError(
        "a store is not taken back: the copy made before the migration is put in its place"
    )
