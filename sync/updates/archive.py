"""A version of our code as one file: a tar that every machine packs alike, compressed whole or as a difference.

Two folders with the same files give the same bytes, so a workstation can make the tar of the version it runs and
apply a difference to it: zstd with the older tar as its dictionary. Modules that were compiled are not part of it.
"""

import hashlib
import io
import os
import shutil
import tarfile
from pathlib import Path, PurePosixPath

import zstandard

from domain.kernel.errors import DomainError

LONGEST = 200 << 20
"""No version of ours is larger; what claims to be is refused before it is unpacked."""
_LEVEL, _WINDOW = 19, 27


def pack(folder: Path) -> bytes:
    """Return the tar of a folder: names sorted, no times, no owners."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(folder.rglob("*"), key=lambda p: p.relative_to(folder).as_posix()):
            if path.is_dir() or path.suffix == ".pyc":
                continue
            entry = tarfile.TarInfo(path.relative_to(folder).as_posix())
            entry.size, entry.mode = path.stat().st_size, 0o644
            with path.open("rb") as file:
                tar.addfile(entry, file)
    return packed.getvalue()


def digest(data: bytes) -> str:
    """Return the SHA-256 of a tar, by which versions are told apart."""
    return hashlib.sha256(data).hexdigest()


def compress(tar: bytes, base: bytes | None = None) -> bytes:
    """Return a tar compressed, whole or as the difference from `base`."""
    parameters = zstandard.ZstdCompressionParameters.from_level(_LEVEL, window_log=_WINDOW, enable_ldm=True)
    return zstandard.ZstdCompressor(compression_params=parameters, dict_data=_dictionary(base)).compress(tar)


def expand(data: bytes, base: bytes | None = None) -> bytes:
    """Return the tar again.

    Raises:
        DomainError: ``update.damaged``: it is no such file, is a difference from another version, or is too large.
    """
    reader = zstandard.ZstdDecompressor(max_window_size=1 << _WINDOW, dict_data=_dictionary(base))
    try:
        if not 0 <= zstandard.frame_content_size(data) <= LONGEST:
            raise DomainError("update.damaged")
        return reader.decompress(data, max_output_size=LONGEST)
    except zstandard.ZstdError as error:
        raise DomainError("update.damaged") from error


def unpack(tar: bytes, target: Path) -> None:
    """Lay the files of a tar out in `target`, whole or not at all; plain files inside the folder alone.

    Raises:
        DomainError: ``update.damaged``: it holds something else.
        OSError: The disk does not take it; nothing of it stays.
    """
    unfinished = target.with_name(f"{target.name}.part")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        _lay_out(tar, unfinished)
        shutil.rmtree(target, ignore_errors=True)
        unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _lay_out(tar: bytes, target: Path) -> None:
    target.mkdir(parents=True)
    try:
        with tarfile.open(fileobj=io.BytesIO(tar)) as packed:
            for entry in packed:
                name = PurePosixPath(entry.name)
                if not entry.isreg() or name.is_absolute() or ".." in name.parts or "\\" in entry.name:
                    raise DomainError("update.damaged")
                path = target / name
                path.parent.mkdir(parents=True, exist_ok=True)
                content = packed.extractfile(entry)
                with path.open("wb") as file:
                    if content is not None:
                        shutil.copyfileobj(content, file)
                    file.flush()
                    os.fsync(file.fileno())
    except tarfile.TarError as error:
        raise DomainError("update.damaged") from error


def _dictionary(base: bytes | None) -> zstandard.ZstdCompressionDict | None:
    return (
        None
        if base is None
        else zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    )
