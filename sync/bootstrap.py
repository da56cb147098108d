"""A new workstation is filled from a snapshot: part by part, resumable at any byte, usable with the hot parts.

Each part is fetched (what is there of it is kept), proven by its hash, unpacked and looked into, all of that while
the one before is loaded. It is loaded in one transaction with the note that it is in, or, where somebody waits to
write, in several of which the last notes it: a power cut costs at most one part. Nothing of it lies on the disk in
the clear: it stays sealed as it came, and is sealed anew, page by page, for the moment in which the database reads
it. How far it is stands in the store (`filling_of`): never guessed from what happens to be there. When all parts
are in, the cursors stand at the snapshot's position, and ordinary pulling goes on. What people write meanwhile
stays on top of what is loaded.
"""

import contextlib
import enum
import errno
import hashlib
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, select, update
from sqlalchemy.exc import IntegrityError

from domain.exchange.rules import FILLED
from domain.kernel.change_log import SCHEMA_VERSION, Body, append_entry
from domain.kernel.errors import DomainError, UnavailableError
from domain.kernel.ids import new_id
from domain.kernel.store import Store
from sync.failpoints import reached
from sync.identity import identity_of, progress_of, set_cursors
from sync.local_tables import pull_state, snapshot_part
from sync.marks import keep_mark, set_pull_state
from sync.page_cipher import KEY_BYTES
from sync.pending import Pending
from sync.protocol import Cursor, Progress
from sync.search import create_search, mark_made
from sync.search_ready import NotTakenError, has_index, index_rest, take_index
from sync.snapshot_file import examined, lay_out, unpacked
from sync.snapshot_format import BLOCKS, SEALED, Manifest, Part, blocks_of, opened, unsealed
from sync.snapshot_rows import BlockPart, Content, FilePart, Write, add, replace, replace_with_care
from sync.snapshot_sources import FromCentre, Media, Source
from sync.uncollected import uncollected

__all__ = ["Bootstrap", "Filling", "FromCentre", "Media", "Source", "Stage", "filling_of"]
_UNPACKED = ".rows"


class Stage(enum.StrEnum):
    """How far a store is filled."""

    NONE = ""
    LOADING = "loading"
    USABLE = "usable"
    DONE = "done"


class Filling(msgspec.Struct, frozen=True):
    """How far a store is filled, for the screen: bytes of parts loaded and of all, and of the hot ones alone."""

    stage: Stage
    done: int = 0
    total: int = 0
    hot_done: int = 0
    hot_total: int = 0


def filling_of(connection: Connection) -> Filling:
    """Return how far a store is filled."""
    stage = Stage(connection.execute(select(pull_state.c.stage)).scalar() or "")
    if stage in {Stage.NONE, Stage.DONE}:
        return Filling(stage)
    rows = connection.execute(select(snapshot_part)).all()
    loaded = [row for row in rows if row.state == "loaded"]
    hot = [row for row in rows if row.hot]
    return Filling(
        stage, sum(r.size for r in loaded), sum(r.size for r in rows), sum(r.size for r in loaded if r.hot),
        sum(r.size for r in hot),
    )  # fmt: skip


