"""Gathering the rows of a snapshot at the centre, and cutting them into parts.

First all rows of one moment are copied into an encrypted file beside the store, those people work with apart from
the others: on SQLite by the database itself, so the store's log is held up for seconds and no Python runs for each
row; from MariaDB through the driver. Then that file, which nobody changes any more, is cut at leisure.

Hot is what a person works with: the catalogue, staff, and everything about clients who were here in the last twelve
months.
"""

import contextlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, LargeBinary, Table, Text, text
from sqlcipher3 import dbapi2 as sqlcipher

from domain.kernel.change_log import head_position
from domain.kernel.columns import JsonText, from_microseconds
from domain.kernel.ids import Id
from domain.kernel.record import Scope, column_info, shared_tables
from domain.kernel.store import Store
from domain.kernel.unit_of_work import CATALOGUE_SCOPE
from sync.lives import life_of, mark_at
from sync.page_cipher import KEY_BYTES, clear_image, said_key
from sync.protocol import Mark
from sync.search_ready import TERMS, copy_index, make_index, make_terms, say_version
from sync.snapshot_file import listed, packed_file, table_of
from sync.snapshot_format import Block, packed

HOT_FOR = timedelta(days=365)
HOT_PART = 16 << 20
"""Bytes of a hot part before compression. Nobody waits for a write yet while it is loaded; few parts load faster."""
RAW_PART = 8 << 20
"""Bytes of another part before compression: what a crash while it is loaded may cost. Whoever writes waits for less:
see `sync.snapshot_rows.Pace`."""
_AT_ONCE = 500
_OF_TERMS = 400
"""What the terms of a client weigh beside its row, in bytes of rows that load as fast."""
_CLIENTS = "patient"
_LINKED = (_CLIENTS, "visit", "report", "specimen", "alert")


@dataclass(frozen=True, slots=True)
class Aside:
    """A file in which rows lie while a snapshot is made, and the key it is encrypted with."""

    path: Path
    key: bytes


