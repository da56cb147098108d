"""A client of others, tuspy, uploads to our server."""

import io

import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed

from sync.tus.source import BytesSource
from tests.sync_tus.centre import DEVICE
from tests.sync_tus.seeded import seeded

CONTENT = seeded(3).randbytes(700_001)


def uploader(centre, **options):
    return TusClient(centre.url, headers=DEVICE).uploader(file_stream=io.BytesIO(CONTENT), **options)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"chunk_size": 100_000},
        {"chunk_size": 64 << 10, "upload_checksum": True},
        {"chunk_size": 200_000, "metadata": {"filename": "片.dcm", "sha256": BytesSource(CONTENT).sha256}},
    ],
)
def test_tuspy_uploads(centre, options):
    uploader(centre, **options).upload()
    assert centre.blobs.get(BytesSource(CONTENT).sha256) == CONTENT
    if "metadata" in options:
        assert centre.received[0].metadata["filename"] == "片.dcm"


def test_tuspy_resumes_by_url(centre):
    first = uploader(centre, chunk_size=100_000)
    first.upload(stop_at=300_000)
    second = uploader(centre, chunk_size=100_000, url=first.url)
    assert second.offset == 300_000
    second.upload()
    assert centre.blobs.has(BytesSource(CONTENT).sha256)


def test_tuspy_sends_a_content_again_that_is_stored_already(centre):
    metadata = {"sha256": BytesSource(CONTENT).sha256}
    uploader(centre, metadata=metadata).upload()
    uploader(centre, metadata=metadata).upload()
    assert len(centre.received) == 2


def test_tuspy_is_told_of_a_wrong_content_and_of_a_missing_identity(centre):
    with pytest.raises(TusUploadFailed) as mismatch:
        uploader(centre, metadata={"sha256": "0" * 64}).upload()
    assert mismatch.value.status_code == 460
    with pytest.raises(TusCommunicationError):
        TusClient(centre.url).uploader(file_stream=io.BytesIO(CONTENT)).upload()
