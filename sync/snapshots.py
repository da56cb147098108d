"""Making snapshots at the centre: the rows of some organisations in signed parts, the hot ones first.

What is in them and how it is cut is in `sync.snapshot_making`. A snapshot is made in a folder of its own, which gets
its name when it is whole, so a crash leaves nothing that is taken for one, and several server processes may make one
at a time.
"""

import hashlib
import itertools
import logging
import shutil
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from sqlcipher3 import dbapi2 as sqlcipher

from domain.kernel.change_log import SCHEMA_VERSION, head_position
from domain.kernel.errors import DomainError, UnavailableError
from domain.kernel.ids import Id
from domain.kernel.store import Store, cause_of
from sync.lives import held_life, life_of
from sync.snapshot_format import BLOCKS, FILES, MANIFEST, Manifest, Part, Sealed, message_of
from sync.snapshot_making import (
    HOT_PART,
    RAW_PART,
    Moment,
    block_part,
    cuts,
    gather,
    index,
    opened,
    write_file,
)

log = logging.getLogger(__name__)

KEPT = 2
"""Snapshots of the same organisations that are kept: the newest, and the one somebody may be fetching."""
HARDLY = 500
"""Entries the log may have moved for an old snapshot to be as good as a new one: one piece of a pull, and fewer than
`sync.pruning.LEAST`, so what came after it is never pruned."""
_NAME = "snapshot-"


