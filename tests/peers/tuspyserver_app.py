"""tuspyserver: python tuspyserver_app.py FOLDER [fsync] (its fsync storage); tells its port in a line of JSON."""

import json
import socket
import sys

import uvicorn
from fastapi import FastAPI
from tuspyserver import create_tus_router
from tuspyserver.storage.local import LocalFileStorage

storage = LocalFileStorage(sys.argv[1]) if "fsync" in sys.argv[2:] else None
app = FastAPI()
app.include_router(create_tus_router(prefix="files", files_dir=sys.argv[1], storage=storage))
listener = socket.socket(
    socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
)  # so asyncio sets TCP_NODELAY
listener.bind(("127.0.0.1", 0))
listener.listen()
sys.stdout.write(json.dumps({"port": listener.getsockname()[1]}) + "\n")
sys.stdout.flush()
uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run([listener])
