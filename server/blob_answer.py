"""A file of the centre as an answer: sealed on the disk, in parts or whole as the request asks."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import anyio
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from sync.blobs import BlobStore

_PATHSEND = "http.response.pathsend"


class BlobResponse(FileResponse):
    """Starlette's answer with a file, over what a blob holds instead of over its bytes on the disk.

    Raises:
        UnavailableError: ``blob.missing``, ``blob.damaged``. A chunk damaged behind ends the connection.
    """

    def __init__(
        self, blobs: BlobStore, sha256: str, *, media_type: str, headers: Mapping[str, str] | None = None
    ) -> None:
        self._blobs, self._sha256 = blobs, sha256
        size, path = blobs.size(sha256), blobs.path(sha256)
        known = list(path.stat())
        known[6] = size  # st_size
        super().__init__(
            path, media_type=media_type, headers={"ETag": f'"{sha256}"', **(headers or {})},
            stat_result=os.stat_result(known),
        )  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; a server that would send the file of a path by itself is not let."""
        extensions = {k: v for k, v in (scope.get("extensions") or {}).items() if k != _PATHSEND}
        await super().__call__({**scope, "extensions": extensions}, receive, send)

    @asynccontextmanager
    async def _open_file(self) -> AsyncIterator[anyio.AsyncFile[bytes]]:
        file = anyio.wrap_file(await anyio.to_thread.run_sync(self._blobs.open, self._sha256))
        try:
            yield file
        finally:
            with anyio.CancelScope(shield=True):
                await file.aclose()