class Snapshots:
    """Snapshots in a folder.

    Args:
        store: The centre's store.
        folder: Where they lie.
        sign: Signs a message with the centre's key.
        now_us: Microseconds UTC.
        raw_part: Bytes of a part before compression.
    """

    def __init__(
        self,
        store: Store,
        folder: Path,
        sign: Callable[[bytes], bytes],
        now_us: Callable[[], int],
        raw_part: int = RAW_PART,
    ) -> None:
        self._store = store
        self.folder = self._folder = folder
        self._sign = sign
        self._now_us = now_us
        self._raw_part = raw_part
        self._making: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()

    def newest(self, orgs: Iterable[Id], form: int = FILES) -> Path | None:
        """Return the folder of the newest snapshot of these organisations that is of the log's life."""
        with self._store.read() as connection:
            life = life_of(connection)
        for folder in sorted(self._folder.glob(f"{_NAME}{group_of(orgs, form)}-*"), reverse=True):
            if manifest_of(folder).life == life:
                return folder
        return None

    def good(self, orgs: Iterable[Id], fresher_than_us: int, form: int = FILES) -> Path | None:
        """Return the newest snapshot if it was made after a time, or the log has hardly moved since."""
        found = self.newest(orgs, form)
        if found is None:
            return None
        manifest = manifest_of(found)
        with self._store.read() as connection:
            moved = head_position(connection) - manifest.position
        same = manifest.schema_ver == SCHEMA_VERSION and moved < HARDLY
        return found if manifest.at >= fresher_than_us or same else None

    def ask(self, orgs: Iterable[Id], fresher_than_us: int, form: int = FILES) -> bytes:
        """Return the sealed manifest of a snapshot made after a time, and begin to make one if there is none.

        `form` is the newest form of parts that the asker knows.

        Raises:
            UnavailableError: ``snapshot.making``: ask again after `retry_after_s`.
        """
        wanted = frozenset(orgs)
        form = FILES if form >= FILES else BLOCKS
        if (found := self.good(wanted, fresher_than_us, form)) is not None:
            return (found / MANIFEST).read_bytes()
        name = group_of(wanted, form)
        with self._lock:
            if name not in self._making or not self._making[name].is_alive():
                thread = threading.Thread(
                    target=self._make_quietly, args=(wanted, form), name="snapshot", daemon=True
                )
                self._making[name] = thread
                thread.start()
        raise UnavailableError("snapshot.making", retry_after_s=2.0)

    def make(self, orgs: Iterable[Id], form: int = FILES) -> Path:
        """Make a snapshot now and return its folder; older ones of the same organisations go."""
        wanted = sorted(set(orgs))
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._store.read() as connection:
            begun = life_of(connection)
        if not begun:
            with self._store.write() as connection:
                held_life(connection, head_position(connection), self._now_us())
        working = self._folder / f"making-{uuid.uuid4().hex}"
        working.mkdir()
        try:
            manifest = self._write(working, wanted, form)
            target = self._folder / manifest.snapshot_id
            if target.exists():
                shutil.rmtree(target)
            working.rename(target)
        except sqlcipher.DatabaseError as error:
            code = cause_of(str(error))
            if code is None:
                raise
            raise UnavailableError(code) from error
        finally:
            shutil.rmtree(working, ignore_errors=True)  # nothing, if it has its name
        for old in sorted(self._folder.glob(f"{_NAME}{group_of(wanted, form)}-*"))[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)
        return target

    def part_path(self, snapshot_id: str, name: str, allowed: frozenset[Id]) -> Path:
        """Return the file of a part for somebody who may see `allowed`; ``snapshot.unknown`` if there is none."""
        folder = self._folder / snapshot_id
        if folder.parent != self._folder or not snapshot_id.startswith(_NAME) or not folder.is_dir():
            raise DomainError("snapshot.unknown")
        manifest = manifest_of(folder)
        if not set(manifest.orgs) <= allowed or name not in {part.name for part in manifest.parts}:
            raise DomainError("snapshot.unknown")
        return folder / name

    def _make_quietly(self, orgs: frozenset[Id], form: int) -> None:
        try:
            self.make(orgs, form)
        except Exception:  # the edge of the thread: whoever waits asks again
            log.exception("a snapshot could not be made")

    def _write(self, folder: Path, orgs: list[Id], form: int) -> Manifest:
        """Gather the rows and write the parts and the manifest."""
        at = self._now_us()
        gathered = folder / "gathered"
        moment = gather(self._store, orgs, gathered, at)
        with opened(gathered) as database:
            if form == FILES:
                index(database)
            parts = list(self._parts(database, moment, folder, form))
        gathered.unlink()
        manifest = Manifest(
            snapshot_id=f"{_NAME}{group_of(orgs, form)}-{at:020d}-{moment.position}", life=moment.life,
            position=moment.position, mark=moment.mark, schema_ver=SCHEMA_VERSION, at=at, orgs=orgs, parts=parts,
            entities=moment.entities, form=form,
        )  # fmt: skip
        data = msgspec.msgpack.encode(manifest)
        sealed = Sealed(data, self._sign(message_of(data)))
        (folder / MANIFEST).write_bytes(msgspec.msgpack.encode(sealed))
        return manifest

    def _parts(self, database: Any, moment: Moment, folder: Path, form: int) -> Iterator[Part]:
        hot_limit = min(HOT_PART, self._raw_part * HOT_PART // RAW_PART) if form == FILES else self._raw_part
        numbers = {True: itertools.count(), False: itertools.count()}
        planned = list(
            cuts(database, moment, hot_limit, self._raw_part)
        )  # while parts are written nothing is read
        for cut in planned:
            if cut.index and form != FILES:
                continue
            target = folder / f"{'hot' if cut.hot else 'old'}-{next(numbers[cut.hot]):05d}.zst"
            if form == FILES:
                sha256, size, raw = write_file(database, cut, target)
            else:
                data = block_part(database, cut)
                target.write_bytes(data)
                sha256, size, raw = hashlib.sha256(data).hexdigest(), len(data), 0
            yield Part(target.name, sha256, size, cut.rows, cut.hot, raw)


def manifest_of(folder: Path) -> Manifest:
    """Return the manifest of a snapshot of our own."""
    sealed = msgspec.msgpack.decode((folder / MANIFEST).read_bytes(), type=Sealed)
    return msgspec.msgpack.decode(sealed.manifest, type=Manifest)


def group_of(orgs: Iterable[Id], form: int = FILES) -> str:
    """Return the name of a group of organisations whose snapshots have parts of a form."""
    ids = b"".join(sorted(org.bytes for org in set(orgs)))
    return hashlib.sha256(ids if form == BLOCKS else ids + bytes([form])).hexdigest()[:16]
