"""The parent's side of the decoder: one process that is started when first asked, and again when a file killed it."""

import contextlib
import multiprocessing
import threading
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

import msgspec

from domain.kernel.errors import DomainError, UnavailableError
from forms.imaging import worker
from forms.imaging.shapes import MOST_FILE_BYTES, Asked, Facts, Told

PATIENCE_S = 30.0
"""So long one picture may take, a start of the process included; then the process is replaced."""


class Decoder:
    """Decodes files in a process of its own; threads may share it, they take turns."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._context = multiprocessing.get_context("spawn")
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._process: SpawnProcess | None = None
        self._held = ""

    @property
    def pid(self) -> int | None:
        """Process id, None while there is none."""
        return None if self._process is None else self._process.pid

    def warm_up(self) -> None:
        """Start the process and let it load its libraries, so that the first picture does not wait for that."""
        with self._lock, contextlib.suppress(UnavailableError):
            self._ask(Asked(media_type="application/dicom", content=b""))
            self._held = ""

    def facts(self, name: str, media_type: str, content: bytes) -> Facts:
        """Return what a file says of itself; raises as `decode`."""
        told = self._told(name, media_type, content, 0, facts_only=True)
        if told.facts is None:
            raise DomainError("imaging.broken")
        return told.facts

    def decode(self, name: str, media_type: str, content: bytes, index: int = 0) -> Told:
        """Return facts and one frame, or the waveform, of a file.

        Args:
            name: What tells this content from others (its SHA-256): the same one is sent to the process once.
            media_type: What the file is.
            content: Its bytes.
            index: Frame of a DICOM image or page of a PDF, from 0.

        Raises:
            DomainError: ``imaging.broken``, ``truncated``, ``encoding``, ``no_picture``, ``no_frame``, ``locked``;
                ``imaging.too_large``.
            UnavailableError: ``imaging.died``: the file ended the process or took too long; others are still read.
        """
        return self._told(name, media_type, content, index, facts_only=False)

    def close(self) -> None:
        """End the process at once, whatever it is at; the next question starts another."""
        process = self._process
        if process is not None:
            with contextlib.suppress(ValueError):  # somebody else has just ended it
                process.kill()
        with self._lock:
            self._end()

    def _told(self, name: str, media_type: str, content: bytes, index: int, *, facts_only: bool) -> Told:
        if len(content) > MOST_FILE_BYTES:
            raise DomainError("imaging.too_large")
        with self._lock:
            sent = None if self._held == name and self._connection is not None else content
            told = self._ask(Asked(media_type=media_type, content=sent, index=index, facts_only=facts_only))
            self._held = "" if told.problem and told.facts is None else name
        if told.problem:
            raise DomainError(told.problem)
        return told

    def _ask(self, asked: Asked) -> Told:
        connection = self._connection or self._start()
        try:
            connection.send_bytes(msgspec.msgpack.encode(asked))
            if not connection.poll(self._patience_s):
                raise TimeoutError
            return msgspec.msgpack.decode(connection.recv_bytes(), type=Told)
        except (EOFError, OSError, msgspec.MsgspecError) as error:  # TimeoutError is an OSError
            self._end()
            raise UnavailableError("imaging.died") from error

    def _start(self) -> Connection:
        here, there = self._context.Pipe()
        process = self._context.Process(target=worker.run, args=(there,), name="decoder", daemon=True)
        process.start()
        there.close()
        self._connection, self._process, self._held = here, process, ""
        return here

    def _end(self) -> None:
        connection, process = self._connection, self._process
        self._connection = self._process = None
        self._held = ""
        if connection is not None:
            connection.close()
        if process is not None:
            process.kill()
            process.join()
            process.close()
