"""The content as the institution has signed it: follows the log, so that a signature counts at once."""

import functools
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from domain.kernel.authority import Actor
from domain.kernel.change_log import Entry
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import KnownError
from domain.kernel.prepared import Prepared
from domain.signoff.commands import ListMarks
from domain.signoff.mark import Mark
from domain.signoff.marks import MARKED
from domain.signoff.records import ContentMark

log = logging.getLogger(__name__)
SIGNS = "signs"
"""Name of the `Signs` among the content of a workstation."""
LOOK_EVERY_S = 30.0
"""How soon a process that does not follow the log takes notice of a signature."""
_M = ContentMark.__table__.c
_SIGNED = Prepared(select(_M.key, _M.signed_digest).where(_M.state == "signed"))


class Signs:
    """Puts signed content in the place of what ships; give it to a `Follower`.

    Args:
        dispatcher: Whose content is kept so; its store has the signatures.
    """

    name = "signs"

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._shipped: dict[str, Any] = {}
        self._marks: dict[str, tuple[Mark, ...]] = {}
        self._signed: dict[str, str] | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def loaded(self, name: str, shipped: Any) -> Any:
        """Take a part of the content as it ships, return it as it is signed now."""
        self._shipped[name] = shipped
        self._marks[name] = tuple(MARKED[name].find(shipped))
        signed = self._signed if self._signed is not None else self._read()
        self._signed = signed
        return self._as_signed(name, signed)

    def loading(self, loaders: Mapping[str, Callable[[], Any]]) -> dict[str, Callable[[], Any]]:
        """Return loaders whose content is as it is signed, for those parts that can be."""
        return {
            name: functools.partial(self._load, name, load) if name in MARKED else load
            for name, load in loaders.items()
        }

    def _load(self, name: str, load: Callable[[], Any]) -> Any:
        return self.loaded(name, load())

    def watch(self) -> None:
        """Do the same for all the dispatcher has already; a process that listens to devices alone has not all."""
        content = self._dispatcher.content
        for name in MARKED:
            shipped = content.get(name)
            if shipped is not None:
                content[name] = self.loaded(name, shipped)

    def list_marks(self, actor: Actor) -> int:
        """Bring the list in the store up to the content that was loaded; returns how many rows changed."""
        marks = [mark for found in self._marks.values() for mark in found]
        return int(self._dispatcher.run(ListMarks(marks=marks), actor).receipt)

    def act(self, entries: Sequence[Entry]) -> None:
        """Look again when a signature was given or taken, here or elsewhere."""
        if any(touch.entity == "content_mark" for entry in entries for touch in entry.glance.changes):
            self.refresh()

    def refresh(self) -> None:
        """Put the content in place as it is signed now."""
        signed = self._read()
        if signed == self._signed:
            return
        self._signed = signed
        for name in self._shipped:
            self._dispatcher.content[name] = self._as_signed(name, signed)
        log.info("%d parts of the content are signed", len(signed))

    def start(self) -> None:
        """Look every half a minute from now on: for processes in which nobody follows the log."""
        self._thread = threading.Thread(target=self._watch, name="signs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the looking."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _watch(self) -> None:
        while not self._stopping.wait(LOOK_EVERY_S):
            try:
                self.refresh()
            except KnownError as error:  # the store is away; it is looked at again
                log.warning("signatures were not read: %s", error.code)

    def _read(self) -> dict[str, str]:
        with self._dispatcher.store.read() as connection:
            return {str(row[0]): str(row[1]) for row in _SIGNED.rows(connection)}

    def _as_signed(self, name: str, signed: Mapping[str, str]) -> Any:
        keys = {mark.key for mark in self._marks[name] if signed.get(mark.key) == mark.digest}
        return MARKED[name].signed(self._shipped[name], keys) if keys else self._shipped[name]
