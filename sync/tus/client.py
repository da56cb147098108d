"""The branch's upload: goes on at the last acknowledged byte, whatever happened in between."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import cast
from urllib.parse import urljoin

import requests

from domain.kernel.errors import DomainError, UnavailableError
from sync.failpoints import reached
from sync.tus.ahead import ReadAhead, chosen_checksum, takes_content
from sync.tus.client_state import Lane, Transfer, TransferState
from sync.tus.pacing import Backoff, ClientSettings, PatchSizer, Surroundings
from sync.tus.protocol import CONTENT_SHA256, OFFSET_OCTET_STREAM, TUS_VERSION, encode_metadata
from sync.tus.source import Source
from sync.tus.wire import (
    CancelledTransfer,
    InterruptedTransfer,
    PacedBody,
    WireAdapter,
    acknowledged,
    checked,
    line_failure,
)

Progress = Callable[[int, int], None]
_MISMATCHES_ALLOWED = 2


class TusClient:
    """Uploads to one centre over one `requests.Session`; one upload at a time."""

    def __init__(
        self,
        endpoint: str,
        state: TransferState,
        *,
        session: requests.Session | None = None,
        settings: ClientSettings | None = None,
        surroundings: Surroundings | None = None,
        bandwidth_delay_s: Callable[[int], float] | None = None,
    ) -> None:
        """Wire it.

        Args:
            endpoint: Creation URL.
            state: Remembers transfers over restarts.
            session: Carries authentication and TLS settings; its adapter for `endpoint` is replaced.
            settings: See `ClientSettings`.
            surroundings: See `Surroundings`.
            bandwidth_delay_s: Asked before each piece of some KiB: how long to wait before sending that many
                bytes (`BandwidthLimit.delay`).
        """
        self.endpoint = endpoint
        self.state = state
        self.settings = settings or ClientSettings()
        self.around = surroundings or Surroundings()
        self.session = session or requests.Session()
        self.adapter = WireAdapter(self.settings.stall_s)
        self.session.mount(endpoint, self.adapter)
        self.bandwidth_delay_s = bandwidth_delay_s or (lambda _count: 0.0)
        self.algorithm: str | None = None
        """Checksum that the centre takes for any body; None until it has said which it knows."""
        self.takes_content = False
        self.sizer = PatchSizer(
            self.settings.smallest_patch,
            self.settings.largest_patch,
            self.settings.patch_s,
            broken=self.settings.broken_patch,
        )

    def upload(
        self,
        source: Source,
        *,
        metadata: Mapping[str, str] | None = None,
        lane: Lane = Lane.ATTACHMENTS,
        progress: Progress | None = None,
        cancel: threading.Event | None = None,
    ) -> Transfer:
        """Send `source` until the centre has all of it; resumes what an earlier call or process began.

        Args:
            source: The content.
            metadata: Sent with the creation; `sha256` is added.
            lane: Remembered for `TransferState.pending`.
            progress: Told (bytes acknowledged by the centre, bytes in all) after each acknowledgement.
            cancel: Stops the upload when set: at once while sending or pausing, within `stall_s` while an
                answer is awaited. What was acknowledged stays so.

        Returns:
            The transfer with `done` set.

        Raises:
            UnavailableError: No progress in `attempts` tries (the code tells why), or transfer.cancelled;
                calling again resumes.
            DomainError: The centre refuses this content or this device; trying again will not help.
        """
        run = _Run(self, source, {**(metadata or {}), "sha256": source.sha256}, lane)
        run.progress = progress or run.progress
        run.cancel = cancel or run.cancel
        try:
            return run.until_done()
        finally:
            run.ahead.close()


class _Run:
    """One upload in progress."""

    def __init__(self, client: TusClient, source: Source, metadata: Mapping[str, str], lane: Lane) -> None:
        self.progress: Progress = lambda _done, _total: None
        self.cancel = threading.Event()
        self._client = client
        self._source = source
        self.ahead = ReadAhead(source)
        self._metadata = encode_metadata(metadata)
        settings = client.settings
        self._backoff = Backoff(client.around.rng, settings.first_pause_s, settings.longest_pause_s)
        # Proxies and certificates of the environment: asked anew for every request they cost more than the request.
        self._surrounded = client.session.merge_environment_settings(client.endpoint, {}, None, None, None)
        self._offset_known = False
        self._furthest = 0
        self._mismatches = 0
        known = client.state.get(source.sha256)
        if known is None or known.endpoint != client.endpoint or known.size != source.size:
            known = Transfer(source.sha256, source.size, lane, client.endpoint)
            client.state.put(known)
        self._transfer = known

    def until_done(self) -> Transfer:
        while not self._transfer.done:
            try:
                self._refuse_if_cancelled()
                self._step()
            except InterruptedTransfer as interruption:
                self._pause(interruption)
            except CancelledTransfer as cancelled:
                raise UnavailableError("transfer.cancelled") from cancelled
        return self._transfer

    def _step(self) -> None:
        if not self._transfer.url:
            self._create()
        elif not self._offset_known:
            self._note(self._send("HEAD", self._transfer.url))
        elif self._client.algorithm is None:
            self._learn_checksums(self._request("OPTIONS", self._client.endpoint))
        else:
            self._patch()

    def _create(self) -> None:
        """Make the upload; a small content goes along, and what the centre has already is not sent."""
        size = self._source.size
        headers = {
            "Upload-Length": str(size), "Upload-Metadata": self._metadata, "Upload-Dedup": "sha256",
        }  # fmt: skip
        data: memoryview | None = None
        if 0 < size <= self._client.settings.smallest_patch:
            first = self.ahead.piece(0, size, self._client.algorithm or "sha256")
            data, headers = first.data, headers | _body_headers(first.checksum)
        response = self._send("POST", self._client.endpoint, headers, data, creating=True)
        url = response.headers.get("Location", "")
        if url:
            self._transfer = replace(self._transfer, url=urljoin(self._client.endpoint, url))
        elif acknowledged(response, size) != size:
            raise InterruptedTransfer("transfer.not_a_centre", status=response.status_code)
        if "Upload-Offset" not in response.headers:
            response.headers["Upload-Offset"] = "0"  # a server without creation-with-upload
        self._note(response)

    def _patch(self) -> None:
        offset, size = self._transfer.offset, self._client.sizer.drawn(self._client.around.rng())
        algorithm = self._client.algorithm or ""
        if self._client.takes_content and self.ahead.follows(offset):
            algorithm = CONTENT_SHA256
        piece = self.ahead.piece(offset, min(size, self._source.size - offset), algorithm)
        end = offset + len(piece.data)
        if self._backoff.failures == 0:  # on a line that breaks, what is read ahead is seldom what comes next
            self.ahead.prepare(end, min(size, self._source.size - end), algorithm)
        started_s = self._client.around.monotonic()
        headers = {"Upload-Offset": str(offset), **_body_headers(piece.checksum)}
        try:
            response = self._send("PATCH", self._transfer.url, headers, piece.data)
        except InterruptedTransfer as interruption:
            self._client.sizer.failed()
            if interruption.code == "transfer.stalled":
                self._client.adapter.fit(0)
            raise
        self._note(response)
        took_s = self._client.around.monotonic() - started_s
        self._client.sizer.sent(len(piece.data), took_s)
        self._client.adapter.fit(self._client.sizer.rate)

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        data: memoryview | None = None,
        *,
        creating: bool = False,
    ) -> requests.Response:
        self._offset_known = False
        return checked(self._request(method, url, headers, data), creating=creating)

    def _request(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, data: memoryview | None = None
    ) -> requests.Response:
        settings, session = self._client.settings, self._client.session
        request = requests.Request(
            method,
            url,
            headers={"Tus-Resumable": TUS_VERSION, **(headers or {})},
            data=self._body(data) if data else None,
        )
        try:
            return session.send(
                session.prepare_request(request),
                timeout=(settings.connect_s, settings.stall_s),
                allow_redirects=False,
                **self._surrounded,
            )
        except requests.RequestException as error:
            raise line_failure(error) from error

    def _body(self, data: memoryview) -> Iterable[bytes]:
        # requests and sockets take any buffer; the type of `data` there says bytes.
        return cast("Iterable[bytes]", PacedBody(data, self._client.sizer.piece, self._before_piece))

    def _note(self, response: requests.Response) -> None:
        """Remember what the centre acknowledged, durably, before anyone is told."""
        offset = acknowledged(response, self._transfer.size)
        if "Tus-Checksum-Algorithm" in response.headers:
            self._learn_checksums(response)
        self._client.sizer.passed(max(0, offset - self._transfer.offset))
        self._transfer = replace(self._transfer, offset=offset, done=offset == self._transfer.size)
        reached("transfer-before-note")
        self._client.state.put(self._transfer)
        reached("transfer-noted")
        self._offset_known = True
        if offset > self._furthest:
            self._furthest = offset
            self._backoff.reset()
        self.progress(offset, self._transfer.size)

    def _learn_checksums(self, response: requests.Response) -> None:
        offered = response.headers.get("Tus-Checksum-Algorithm", "")
        self._client.algorithm = chosen_checksum(offered)
        self._client.takes_content = takes_content(offered)

    def _pause(self, interruption: InterruptedTransfer) -> None:
        if interruption.forget_url:
            self._transfer = replace(self._transfer, url="", offset=0)
            self._client.state.put(self._transfer)
        if interruption.code == "transfer.sha256_mismatch":
            self._mismatches += 1
            if self._mismatches > _MISMATCHES_ALLOWED:
                raise DomainError("transfer.content_mismatch", sha256=self._transfer.sha256)
        pause_s = self._backoff.next_s(interruption.retry_after_s)
        attempts = self._client.settings.attempts
        if attempts is not None and self._backoff.failures >= attempts:
            raise UnavailableError(interruption.code, **interruption.facts) from interruption
        if self._client.around.wait(self.cancel, pause_s):
            raise UnavailableError("transfer.cancelled")

    def _before_piece(self, count: int) -> None:
        self._refuse_if_cancelled()
        delay_s = self._client.bandwidth_delay_s(count)
        if delay_s > 0 and self._client.around.wait(self.cancel, delay_s):
            raise CancelledTransfer

    def _refuse_if_cancelled(self) -> None:
        if self.cancel.is_set():
            raise CancelledTransfer


def _body_headers(checksum: str) -> dict[str, str]:
    told = {"Upload-Checksum": checksum} if checksum else {}
    return {"Content-Type": OFFSET_OCTET_STREAM, **told}
