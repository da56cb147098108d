"""The third shape of a store: what this release adds to the tables of 0002.

One migration a release. Until the release is out every change of the declarations is written in `sync.migrations.third`,
in the module of its feature, with the steps of `sync.migrations.steps` (they may be taken twice, which MariaDB needs).
"""

import importlib
import pkgutil
from collections.abc import Sequence

from sync.migrations import third

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    for part in sorted(module.name for module in pkgutil.iter_modules(third.__path__)):
        importlib.import_module(f"{third.__name__}.{part}").upgrade()


def downgrade() -> None:
    raise NotImplementedError(
        "a store is not taken back: the copy made before the migration is put in its place"
    )
