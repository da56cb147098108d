"""The directory of the uploads that are not finished."""

import shutil
from pathlib import Path

from sync.tus.sealed_storage import SealedUploadFile
from sync.tus.storage import UploadFile

_PLAIN, _SEALED = ".data", ".sealed"
_SUFFIXES = (_PLAIN, _SEALED, ".tail", ".lock")


class UploadFiles:
    """The directory; made when missing."""

    def __init__(self, root: Path, key: bytes | None = None) -> None:
        """Keep the bytes sealed under `key`; what an older program began in the clear is gone on with as it is."""
        self.root = root
        self._key = key
        root.mkdir(parents=True, exist_ok=True)

    def sealed(self, upload_id: str) -> bool:
        """Tell whether the bytes of an upload lie sealed."""
        return self._key is not None and not self._path(upload_id, _PLAIN).exists()

    def data_path(self, upload_id: str) -> Path:
        return self._path(upload_id, _SEALED if self.sealed(upload_id) else _PLAIN)

    def open(self, upload_id: str) -> UploadFile:
        data, lock = self.data_path(upload_id), self._path(upload_id, ".lock")
        if self._key is not None and data.suffix == _SEALED:
            return SealedUploadFile(data, lock, self._key)
        return UploadFile(data, lock)

    def remove(self, upload_id: str) -> None:
        for suffix in _SUFFIXES:
            self._path(upload_id, suffix).unlink(missing_ok=True)

    def ids(self) -> set[str]:
        return {path.stem for path in self.root.iterdir() if path.suffix in _SUFFIXES}

    def free_bytes(self) -> int:
        return shutil.disk_usage(self.root).free

    def _path(self, upload_id: str, suffix: str) -> Path:
        return self.root / f"{upload_id}{suffix}"
