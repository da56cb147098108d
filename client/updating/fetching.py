"""Bringing one version here: the signed list, the difference or the whole, proven, laid out, tried on a copy."""

import logging
import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from client.updating.check import NO_ROOM
from client.updating.state import RUNS, ProgramState, program_command
from domain.kernel.errors import DomainError, KnownError, UnavailableError
from sync.updates.archive import digest, expand, pack, unpack
from sync.updates.trust import FetchMetadata, SignedList, Version, refusals

log = logging.getLogger(__name__)
Fetch = Callable[[str, str, Path, threading.Event], None]
"""Fetches a file (name, SHA-256) into a path, going on after what is there."""
CHECK_S = 900


class Bringing:
    """What brings versions to one installation.

    Args:
        home: Folder of the installation's data.
        root: The installed root of trust.
        runtime: Name of the installed runtime.
        running: Folder of the code that runs now: differences start from it.
        metadata: Asks the centre for a file of the signed list.
        fetch: Asks the centre for a file of a version.
    """

    def __init__(
        self, home: Path, root: bytes, runtime: str, running: Path, metadata: FetchMetadata, fetch: Fetch
    ) -> None:
        self._home, self._root, self._runtime, self._running = home, root, runtime, running
        self._metadata, self._fetch = metadata, fetch
        self._state = ProgramState(home)
        self.cancel = threading.Event()

    def bring(self, version: str) -> None:
        """Have a version laid out and tried on a copy of the store; what is there already is not fetched again.

        Raises:
            DomainError: ``update.unsigned``, ``update.older``, ``update.expired``, ``update.damaged``,
                ``update.unknown``, ``update.needs_installer``, ``update.check_failed``.
            UnavailableError: The line; ``update.disk_full``, ``update.no_place``.
        """
        listed = SignedList(self._state.folder / "metadata", self._root, self._metadata)
        wanted = listed.version(version)
        if wanted.runtime != self._runtime:
            raise DomainError("update.needs_installer", version=version)
        target = self._state.version_folder(version)
        with refusals():
            if not target.exists() or digest(pack(target)) != wanted.tar:
                unpack(self._tar(listed, wanted), target)
        self._check(target, version)

    def _tar(self, listed: SignedList, wanted: Version) -> bytes:
        base = pack(self._running)
        smaller = listed.difference(digest(base), wanted)
        if smaller is not None:
            name, sha256, _size = smaller
            try:
                tar = expand(self._proven(listed, name, sha256), base)
                if digest(tar) == wanted.tar:
                    return tar
            except DomainError as error:
                log.warning("the difference is of no use: %s", error.code)
        tar = expand(self._proven(listed, wanted.name, wanted.sha256))
        if digest(tar) != wanted.tar:
            raise DomainError("update.damaged")
        return tar

    def _proven(self, listed: SignedList, name: str, sha256: str) -> bytes:
        """Return a file of the list, resuming; one that is not what was signed is thrown away at once."""
        path = self._state.folder / "incoming" / sha256
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fetch(name, sha256, path, self.cancel)
        try:
            return listed.prove(path, name)
        finally:
            path.unlink()

    def _check(self, app: Path, version: str) -> None:
        """Run the new version's own check on a copy of the store."""
        environment = {**os.environ, "AFTERCHECK_APP": str(app), "QT_QPA_PLATFORM": "offscreen"}
        environment.pop(RUNS, None)
        command = [*program_command(), "--run-module", "client.updating.check", "--home", str(self._home)]
        try:
            done = subprocess.run(  # noqa: S603
                command, env=environment, capture_output=True, text=True, timeout=CHECK_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DomainError("update.check_failed", version=version) from error
        if done.returncode == NO_ROOM:
            raise UnavailableError("update.disk_full")
        if done.returncode != 0:
            log.error("the new version failed its check: %s", done.stderr[-500:])
            raise DomainError("update.check_failed", version=version)


def is_lasting(error: KnownError) -> bool:
    """Whether waiting alone mends nothing: a person is told."""
    return error.code.startswith("update.") and error.code != "update.none"
