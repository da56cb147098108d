"""What a client is told when something is wrong: a problem document in Chinese, never an inside."""

import json
import logging
import re
import socket
import threading
import urllib.parse
from pathlib import Path

import pytest

import resources
from domain.kernel.errors import DomainError, UnavailableError
from domain.kernel.logs import JsonLines
from domain.kernel.store import Store
from domain.kernel.texts import Texts
from server.problems import status_of
from tests.fixtures.patience import PATIENCE_S

TEXTS = Texts.load(resources.folder("texts") / "zh")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (DomainError("permission.denied"), 403),
        (DomainError("visit.unknown"), 404),
        (DomainError("visit.unknown", field="visit_id"), 422),
        (DomainError("report.wrong_state"), 409),
        (DomainError("input.missing", field="name"), 422),
        (DomainError("session.ended"), 401),
        (DomainError("auth.clock", now=1), 401),
        (DomainError("sync.epoch_fork"), 409),
        (UnavailableError("store.busy"), 503),
        (UnavailableError("blob.missing"), 404),
    ],
)
def test_the_status_follows_from_the_code(error, status):
    assert status_of(error) == status


def test_an_input_error_names_its_field_in_chinese(server):
    answer = server.api.post("/api/commands/people.register", token=server.token("nurse"), json={"sex": "1"})
    told = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, told["status"], told["code"], told["field"]) == (
        422,
        422,
        "input.missing",
        "name",
    )
    assert told["detail"] == "请填写“姓名”。"
    assert told["facts"] == {"label": "姓名"}
    assert told["instance"] == f"urn:request:{answer.headers['X-Request-Id']}"


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b'"x"'])
def test_a_body_that_is_no_object_is_refused(server, body):
    answer = server.api.post("/api/commands/people.register", token=server.token("nurse"), data=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "input.not_json")


def test_a_body_beyond_the_limit_is_refused(server):
    answer = server.api.post(
        "/api/commands/people.register", token=server.token("nurse"), data=b" " * (5 << 20)
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "http.too_large")


def test_unknown_addresses_and_methods_are_problems_too(server):
    assert server.api.get("/wp-login.php").json()["code"] == "http.not_found"
    assert server.api.call("PUT", "/api/session").json()["code"] == "http.method"


def test_a_missing_store_is_told_as_unavailable(server, monkeypatch):
    token = server.token("nurse")

    def gone(_self):
        raise UnavailableError("store.unreachable")

    monkeypatch.setattr(Store, "read", gone)
    answer = server.api.get("/api/worklists", token=token)
    assert (answer.status_code, answer.json()["code"]) == (503, "store.unreachable")
    assert answer.headers["Retry-After"] == "30"
    assert server.api.get("/ready").json()["checks"]["store"] == "store.unreachable"
    assert server.api.get("/ready").status_code == 503


def test_a_bug_gives_a_number_and_nothing_of_the_inside(server, monkeypatch, caplog):
    def broken(*_args, **_options):
        raise RuntimeError("password of 欧阳美娜")

    monkeypatch.setattr(server.centre.pages.__class__, "page", broken)
    with caplog.at_level(logging.ERROR):
        answer = server.api.get("/api/worklists/people.clients", token=server.token("nurse"))
    assert answer.status_code == 500
    assert answer.json()["code"] == "server.bug"
    assert answer.headers["X-Request-Id"] in answer.json()["detail"]
    assert "RuntimeError" not in answer.text
    assert "欧阳" not in answer.text
    crash = next(r for r in caplog.records if r.message == "request crashed")
    line = json.loads(JsonLines().format(crash))
    assert line["error"] == "RuntimeError"
    assert any("test_api_problems.py" in place for place in line["stack"])
    assert "欧阳" not in json.dumps(line, ensure_ascii=False)


def test_the_log_of_a_request_has_ids_and_no_content(server, caplog):
    with caplog.at_level(logging.INFO):
        server.api.post(
            "/api/commands/people.register", token=server.token("nurse"),
            json={"name": "欧阳美娜", "sex": "2", "birth_date": "1990-03-07"},
        )  # fmt: skip
        server.api.get("/health")  # the line is written after the answer, before the next request
    # A request of the test before may still write its line: take the one that ran a command.
    record = next(r for r in caplog.records if r.message == "request" and getattr(r, "command", None))
    line = json.loads(JsonLines().format(record))
    assert (line["command"], line["status"]) == ("people.register", 200)
    assert line["route"] == "POST /api/commands/people.register"
    assert line["sequence"] > 0
    assert "欧阳" not in json.dumps(line, ensure_ascii=False)


def test_every_answer_is_kept_out_of_caches_and_frames(server):
    for path in ("/health", "/api/worklists", "/nope", "/metrics"):
        headers = server.api.get(path).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_metrics_count_by_route_and_hold_nothing_personal(server):
    server.api.get("/api/worklists/people.clients", token=server.token("nurse"))
    text = server.api.get("/metrics").text
    assert 'aftercheck_requests_total{method="GET",route="/api/worklists/{name}",status="200"}' in text
    assert "aftercheck_log_position" in text
    assert 'aftercheck_reader_behind{reader="audit"}' in text
    assert "欧阳" not in text
    assert "people.clients" not in text


def test_every_code_of_the_server_has_its_sentence():
    root = Path(resources.__file__).parent.parent / "server"
    raised = re.compile(r'(?:DomainError|UnavailableError|Failures)\(\s*"([a-z_0-9]+\.[a-z_0-9]+)"')
    files = [path for path in root.rglob("*.py") if "hl7" not in path.parts]
    found = {code for path in files for code in raised.findall(path.read_text("utf-8"))}
    assert len(found) > 25
    assert found - TEXTS.codes() == set()


def test_a_client_that_leaves_in_the_middle_of_its_request_is_no_fault_of_the_program(server, caplog):
    caplog.set_level(logging.INFO)
    gone = threading.Event()
    caplog.handler.addFilter(lambda r: (getattr(r, "code", "") == "client.gone" and gone.set()) or True)
    where = urllib.parse.urlsplit(server.api.url)
    head = b"POST /api/session HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n"
    with socket.create_connection((where.hostname, where.port)) as line:
        line.sendall(head + b"half of it")
    assert gone.wait(PATIENCE_S)
    assert [r.message for r in caplog.records if r.levelno >= logging.ERROR] == []
    assert server.api.get("/health").ok
