"""What people chose on this workstation: theme, columns of a list, last login name. Losing it loses nothing."""

import json
import logging
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


class Preferences:
    """A small dictionary on disk, written whole and atomically; a damaged file starts anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values: dict[str, Any] = self._read()

    def get(self, name: str, default: Any = None) -> Any:
        return self._values.get(name, default)

    def set(self, name: str, value: Any) -> None:
        """Remember a value; a disk that does not take it is logged and does not disturb."""
        if self._values.get(name) == value:
            return
        self._values[name] = value
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_suffix(".new")
            fresh.write_text(json.dumps(self._values, ensure_ascii=False, indent=1), "utf-8")
            fresh.replace(self._path)
        except OSError:
            log.warning("preferences were not saved", exc_info=True)

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self._path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError):
            log.warning("preferences could not be read; starting anew", exc_info=True)
            return {}
        return found if isinstance(found, dict) else {}
