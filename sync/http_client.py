"""The centre over HTTP: `sync.protocol.Centre` for a branch far away, every request signed, uploads resumed."""

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import requests

from domain.kernel.errors import DomainError, UnavailableError
from domain.kernel.ids import Id
from sync.asking import Answered, Ask, SignedIn, SignIn
from sync.blobs import Landing
from sync.device_auth import Signer
from sync.http_auth import DeviceAuth, steady_clock
from sync.protocol import (
    MEDIA_TYPE,
    BlobList,
    DigestReply,
    DigestRequest,
    Fork,
    Hello,
    NewEpoch,
    Offer,
    Progress,
    PullReply,
    PullRequest,
    Receipt,
    RowsReply,
    RowsRequest,
    SnapshotAsk,
    SnapshotFound,
    SnapshotKey,
    SnapshotKeyAsk,
    Welcome,
    encode,
)
from sync.tus.client import TusClient
from sync.tus.client_state import Lane, TransferState
from sync.tus.pacing import ClientSettings, Surroundings
from sync.tus.source import BytesSource, Source
from sync.tus.wire import line_failure, retry_after_s

M = TypeVar("M", bound=msgspec.Struct)
PREFIX = "/sync/v1"
_PIECE = 256 << 10
_TOLD_EVERY = 1 << 20
_NAMES = frozenset({"code", "field", "self"})