class Bootstrap:
    """Fills a store from a snapshot.

    Args:
        store: The branch's store, enrolled and without rows of the centre.
        folder: For parts on their way.
        now_us: Microseconds UTC.

    Attributes:
        usable: The hot parts are in: people can work.
    """

    def __init__(self, store: Store, folder: Path, now_us: Callable[[], int]) -> None:
        self._store = store
        self._folder = folder
        self._now_us = now_us
        self.usable = False

    def run(
        self,
        source: Source,
        progress: Progress,
        cancel: threading.Event,
        between: Callable[[], object] = lambda: None,
    ) -> None:
        """Fill the store, or go on where it stopped.

        Args:
            source: The centre or a stick.
            progress: Told (done, total) bytes of all parts.
            cancel: Stops it soon; what is loaded stays so.
            between: Called after each part once the store is usable: what was written here meanwhile goes up.

        Raises:
            UnavailableError: The line broke, ``snapshot.making`` or ``snapshot.not_on_media``: go on later.
            DomainError: ``snapshot.bad_signature``, ``snapshot.damaged``, ``snapshot.newer``,
                ``snapshot.other_organisation``: a stick made for another branch.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self.usable = False
        manifest, key = self._manifest(source)
        with self._store.read() as connection:
            todo = _missing(connection, manifest)
        total = sum(part.size for part in manifest.parts)
        done = total - sum(part.size for part in todo)
        self._note_usable(todo)
        told = _rising(progress, total)
        with self._tidy(), ThreadPoolExecutor(1, thread_name_prefix="snapshot-ahead") as ahead:

            def begun(part: Part, before: int) -> Future[Content]:
                return ahead.submit(
                    self._ready, source, manifest, part, key, lambda n, _: told(before + n), cancel
                )

            fetched = [begun(todo[0], done)] if todo else []
            for at, part in enumerate(todo):
                if cancel.is_set():
                    raise UnavailableError("snapshot.stopped")
                content = fetched.pop().result()
                done += part.size
                left = todo[at + 1 :]
                fetched = [begun(left[0], done)] if left else []  # comes in while this one is loaded
                self._load(part, content)
                told(done)
                self._note_usable(left)
                if left and not left[0].hot:
                    wait(fetched)  # one thread at a time speaks with the centre
                    between()
        if manifest.form != BLOCKS:
            index_rest(self._store)  # of a snapshot that went before its index had come
        self._end(manifest)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _manifest(self, source: Source) -> tuple[Manifest, bytes]:
        """Return the manifest that was begun with and the key of its parts, or begin with the source's."""
        with self._store.read() as connection:
            kept = connection.execute(select(pull_state.c.manifest, pull_state.c.snapshot_key)).first()
            identity = identity_of(connection)
        if kept is not None and kept.manifest is not None:
            return opened(kept.manifest, identity.server_key), kept.snapshot_key or b""
        data = source.manifest()
        manifest = self._fitting(data)
        key = source.key(data) if manifest.form == SEALED else b""
        rows = [
            {"number": n, "name": p.name, "sha256": p.sha256, "size": p.size, "hot": p.hot, "state": "wanted"}
            for n, p in enumerate(manifest.parts)
        ]
        with self._store.write() as connection:
            set_pull_state(connection, manifest=data, snapshot_key=key, stage=Stage.LOADING)
            connection.execute(delete(snapshot_part))
            if rows:
                connection.execute(snapshot_part.insert(), rows)
            if connection.dialect.name == "sqlite":
                create_search(connection)
        return manifest, key

    def _fitting(self, data: bytes) -> Manifest:
        """Return a manifest this store can be filled from."""
        with self._store.read() as connection:
            identity = identity_of(connection)
        manifest = opened(data, identity.server_key)
        for found, known in ((manifest.schema_ver, SCHEMA_VERSION), (manifest.form, SEALED)):
            if found > known:
                raise DomainError("snapshot.newer", found=found, known=known)
        if identity.org_id not in manifest.orgs:
            raise DomainError("snapshot.other_organisation")
        return manifest

    def turn_to(self, source: Source) -> None:
        """Begin anew with a source that holds another snapshot than the one begun with; what is loaded stays.

        Raises as `run`; a source that does not fit leaves everything as it is.
        """
        with self._store.read() as connection:
            kept = connection.execute(select(pull_state.c.manifest)).scalar()
        if kept is not None and (data := source.manifest()) != kept:
            self._fitting(data)
            self.forget()

    def forget(self) -> None:
        """Give up a snapshot that the centre has no more; what is loaded stays, and the next one fills the rest."""
        with self._store.write() as connection:
            set_pull_state(connection, manifest=None, snapshot_key=None)
            connection.execute(delete(snapshot_part))

    @contextlib.contextmanager
    def _tidy(self) -> Iterator[None]:
        """Leave no unpacked part behind, nor one that a crash left."""
        try:
            self._clear()
            yield
        finally:
            self._clear()

    def _clear(self) -> None:
        for left in self._folder.glob(f"*{_UNPACKED}"):
            left.unlink(missing_ok=True)

    def _ready(
        self,
        source: Source,
        manifest: Manifest,
        part: Part,
        key: bytes,
        progress: Progress,
        cancel: threading.Event,
    ) -> Content:
        """Return a part that was fetched, proven and looked into."""
        path = self._fetched(source, manifest, part, progress, cancel)
        packed = path.read_bytes()
        if manifest.form == BLOCKS:
            with uncollected():
                return BlockPart(list(blocks_of(packed, part.name)))
        target, own_key = path.with_suffix(_UNPACKED), None
        if manifest.form == SEALED:
            packed, own_key = unsealed(packed, key, part.name), secrets.token_bytes(KEY_BYTES)
        image = unpacked(packed, part)
        tables = examined(image, part)
        try:
            lay_out(image, target, part, own_key)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise UnavailableError("store.disk_full") from error
            raise
        reached("part-unpacked")
        return FilePart(target, tables, own_key)

    def _fetched(
        self, source: Source, manifest: Manifest, part: Part, progress: Progress, cancel: threading.Event
    ) -> Path:
        target = self._folder / f"{part.sha256}.part"
        for _attempt in (1, 2):
            if not target.exists() or target.stat().st_size < part.size:
                source.fetch(manifest, part, target, progress, cancel)
            with target.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if found == part.sha256:
                reached("part-fetched")
                return target
            target.unlink()  # damaged on the way or on the disk: once more from the start
        raise DomainError("snapshot.damaged", name=part.name)

    def _load(self, part: Part, content: Content) -> None:
        """Load a part; a row with something pending stays as it is.

        Rows of a new store are there for the first time and stand in nobody's way: they are tried as that first, then
        as rows of which some are here, then with care. Savepoints make each row dearer the larger the store is.
        """
        if isinstance(content, FilePart) and has_index(content.tables):
            self._load_index(part, content)
        else:
            for write in (add, replace):
                try:
                    self._loaded(part, content, write)
                    break
                except IntegrityError:
                    continue
            else:
                self._loaded(part, content, replace_with_care)
        for suffix in (_UNPACKED, ".part"):
            (self._folder / f"{part.sha256}{suffix}").unlink(missing_ok=True)
        reached("part-loaded")

    def _loaded(self, part: Part, content: Content, write: Write) -> None:
        """Load a part in one transaction, or in more where people are at work and one of them waits to write."""
        steps = content.steps(write)
        step = next(steps, None)
        loaded = False
        while not loaded:
            with content.writing(self._store) as connection, content.unguarded(connection):
                settled = progress_of(connection).settled_seq
                pending = Pending(identity_of(connection), settled).read(connection)
                while step is not None:
                    step(connection, pending)
                    step = next(steps, None)
                    if step is not None and self.usable and self._store.is_waited_for():
                        break
                else:
                    _note_loaded(connection, part)
                    loaded = True

    def _load_index(self, part: Part, content: FilePart) -> None:
        """Take over the index of the hot clients, or make it here."""
        taken = False
        with contextlib.suppress(NotTakenError), content.writing(self._store) as connection:
            if taken := take_index(connection, content.tables):
                _note_loaded(connection, part)
        if not taken:
            index_rest(self._store)
            with self._store.write() as connection:
                _note_loaded(connection, part)

    def _note_usable(self, left: Sequence[Part]) -> None:
        if self.usable or any(part.hot for part in left):
            return
        self.usable = True
        with self._store.write() as connection:
            if connection.execute(select(pull_state.c.stage)).scalar() == Stage.LOADING:
                set_pull_state(connection, stage=Stage.USABLE)

    def _end(self, manifest: Manifest) -> None:
        with self._store.write() as connection:
            set_cursors(connection, [Cursor(org, manifest.position) for org in sorted(manifest.orgs)])
            if manifest.mark is not None:
                keep_mark(connection, manifest.mark)
            set_pull_state(connection, stage=Stage.DONE, life=manifest.life, compared_at=0)
            set_pull_state(connection, manifest=None, snapshot_key=None)
            if connection.dialect.name == "sqlite":
                mark_made(connection)
            connection.execute(delete(snapshot_part))
            identity = identity_of(connection)
            note: dict[str, Any] = {"position": manifest.position, "rows": sum(manifest.entities.values())}
            body = Body(FILLED, None, "system", identity.org_id.bytes, SCHEMA_VERSION, [], note)
            position = append_entry(
                connection, txn_id=new_id(), device_id=identity.device_id, at=self._now_us(), body=body
            )
        self._store.ring(position)


def _note_loaded(connection: Connection, part: Part) -> None:
    connection.execute(update(snapshot_part).where(snapshot_part.c.name == part.name).values(state="loaded"))
    reached("part-before-commit")


def _rising(progress: Progress, total: int) -> Callable[[int], None]:
    """Return what tells how many bytes are done of all, never fewer than before: two threads know of it."""
    most = 0

    def told(done: int) -> None:
        nonlocal most
        if done >= most:
            most = done
            progress(done, total)

    return told


def _missing(connection: Connection, manifest: Manifest) -> list[Part]:
    rows: Sequence[Row[Any]] = connection.execute(select(snapshot_part)).all()
    loaded = {row.name for row in rows if row.state == "loaded"}
    return [part for part in manifest.parts if part.name not in loaded]
