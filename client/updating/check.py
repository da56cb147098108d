"""Try this version on a copy of the store, before it is begun: ``--run-module client.updating.check --home DIR``.

Run by the program of today in the new version's code. Ends with 0 when the copy was brought to this version's shape,
opens and can be read by its declarations, 3 when the disk has no room for it, else 1 with the reason on standard
error.
"""

import argparse
import compileall
import os
import py_compile
import shutil
import sys
from pathlib import Path

from sqlalchemy import func, select

from client.home import Home, default_home
from client.keys import key_file_of, read_key
from client.settings import read_settings
from client.updating.state import RUNS
from domain import features
from domain.kernel.errors import KnownError
from domain.people.records import Patient
from sync.schema import prepare_store
from sync.stores import FileStore, open_branch_store

NO_ROOM = 3


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="client.updating.check")
    parser.add_argument("--home", type=Path, default=default_home())
    home = Home(parser.parse_args(arguments).home)
    folder = home.folder / "program" / "check"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        features.load()
        if home.store.exists():
            folder.mkdir(parents=True)
            _try(home, folder)
    except KnownError as error:
        sys.stderr.write(f"{error.code}\n")
        return NO_ROOM if error.code == "store.disk_full" else 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _compile()
    return 0


def _compile() -> None:
    """Compile this version in this process of its own: a frozen program writes no compiled modules when it runs."""
    if told := os.environ.get(RUNS):
        compileall.compile_dir(told, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)


def _try(home: Home, folder: Path) -> None:
    key = read_key(home.store, key_file_of(read_settings(home.settings).key_file))
    copy = folder / home.store.name
    own = FileStore(home.store, key)
    try:
        own.copy_to(copy)
    finally:
        own.close()
    store = open_branch_store(copy, key)
    try:
        prepare_store(store)
        with store.read() as connection:
            connection.execute(select(func.count()).select_from(Patient.__table__)).scalar()
    finally:
        store.close()


if __name__ == "__main__":
    sys.exit(main())
