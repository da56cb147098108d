"""Snapshots made ahead at night, so that nobody who sets up a workstation by day waits for one.

In the small hours one is made for each group of organisations that workstations follow, unless the log has hardly
moved since the last: that one serves as well, and what came after it is pulled in a moment. The housekeeping looks
often, so a night cut short by a restart goes on; a group that has its snapshot of the night is passed over.
"""

import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from domain.kernel.clock import clinic
from domain.kernel.columns import from_microseconds
from domain.kernel.errors import KnownError
from domain.kernel.ids import Id
from domain.kernel.store import Store
from domain.kernel.unit_of_work import CATALOGUE_SCOPE
from sync.devices import all_scopes
from sync.snapshot_format import BLOCKS, FILES
from sync.snapshots import Snapshots, group_of

log = logging.getLogger(__name__)

NIGHT = range(1, 5)
"""Hours of the clinic's clock in which snapshots are made."""
EVERY = timedelta(hours=20)
"""Least age of the last snapshot of a group: once a night, also where the night began late the day before."""
LEFT = timedelta(days=1)
"""How long a folder that a crash left half-made may lie; nobody needs a day to make one."""
OLDER = timedelta(days=30)
"""How long one in the form of older programs lies, which is made when such a program asks: over a slow line it may
take as long to fetch."""


@dataclass(slots=True)
class Kept:
    """What lies there for one group: how many, their bytes, and when the newest was made (microseconds UTC)."""

    count: int = 0
    size: int = 0
    newest: int = 0


class Nightly:
    """Makes and removes the snapshots of a centre.

    Args:
        store: The centre's store.
        snapshots: Where they are made.
        now_us: Microseconds UTC.
    """

    def __init__(self, store: Store, snapshots: Snapshots, now_us: Callable[[], int]) -> None:
        self._store = store
        self._snapshots = snapshots
        self._now_us = now_us
        self.made = 0
        """Since the start."""

    def run(self) -> int:
        """Do what is due now, nothing by day; returns how many old folders went.

        Raises:
            KnownError: Of a group whose snapshot could not be made; the others were.
        """
        if clinic(from_microseconds(self._now_us())).hour not in NIGHT:
            return 0
        with self._store.read() as connection:
            wanted = {frozenset({*orgs, CATALOGUE_SCOPE}) for orgs in all_scopes(connection)}
        before = set(self._folders())
        failed: KnownError | None = None
        for orgs in sorted(wanted, key=len):  # single branches first: the whole group's is the largest by far
            try:
                self._renew(orgs)
            except KnownError as error:
                log.warning("no snapshot", extra={"code": error.code, "organisations": len(orgs)})
                failed = error
        older = {group_of(orgs, form) for orgs in wanted for form in (BLOCKS, FILES)}
        self._forget({group_of(orgs) for orgs in wanted}, older)
        if failed is not None:
            raise failed
        return len(before.difference(self._folders()))

    def kept(self) -> dict[str, Kept]:
        """Return what lies there, by group; reads names and sizes alone."""
        found: dict[str, Kept] = {}
        for folder in self._folders():
            if (named := _named(folder)) is None:
                continue
            group = found.setdefault(named[0], Kept())
            group.count += 1
            group.newest = max(group.newest, named[1])
            try:
                group.size += sum(path.stat().st_size for path in folder.iterdir())
            except FileNotFoundError:
                continue  # it went while we looked
        return found

    def _renew(self, orgs: frozenset[Id]) -> None:
        if self._snapshots.good(orgs, self._now_us() - EVERY // timedelta(microseconds=1)) is None:
            self._snapshots.make(orgs)
            self.made += 1

    def _forget(self, groups: set[str], older: set[str]) -> None:
        """Remove snapshots of groups nobody follows any more, those of older programs, and what a crash left."""
        now = self._now_us()
        for folder in list(self._folders()):
            named = _named(folder)
            left = named[1] if named is not None else int(folder.stat().st_mtime * 1e6)
            kept = OLDER if named is not None and named[0] in older else LEFT
            gone = now - left > kept // timedelta(microseconds=1)
            if gone and (named is None or named[0] not in groups):
                shutil.rmtree(folder, ignore_errors=True)

    def _folders(self) -> Iterator[Path]:
        root = self._snapshots.folder
        yield from sorted(root.iterdir()) if root.is_dir() else ()


def _named(folder: Path) -> tuple[str, int] | None:
    """Return the group and the time in the name of a whole snapshot; None for one half-made."""
    parts = folder.name.split("-")
    return (parts[1], int(parts[2])) if parts[0] == "snapshot" and len(parts) == 4 else None
