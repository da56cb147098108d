"""A database of one's own on the MariaDB server of the machine, or a reason to skip."""

import uuid

import pymysql
import pytest

from domain.kernel.change_log import log_head
from domain.kernel.record import Record
from sync.schema import prepare_store
from sync.stores import open_mysql_store

HOST, USER = "127.0.0.1", "root"


class TemporaryDatabase:
    """A database that goes when the test is over."""

    def __init__(self):
        self.name = f"aftercheck_test_{uuid.uuid4().hex[:12]}"
        self.url = f"mysql+pymysql://{USER}@{HOST}/{self.name}"
        self._statement(f"CREATE DATABASE {self.name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")

    def open(self):
        return open_mysql_store(self.url)

    def prepare(self):
        store = self.open()
        prepare_store(store)
        store.close()

    def empty(self):
        """Make it as it was after `prepare`."""
        store = self.open()
        with store.write() as connection:
            for table in Record.metadata.sorted_tables:
                connection.execute(table.delete())
            connection.execute(log_head.insert(), {"id": 1, "position": 0, "dev_seq": 0})
        store.close()

    def drop(self):
        self._statement(f"DROP DATABASE {self.name}")

    @staticmethod
    def _statement(text):
        connection = pymysql.connect(host=HOST, user=USER)
        try:
            connection.cursor().execute(text)
        finally:
            connection.close()


def temporary_database():
    """Yield a database, or skip the test: nobody answers on 127.0.0.1:3306, or root needs a password."""
    try:
        database = TemporaryDatabase()
    except pymysql.err.OperationalError as error:
        pytest.skip(f"no MariaDB on {HOST}:3306 for {USER}: {error.args[0]}")
    database.prepare()
    yield database
    database.drop()
