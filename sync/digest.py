"""Digests: whether two stores hold the same rows, without sending them.

For each entity: the number of rows and the XOR of a 64-bit BLAKE2b over each row's id, version and fields. The
order of rows does not matter, and one different value shows.
"""

import functools
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, Table, bindparam, select

from domain.kernel.ids import Id
from domain.kernel.record import Scope, shared_tables
from domain.kernel.unit_of_work import CATALOGUE_SCOPE
from sync.local_tables import refused_record
from sync.shapes import Shape, shape_of

BUCKETS = 256
_AT_ONCE = 500
Digest = dict[str, tuple[int, str]]
_ENCODER = msgspec.msgpack.Encoder(order="sorted")


def store_digest(connection: Connection, orgs: Iterable[Id]) -> Digest:
    """Return count and digest (16 hexadecimal digits) of each shared entity.

    Args:
        connection: Connection to either store.
        orgs: Organisations to look at; the all-zero id stands for the catalogue.

    Records of this store that the centre refused are left out: they are not shared.
    """
    wanted = [org.bytes for org in orgs]
    refused = _refused(connection)
    found: Digest = {}
    for table in sorted(shared_tables(), key=lambda t: t.name):
        shape = shape_of(table.name)
        if shape is None:
            continue
        scoped = shape.info.scope is not Scope.CATALOGUE
        if scoped or CATALOGUE_SCOPE.bytes in wanted:
            count = total = 0
            for _, one in _hashed(connection, shape, wanted if scoped else None, refused[shape.entity]):
                count += 1
                total ^= one
            found[shape.entity] = (count, f"{total:016x}")
    return found


def bucket_of(record_id: bytes) -> int:
    """Return the bucket of a record: the last byte of its id, for the first ones are its time."""
    return record_id[-1]


def bucket_digests(connection: Connection, entity: str, orgs: Iterable[Id]) -> list[tuple[int, str]]:
    """Return count and digest of each of the `BUCKETS` parts of an entity; arguments as for `store_digest`."""
    shape = shape_of(entity)
    if shape is None:
        return []
    scoped = shape.info.scope is not Scope.CATALOGUE
    return _buckets(connection, shape, [org.bytes for org in orgs] if scoped else None)


def _buckets(connection: Connection, shape: Shape, orgs: list[bytes] | None) -> list[tuple[int, str]]:
    counts, totals = [0] * BUCKETS, [0] * BUCKETS
    for record_id, one in _hashed(connection, shape, orgs, _refused(connection)[shape.entity]):
        bucket = bucket_of(record_id)
        counts[bucket] += 1
        totals[bucket] ^= one
    return [(count, f"{total:016x}") for count, total in zip(counts, totals, strict=True)]


def _hashed(
    connection: Connection, shape: Shape, orgs: list[bytes] | None, refused: set[bytes]
) -> Iterator[tuple[bytes, int]]:
    """Yield id and hash of each row of an entity, of some organisations or of all, but of those refused."""
    query = _rows_of(shape.table, tuple(sorted(shape.fields)), all_orgs=orgs is None)
    values = {} if orgs is None else {"orgs": orgs}
    for row in connection.execute(query, values, execution_options={"yield_per": _AT_ONCE}):
        if row[0] not in refused:
            content = _ENCODER.encode(list(row))
            yield row[0], int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big")


def _refused(connection: Connection) -> dict[str, set[bytes]]:
    """Return the records the centre refused, by entity."""
    found: dict[str, set[bytes]] = defaultdict(set)
    for entity, record_id in connection.execute(_REFUSED):
        found[entity].add(record_id.bytes)
    return found


_REFUSED = select(refused_record.c.entity, refused_record.c.record_id)


@functools.cache
def _rows_of(table: Table, names: tuple[str, ...], *, all_orgs: bool) -> Select[Any]:
    """Return the query of the rows of all organisations or of `orgs`; building it costs more than running it."""
    query = select(table.c.id, table.c.ver, *(table.c[name] for name in names))
    return query if all_orgs else query.where(table.c.org_id.in_(bindparam("orgs", expanding=True)))


def differing(one: Digest, other: Digest) -> list[str]:
    """Return the entities on which two digests differ."""
    empty = (0, f"{0:016x}")
    return sorted(entity for entity in {*one, *other} if one.get(entity, empty) != other.get(entity, empty))
