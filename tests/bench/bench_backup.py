"""Backing a centre up and putting it back, beside the plain copy of the same bytes with one fsync a file.

``python -m tests.bench.bench_backup`` makes an embedded (encrypted) store of real records and files of random bytes.
The rate is bytes of the centre's store and files a second; a second night tells what it costs when little is new.
Closing lines ``name value op goal holds|short``, and bench-out/backup.json.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from domain.kernel.authority import system_actor
from domain.kernel.clock import utc_now
from domain.kernel.ids import new_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Patient, Sex
from server.app import build_centre
from server.backups.keys import make_key, read_key
from server.backups.making import make_backup
from server.backups.restoring import rehearse
from server.backups.shelf import Shelf
from server.settings import Settings
from server.storage_key import storage_key
from tests.bench.goals import Goals
from tests.server.conftest import prepare

MIB = 1 << 20
AT_ONCE = 2_000


def main() -> int:
    """Measure and print; returns 0."""
    parser = argparse.ArgumentParser(prog="dev bench backup")
    parser.add_argument("--files-mib", type=int, default=1024, help="files of the centre, 8 MiB each")
    parser.add_argument("--records", type=int, default=200_000, help="clients in the store")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    goals = Goals("backup")
    with tempfile.TemporaryDirectory(dir=Path.cwd() / "bench-out") as folder:
        run(Path(folder), chosen, goals)
    return goals.close()


def run(folder: Path, chosen: argparse.Namespace, goals: Goals) -> None:
    """Fill a centre, and measure round by round."""
    home = folder / "home"
    home.mkdir()
    settings = Settings(data_dir=home, development=True, least_free_bytes=0, backup_to=(folder,))
    prepare(settings)
    make_key(settings.backup_key_path)
    centre = build_centre(settings)
    try:
        fill(centre, chosen)
        size = sum(p.stat().st_size for p in [home / "centre.db", *(home / "blobs").rglob("??/*")])
        goals.note(centre_mib=size // MIB, records=chosen.records, files=chosen.files_mib // 8)
        ratios, nights = [], []
        for number in range(chosen.rounds):
            shelf_folder = folder / f"shelf{number}"
            shelf_folder.mkdir()
            shelf = Shelf(shelf_folder, read_key(settings.backup_key_path))
            plain = timed(copied, home, folder / "plain")
            backed = timed(backup, centre, settings, shelf, 0)
            again = timed(backup, centre, settings, shelf, 1)
            ratios.append(plain / backed)
            nights.append(again / backed)
            goals.note(
                round=number, plain_mib_s=size / MIB / plain, backup_mib_s=size / MIB / backed, again_s=again
            )
            if number == 0:
                back = timed(rehearse, shelf, shelf.names()[0], folder / "scratch")
                goals.note(rehearsal_mib_s=size / MIB / back, correctness="digests and counts equal")
            shutil.rmtree(shelf_folder)
            shutil.rmtree(folder / "plain")
        goals.goal("backup_rate_of_plain_copy", statistics.median(ratios), ">=", 0.5)
        goals.note(second_night_of_first=statistics.median(nights))
    finally:
        centre.close()


def fill(centre, chosen: argparse.Namespace) -> None:
    """Put clients and files into a centre."""
    actor = system_actor(centre.identity.org_id, centre.identity.device_id)
    for start in range(0, chosen.records, AT_ONCE):
        with centre.store.write(bulk=True) as connection:
            work = UnitOfWork(connection, actor, now=utc_now(), new_id=new_id)
            for at in range(start, min(start + AT_ONCE, chosen.records)):
                work.add(
                    Patient(
                        number=f"P{at:09d}",
                        name=f"客户{at}",
                        sex=Sex.MALE,
                        phone=f"138{at:08d}",
                        birth_date=None,
                    )
                )
            work.commit_entry("bench.fill", txn_id=new_id())
            work.close()
    for _ in range(chosen.files_mib // 8):
        centre.blobs.put([os.urandom(8 * MIB)])
    sys.stdout.write("filled\n")


def backup(centre, settings: Settings, shelf: Shelf, night: int) -> None:
    make_backup(
        store=centre.store, blobs=centre.blobs, data_dir=settings.data_dir, shelf=shelf,
        moment=utc_now() + timedelta(days=night), storage_key=storage_key(settings),
    )  # fmt: skip


def copied(home: Path, target: Path) -> None:
    """Copy store and files plainly, each brought to the disk."""
    for path in [home / "centre.db", *(home / "blobs").rglob("??/*")]:
        to = target / path.relative_to(home)
        to.parent.mkdir(parents=True, exist_ok=True)
        with path.open("rb") as source, to.open("wb") as sink:
            shutil.copyfileobj(source, sink, MIB)
            sink.flush()
            os.fsync(sink.fileno())


def timed(work, *given) -> float:
    began = time.monotonic()
    work(*given)
    return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
