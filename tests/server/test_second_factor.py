"""The second factor at the centre: codes of RFC 6238, each good once, locked like passwords, kept sealed."""

import base64
import logging
import re
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests
from sqlalchemy import select

from domain.factor.codes import STEP_S, code_at, matching_step, recovery_code, seal, step_of, unseal
from domain.factor.records import SecondFactor
from domain.kernel.authority import system_actor
from domain.kernel.change_log import entries_after
from domain.people.records import Staff
from domain.people.staff_commands import SignIn, UnlockAccount
from tests.fixtures.patience import PATIENCE_S
from tests.server.conftest import PASSWORD, running_copy

STEP = timedelta(seconds=STEP_S)


def decoded(secret):
    return base64.b32decode(secret + "=" * (-len(secret) % 8))


class Phone:
    """An authenticator app."""

    def __init__(self, secret, clock):
        self.secret, self.clock = decoded(secret), clock

    def code(self, steps=0):
        return code_at(self.secret, step_of(self.clock()) + steps)


def ask(server, login, code="", password=PASSWORD):
    body = {"login": login, "password": password, "code": code}
    answer = server.api.post("/api/session", json=body)
    told = answer.json()
    return answer.status_code, told.get("code", ""), told


def bind(server, login):
    """Bind an app through the API; returns the phone and the recovery codes, at a step whose code is not used yet."""
    token = server.api.sign_in(login)
    begun = server.api.post("/api/commands/factor.begin", token=token, json={"password": PASSWORD})
    assert begun.status_code == 200, begun.text
    server.clock.advance(timedelta(seconds=1))
    phone = Phone(begun.json()["receipt"]["secret"], server.clock)
    done = server.api.post("/api/commands/factor.confirm", token=token, json={"code": phone.code()})
    assert done.status_code == 200, done.text
    server.clock.advance(3 * STEP)
    return phone, done.json()["receipt"]["codes"], token


def test_codes_are_those_of_rfc_6238():
    secret = b"12345678901234567890"
    for seconds, code in (
        (59, "287082"),
        (1111111109, "081804"),
        (1234567890, "005924"),
        (20000000000, "353130"),
    ):
        at = datetime.fromtimestamp(seconds, UTC)
        assert code_at(secret, step_of(at)) == code
        if seconds > 2 * STEP_S:
            assert [matching_step(secret, code, at + d * STEP) is not None for d in (-2, -1, 0, 1, 2)] == [
                False, True, True, True, False,
            ]  # fmt: skip


def test_a_sealed_secret_opens_under_its_key_for_its_account_alone():
    key, own, other = b"k" * 32, uuid.UUID(int=1), uuid.UUID(int=2)
    sealed = seal(key, own, b"secret")
    assert unseal(key, own, sealed) == b"secret"
    assert unseal(key, other, sealed) is None
    assert unseal(b"x" * 32, own, sealed) is None
    assert len({recovery_code() for _ in range(50)}) == 50


def test_who_is_bound_is_asked_and_no_code_is_taken_twice(server):
    phone, recovery, before = bind(server, "administrator")
    assert server.api.get("/api/session", token=before).json()["code"] == "session.ended"
    status, code, told = ask(server, "administrator")
    assert (status, code) == (401, "sign_in.code_needed")
    assert "动态码" in told["detail"]
    late = phone.code(-1)
    assert ask(server, "administrator", phone.code(-2))[:2] == (401, "sign_in.code_wrong")
    assert ask(server, "administrator", late)[0] == 201
    assert ask(server, "administrator", late)[:2] == (401, "sign_in.code_used")
    assert ask(server, "administrator", phone.code()[:3] + " " + phone.code()[3:])[0] == 201
    server.clock.advance(STEP)
    assert ask(server, "administrator", phone.code(1))[0] == 201, "a phone that is ahead by a step"
    assert ask(server, "administrator", phone.code())[1] == "sign_in.code_used", "nor an older one after it"
    assert ask(server, "administrator", recovery[3].upper())[0] == 201
    assert ask(server, "administrator", recovery[3])[1] == "sign_in.code_wrong"
    assert len(set(recovery)) == 10


def test_codes_and_passwords_share_one_lock_and_the_password_alone_forgives_nothing(server):
    phone, _, _ = bind(server, "physician")
    tried = [ask(server, "physician", password="Falsch-Falsch-1")[1] for _ in range(2)]
    assert ask(server, "physician")[1] == "sign_in.code_needed"
    tried += [ask(server, "physician", "000000")[1] for _ in range(3)]
    assert tried == ["sign_in.refused"] * 2 + ["sign_in.code_wrong"] * 2 + ["sign_in.locked"]
    assert ask(server, "physician", phone.code())[1] == "sign_in.locked"
    server.clock.advance(timedelta(minutes=16))
    assert ask(server, "physician", phone.code())[0] == 201


