"""The second shape of a store: what this release adds to the tables of 0001.

One migration a release. Until the release is out every change of the declarations is written here, each in the
part it belongs to, with the steps of `sync.migrations.steps` (they may be taken twice, which MariaDB needs). Types
are written out as they are stored today, never taken from the declarations, which go on changing.
"""

from collections.abc import Sequence

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    _people()
    _checkups()
    _specimens()
    _writing()
    _transfer()
    _uploads()
    _trust()


def downgrade() -> None:
    raise NotImplementedError(
        "a store is not taken back: the copy made before the migration is put in its place"
    )


def _people() -> None:
    """Organisations, staff, patients, contacts."""


def _checkups() -> None:
    """Visits, results, reports, forms, alerts."""


def _specimens() -> None:
    """Specimens, boxes, labels, devices."""


def _writing() -> None:
    """The log, its cursors, the audit chain."""


def _transfer() -> None:
    """Bundles, verdicts, conflicts, snapshots."""


def _uploads() -> None:
    """Files and their transfers."""


def _trust() -> None:
    """Passwords, enrolment, sessions, search at the centre."""
