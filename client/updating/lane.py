"""The lane of updates: asks the centre which version this workstation is to run, brings it, begins it when idle.

Work is never waited for nor interrupted: a version that is ready begins with the next start of the program, or when
nobody has been signed in for ten minutes.
"""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from client.enrolment import device_seed
from client.updating.fetching import Bringing, is_lasting
from client.updating.state import RUNS, ProgramState, installed_folder, program_command
from domain.kernel.columns import to_microseconds
from domain.kernel.errors import KnownError, UnavailableError
from domain.version import VERSION
from sync.device_auth import key_from
from sync.http_client import HttpCentre
from sync.tls import CentreSession
from sync.tus.client_state import SqliteTransferState

log = logging.getLogger(__name__)
FIRST_S, EVERY_S = 60.0, 900.0


class UpdateLane:
    """A worker of the desk (`start`, `stop`).

    Args:
        state: Versions of the installation.
        ask: Returns the version that is offered, empty for none.
        bringing: Brings one here.
        base: Version the installer brought.
        running: Version that runs.
    """

    def __init__(
        self,
        state: ProgramState,
        ask: Callable[[], str],
        bringing: Bringing,
        base: str,
        running: str = VERSION,
    ) -> None:
        self._state, self._ask, self._bringing, self._base, self._running = (
            state,
            ask,
            bringing,
            base,
            running,
        )
        self.ready = ""
        """A version that waits to begin."""
        self.trouble: KnownError | None = None
        """Why the offered version does not come, if a person should know."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="updates", daemon=True)

    def start(self) -> None:
        """Begin to ask, a while after the start."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is fetched so far stays and is gone on with."""
        self._stop.set()
        self._bringing.cancel.set()

    def once(self) -> None:
        """Ask and bring once; what goes wrong is kept in `trouble` and logged, the version of today goes on."""
        try:
            offered = self._ask()
            if not offered or offered == self._running or offered in self._state.bad():
                self.trouble = None
                return
            if self.ready != offered:
                self._bringing.bring(offered)
                self._state.put_on_trial(offered, self._base)
                self.ready = offered
                log.info("version %s is ready", offered)
            self.trouble = None
        except KnownError as error:
            log.warning("no update: %s", error.code)
            self.trouble = error if is_lasting(error) else None

    def _run(self) -> None:
        pause = FIRST_S
        while not self._stop.wait(pause):
            try:
                self.once()
            except Exception:
                log.exception("updates: a round crashed")
            pause = EVERY_S


def join_updates(desk: Any) -> None:
    """Join the lane to a desk that was installed with a root of trust and has a centre: a part of `INSTALLED`."""
    base, who = installed_folder(), desk.installation
    if base is None or not who.server or not (base / "updates-root.json").exists():
        return
    try:
        key = key_from(device_seed(desk.home, desk.settings.key_file))
    except UnavailableError:
        return  # the line to the centre says so
    own = desk.home.authority if desk.home.authority.exists() else None
    line = HttpCentre(
        who.server, who.device_id, key, SqliteTransferState(desk.home.folder / "transfers.db"),
        session=CentreSession(own), now_us=lambda: to_microseconds(desk.clock()),
    )  # fmt: skip

    def fetch(name: str, sha256: str, target: Path, cancel: threading.Event) -> None:
        line.fetch_program(name, sha256, target, lambda _done, _total: None, cancel)

    running = Path(os.environ.get(RUNS) or base / "app")
    bringing = Bringing(
        desk.home.folder, (base / "updates-root.json").read_bytes(),
        (base / "runtime.txt").read_text("ascii").strip(), running, line.program_metadata, fetch,
    )  # fmt: skip
    lane = UpdateLane(ProgramState(desk.home.folder), line.offered_program, bringing, installed_version(base))
    desk.workers.append(lane)


def lane_of(desk: Any) -> UpdateLane | None:
    """Return the lane of a desk, if it has one."""
    return next((w for w in desk.workers if isinstance(w, UpdateLane)), None)


def installed_version(base: Path) -> str:
    """Return the version the installer brought, as the boot script reads it."""
    text = (base / "app" / "domain" / "version.py").read_text("utf-8")
    return next((line.split('"')[1] for line in text.splitlines() if line.startswith("VERSION")), "")


def begin_anew() -> None:
    """Start the program once more; the new process goes on when this one has ended, so the caller closes it now."""
    environment = {**os.environ, "AFTERCHECK_AFTER": "1"}
    for name in (RUNS, "AFTERCHECK_BASE", "AFTERCHECK_BOOT"):
        environment.pop(name, None)
    # The new process holds the other end of this pipe and reads its end when we are gone.
    subprocess.Popen([*program_command(), *sys.argv[1:]], stdin=subprocess.PIPE, env=environment)  # noqa: S603
