"""tuspy uploads a file: python tuspy_upload.py ENDPOINT FILE CHUNK_BYTES; prints how long it took."""

import json
import sys
import time

from tusclient.client import TusClient

endpoint, path, chunk = sys.argv[1:4]
begun = time.perf_counter()
# As its users write it: retries are off by default, and a cut line is what they are for.
uploader = TusClient(endpoint).uploader(
    path, chunk_size=int(chunk), retries=2000, retry_delay=0, metadata={"filename": "file"}
)
uploader.upload()
told = {
    "seconds": time.perf_counter() - begun,
    "cpu": time.process_time(),
    "url": uploader.url,
}
sys.stdout.write(json.dumps(told) + "\n")
