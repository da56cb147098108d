"""The server as its operator meets it: init, serve, stop, worker, verify-audit, digest, TLS."""

import datetime
import ipaddress
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlcipher3 import dbapi2 as sqlcipher

from domain.kernel.errors import UnavailableError
from server.app import build_centre
from server.settings import Settings
from server.storage_key import store_key
from tests.fixtures.patience import PATIENCE_S, until

ROOT = Path(__file__).parents[2]


def environment(**values):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("AFTERCHECK_")}
    return clean | {"PYTHONPATH": str(ROOT), "AFTERCHECK_LEAST_FREE_BYTES": "0"} | values


def run(home, *arguments, **values):
    command = [sys.executable, "-m", "server", "--home", str(home), *arguments]
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env=environment(**values),
        check=False,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, lines, done.stderr


class Served:
    def __init__(self, home, *arguments, **values):
        command = [sys.executable, "-m", "server", "--home", str(home), *arguments]
        self.log = (home / "server.log").open("ab")
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=self.log, env=environment(**values)
        )
        self.told = json.loads(self.process.stdout.readline() or b"{}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE_S)
        self.process.stdout.close()
        self.log.close()
        return self.process.returncode


@pytest.fixture
def serve(home):
    running = []

    def begin(*arguments, **values):
        running.append(Served(home, *arguments, **values))
        return running[-1]

    yield begin
    for one in running:
        if one.process.poll() is None:
            one.stop()


def test_init_gives_one_administrator_once_and_serve_refuses_before_it(tmp_path):
    home = tmp_path / "new"
    with pytest.raises(UnavailableError, match=r"server\.not_initialised"):
        build_centre(Settings(data_dir=home))
    code, told, _ = run(home, "init", "--name", "某某总院")
    assert (code, told[0]["login"], len(told[0]["password"])) == (0, "admin", 23)
    assert (home / "centre.key").stat().st_mode & 0o777 == 0o600
    code, _, said = run(home, "init")
    assert code == 1
    assert "已经初始化过" in said


def test_served_stopped_and_verified(home, serve):
    server = serve("serve", "--port", "0", AFTERCHECK_DEMO_CLOCK="true")
    url = f"http://127.0.0.1:{server.told['port']}"
    assert requests.get(f"{url}/ready", timeout=PATIENCE_S).json()["ready"] is True
    before = requests.get(f"{url}/api/demo/clock", timeout=PATIENCE_S).json()["now"]
    after = requests.post(f"{url}/api/demo/clock", json={"seconds": 86400}, timeout=PATIENCE_S).json()["now"]
    assert datetime.datetime.fromisoformat(after) - datetime.datetime.fromisoformat(
        before
    ) >= datetime.timedelta(1)
    until(lambda: 'behind{reader="audit"} 0.0' in requests.get(f"{url}/metrics", timeout=PATIENCE_S).text)
    assert server.stop() == 0
    assert "Traceback" not in (home / "server.log").read_text("utf-8")
    assert run(home, "verify-audit")[:2] == (0, [{"audit": "ok"}])
    tampered = opened(home)
    tampered.execute("UPDATE audit_entry SET command = 'nothing' WHERE number = 3")
    tampered.commit()
    tampered.close()
    code, told, _ = run(home, "verify-audit")
    assert (code, told[0]["audit"], told[0]["number"]) == (1, "edited", 3)
    assert "3" in told[0]["detail"]


def opened(home):
    """Return a connection to the encrypted store that asks nobody."""
    store = sqlcipher.connect(str(home / "centre.db"))
    store.execute(f"PRAGMA key = \"x'{store_key(Settings(data_dir=home)).hex()}'\"")
    return store


def test_an_older_store_in_the_clear_is_refused_and_encrypted_by_command(home):
    code, told, _ = run(home, "encrypt-store")
    assert code != 0, "it is encrypted already"
    store = opened(home)
    store.execute("ATTACH ? AS clear KEY ''", [str(home / "clear.db")])
    store.execute("SELECT sqlcipher_export('clear')")
    count = store.execute("SELECT count(*) FROM staff").fetchone()
    store.close()
    (home / "clear.db").replace(home / "centre.db")
    code, told, said = run(home, "verify-audit")
    assert (code, told) != (0, [{"audit": "ok"}])
    assert "encrypt-store" in said
    code, [found], _ = run(home, "encrypt-store")
    assert (code, found["rows"] > count[0]) == (0, True)
    assert run(home, "verify-audit")[:2] == (0, [{"audit": "ok"}])
    store = opened(home)
    assert store.execute("SELECT count(*) FROM staff").fetchone() == count
    store.close()


def test_without_the_setting_nobody_moves_the_clock(server):
    assert server.api.post("/api/demo/clock", json={"seconds": 5}).status_code == 404


def test_a_digest_names_every_shared_table(home, prepared):
    code, told, _ = run(home, "digest", str(prepared.facts.orgs["B01"]), str(uuid.UUID(int=0)))
    assert code == 0
    assert told[0]["organization"][0] == 3
    assert told[0]["staff"][0] == len(prepared.facts.roles)
    assert told[0]["patient"] == [0, "0" * 16]


def test_the_worker_follows_the_log_for_servers_that_do_not(home, serve):
    worker = serve("worker")
    assert worker.told["worker"] == "started"

    def caught_up():
        store = opened(home)
        found = dict(store.execute("SELECT name, position FROM log_reader").fetchall())
        head = store.execute("SELECT position FROM log_head").fetchone()[0]
        store.close()
        return found.keys() >= {"audit", "alerts"} and set(found.values()) == {head}

    until(caught_up, "that the readers read to the head")
    assert worker.stop() == 0


def test_an_operator_makes_certificates_codes_and_one_time_passwords(home):
    code, [made], _ = run(home, "tls", "--host", "127.0.0.1", "--host", "centre.example")
    assert code == 0
    assert (home / "tls" / "ca.key").stat().st_mode & 0o077 == 0
    assert len(made["fingerprint"]) == 95
    again = run(home, "tls", "--host", "127.0.0.1")[1][0]
    assert again["fingerprint"] == made["fingerprint"], "the authority stays, the certificate is new"
    code, [issued], _ = run(home, "issue-code", "B01")
    assert (code, len(issued["code"])) == (0, 31)
    assert run(home, "issue-code", "B99")[0] == 1
    code, [given], _ = run(home, "reset-password", "admin")
    assert (code, given["login"], len(given["password"])) == (0, "admin", 23)
    assert "staff.unknown" in run(home, "reset-password", "nobody")[2]
    assert run(home, "verify-audit")[:2] == (0, [{"audit": "ok"}])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "centre")])
    now = datetime.datetime.now(datetime.UTC)
    own = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(2))
        .add_extension(own, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(pem, *plain))
    return folder


def test_over_tls_the_server_is_known_by_its_certificate(home, serve, certificate):
    server = serve(
        "serve", "--port", "0",
        AFTERCHECK_TLS_CERT=str(certificate / "cert.pem"), AFTERCHECK_TLS_KEY=str(certificate / "key.pem"),
    )  # fmt: skip
    url = f"https://127.0.0.1:{server.told['port']}/health"
    answer = requests.get(url, verify=str(certificate / "cert.pem"), timeout=PATIENCE_S)
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
    with socket.create_connection(("127.0.0.1", server.told["port"]), timeout=PATIENCE_S) as line:
        stranger = ssl.create_default_context()
        with pytest.raises(ssl.SSLCertVerificationError):
            stranger.wrap_socket(line, server_hostname="127.0.0.1")
    assert server.stop() == 0
