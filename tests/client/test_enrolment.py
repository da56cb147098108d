"""Joining: an empty machine meets a real centre over TLS, or is told exactly why it cannot, in both ways in."""

import json
import shutil
import socket
import stat
import subprocess
import sys
import threading
import uuid
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit
from sqlalchemy import select

import resources
from client.centre_line import join_sync
from client.centre_trust import address_of, meet
from client.desk import build_desk
from client.enrolment import Request, device_seed, enrol
from client.home import Home
from client.preferences import Preferences
from client.settings import Settings
from client.workstation import Workstation
from domain.kernel.clock import clinic, utc_now
from domain.kernel.errors import DomainError, KnownError
from domain.kernel.texts import Texts
from domain.people.enrolment_commands import IssueEnrolmentCode
from server.settings import Settings as CentreSettings
from sync.device_auth import key_from, public_text
from sync.local_tables import installation
from sync.stores import open_branch_store
from sync.tls import CentreSession, fingerprint, same_fingerprint
from tests.fixtures import certificates
from tests.fixtures.patience import PATIENCE_S
from tests.server.conftest import Running, prepared  # noqa: F401  (a fixture)

TEXTS = Texts.load(resources.folder("texts") / "zh")


@pytest.fixture(scope="module")
def centres(prepared, tmp_path_factory):  # noqa: F811
    """Return a function that runs a centre with certificates made by one of `tests.fixtures.certificates`."""
    running = {}

    def run(kind, *, told=True):
        if kind.__name__ not in running:
            home = tmp_path_factory.mktemp(kind.__name__)
            shutil.copytree(prepared.home, home, dirs_exist_ok=True)
            made = kind(home / "tls")
            settings = CentreSettings(
                data_dir=home,
                least_free_bytes=0,
                tls_cert=made.certificate,
                tls_key=made.key,
                tls_ca=made.authority,
            )
            running[kind.__name__] = Running(settings, utc_now, prepared.facts), made
        return running[kind.__name__]

    yield run
    for centre, _ in running.values():
        centre.stop()


@pytest.fixture
def centre(centres):
    return centres(certificates.good)


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """An empty machine that keeps its keys in a file."""
    monkeypatch.setenv("AFTERCHECK_KEY_FILE", str(tmp_path / "keys" / "key"))
    return Home(tmp_path / "station")


def code_for(centre):
    return centre.as_system(IssueEnrolmentCode(org_id=centre.orgs["B01"])).code


def refusal(home, request, **options):
    with pytest.raises(KnownError) as caught:
        enrol(home, request, **options)
    sentence = TEXTS.explain(caught.value)
    assert "?" not in sentence
    assert sentence != caught.value.code, "it has a sentence"
    return caught.value


def nothing_made(home):
    return not home.folder.exists() or not any(home.folder.iterdir())


def who(home):
    store = open_branch_store(home.store, bytes.fromhex((home.folder.parent / "keys" / "key").read_text()))
    with store.read() as connection:
        row = connection.execute(select(installation)).one()
    store.close()
    return row


@pytest.mark.parametrize("by", ["file", "fingerprint"])
def test_an_empty_machine_joins_over_tls_and_keeps_the_authority(centre, empty, by):
    server, made = centre
    steps = []
    trust = (
        {"authority": made.authority}
        if by == "file"
        else {"fingerprint": made.fingerprint.lower().replace(":", " ")}
    )
    request = Request(server.api.url.removeprefix("https://"), code_for(server), "登记台 1", **trust)
    device = enrol(empty, request, tell=steps.append)
    assert steps == ["meet", "keys", "store", "join", "keep"]
    row = who(empty)
    assert (row.device_id, row.org_id, row.server) == (device, server.orgs["B01"], server.api.url)
    assert empty.authority.read_bytes() == made.authority.read_bytes()
    assert stat.S_IMODE((empty.folder.parent / "keys" / "key").stat().st_mode) == 0o600
    seed = device_seed(empty)
    assert seed.hex() not in "".join(p.read_bytes().hex() for p in empty.folder.rglob("*") if p.is_file())
    again = refusal(empty, Request(server.api.url, code_for(server), "登记台 1", made.authority))
    assert again.code == "enrolment.joined_already"


def test_what_was_kept_is_what_the_line_to_the_centre_believes(centre, empty, centres, tmp_path):
    """A stranger with a certificate of another authority cannot speak for the centre, whatever the machine trusts."""
    server, made = centre
    meet(server.api.url, made.authority, utc_now)
    stranger = certificates.good(tmp_path / "stranger")
    with pytest.raises(KnownError) as caught:
        meet(server.api.url, stranger.authority, utc_now)
    assert caught.value.code == "tls.unknown"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (certificates.expired, "tls.expired"),
        (certificates.not_yet, "tls.not_yet_valid"),
        (certificates.for_another_host, "tls.other_host"),
    ],
)
def test_a_certificate_that_does_not_hold_is_named(centres, empty, kind, code):
    server, made = centres(kind)
    assert refusal(empty, Request(server.api.url, "AAAAA", "一", made.authority)).code == code
    assert nothing_made(empty)


