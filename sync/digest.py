"""Digests: whether two stores hold the same rows, without sending them.

For each entity: the number of rows and the XOR of a 64-bit BLAKE2b over each row's id, version and fields. The
order of rows does not matter, and one different value shows.
"""

import functools
import hashlib
import operator
from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, select

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
    found: Digest = {}
    for table in sorted(shared_tables(), key=lambda t: t.name):
        shape = shape_of(table.name)
        if shape is None:
            continue
        scoped = shape.info.scope is not Scope.CATALOGUE
        if scoped or CATALOGUE_SCOPE.bytes in wanted:
            found[shape.entity] = _entity_digest(connection, shape, wanted if scoped else None)
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


def _entity_digest(connection: Connection, shape: Shape, orgs: list[bytes] | None) -> tuple[int, str]:
    parts = _buckets(connection, shape, orgs)
    total = functools.reduce(operator.xor, (int(digest, 16) for _, digest in parts), 0)
    return sum(count for count, _ in parts), f"{total:016x}"


def _buckets(connection: Connection, shape: Shape, orgs: list[bytes] | None) -> list[tuple[int, str]]:
    table = shape.table
    columns = [table.c.id, table.c.ver, *(table.c[name] for name in sorted(shape.fields))]
    query = select(*columns)
    if orgs is not None:
        query = query.where(table.c.org_id.in_(orgs))
    refused = {
        row.record_id.bytes
        for row in connection.execute(
            select(refused_record.c.record_id).where(refused_record.c.entity == shape.entity)
        )
    }
    counts, totals = [0] * BUCKETS, [0] * BUCKETS
    for row in connection.execution_options(yield_per=_AT_ONCE).execute(query):
        if row[0] in refused:
            continue
        bucket = bucket_of(row[0])
        counts[bucket] += 1
        content = _ENCODER.encode(list(row))
        totals[bucket] ^= int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big")
    return [(count, f"{total:016x}") for count, total in zip(counts, totals, strict=True)]


def differing(one: Digest, other: Digest) -> list[str]:
    """Return the entities on which two digests differ."""
    empty = (0, f"{0:016x}")
    return sorted(entity for entity in {*one, *other} if one.get(entity, empty) != other.get(entity, empty))
