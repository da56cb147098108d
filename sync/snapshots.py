"""Making snapshots at the centre: the rows of some organisations in signed parts, the hot ones first.

What is in them and how it is cut is in `sync.snapshot_making`. A snapshot is made in a folder of its own, which gets
its name when it is whole, so a crash leaves nothing that is taken for one, and several server processes may make one
at a time.
"""

import hashlib
import itertools
import logging
import secrets
import shutil
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlcipher3 import dbapi2 as sqlcipher

from domain.kernel.change_log import SCHEMA_VERSION, head_position
from domain.kernel.errors import DomainError, UnavailableError
from domain.kernel.ids import Id
from domain.kernel.store import Store, cause_of
from sync.device_auth import public_text
from sync.lives import held_life, life_of
from sync.page_cipher import KEY_BYTES
from sync.snapshot_format import (
    BLOCKS,
    MANIFEST,
    SALT_BYTES,
    SEALED,
    Manifest,
    Part,
    Sealed,
    key_of,
    message_of,
    sealed,
)
from sync.snapshot_format import opened as manifest_opened
from sync.snapshot_making import (
    HOT_PART,
    RAW_PART,
    Aside,
    Moment,
    block_part,
    cuts,
    file_part,
    gather,
    index,
    opened,
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
        key: The centre's: it signs manifests, and what parts are sealed with comes from it.
        now_us: Microseconds UTC.
        raw_part: Bytes of a part before compression.
    """

    def __init__(
        self,
        store: Store,
        folder: Path,
        key: Ed25519PrivateKey,
        now_us: Callable[[], int],
        raw_part: int = RAW_PART,
    ) -> None:
        self._store = store
        self.folder = self._folder = folder
        self._key = key
        self._now_us = now_us
        self._raw_part = raw_part
        self._making: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()

    def newest(self, orgs: Iterable[Id], form: int = SEALED) -> Path | None:
        """Return the folder of the newest snapshot of these organisations that is of the log's life."""
        with self._store.read() as connection:
            life = life_of(connection)
        for folder in sorted(self._folder.glob(f"{_NAME}{group_of(orgs, form)}-*"), reverse=True):
            if manifest_of(folder).life == life:
                return folder
        return None

    def good(self, orgs: Iterable[Id], fresher_than_us: int, form: int = SEALED) -> Path | None:
        """Return the newest snapshot if it was made after a time, or the log has hardly moved since."""
        found = self.newest(orgs, form)
        if found is None:
            return None
        manifest = manifest_of(found)
        with self._store.read() as connection:
            moved = head_position(connection) - manifest.position
        same = manifest.schema_ver == SCHEMA_VERSION and moved < HARDLY
        return found if manifest.at >= fresher_than_us or same else None

    def ask(self, orgs: Iterable[Id], fresher_than_us: int, form: int = SEALED) -> bytes:
        """Return the sealed manifest of a snapshot made after a time, and begin to make one if there is none.

        `form` is the newest form of parts that the asker knows.

        Raises:
            UnavailableError: ``snapshot.making``: ask again after `retry_after_s`.
        """
        wanted = frozenset(orgs)
        form = min(max(form, BLOCKS), SEALED)
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

    def make(self, orgs: Iterable[Id], form: int = SEALED) -> Path:
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

    def key_for(self, data: bytes, allowed: frozenset[Id]) -> bytes:
        """Return the key of a snapshot made here, for somebody who may see `allowed`.

        It need not be here any more: it may lie on a stick.

        Raises:
            DomainError: ``snapshot.unknown``: of another centre, of other organisations, or nothing of it is sealed.
        """
        try:
            manifest = manifest_opened(data, public_text(self._key))
        except DomainError as error:
            raise DomainError("snapshot.unknown") from error
        if not manifest.salt or not set(manifest.orgs) <= allowed:
            raise DomainError("snapshot.unknown")
        return key_of(self._key, manifest.salt)

    def _make_quietly(self, orgs: frozenset[Id], form: int) -> None:
        try:
            self.make(orgs, form)
        except Exception:  # the edge of the thread: whoever waits asks again
            log.exception("a snapshot could not be made")

    def _write(self, folder: Path, orgs: list[Id], form: int) -> Manifest:
        """Gather the rows and write the parts and the manifest."""
        at = self._now_us()
        salt = secrets.token_bytes(SALT_BYTES) if form == SEALED else b""
        # Nobody but this thread ever knows what the rows are gathered under: what a crash leaves can be read by none.
        gathered = Aside(folder / "gathered", secrets.token_bytes(KEY_BYTES))
        moment = gather(self._store, orgs, gathered, at)
        with opened(gathered) as database:
            if form != BLOCKS:
                index(database)
            parts = list(self._parts(database, moment, folder, form, salt))
        gathered.path.unlink()
        manifest = Manifest(
            snapshot_id=f"{_NAME}{group_of(orgs, form)}-{at:020d}-{moment.position}", life=moment.life,
            position=moment.position, mark=moment.mark, schema_ver=SCHEMA_VERSION, at=at, orgs=orgs, parts=parts,
            entities=moment.entities, form=form, salt=salt,
        )  # fmt: skip
        data = msgspec.msgpack.encode(manifest)
        signed = Sealed(data, self._key.sign(message_of(data)))
        (folder / MANIFEST).write_bytes(msgspec.msgpack.encode(signed))
        return manifest

    def _parts(self, database: Any, moment: Moment, folder: Path, form: int, salt: bytes) -> Iterator[Part]:
        hot_limit = self._raw_part
        if form != BLOCKS:
            hot_limit = min(HOT_PART, self._raw_part * HOT_PART // RAW_PART)
        key = key_of(self._key, salt) if salt else b""
        numbers = {True: itertools.count(), False: itertools.count()}
        planned = list(
            cuts(database, moment, hot_limit, self._raw_part)
        )  # while parts are written nothing is read
        for cut in planned:
            if cut.index and form == BLOCKS:
                continue
            ending = "sealed" if key else "zst"
            name = f"{'hot' if cut.hot else 'old'}-{next(numbers[cut.hot]):05d}.{ending}"
            data, raw = (block_part(database, cut), 0) if form == BLOCKS else file_part(database, cut, folder)
            if key:
                data = sealed(data, key, name)
            (folder / name).write_bytes(data)
            yield Part(name, hashlib.sha256(data).hexdigest(), len(data), cut.rows, cut.hot, raw)


def manifest_of(folder: Path) -> Manifest:
    """Return the manifest of a snapshot of our own."""
    signed = msgspec.msgpack.decode((folder / MANIFEST).read_bytes(), type=Sealed)
    return msgspec.msgpack.decode(signed.manifest, type=Manifest)


def group_of(orgs: Iterable[Id], form: int = SEALED) -> str:
    """Return the name of a group of organisations whose snapshots have parts of a form."""
    ids = b"".join(sorted(org.bytes for org in set(orgs)))
    return hashlib.sha256(ids if form == BLOCKS else ids + bytes([form])).hexdigest()[:16]