def test_an_unknown_certificate_and_a_wrong_fingerprint_are_refused(centre, empty):
    server, made = centre
    assert refusal(empty, Request(server.api.url, "AAAAA", "一")).code == "tls.unknown"
    wrong = refusal(empty, Request(server.api.url, "AAAAA", "一", fingerprint="AB" * 32))
    assert (wrong.code, wrong.field) == ("enrolment.fingerprint_differs", "fingerprint")
    assert wrong.facts["found"] == made.fingerprint
    assert nothing_made(empty)


def test_a_session_of_the_centre_listens_to_no_environment(centre, monkeypatch, tmp_path):
    server, made = centre
    stranger = certificates.good(tmp_path / "stranger")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(made.authority))
    with (
        CentreSession(stranger.authority) as session,
        pytest.raises(Exception, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        session.get(f"{server.api.url}/health", timeout=PATIENCE_S)


def spent(server):
    code = code_for(server)
    body = {"code": code, "name": "别的", "public_key": public_text(key_from(bytes(range(32))))}
    assert server.api.post("/api/enrol", json=body).status_code == 201
    return code


def test_a_spent_an_unknown_and_a_late_code_are_told_apart(centre, empty):
    server, made = centre
    request = lambda code: Request(server.api.url, code, "一", made.authority)  # noqa: E731
    used, unknown = refusal(empty, request(spent(server))), refusal(empty, request("AAAAA-BBBBB"))
    assert (used.code, used.field) == ("enrolment.used_code", "code")
    assert (unknown.code, unknown.field) == ("enrolment.unknown_code", "code")
    good = code_for(server)
    assert enrol(empty, request(good)), "the same machine goes on with the right code and the keys it made"


def test_a_clock_far_off_is_told_with_both_times(centre, empty):
    server, made = centre
    now = utc_now() - timedelta(hours=3)
    late = refusal(empty, Request(server.api.url, code_for(server), "一", made.authority), clock=lambda: now)
    assert late.code == "enrolment.clock"
    assert f"{clinic(now):%Y-%m-%d %H:%M}" in TEXTS.explain(late)
    assert nothing_made(empty)


@pytest.fixture
def deaf():
    """A port where nobody listens, and one where somebody answers something else."""
    server = socket.create_server(("127.0.0.1", 0))
    stopping = threading.Event()

    def answer():
        while not stopping.is_set():
            line, _ = server.accept()
            with line:
                line.recv(4000)
                line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi")

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    yield server.getsockname()[1]
    stopping.set()
    socket.create_connection(server.getsockname()).close()
    thread.join(PATIENCE_S)
    server.close()


def test_who_does_not_answer_or_is_no_centre_is_told_apart(empty, deaf):
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    cases = {
        f"https://127.0.0.1:{port}": "enrolment.unreachable",
        "https://no-such-host.invalid": "enrolment.no_such_host",
        f"http://127.0.0.1:{deaf}": "enrolment.not_a_centre",
        f"https://127.0.0.1:{deaf}": "tls.no_tls",
    }
    assert {a: refusal(empty, Request(a, "AAAAA", "一")).code for a in cases} == cases
    assert nothing_made(empty)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("centre.example:8443", "https://centre.example:8443"),
        (" https://centre.example/ ", "https://centre.example"),
        ("[::1]:8443", "https://[::1]:8443"),
        ("http://localhost:80", "http://localhost:80"),
        ("http://centre.example", "enrolment.plain_http"),
        ("ftp://centre.example", "enrolment.bad_address"),
        ("https://", "enrolment.bad_address"),
        ("https://a b", "enrolment.bad_address"),
        ("https://centre.example/path", "enrolment.bad_address"),
        ("https://u:p@centre.example", "enrolment.bad_address"),
        ("https://centre.example:999999", "enrolment.bad_address"),
        ("总院：8443", "enrolment.bad_address"),
    ],
)
def test_an_address_is_read_as_people_write_it(typed, meant):
    try:
        assert address_of(typed) == meant
    except DomainError as error:
        found = error
    else:
        return
    assert (found.code, found.field) == (meant, "server")


def test_fingerprints_are_compared_as_people_type_them(centre):
    pem = centre[1].authority.read_bytes()
    shown = fingerprint(pem)
    assert len(shown) == 95
    assert same_fingerprint(shown, shown.lower().replace(":", " "))
    assert not same_fingerprint(shown[:-1], shown[:-1])
    assert not same_fingerprint(shown, "")