@dataclass(frozen=True, slots=True)
class Moment:
    """What the rows are of: the position of the log, its life, the mark of the position, and rows by entity."""

    position: int
    life: str
    mark: Mark | None
    entities: dict[str, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of one table that stand together in a part: ``first`` to ``last`` of the gathered rows of an entity."""

    entity: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Cut:
    """One part to be written; with `index` it holds the search index of the hot clients alone."""

    hot: bool
    pieces: tuple[Piece, ...] = ()
    index: bool = False

    @property
    def rows(self) -> int:
        return sum(piece.last - piece.first + 1 for piece in self.pieces)


def gather(store: Store, orgs: list[Id], target: Aside, now: int) -> Moment:
    """Copy the rows of organisations into a new file, as of one moment; `now` is microseconds UTC."""
    with store.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            database: Any = connection.connection.driver_connection
            try:
                with _attached(database, target, "gathered"):
                    return _moment(connection, database, "main", "gathered", orgs, now)
            except BaseException:
                connection.invalidate()  # nobody is to find the file attached to it
                raise
        aside = Aside(target.path.with_suffix(".fetched"), secrets.token_bytes(KEY_BYTES))
        try:
            with opened(target) as database, _attached(database, aside, "fetched"):
                return _moment(connection, database, "fetched", "main", orgs, now)
        finally:
            aside.path.unlink(missing_ok=True)


def _moment(
    connection: Connection, database: Any, source: str, target: str, orgs: list[Id], now: int
) -> Moment:
    try:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
        else:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT")
            database.execute("BEGIN")
        position = head_position(connection)
        life, mark = life_of(connection), mark_at(connection, position)
        tables = [t for t in _ordered() if _scoped(t) or CATALOGUE_SCOPE in orgs]
        if connection.dialect.name != "sqlite":
            for table in tables:
                _fetch(connection, table, orgs, database, source)
        split = _Split(database, source, target, orgs, now)
        found = {str(table.name): split.take(table) for table in tables}
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise
    finally:
        connection.rollback()
    return Moment(position, life, mark, {name: count for name, count in found.items() if count})


@contextlib.contextmanager
def opened(aside: Aside) -> Iterator[Any]:
    """Open a file that may be lost: what it holds is made anew after a crash."""
    with contextlib.closing(sqlcipher.connect(str(aside.path), isolation_level=None)) as database:
        database.execute(f'PRAGMA key = "{said_key(aside.key)}"')
        database.execute("PRAGMA temp_store = MEMORY")
        _careless(database, "main")
        yield database


@contextlib.contextmanager
def _attached(database: Any, aside: Aside, schema: str) -> Iterator[None]:
    database.execute(f"ATTACH ? AS {schema} KEY ?", (str(aside.path), said_key(aside.key)))
    try:
        _careless(database, schema)
        yield
    finally:
        database.execute(f"DETACH {schema}")


def _careless(database: Any, schema: str) -> None:
    for pragma in ("journal_mode = OFF", "synchronous = OFF"):
        database.execute(f"PRAGMA {schema}.{pragma}")


def _scoped(table: Table) -> bool:
    return table.info["record"].scope is not Scope.CATALOGUE


def _names(table: Table) -> list[str]:
    return [str(column.name) for column in table.columns]


def _fetch(connection: Connection, table: Table, orgs: list[Id], database: Any, schema: str) -> None:
    """Copy the rows of a table from MariaDB into an attached file."""
    names = _names(table)
    quoted = ", ".join(connection.dialect.identifier_preparer.quote(name) for name in names)
    places = {f"o{n}": org.bytes for n, org in enumerate(orgs)} if _scoped(table) else {}
    scope = f" WHERE org_id IN ({', '.join(f':{place}' for place in places)})" if places else ""
    query = text(f"SELECT {quoted} FROM {table.name}{scope}")  # noqa: S608 (names of ours)
    rows = connection.execution_options(yield_per=_AT_ONCE).execute(query, places)
    database.execute(table_of(table.name, names, schema))
    marks = ", ".join("?" * len(names))
    for some in rows.partitions():
        database.executemany(
            f'INSERT INTO {schema}."{table.name}" VALUES ({marks})',  # noqa: S608
            [tuple(row) for row in some],
        )


class _Split:
    """Copies rows by the order of their ids, hot ones into tables of their own."""

    def __init__(self, database: Any, source: str, target: str, orgs: list[Id], now: int) -> None:
        since = from_microseconds(now) - HOT_FOR
        self._database = database
        self._source, self._target = source, target
        self._values: dict[str, Any] = {f"o{n}": org.bytes for n, org in enumerate(orgs)}
        self._scope = f"org_id IN ({', '.join(f':{name}' for name in self._values)})"
        self._values |= {
            "day": f"{since:%Y-%m-%d}",
            "since": int(since.timestamp() * 1000).to_bytes(6, "big"),
        }

    def take(self, table: Table) -> int:
        """Copy the rows of a table; returns how many there are."""
        hot, names = self._is_hot(table), listed(_names(table))
        rows = f'SELECT {names} FROM {self._source}."{table.name}" WHERE '  # noqa: S608 (names of ours)
        rows += self._scope if _scoped(table) else "TRUE"
        count = 0
        for warmth, rule in (("hot", f"({hot})"), ("old", f"({hot}) IS NOT TRUE")):
            self._database.execute(table_of(f"{warmth}_{table.name}", _names(table), self._target))
            done = self._database.execute(
                f'INSERT INTO {self._target}."{warmth}_{table.name}" {rows} AND {rule} ORDER BY id',
                self._values,
            )
            count += max(0, done.rowcount)
        return count

    def _is_hot(self, table: Table) -> str:
        """Return the rule for the rows of a table; what belongs to no client is hot."""
        if table.name == _CLIENTS:
            lately = f"SELECT patient_id FROM {self._source}.visit WHERE visit_date >= :day"  # noqa: S608
            return f"id >= :since OR id IN ({lately})"
        links = _client_links(table)
        rules = [f'"{name}" IN (SELECT id FROM {self._target}."hot_{ref}")' for name, ref in links]  # noqa: S608
        none = " AND ".join(f'"{name}" IS NULL' for name, _ in links)
        return " OR ".join([*rules, f"({none})"]) if links else "TRUE"


def _client_links(table: Table) -> list[tuple[str, str]]:
    """Return the columns by which a row belongs to a client, the shortest way alone."""
    refs = {
        c.name: info.ref
        for c in table.columns
        if (info := column_info(c)) is not None and info.ref in _LINKED
    }
    direct = [(name, ref) for name, ref in refs.items() if ref == _CLIENTS]
    others = [(name, ref) for name, ref in refs.items() if ref not in {_CLIENTS, table.name}]
    return [(name, ref) for name, ref in direct or others if ref is not None]


def _ordered() -> list[Table]:
    """Return the shared tables, those that others refer to first."""
    tables = {table.name: table for table in shared_tables()}
    first = [tables[name] for name in _LINKED if name in tables]
    return (
        [t for t in tables.values() if t not in first and not _client_links(t)]
        + first
        + [t for t in tables.values() if t not in first and _client_links(t)]
    )


# Cutting: on a connection to the gathered file alone.


def index(database: Any) -> None:
    """Make the search index of the hot clients and the terms of the others."""
    database.execute("BEGIN")
    make_index(database, f"hot_{_CLIENTS}")
    make_terms(database, f"old_{_CLIENTS}", "old_terms")
    database.execute("COMMIT")


def cuts(database: Any, moment: Moment, hot_limit: int, limit: int) -> Iterator[Cut]:
    """Yield the parts to be written, hot ones first, each of about so many bytes."""
    for hot, usual in ((True, hot_limit), (False, limit)):
        pieces: list[Piece] = []
        size = 0
        most = usual // 4 if hot else usual  # nothing is loaded while the first comes
        for table in _ordered():
            if table.name not in moment.entities:
                continue
            for piece, weight in _pieces(database, table, hot=hot, grain=max(1, usual // 32)):
                if pieces and size + weight > most:
                    yield Cut(hot, tuple(pieces))
                    pieces, size, most = [], 0, usual
                if pieces and pieces[-1].entity == piece.entity:
                    piece = Piece(piece.entity, pieces.pop().first, piece.last)
                pieces.append(piece)
                size += weight
        if pieces:
            yield Cut(hot, tuple(pieces))
        if hot and _last(database, f"hot_{_CLIENTS}"):
            yield Cut(hot=True, index=True)


def _last(database: Any, name: str) -> int:
    last: int = database.execute(f'SELECT coalesce(max(rowid), 0) FROM "{name}"').fetchone()[0]  # noqa: S608
    return last


def _pieces(database: Any, table: Table, *, hot: bool, grain: int) -> Iterator[tuple[Piece, int]]:
    """Yield runs of rows of about `grain` bytes, or of one row, with their weight."""
    name = f"{'hot' if hot else 'old'}_{table.name}"
    last = _last(database, name)
    every = last // 200 + 1
    lengths = " + ".join(f'coalesce(octet_length("{column}"), 0) + 1' for column in _names(table))
    query = f'SELECT avg({lengths}) FROM "{name}" WHERE rowid % ? = 1 % ?'  # noqa: S608 (names of ours)
    usual = int(database.execute(query, (every, every)).fetchone()[0] or 1) + 8
    usual += _OF_TERMS if not hot and table.name == _CLIENTS else 0
    large = [str(c.name) for c in table.columns if isinstance(c.type, LargeBinary | Text | JsonText)]
    if not large:
        step = max(1, grain // usual)
        for first in range(1, last + 1, step):
            end = min(first + step - 1, last)
            yield Piece(str(table.name), first, end), (end - first + 1) * usual
        return
    sizes = " + ".join(f'coalesce(octet_length("{column}"), 0)' for column in large)
    running = f'SELECT rowid AS n, max(?, {sizes}) AS b FROM "{name}"'  # noqa: S608
    running = f"SELECT n, b, sum(b) OVER (ORDER BY n ROWS UNBOUNDED PRECEDING) / ? AS run FROM ({running})"  # noqa: S608
    query = f"SELECT min(n), max(n), sum(b) FROM ({running}) GROUP BY run ORDER BY 1"  # noqa: S608
    for first, end, weight in database.execute(query, (grain, usual)):
        yield Piece(str(table.name), first, end), weight


def file_part(database: Any, cut: Cut, folder: Path) -> tuple[bytes, int]:
    """Return a part of the forms `FILES` and `SEALED`, packed, and the size of what it unpacks to.

    On its way it lies in `folder`, encrypted.
    """
    rows = Aside(folder / "rows", secrets.token_bytes(KEY_BYTES))
    with _attached(database, rows, "part"):
        database.execute("BEGIN")
        if cut.index:
            copy_index(database)
            say_version(database)
        for piece in cut.pieces:
            _copy(database, piece, hot=cut.hot)
        database.execute("COMMIT")
    image = clear_image(rows.path.read_bytes(), rows.key)
    rows.path.unlink()
    return packed_file(image), len(image)


def _copy(database: Any, piece: Piece, *, hot: bool) -> None:
    source = f"{'hot' if hot else 'old'}_{piece.entity}"
    names = _columns(database, source)
    # A client keeps its number, by which the index knows it.
    taken = f"rowid, {listed(names)}" if piece.entity == _CLIENTS else listed(names)
    between = (piece.first, piece.last)
    database.execute(table_of(piece.entity, names, "part"))
    database.execute(
        f'INSERT INTO part."{piece.entity}" ({taken}) SELECT {taken} FROM "{source}" WHERE rowid BETWEEN ? AND ?',  # noqa: S608
        between,
    )
    if piece.entity == _CLIENTS and not hot:
        database.execute(table_of(TERMS, ["terms"], "part"))
        database.execute(
            f"INSERT INTO part.{TERMS} (rowid, terms) SELECT rowid, terms FROM old_terms"  # noqa: S608
            " WHERE rowid BETWEEN ? AND ?",
            between,
        )
        say_version(database)


def block_part(database: Any, cut: Cut) -> bytes:
    """Return a part of the form `BLOCKS`."""
    blocks: list[Block] = []
    for piece in cut.pieces:
        source = f"{'hot' if cut.hot else 'old'}_{piece.entity}"
        names = _columns(database, source)
        query = f'SELECT {listed(names)} FROM "{source}" WHERE rowid BETWEEN ? AND ?'  # noqa: S608
        rows = database.execute(query, (piece.first, piece.last))
        blocks.append((piece.entity, names, [list(row) for row in rows]))
    return packed(blocks)


def _columns(database: Any, table: str) -> list[str]:
    return [row[1] for row in database.execute(f'PRAGMA table_info("{table}")')]
