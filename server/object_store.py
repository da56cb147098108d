"""The files of a centre in an S3-compatible object store, for every machine of it; the folder here is a cache.

A file is sealed before it leaves the machine, so the object store sees names (the hash of what is in it) and sealed
bytes alone. It is acknowledged when the object store has acknowledged it. What there is, the object store says: a
copy here of what was deleted there is dropped when somebody asks for it, and at each `trim`.
"""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from domain.kernel.errors import UnavailableError
from sync.blobs import BlobStore
from sync.sealed_files import plain_size

ANSWER_S, CONNECT_S, TRIES = 20, 5, 3
YOUNG_S = 300.0
"""Copies touched so lately are not dropped: somebody may be about to read them."""
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
_PIECES = TransferConfig(multipart_threshold=32 << 20, multipart_chunksize=32 << 20, use_threads=False)


class Bucket:
    """One bucket of an object store, and what is ours in it.

    Args:
        url: Endpoint, bucket and, if the bucket has other content too, a prefix: ``https://host:9000/bucket/prefix``.
        access_key: Name of the account there.
        secret_key: Its secret.
        region: As the provider names it.
        ca: Authority that vouches for the endpoint, PEM; the system's where None.
    """

    def __init__(
        self, url: str, access_key: str, secret_key: str, region: str, ca: Path | None = None
    ) -> None:
        parts = urlsplit(url)
        self.name, _, prefix = parts.path.strip("/").partition("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._client: Any = boto3.session.Session().client(
            "s3", endpoint_url=f"{parts.scheme}://{parts.netloc}", region_name=region, aws_access_key_id=access_key,
            aws_secret_access_key=secret_key, verify=str(ca) if ca else None,
            config=Config(
                connect_timeout=CONNECT_S, read_timeout=ANSWER_S, retries={"total_max_attempts": TRIES},
                s3={"addressing_style": "path"}, request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )  # fmt: skip

    def check(self) -> None:
        """Raise UnavailableError ``blob.store_unreachable`` if it does not answer or does not let us in."""
        with answered():
            self._client.head_bucket(Bucket=self.name)

    def size(self, name: str) -> int | None:
        """Return the bytes of an object, None if there is none; UnavailableError ``blob.store_unreachable``."""
        with answered():
            try:
                return int(self._client.head_object(Bucket=self.name, Key=self._key(name))["ContentLength"])
            except ClientError as error:
                if _code(error) in _MISSING:
                    return None
                raise

    def put(self, name: str, path: Path) -> None:
        """Store a file; it is kept when this returns."""
        with answered():
            self._client.upload_file(str(path), self.name, self._key(name), Config=_PIECES)

    def fetch(self, name: str, path: Path) -> bool:
        """Write an object to a file; False if there is none."""
        with answered():
            try:
                self._client.download_file(self.name, self._key(name), str(path), Config=_PIECES)
            except ClientError as error:
                if _code(error) in _MISSING:
                    return False
                raise
        return True

    def remove(self, name: str) -> None:
        """Delete an object; a missing one is no error."""
        with answered():
            self._client.delete_object(Bucket=self.name, Key=self._key(name))

    def names(self) -> Iterator[str]:
        """Yield the name of every object of ours."""
        pages = self._client.get_paginator("list_objects_v2")
        with answered():
            for page in pages.paginate(Bucket=self.name, Prefix=self._prefix):
                yield from (one["Key"].rpartition("/")[2] for one in page.get("Contents", ()))

    def _key(self, name: str) -> str:
        return f"{self._prefix}{name[:2]}/{name}"


class ObjectBlobs(BlobStore):
    """`sync.blobs.BlobStore` over a bucket.

    Args:
        root: Folder of the copies.
        key: Seals what is stored.
        spare_bytes: As there.
        bucket: Where the files lie.
        cache_bytes: What the copies may come to.
    """

    def __init__(self, root: Path, key: bytes, spare_bytes: int, bucket: Bucket, cache_bytes: int) -> None:
        super().__init__(root, key, spare_bytes)
        self._bucket = bucket
        self._cache_bytes = cache_bytes
        self._fetched = 0
        self._lock = threading.Lock()

    def has(self, sha256: str) -> bool:
        path = self._path(sha256)
        try:
            there = self._bucket.size(sha256) is not None
        except UnavailableError:
            if path.exists():
                return True
            raise
        if not there:
            path.unlink(missing_ok=True)
        return there

    def size(self, sha256: str) -> int:
        path = self._path(sha256)
        try:
            sealed = self._bucket.size(sha256)
        except UnavailableError:
            if path.exists():
                return super().size(sha256)
            raise
        if sealed is None:
            path.unlink(missing_ok=True)
            raise UnavailableError("blob.missing", sha256=sha256)
        return plain_size(sealed)

    def open(self, sha256: str) -> BinaryIO:
        self._bring(sha256)
        return super().open(sha256)

    def path(self, sha256: str) -> Path:
        self._bring(sha256)
        return super().path(sha256)

    def names(self) -> Iterator[str]:
        return self._bucket.names()

    def remove(self, sha256: str) -> None:
        self._bucket.remove(sha256)
        super().remove(sha256)

    def seal_plain(self, stopped: Callable[[], bool] = lambda: False) -> int:
        """Nothing to do: nothing was ever put there in the clear."""
        return 0

    def sweep(self, older_than: float) -> int:
        removed = super().sweep(older_than)
        self.trim({*self._bucket.names()})
        return removed

    def trim(self, there: set[str] | None = None) -> int:
        """Drop the copies used longest ago, down to what they may come to, and those that are not `there`.

        Returns how many went.
        """
        copies = []
        for name in super().names():
            with contextlib.suppress(FileNotFoundError):  # others drop copies too
                told = self._path(name).stat()
                copies.append((told.st_mtime, told.st_size, name))
        copies.sort()
        total, newest, gone = sum(size for _, size, _ in copies), max(copies, default=(0.0,))[0], 0
        for used, size, name in copies:
            stray = there is not None and name not in there
            if newest - used < YOUNG_S or not (stray or total > self._cache_bytes):
                continue
            super().remove(name)
            total -= size
            gone += 1
        return gone

    def check(self) -> None:
        """Raise UnavailableError ``blob.store_unreachable`` if the object store cannot be used."""
        self._bucket.check()

    def _move_in(self, source: Path, sha256: str) -> None:
        self._bucket.put(sha256, source)
        super()._move_in(source, sha256)

    def _bring(self, sha256: str) -> None:
        """Have a copy here of what the object store has."""
        path = self._path(sha256)
        if self.has(sha256) and path.exists():
            with contextlib.suppress(FileNotFoundError):
                os.utime(path)
                return
        temporary = self._temporary / f"{sha256}.{os.getpid()}.{threading.get_ident()}"
        try:
            if not self._bucket.fetch(sha256, temporary):
                raise UnavailableError("blob.missing", sha256=sha256)
            fetched = temporary.stat().st_size
            with self._translated():
                super()._move_in(temporary, sha256)
        finally:
            temporary.unlink(missing_ok=True)
        with self._lock:
            self._fetched += fetched
            full = self._fetched > self._cache_bytes // 4
            self._fetched = 0 if full else self._fetched
        if full:
            self.trim()


@contextlib.contextmanager
def answered() -> Iterator[None]:
    """Tell that the object store is away, or does not let us, in the product's words."""
    try:
        yield
    except ClientError as error:
        raise UnavailableError("blob.store_refused", reason=_code(error)) from error
    except (BotoCoreError, HTTPClientError, boto3.exceptions.Boto3Error) as error:
        raise UnavailableError("blob.store_unreachable", reason=type(error).__name__) from error


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