def run_command(home, *arguments):
    command = [sys.executable, "-m", "client.enrol", "--home", str(home.folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    return done.returncode, done.stdout.strip(), done.stderr


def test_the_command_line_joins_and_keeps_where_its_keys_are(centre, tmp_path):
    server, made = centre
    home, keys = Home(tmp_path / "cli"), tmp_path / "cli-keys"
    base = ["--server", server.api.url, "--name", "采血室", "--key-file", str(keys)]
    code, out, err = run_command(home, *base, "--code", "WRONG-CODE", "--ca", str(made.authority))
    assert (code, out) == (1, "")
    assert "登记码不正确" in err
    code, out, err = run_command(home, *base, "--code", code_for(server), "--fingerprint", made.fingerprint)
    assert code == 0, err
    assert uuid.UUID(out)
    assert "正在向总院登记" in err
    assert json.loads(home.settings.read_text("utf-8")) == {"key_file": str(keys)}
    assert keys.exists()


# The page


@pytest.fixture
def first_start(qapp, qtbot, empty):
    made = Workstation(empty, Settings(), Preferences(empty.preferences))
    made.start()
    qtbot.waitUntil(lambda: made.window.enrol is not None and made.window.enrol.isVisible(), timeout=10_000)
    yield made
    made.window.close()
    made.close()
    made.window.deleteLater()


def fill(qtbot, page, **texts):
    for name, text in texts.items():
        line = page.findChild(QLineEdit, f"field_{name}")
        line.setFocus()
        line.clear()
        qtbot.keyClicks(line, text)


def press(made, key):
    QTest.keyClick(made.window.windowHandle(), key)


def sentence(page, name):
    return page.findChild(QLabel, name).text()


def test_an_empty_machine_shows_the_page_of_the_first_start_and_joins_by_keys(
    qtbot, first_start, centre, empty
):
    server, made = centre
    page = first_start.window.enrol
    assert page.findChild(QLineEdit, "field_server").hasFocus()
    qtbot.keyClicks(page.findChild(QLineEdit, "field_server"), server.api.url)
    press(first_start, Qt.Key.Key_Return)
    assert page.findChild(QLineEdit, "field_code").hasFocus()
    qtbot.keyClicks(page.findChild(QLineEdit, "field_code"), "AAAAA-BBBBB")
    press(first_start, Qt.Key.Key_Return)
    fill(qtbot, page, name="desk 1")
    for _field in ("name", "authority", "medium"):
        press(first_start, Qt.Key.Key_Return)
    shown = page.findChild(QLabel, "enrol_fingerprint")
    qtbot.waitUntil(shown.isVisible, timeout=10_000)
    assert shown.text().replace("\n", "") == made.fingerprint
    assert "检后通" in sentence(page, "enrol_offer")
    qtbot.waitUntil(page.findChild(object, "enrol_trust").hasFocus)
    QTest.keyClick(first_start.window.windowHandle(), Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: "登记码不正确" in sentence(page, "note_code"), timeout=10_000)
    qtbot.waitUntil(page.findChild(QLineEdit, "field_code").hasFocus)
    page.findChild(QLineEdit, "field_code").clear()
    qtbot.keyClicks(page.findChild(QLineEdit, "field_code"), code_for(server))
    fill(qtbot, page, authority=str(made.authority))
    press(first_start, Qt.Key.Key_Return)
    press(first_start, Qt.Key.Key_Return)
    with qtbot.waitSignal(first_start.desk_completed, timeout=20_000):
        pass
    assert first_start.window.sign_in.isVisible()
    assert "desk 1" in sentence(first_start.window.sign_in, "sign_in_place")
    assert who(empty).server == server.api.url


def test_before_the_accounts_have_come_nobodys_password_is_called_wrong(qtbot, empty, centre):
    server, made = centre
    enrol(empty, Request(server.api.url, code_for(server), "一", made.authority))
    desk = build_desk(empty, parts=())
    assert desk.sign_in("nurse", "Zhong-Xin-2026").code == "sign_in.no_accounts"
    desk.close()


def test_the_line_of_a_workstation_that_joined_goes_over_tls_and_brings_the_accounts(qtbot, empty, centre):
    server, made = centre
    enrol(empty, Request(server.api.url, code_for(server), "一", made.authority))
    desk = build_desk(empty, parts=(join_sync,))
    desk.start()
    try:
        login = "nurse", "Zhong-Xin-2026"
        qtbot.waitUntil(lambda: desk.sign_in(*login).actor is not None, timeout=30_000)
    finally:
        desk.close()
