"""What runs here, by version: the program, its store, what it stands on, and the content that judges."""

import hashlib
import platform
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

import resources
from domain.alerts.records import AlertRuleChange
from domain.kernel.store import Store
from domain.version import VERSION
from sync.schema import current_version

CONTENT = ("alerts", "catalog", "followup", "forms", "linting", "process", "risk", "scales", "tags")
"""Folders of resources whose rules judge; what ships is told by a digest, for no two releases share one."""
SHORT = 12


def versions(store: Store | None) -> dict[str, Any]:
    """Return versions by name; ``content`` by folder. Reads files of some megabytes: not on the UI thread."""
    found: dict[str, Any] = {
        "program": VERSION,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "content": {name: digest_of(resources.folder(name)) for name in CONTENT},
    }
    if store is not None:
        with store.read() as connection:
            found["schema"] = current_version(connection)
            changes = select(func.count()).select_from(AlertRuleChange.__table__)
            found["alert_rule_changes"] = connection.execute(changes).scalar_one()
            if store.is_sqlite:
                found["sqlite"] = connection.exec_driver_sql("SELECT sqlite_version()").scalar()
    return found


def digest_of(folder: Path) -> str:
    """Return a short digest of a folder's files, names and content."""
    whole = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
        whole.update(path.relative_to(folder).as_posix().encode())
        whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()[:SHORT]
