"""The first look into the store, in a thread of its own, while Qt is loaded."""

import logging
import threading
import uuid
from typing import TYPE_CHECKING, Any

from client.home import Home
from client.settings import Settings

if TYPE_CHECKING:
    from client.early.compiled import Compiled
    from client.early.glance import Glance

log = logging.getLogger(__name__)

PATIENCE_S = 0.25
"""The first paint waits no longer for its sentences: a keyring may have to ask somebody."""


class FirstLook:
    """Opens the store and reads what was compiled for this program.

    `wait` (some time) and `found` (when it `is_over`) give True when there is something. Everything else (no store,
    no key, another program's declarations) is left to the whole desk, which says what is wrong.
    """

    def __init__(self, home: Home, settings: Settings) -> None:
        self._home, self._settings = home, settings
        self.glance: Glance | None = None
        self.compiled: Compiled | None = None
        self.installation: dict[str, Any] = {}
        # Loaded here, not in the thread: two that load at once take turns at Python's lock, which costs them both.
        # So does looking at some hundred files.
        import client.early.compiled
        import client.early.glance
        import client.keys  # noqa: F401
        from client.early.program import fingerprint

        try:
            self._program = fingerprint()
        except OSError:  # a file that goes while it is looked at: an update is being installed
            self._program = ""
        self._thread = threading.Thread(target=self._run, name="first-look", daemon=True)
        self._thread.start()

    def wait(self) -> bool:
        """Wait for the end of it; returns whether there is a compiled form to go by."""
        self._thread.join(PATIENCE_S)
        return self.found

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return not self._thread.is_alive()

    @property
    def found(self) -> bool:
        """Whether it has ended well."""
        return self.is_over and self.compiled is not None

    def _run(self) -> None:
        from domain.kernel.errors import KnownError

        try:
            self._look()
        except KnownError as error:
            log.info("no early desk: %s", error.code)
        except Exception:
            log.warning("no early desk", exc_info=True)
        if self.compiled is None and self.glance is not None:
            self.glance.close()

    def _look(self) -> None:
        from client.early.compiled import decode
        from client.early.glance import Glance
        from client.keys import key_file_of, read_key

        if not self._home.store.exists():
            return
        self.glance = Glance(
            self._home.store, read_key(self._home.store, key_file_of(self._settings.key_file))
        )
        rows = list(
            self.glance.exec_driver_sql("SELECT body FROM compiled WHERE program = ?", (self._program,))
        )
        shape = list(self.glance.exec_driver_sql("SELECT version_num FROM alembic_version"))
        found = decode(rows[0][0]) if rows else None
        if found is None or [(found.shape,)] != [tuple(row) for row in shape]:
            return
        names = ("device_id", "org_id", "name", "server", "number_prefix")
        who = list(self.glance.exec_driver_sql(f"SELECT {', '.join(names)} FROM installation"))  # noqa: S608
        if who:
            self.installation = dict(zip(names, who[0], strict=True))
            for name in ("device_id", "org_id"):
                self.installation[name] = uuid.UUID(bytes=self.installation[name])
            self.compiled = found
