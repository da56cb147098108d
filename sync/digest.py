"""Digests: whether two stores hold the same rows, without sending them.

For each entity: the number of rows and the XOR of a 64-bit BLAKE2b over each row's id, version and fields. The
order of rows does not matter, and one different value shows.
"""

import hashlib
from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, select

from domain.kernel.ids import Id
from domain.kernel.record import Scope, shared_tables
from domain.kernel.unit_of_work import CATALOGUE_SCOPE
from sync.local_tables import refused_record
from sync.shapes import Shape, shape_of

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


def _entity_digest(connection: Connection, shape: Shape, orgs: list[bytes] | None) -> tuple[int, str]:
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
    count = total = 0
    for row in connection.execute(query):
        if row[0] in refused:
            continue
        count += 1
        content = _ENCODER.encode(list(row))
        total ^= int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big")
    return count, f"{total:016x}"


def differing(one: Digest, other: Digest) -> list[str]:
    """Return the entities on which two digests differ."""
    empty = (0, f"{0:016x}")
    return sorted(entity for entity in {*one, *other} if one.get(entity, empty) != other.get(entity, empty))
