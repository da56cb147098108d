"""The same records onto a centre on MariaDB, against PyMySQL's own bulk insert of what they became there.

Ours is the whole way as in `sync_peers`: change log, bundles, uploads, a server process, receipts. Theirs is
``executemany`` over one connection, in transactions of as many rows as the centre's, into tables with the same
indexes: once of all that the centre writes for a record (row, entry of the log, scope, outcome), and once, told
beside, of the rows of the records alone.
"""

import contextlib
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import pymysql
from pymysql.connections import Connection

from sync.apply import SLICE
from sync.stores import open_mysql_store
from tests.bench import sync_parties as parties
from tests.bench.goals import Goals
from tests.bench.sync_apply import STORED
from tests.bench.sync_client import open_store
from tests.peers import MissingPeerError

SERVER = os.environ.get("AFTERCHECK_TEST_MARIADB", "root@127.0.0.1:3306")


class Database:
    """A database of one's own with an account that may use it alone."""

    def __init__(self, admin: Connection, host: str, port: int) -> None:
        self._admin = admin
        self._place = {"host": host, "port": port}
        self.name, self._password = f"aftercheck_bench_{secrets.token_hex(4)}", secrets.token_urlsafe(16)
        self.url = f"mysql+pymysql://{self.name}:{self._password}@{host}:{port}/{self.name}"

    def make(self) -> None:
        with self._admin.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {self.name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
            cursor.execute(f"CREATE USER '{self.name}'@'%' IDENTIFIED BY '{self._password}'")
            cursor.execute(f"GRANT ALL ON {self.name}.* TO '{self.name}'@'%'")

    def drop(self) -> None:
        with self._admin.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {self.name}")
            cursor.execute(f"DROP USER IF EXISTS '{self.name}'@'%'")

    def connect(self) -> Connection:
        return pymysql.connect(
            user=self.name, password=self._password, database=self.name, charset="utf8mb4", autocommit=False,
            **self._place,
        )  # fmt: skip


@contextlib.contextmanager
def database() -> Iterator[Database]:
    """Make an empty database and drop it afterwards; MissingPeerError where no server lets us."""
    who, _, place = SERVER.rpartition("@")
    host, _, port = place.partition(":")
    user, _, password = who.partition(":")
    try:
        admin = pymysql.connect(
            host=host, port=int(port or 3306), user=user, password=password, connect_timeout=5
        )
    except pymysql.err.OperationalError as error:
        raise MissingPeerError(f"no MariaDB server at {place}: {error.args[0]}") from error
    with contextlib.closing(admin):
        made = Database(admin, host, int(port or 3306))
        try:
            made.make()
            yield made
        finally:
            made.drop()


def bulk(connection: Connection, suffix: str, stored: dict[str, list[tuple[Any, ...]]]) -> float:
    """Insert rows with ``executemany`` into new tables of the same shape; returns the time."""
    with connection.cursor() as cursor:
        for table in stored:
            cursor.execute(f"CREATE TABLE {table}_{suffix} LIKE {table}")
        begun = time.perf_counter()
        for start in range(0, max(map(len, stored.values())), SLICE):
            for table, rows in stored.items():
                some = rows[start : start + SLICE]
                if some:
                    marks = ", ".join(["%s"] * len(some[0]))
                    cursor.executemany(f"INSERT INTO {table}_{suffix} VALUES ({marks})", some)
            connection.commit()
        return time.perf_counter() - begun


def one_round(folder: Path, count: int) -> dict[str, float]:
    """Send once onto a new database, then insert the same rows in bulk."""
    with database() as place:
        org = parties.make_centre(folder / "centre", [folder / "sender"], address=place.url)
        parties.fill(folder / "sender", count)
        with parties.serving(folder / "centre", address=place.url) as server:
            sent = parties.client("push", folder / "sender", server.url)
            parties.settled(server, folder / "sender")
        centre, sender = open_mysql_store(place.url), open_store(folder / "sender")
        same = parties.same_rows(org, centre, sender) and parties.clients_in(centre) == count == sent["sent"]
        centre.close()
        sender.close()
        with contextlib.closing(place.connect()) as connection:
            stored = {}
            for table in STORED:
                with connection.cursor() as cursor:
                    cursor.execute(f"SELECT * FROM {table}")
                    stored[table] = list(cursor.fetchall())
            connection.commit()
            all_s = bulk(connection, "all", stored)
            rows_s = bulk(connection, "rows", {"patient": stored["patient"]})
    parties.remove(folder)
    return {
        "seconds": sent["seconds"], "all_s": all_s, "rows_s": rows_s, "equal": float(same),
    }  # fmt: skip


def run(goals: Goals, home: Path, count: int, rounds: int) -> None:
    """Measure and judge."""
    found = [one_round(home / f"mariadb-{n}", count) for n in range(rounds)]
    goals.note(
        mariadb_push_per_s=median(count / one["seconds"] for one in found),
        pymysql_bulk_per_s=median(count / one["all_s"] for one in found),
        pymysql_bulk_of_rows_alone_per_s=median(count / one["rows_s"] for one in found),
        mariadb_push_vs_bulk_of_rows_alone=median(one["rows_s"] / one["seconds"] for one in found),
    )
    goals.goal("mariadb_digests_equal_rounds", sum(one["equal"] for one in found), ">=", rounds)
    goals.goal(
        "mariadb_push_vs_pymysql_bulk_insert",
        median(one["all_s"] / one["seconds"] for one in found),
        ">=",
        0.5,
    )
