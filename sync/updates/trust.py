"""What a workstation believes of versions: what the signed list (TUF) says, the newest alone, not past its date.

The vendor signs, the centre passes on; the centre's own keys sign nothing here. TUF's refusals get our words.
Metadata are small and fetched whole; the version itself is fetched by whoever asks, resumably, and proven here.
"""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from tuf.api import exceptions
from tuf.api.metadata import TargetFile  # type: ignore[attr-defined]
from tuf.ngclient.fetcher import FetcherInterface
from tuf.ngclient.updater import Updater

from domain.kernel.errors import DomainError, KnownError, UnavailableError

FetchMetadata = Callable[[str], bytes | None]
"""Returns a file of the signed list by name, None where there is none; raises `KnownError`."""
_FULL = {errno.ENOSPC, errno.EDQUOT}


class Version(msgspec.Struct, frozen=True):
    """A version as the signed list has it.

    Attributes:
        version: E.g. ``1.2.3``.
        tar: SHA-256 of its tar.
        runtime: Which runtime it needs (`runtime_of` of the release); another one means the installer.
        name: File that brings it whole.
        size: Of that file, bytes.
        sha256: Of that file.
    """

    version: str
    tar: str
    runtime: str
    name: str
    size: int
    sha256: str


class Facts(msgspec.Struct, frozen=True):
    """What the signed list says of a file beside length and hash; `base` is the tar a difference starts from."""

    version: str
    tar: str
    runtime: str
    base: str = ""


def whole_name(version: str) -> str:
    """Return the name of the file that brings a version whole."""
    return f"app-{version}.tar.zst"


def difference_name(base: str, tar: str) -> str:
    """Return the name of the file that makes one tar (by digest) of another."""
    return f"app-{base[:16]}-{tar[:16]}.zdelta"


class _Metadata(FetcherInterface):
    def __init__(self, fetch: FetchMetadata) -> None:
        self._get = fetch
        self.failure: KnownError | None = None

    def _fetch(self, url: str) -> Iterator[bytes]:
        name = url.rpartition("/")[2]
        try:
            found = self._get(name)
        except KnownError as error:
            self.failure = error
            raise exceptions.DownloadError(error.code) from error
        if found is None:
            raise exceptions.DownloadHTTPError(f"no {name}", 404)
        return iter([found])


class SignedList:
    """The newest list, proven from the root that was installed with the program.

    Args:
        folder: Keeps what was proven last, so that nothing older is believed later.
        root: The installed root (``root.json``).
        fetch: Asks the centre.

    Raises:
        DomainError: ``update.unsigned``, ``update.older``, ``update.expired``, ``update.damaged``.
        UnavailableError: The line, ``update.disk_full``, or ``update.none`` where the centre has no list.
    """

    def __init__(self, folder: Path, root: bytes, fetch: FetchMetadata) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        asking = _Metadata(fetch)
        with refusals(asking):
            self._updater = Updater(str(folder), "update:///metadata", fetcher=asking, bootstrap=root)
            self._updater.refresh()

    def version(self, version: str) -> Version:
        """Return a version; DomainError ``update.unknown`` if the list does not name it."""
        name = whole_name(version)
        found = self._target(name)
        if found is None:
            raise DomainError("update.unknown", version=version)
        facts = _facts(found)
        if facts.version != version:
            raise DomainError("update.damaged")
        return Version(version, facts.tar, facts.runtime, name, found.length, found.hashes["sha256"])

    def difference(self, base: str, version: Version) -> tuple[str, str, int] | None:
        """Return (name, SHA-256, size) of what makes `version` of the tar `base`, if that is listed and smaller."""
        found = self._target(difference_name(base, version.tar))
        if found is None or found.length >= version.size or _facts(found).base != base:
            return None
        return found.path, found.hashes["sha256"], found.length

    def prove(self, path: Path, name: str) -> bytes:
        """Return the bytes of a fetched file; DomainError ``update.damaged`` if they are not the listed ones."""
        found = self._target(name)
        data = path.read_bytes()
        try:
            if found is None:
                raise DomainError("update.unknown", version=name)
            found.verify_length_and_hashes(data)
        except exceptions.LengthOrHashMismatchError as error:
            raise DomainError("update.damaged") from error
        return data

    def _target(self, name: str) -> TargetFile | None:
        return self._updater.get_targetinfo(name)


def _facts(target: TargetFile) -> Facts:
    try:
        return msgspec.convert(target.custom or {}, Facts)
    except msgspec.ValidationError as error:
        raise DomainError("update.damaged") from error


@contextmanager
def refusals(asking: Any = None) -> Iterator[None]:
    """Tell what TUF or the disk refuses as known errors."""
    try:
        yield
    except exceptions.DownloadHTTPError as error:
        raise UnavailableError("update.none") from error
    except exceptions.DownloadError as error:
        failure = getattr(asking, "failure", None)
        raise failure or DomainError("update.damaged") from error
    except exceptions.ExpiredMetadataError as error:
        raise DomainError("update.expired") from error
    except (exceptions.BadVersionNumberError, exceptions.EqualVersionNumberError) as error:
        raise DomainError("update.older") from error
    except exceptions.UnsignedMetadataError as error:
        raise DomainError("update.unsigned") from error
    except exceptions.RepositoryError as error:
        raise DomainError("update.damaged") from error
    except OSError as error:
        code = "update.disk_full" if error.errno in _FULL else "update.no_place"
        raise UnavailableError(code) from error
