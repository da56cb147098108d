"""Structured logs: one JSON object a line, facts by fixed names; never a name, number or text of a person.

A crash is logged by its class and its places in the code, not by its message: messages of databases quote values.
The server, the listener, the sync worker and the workstation all log like this. Standard library only.
"""

import contextvars
import json
import logging
import sys
import threading
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

FIELDS = (
    "request",
    "device",
    "sequence",
    "command",
    "route",
    "status",
    "ms",
    "code",
    "reader",
    "job",
    "port",
    "count",
)
"""What a log call may say of itself by ``extra=``; anything else is left out."""

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")
FRAMES = 12


class JsonLines(logging.Formatter):
    """Formats a record as one JSON line; control characters are escaped by JSON itself."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": _message(record),
        }
        line |= {name: getattr(record, name) for name in FIELDS if getattr(record, name, None) is not None}
        if "request" not in line and request_id.get():
            line["request"] = request_id.get()
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__qualname__
            frames = traceback.extract_tb(record.exc_info[2])[-FRAMES:]
            line["stack"] = [f"{f.filename}:{f.lineno} {f.name}" for f in frames]
        return json.dumps(line, ensure_ascii=False, default=str)


def _message(record: logging.LogRecord) -> str:
    """Return what the call says; asyncio and warnings append what they met, which may quote a person's data."""
    message = record.getMessage()
    return message.partition("\n")[0] if record.name in _QUOTING else message


_QUOTING = frozenset({"asyncio", "py.warnings"})


def catch_the_rest() -> None:
    """Log what no one foresaw, in any thread, in the same form: by themselves these print the message."""
    log = logging.getLogger("unforeseen")

    def of_thread(unforeseen: threading.ExceptHookArgs) -> None:
        kind, error = unforeseen.exc_type, unforeseen.exc_value
        if error is not None and not issubclass(kind, SystemExit):
            log.error("a thread ended by a bug", exc_info=(kind, error, unforeseen.exc_traceback))

    def of_process(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        log.critical("the process ended by a bug", exc_info=(kind, error, trace))

    threading.excepthook = of_thread
    sys.excepthook = of_process


def set_up_logging(level: str) -> None:
    """Send every log of this process to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(capture=True)
    catch_the_rest()
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = name != "uvicorn.access"
    logging.getLogger("alembic").setLevel(logging.WARNING)
