"""The floor: a PUT streamed by requests to a server that writes what comes and calls fsync once.

``python plain_put.py serve FILE`` or ``python plain_put.py send URL FILE``.
"""

import json
import os
import socket
import sys
import time

import requests

PIECE = 1 << 20


def serve(path: str) -> None:
    """Take one PUT after another into `path`."""
    listener = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(json.dumps({"port": listener.getsockname()[1]}) + "\n")
    sys.stdout.flush()
    while True:
        line, _ = listener.accept()
        with line:
            take(line, path)


def take(line: socket.socket, path: str) -> None:
    """Read one request, store its body, answer when it is on the disk."""
    head = b""
    while b"\r\n\r\n" not in head:
        head += line.recv(65536)
    head, _, body = head.partition(b"\r\n\r\n")
    left = next(
        int(row.split(b":")[1]) for row in head.lower().split(b"\r\n") if row.startswith(b"content-length")
    )
    buffer = memoryview(bytearray(PIECE))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.write(descriptor, body)
    left -= len(body)
    while left:
        count = line.recv_into(buffer)
        rest = buffer[:count]
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        left -= count
    os.fsync(descriptor)
    os.close(descriptor)
    line.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")


def send(url: str, path: str) -> None:
    """Stream a file."""
    begun = time.perf_counter()
    with open(path, "rb") as file:  # noqa: PTH123 (as in the documentation of requests)
        requests.put(url, data=file, timeout=600).raise_for_status()
    told = {"seconds": time.perf_counter() - begun, "cpu": time.process_time()}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    else:
        send(*sys.argv[2:])