def test_only_it_takes_it_off_with_a_reason_and_never_its_own(server):
    phone, _, _ = bind(server, "nurse")
    bind_it, _, _ = bind(server, "it")
    _, _, told = ask(server, "it", bind_it.code())
    it, token = told["token"], ask(server, "nurse", phone.code())[2]["token"]
    ids = {r.login: str(r.id) for r in accounts(server)}
    path, reason = "/api/commands/factor.reset", "手机丢失，已当面核对工牌"
    order = {"staff_id": ids["nurse"], "reason": reason}
    chief = server.api.post(path, token=server.token("chief_physician"), json=order)
    assert (chief.status_code, chief.json()["code"]) == (403, "permission.denied")
    assert server.api.post(path, token=it, json=order | {"reason": ""}).json()["code"] == "input.missing"
    own = server.api.post(path, token=it, json=order | {"staff_id": ids["it"]})
    assert own.json()["code"] == "factor.own"
    server.clock.advance(timedelta(seconds=1))
    assert server.api.post(path, token=it, json=order).status_code == 200
    assert server.api.get("/api/session", token=token).json()["code"] == "session.ended"
    assert ask(server, "nurse")[0] == 201, "the password alone again, until an app is bound anew"
    with server.centre.store.read() as connection:
        bodies = [e.body for e in entries_after(connection, 0, 10_000)]
        notes = [b.note for b in bodies if b.command == "factor.reset" and b.note]
    assert {"reason": reason} in notes


def test_what_is_kept_logged_and_listed_holds_neither_secret_nor_code(server, caplog):
    with caplog.at_level(logging.DEBUG):
        phone, recovery, _ = bind(server, "auditor")
        token = ask(server, "auditor", phone.code())[2]["token"]
        listed = server.api.get("/api/worklists/factor.accounts", token=token)
    assert listed.status_code == 200, listed.text
    assert "auditor" in listed.text
    with server.centre.store.read() as connection:
        bodies = repr([e.body for e in entries_after(connection, 0, 10_000)]).encode()
        row = connection.execute(select(SecondFactor).where(SecondFactor.recovery_left == 10)).first()
    held = [bodies, repr(row).encode(), listed.content, caplog.text.encode()]
    hidden = [phone.secret, base64.b32encode(phone.secret), *(c.encode() for c in recovery)]
    hidden += [c.replace("-", "").encode() for c in recovery]
    assert not [h for h in hidden for part in held if h in part]


def test_a_role_that_must_have_one_does_nothing_else_before(prepared, tmp_path):
    with running_copy(prepared, tmp_path / "home", second_factor=("administrator",)) as server:
        token = server.api.sign_in("administrator")
        assert server.api.get("/api/session", token=token).json()["must_bind"] is True
        refused = server.api.get("/api/worklists", token=token)
        assert (refused.status_code, refused.json()["code"]) == (403, "factor.must_bind")
        assert server.api.get("/api/worklists", token=server.token("nurse")).status_code == 200
        browser = Browser(server)
        assert "开始绑定" in browser.sign_in("administrator").text, "the page leads there by itself"
        assert "口令不正确" in browser.send("", password="Falsch-Falsch-1").text
        shown = browser.send("", password=PASSWORD).text
        assert "<svg" in shown
        secret = re.search(r"<code>([A-Z2-7 ]+)</code>", shown)[1].replace(" ", "")
        phone = Phone(secret, server.clock)
        assert "动态码不正确" in browser.send("/confirm", code="000000").text
        codes = re.findall(r"<code>([a-z0-9-]{11})</code>", browser.send("/confirm", code=phone.code()).text)
        assert len(codes) == 10
        assert secret not in browser.http.get(browser.url, timeout=PATIENCE_S).text
        server.clock.advance(2 * STEP)
        _, _, told = ask(server, "administrator", phone.code())
        assert server.api.get("/api/worklists", token=told["token"]).status_code == 200


@pytest.mark.deep
def test_a_code_taken_by_one_process_no_other_takes_at_the_same_moment(any_server):
    server = any_server
    phone, _, _ = bind(server, "administrator")
    centre = server.centre
    actor = system_actor(centre.identity.org_id, centre.identity.device_id)
    for _ in range(6):
        server.clock.advance(STEP)
        order = SignIn(login="administrator", verified=True, code=phone.code())
        together = threading.Barrier(4)

        def attempt(order=order, together=together):
            together.wait(PATIENCE_S)
            return centre.dispatcher.run(order, actor).receipt.code

        with ThreadPoolExecutor(4) as pool:
            told = sorted(f.result() for f in [pool.submit(attempt) for _ in range(4)])
        assert told == ["", *["sign_in.code_used"] * 3]
        assert ask(server, "administrator", "000000")[2]["detail"].find("再错 1 次") > 0, "each counted"
        server.as_system(UnlockAccount(login="administrator", reason="演练"), "HQ")


class Browser:
    """A browser on the page where an app is bound."""

    def __init__(self, server):
        self.base = server.api.url + "/review"
        self.url = self.base + "/second-factor"
        self.http = requests.Session()
        self.http.trust_env = False
        self.hidden = {}

    def sign_in(self, login):
        return self._keep(
            self.http.post(self.base + "/sign-in", {"login": login, "password": PASSWORD}, timeout=PATIENCE_S)
        )

    def send(self, path, **fields):
        return self._keep(self.http.post(self.url + path, self.hidden | fields, timeout=PATIENCE_S))

    def _keep(self, answer):
        self.hidden = dict(re.findall(r'name="(proof|once)" value="([^"]*)"', answer.text.split("<main>")[1]))
        return answer


def accounts(server):
    with server.centre.store.read() as connection:
        return connection.execute(select(Staff.id, Staff.login)).all()