class HttpCentre:
    """One line to the centre; an object is used by one thread at a time, but for `send_bundle` beside `push`.

    Args:
        server: Address, e.g. ``https://centre.example``.
        device_id: Installation.
        signer: Key of the workstation.
        transfers: Remembers uploads over restarts.
        session: TLS settings; authentication is set here.
        settings: Time limits, see `ClientSettings`.
        surroundings: Chance and time.
        bandwidth_delay_s: Asked before each piece sent: how long to wait (`BandwidthLimit.delay`).
        now_us: This machine's clock, microseconds UTC.
    """

    def __init__(
        self,
        server: str,
        device_id: Id,
        signer: Signer,
        transfers: TransferState,
        *,
        session: requests.Session | None = None,
        settings: ClientSettings | None = None,
        surroundings: Surroundings | None = None,
        bandwidth_delay_s: Callable[[int], float] | None = None,
        now_us: Callable[[], int] | None = None,
    ) -> None:
        self._base = server.rstrip("/") + PREFIX
        self._settings = settings or ClientSettings()
        self._session = session or requests.Session()
        self._auth = DeviceAuth(signer, device_id, now_us or steady_clock())
        self._session.auth = self._auth
        self._transfers = transfers
        self._tus = TusClient(
            f"{self._base}/uploads", transfers, session=self._session, settings=self._settings,
            surroundings=surroundings, bandwidth_delay_s=bandwidth_delay_s,
        )  # fmt: skip
        self._uploading = threading.Lock()

    def hello(self, hello: Hello) -> Welcome:
        return self._ask("/hello", hello, Welcome)

    def fork(self, fork: Fork) -> NewEpoch:
        return self._ask("/fork", fork, NewEpoch)

    def send_bundle(self, data: bytes, bundle_id: str, progress: Progress, cancel: threading.Event) -> None:
        self._upload(BytesSource(data), "bundle", Lane.RECORDS, progress, cancel)

    def push(self, data: bytes, bundle_id: str, progress: Progress, cancel: threading.Event) -> Receipt:
        source = BytesSource(data)
        self._upload(source, "bundle", Lane.RECORDS, progress, cancel)
        try:
            return self._ask(f"/bundles/{bundle_id}", None, Receipt)
        except UnavailableError as error:
            if error.code != "blob.missing":
                raise
            self._transfers.remove(bundle_id)  # the centre lost it after it had acknowledged it
            self._upload(source, "bundle", Lane.RECORDS, progress, cancel)
            return self._ask(f"/bundles/{bundle_id}", None, Receipt)
        finally:
            self._forget(bundle_id)

    def pull(self, request: PullRequest) -> PullReply:
        return self._ask("/pull", request, PullReply)

    def digest(self, request: DigestRequest) -> DigestReply:
        return self._ask("/digest", request, DigestReply)

    def rows(self, request: RowsRequest) -> RowsReply:
        return self._ask("/rows", request, RowsReply)

    def lacking_blobs(self, names: Sequence[str]) -> list[str]:
        return self._ask("/blobs/lacking", BlobList(list(names)), BlobList).sha256

    def send_blob(self, source: Source, progress: Progress, cancel: threading.Event) -> None:
        self._upload(source, "blob", Lane.ATTACHMENTS, progress, cancel)
        self._forget(source.sha256)

    def fetch_blob(self, sha256: str, landing: Landing, progress: Progress, cancel: threading.Event) -> None:
        self._fetch(f"/blobs/{sha256}", f'"{sha256}"', landing, progress, cancel)

    def snapshot(self, request: SnapshotAsk) -> SnapshotFound:
        return self._ask("/snapshot", request, SnapshotFound)

    def snapshot_key(self, request: SnapshotKeyAsk) -> SnapshotKey:
        return self._ask("/snapshot-key", request, SnapshotKey)

    def fetch_part(
        self, snapshot_id: str, name: str, target: Path, progress: Progress, cancel: threading.Event
    ) -> None:
        landing = Landing(target, None)  # sealed by the centre already
        self._fetch(f"/snapshots/{snapshot_id}/{name}", f'"{snapshot_id}/{name}"', landing, progress, cancel)

    def sign_in(self, asked: SignIn) -> SignedIn:
        """Sign a person in at the centre, for what only the centre carries out; ``sign_in.refused`` and the like."""
        return self._ask("/sign-in", asked, SignedIn)

    def ask(self, asked: Ask) -> Answered:
        """Have the centre carry a command out; its refusals are those of the command."""
        return self._ask("/ask", asked, Answered)

    def offered_program(self) -> str:
        """Return the version of the program this workstation is to run, empty for the one it has."""
        return self._ask("/program", None, Offer).version

    def program_metadata(self, name: str) -> bytes | None:
        """Return a file of the signed list of versions, None where the centre has none."""
        try:
            with self._request("GET", f"/program/metadata/{name}") as response:
                return response.content
        except DomainError as error:
            if error.code != "http.not_found":
                raise
            return None

    def fetch_program(
        self, name: str, sha256: str, target: Path, progress: Progress, cancel: threading.Event
    ) -> None:
        """Write a file of a version to `target`, resuming after what is there; the caller proves the hash."""
        landing = Landing(target, None)  # nothing of a client is in it
        self._fetch(f"/program/targets/{name}", f'"{sha256}"', landing, progress, cancel)

    def _fetch(
        self, path: str, tag: str, landing: Landing, progress: Progress, cancel: threading.Event
    ) -> None:
        start = landing.open()
        whole = False
        try:
            headers = {"Range": f"bytes={start}-", "If-Range": tag} if start else {}
            with self._request("GET", path, headers=headers, stream=True) as response:
                if response.status_code != 416:  # which says that everything is here already
                    if response.status_code != 206:
                        start = 0
                        landing.restart()
                    total = start + int(response.headers.get("Content-Length", "0"))
                    self._receive(response, landing.write, start, total, progress, cancel)
                whole = True
        finally:
            landing.close(whole=whole)

    def wait_for_news(self, position: int, longest_s: float) -> int:
        """Return the head of the centre's log once it holds more for this device than `position`, else 0."""
        path = f"/wait?position={position}&longest_s={longest_s:g}"
        with self._request("GET", path, answer_s=longest_s + self._settings.stall_s) as response:
            if response.status_code == 204:
                return 0
            return int(msgspec.msgpack.decode(response.content, type=dict[str, int]).get("head", 0))

    def close(self) -> None:
        """Close the connections; a request under way fails."""
        self._session.close()

    @staticmethod
    def _receive(
        response: requests.Response,
        write: Callable[[bytes], Any],
        done: int,
        total: int,
        progress: Progress,
        cancel: threading.Event,
    ) -> None:
        told = done
        try:
            for piece in response.iter_content(_PIECE):
                if cancel.is_set():
                    raise UnavailableError("transfer.cancelled")
                write(piece)
                done += len(piece)
                if done - told >= _TOLD_EVERY or done == total:
                    told = done
                    progress(done, total)
        except requests.RequestException as error:
            failure = line_failure(error)
            raise UnavailableError(failure.code, **failure.facts) from error

    def _upload(
        self, source: Source, kind: str, lane: Lane, progress: Progress, cancel: threading.Event
    ) -> None:
        known = self._transfers.get(source.sha256)
        if known is not None and known.done and known.endpoint == self._tus.endpoint:
            return
        with self._uploading:
            self._tus.upload(source, metadata={"kind": kind}, lane=lane, progress=progress, cancel=cancel)

    def _forget(self, sha256: str) -> None:
        known = self._transfers.get(sha256)
        if known is not None and known.done:
            self._transfers.remove(sha256)

    def _ask(self, path: str, message: msgspec.Struct | None, kind: type[M]) -> M:
        body = b"" if message is None else encode(message)
        with self._request("POST", path, body=body) as response:
            if not response.headers.get("Content-Type", "").startswith(MEDIA_TYPE):
                raise UnavailableError("transfer.not_a_centre", status=response.status_code)
            try:
                return msgspec.msgpack.decode(response.content, type=kind)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise UnavailableError("transfer.not_a_centre", status=response.status_code) from error

    def _request(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        answer_s: float | None = None,
        stream: bool = False,
    ) -> requests.Response:
        """Return a good answer; once more if only our clock was wrong."""
        for attempt in (1, 2):
            try:
                response = self._session.request(
                    method, self._base + path, data=body or None, stream=stream, allow_redirects=False,
                    headers={"Content-Type": MEDIA_TYPE, **(headers or {})},
                    timeout=(self._settings.connect_s, self._settings.answer_s if answer_s is None else answer_s),
                )  # fmt: skip
            except requests.RequestException as error:
                failure = line_failure(error)
                raise UnavailableError(failure.code, **failure.facts) from error
            if response.status_code in {200, 201, 204, 206, 416}:
                return response
            error_found = _problem(response)
            if error_found.code != "auth.clock" or attempt == 2:
                raise error_found
        raise UnavailableError("transfer.refused", status=0)


def _problem(response: requests.Response) -> DomainError | UnavailableError:
    """Return what a centre's problem document says; any other answer is not from a centre."""
    status = response.status_code
    try:
        document: Any = response.json()
    except ValueError:
        document = None
    if not isinstance(document, dict) or not isinstance(document.get("code"), str):
        code = "transfer.centre_busy" if status >= 500 or status == 429 else "transfer.not_a_centre"
        return UnavailableError(code, status=status)
    facts = {name: value for name, value in (document.get("facts") or {}).items() if name not in _NAMES}
    code = document["code"]
    if status >= 500 or status in {408, 429} or code == "blob.missing":
        return UnavailableError(code, **{"retry_after_s": retry_after_s(response), "status": status, **facts})
    return DomainError(code, document.get("field"), **facts)
