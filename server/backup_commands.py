"""Backups at the console: make the key, make one now, list, put back, rehearse."""

import argparse
import contextlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from domain.backups.records import BackupKind
from domain.kernel.clock import clinic
from domain.kernel.errors import DomainError, UnavailableError
from server.backups.keys import make_key, read_key, spelled
from server.backups.restoring import chosen, restore
from server.backups.shelf import Shelf
from server.clock import clock_of
from server.settings import Settings
from server.storage_key import centre_blobs

Work = Callable[[Settings, argparse.Namespace], int]


def add_to(commands: Any, add: Callable[[Any, str, Work, str], argparse.ArgumentParser]) -> None:
    """Add the commands about backups to the server's command line."""
    add(commands, "backup-key", new_key, "新建备份密钥并显示一次（请抄写并离线保存）")
    add(commands, "backup", back_up, "立即备份（已设异地位置的同时复制）")
    add(commands, "rehearse", rehearse_now, "立即演练：恢复到临时文件夹并逐项核对")
    listed = add(commands, "backups", list_backups, "列出备份")
    listed.add_argument("--from", type=Path, dest="place", help="备份位置；不指定则为设置中的第一个")
    back = add(commands, "restore", put_back, "从备份恢复到空的数据目录（及空数据库）")
    back.add_argument("--from", type=Path, dest="place", required=True, help="备份位置")
    back.add_argument("--name", help="备份名；不指定则为最近一份")
    back.add_argument(
        "--key-file", type=Path, required=True, help="备份密钥文件（抄写的密钥写入文本文件即可）"
    )
    back.add_argument("--accept-old", action="store_true", help="已确认最近的备份就是这一份")


def new_key(settings: Settings, _options: argparse.Namespace) -> int:
    """Make the key; it is shown this once, for the paper in the safe."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    _say({"backup_key": spelled(make_key(settings.backup_key_path)), "path": str(settings.backup_key_path)})
    return 0


def back_up(settings: Settings, _options: argparse.Namespace) -> int:
    """Make one backup, and its copies, beside the running server."""
    return _keep(settings, [BackupKind.MADE] + [BackupKind.COPIED] * (len(settings.backup_to) > 1))


def rehearse_now(settings: Settings, _options: argparse.Namespace) -> int:
    """Put the newest backup back into a scratch folder and compare."""
    return _keep(settings, [BackupKind.REHEARSED])


def list_backups(settings: Settings, options: argparse.Namespace) -> int:
    """Say which backups a place has, newest first."""
    place = options.place or next(iter(settings.backup_to), None)
    if place is None:
        raise DomainError("backup.not_set_up", field="backup_to")
    shelf = Shelf(place, read_key(settings.backup_key_path))
    for name in reversed(shelf.names()):
        found = shelf.manifest(name)
        _say({
            "name": name, "made": f"{clinic(found.made):%Y-%m-%d %H:%M}", "org": found.org,
            "version": found.version, "position": found.position, "rows": sum(found.rows.values()),
            "files": len(found.files),
        })  # fmt: skip
    return 0


def put_back(settings: Settings, options: argparse.Namespace) -> int:
    """Put a backup back and begin a new life of the log, so that branches send again what it lacks."""
    shelf = Shelf(options.place, read_key(options.key_file))
    name = chosen(shelf, options.name, clock_of(settings)(), accept_old=options.accept_old)
    url = settings.store if "://" in settings.store else ""
    found = restore(
        shelf, name, settings.data_dir, store_url=url,
        blobs_of=lambda home: centre_blobs(msgspec.structs.replace(settings, data_dir=home)), tell=_progress,
    )  # fmt: skip
    from server.app import build_centre

    with contextlib.closing(build_centre(settings)) as centre:
        life = centre.sync.renew_life()
        again = centre.erase_again()
    _say({
        "restored": found.name, "made": f"{clinic(found.made):%Y-%m-%d %H:%M}", "org": found.org,
        "rows": found.rows, "files": found.files, "position": found.position, "life": life, "erased_again": again,
    })  # fmt: skip
    return 0


def _keep(settings: Settings, kinds: list[BackupKind]) -> int:
    from server.app import build_centre

    if not settings.backup_to:
        raise DomainError("backup.not_set_up", field="backup_to")
    with contextlib.closing(build_centre(settings)) as centre:
        for kind in kinds:
            if not centre.backups.run(kind):
                raise UnavailableError("backup.failed", why=centre.backups.problem)
            _say({kind.value: "ok"})
    return 0


def _progress(done: int, total: int) -> None:
    if done % 1000 == 0 or done == total:
        sys.stderr.write(f"附件 {done}/{total}\n")


def _say(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
    sys.stdout.flush()
