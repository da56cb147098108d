"""What workstations call: `sync.protocol` over HTTP, every request signed with the workstation's key."""

from typing import Annotated, Any, TypeVar

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from domain.kernel.errors import DomainError
from domain.people.records import Workstation
from domain.versions.commands import version_for
from server import updates
from server.api.dependencies import CentreDep
from server.api.edge import UPLOADS, is_upload
from server.blob_answer import BlobResponse
from server.centre import Centre
from sync import protocol
from sync.device_auth import Signed
from sync.devices import orgs_of
from sync.tus.asgi import TusApp

router = APIRouter(prefix="/sync/v1", tags=["sync"])
M = TypeVar("M", bound=msgspec.Struct)


async def signed(request: Request, centre: CentreDep) -> Signed:
    """Return who sent a request, once signature and body are proven; DomainError ``auth.*``."""
    target = target_of(request.scope)
    found = await run_in_threadpool(centre.verifier.verify, request.method, target, dict(request.headers))
    found.check_body(await request.body())
    request.state.device = str(found.device_id)
    return found


SignedDep = Annotated[Signed, Depends(signed)]


def message(kind: type[M]) -> Any:
    """Return a dependency that reads the body as a message; DomainError ``input.not_fitting``."""

    async def read(request: Request, _proven: SignedDep) -> M:
        try:
            return msgspec.msgpack.decode(await request.body(), type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise DomainError("input.not_fitting", reason=str(error)) from error

    return Depends(read)


def _answer(found: msgspec.Struct) -> Response:
    return Response(protocol.encode(found), media_type=protocol.MEDIA_TYPE)


@router.post("/hello", summary="问候")
def hello(centre: CentreDep, sender: SignedDep, asked: Annotated[Any, message(protocol.Hello)]) -> Response:
    """Begin an exchange; 409 ``sync.epoch_fork`` for a store that went back or was copied."""
    return _answer(centre.sync.hello(sender.device_id, asked))


@router.post("/fork", summary="新身份版本")
def fork(centre: CentreDep, sender: SignedDep, asked: Annotated[Any, message(protocol.Fork)]) -> Response:
    """Give a workstation a new life of its identity."""
    return _answer(centre.sync.fork(sender.device_id, asked))


@router.post("/bundles/{bundle_id}", summary="应用变更包")
def apply_bundle(request: Request, centre: CentreDep, sender: SignedDep, bundle_id: str) -> Response:
    """Apply an uploaded bundle, once; asked again, the receipt is the same."""
    with centre.giving_way.first():
        receipt = centre.sync.apply_bundle(sender.device_id, bundle_id)
    request.state.sequence = receipt.ack_seq
    return _answer(receipt)


@router.post("/pull", summary="拉取")
def pull(
    centre: CentreDep, sender: SignedDep, asked: Annotated[Any, message(protocol.PullRequest)]
) -> Response:
    """Return what the workstation has not seen of its scopes."""
    return _answer(centre.sync.pull(sender.device_id, asked))


@router.post("/digest", summary="核对")
def digest(
    centre: CentreDep, sender: SignedDep, asked: Annotated[Any, message(protocol.DigestRequest)]
) -> Response:
    """Return count and digest of the rows of the workstation's scopes."""
    return _answer(centre.sync.digest(sender.device_id, asked))


@router.post("/rows", summary="核对行")
def rows(
    centre: CentreDep, sender: SignedDep, asked: Annotated[Any, message(protocol.RowsRequest)]
) -> Response:
    """Return the rows of an entity in some buckets, for a branch whose digest differs there."""
    return _answer(centre.sync.rows(sender.device_id, asked))


@router.post("/snapshot", summary="快照")
def snapshot(
    centre: CentreDep, sender: SignedDep, asked: Annotated[Any, message(protocol.SnapshotAsk)]
) -> Response:
    """Return the manifest of a snapshot of the workstation's scopes; 503 while it is being made."""
    return _answer(centre.sync.snapshot(sender.device_id, asked))


@router.post("/snapshot-key", summary="取快照密钥")
def snapshot_key(
    centre: CentreDep, sender: SignedDep, asked: Annotated[Any, message(protocol.SnapshotKeyAsk)]
) -> Response:
    """Return the key of a snapshot that the workstation has, from here or on a stick, if it may see all of it."""
    return _answer(centre.sync.snapshot_key(sender.device_id, asked))


@router.get("/snapshots/{snapshot_id}/{name}", summary="取快照分片")
def fetch_part(centre: CentreDep, sender: SignedDep, snapshot_id: str, name: str) -> Response:
    """Return a part of a snapshot, or the range asked for."""
    path = centre.sync.part_path(sender.device_id, snapshot_id, name)
    return FileResponse(
        path, media_type="application/octet-stream", headers={"ETag": f'"{snapshot_id}/{name}"'}
    )


@router.post("/blobs/lacking", summary="缺少的文件")
def lacking_blobs(
    centre: CentreDep, sender: SignedDep, asked: Annotated[Any, message(protocol.BlobList)]
) -> Response:
    """Return which of these files the centre lacks."""
    return _answer(protocol.BlobList(centre.sync.lacking_blobs(sender.device_id, asked.sha256)))


@router.head("/blobs/{sha256}", include_in_schema=False)
@router.get("/blobs/{sha256}", summary="取文件")
def fetch_blob(request: Request, centre: CentreDep, sender: SignedDep, sha256: str) -> Response:
    """Return the bytes of a file, or the range asked for; its ``ETag`` is its hash."""
    centre.sync.check_blob(sender.device_id, sha256)
    return BlobResponse(centre.blobs, sha256, media_type="application/octet-stream")


@router.post("/program", summary="应运行的程序版本")
def program(centre: CentreDep, sender: SignedDep) -> Response:
    """Return the version the workstation is to run (`domain.versions`)."""
    with centre.store.read() as connection:
        org = connection.execute(
            select(Workstation.org_id).where(Workstation.id == sender.device_id)
        ).scalar_one_or_none()
        version = version_for(connection, sender.device_id, org)
    return _answer(protocol.Offer(version))


@router.get("/program/{kind}/{name}", summary="取程序版本文件")
def program_file(centre: CentreDep, _sender: SignedDep, kind: str, name: str) -> Response:
    """Return a file of the vendor's signed folder, or the range asked for; the workstation proves it."""
    path = updates.file_path(updates.updates_folder(centre.settings.data_dir), kind, name)
    headers = {"ETag": f'"{updates.tag_of(path)}"'} if kind == "targets" else {"Cache-Control": "no-store"}
    return FileResponse(path, media_type="application/octet-stream", headers=headers)


@router.get("/wait", summary="等待新内容")
async def wait(
    centre: CentreDep,
    sender: SignedDep,
    position: Annotated[int, Query(ge=0, le=2**63 - 1)],
    longest_s: Annotated[float, Query(ge=0, le=60)] = 25.0,
) -> Response:
    """Return once there is more than `position` for the workstation (`head`), or empty (204) after a while."""
    scopes = await run_in_threadpool(_scopes, centre, sender)
    head = await centre.news.wait(scopes, position, longest_s)
    if not head:
        return Response(status_code=204)
    return Response(msgspec.msgpack.encode({"head": head}), media_type=protocol.MEDIA_TYPE)


def _scopes(centre: Centre, sender: Signed) -> frozenset[Any]:
    with centre.store.read() as connection:
        return orgs_of(connection, sender.device_id)


def target_of(scope: Scope) -> str:
    """Return path and query as they were sent, which is what the workstation signed."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    return (path + (b"?" + query if query else b"")).decode("latin-1")


class UploadsDoor:
    """ASGI middleware that gives everything under `UPLOADS` to the tus endpoint, streamed and without redirects."""

    def __init__(self, app: ASGIApp, *, centre: Centre) -> None:
        self._app = app
        self._uploads = uploads_app(centre)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and is_upload(scope["path"]):
            await self._uploads({**scope, "root_path": UPLOADS}, receive, send)
        else:
            await self._app(scope, receive, send)


def uploads_app(centre: Centre) -> TusApp:
    """Return the tus endpoint; uploads belong to the workstation that signed their creation."""

    def authorise(scope: Scope) -> str | None:
        if scope["method"] == "OPTIONS":
            return None
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        found = centre.verifier.verify(scope["method"], target_of(scope), headers)
        scope.setdefault("state", {})["device"] = str(found.device_id)
        return str(found.device_id)

    return TusApp(centre.uploads, authorise)
