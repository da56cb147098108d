"""A database of one's own on the MariaDB server of the machine, or a reason to skip."""

import uuid

import pymysql
import pytest

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
    yield database
    database.drop()
