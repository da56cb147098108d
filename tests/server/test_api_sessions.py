"""Signing in at the API, and how a session ends."""

import uuid
from datetime import timedelta

import pytest

from domain.kernel.clock import clinic
from domain.people.staff_commands import SetStaffActive
from server.sessions import ABSOLUTE, IDLE, Sessions


def shown(server, token):
    return server.api.get("/api/session", token=token)


def test_a_session_tells_who_is_signed_in_and_ends_when_signed_out(server):
    token = server.api.sign_in("nurse")
    answer = shown(server, token)
    assert (answer.status_code, answer.json()["role_label"]) == (200, "护士")
    assert "people.*" in answer.json()["permissions"]
    assert server.api.call("DELETE", "/api/session", token=token).status_code == 204
    assert (shown(server, token).status_code, shown(server, token).json()["code"]) == (401, "session.ended")


def test_an_idle_session_ends_after_fifteen_minutes_of_the_clock(server):
    token = server.api.sign_in("nurse")
    server.clock.advance(IDLE)
    assert shown(server, token).status_code == 200
    server.clock.advance(IDLE + timedelta(seconds=1))
    assert shown(server, token).json()["code"] == "session.ended"


def test_a_session_in_use_ends_after_twelve_hours(server):
    token = server.api.sign_in("nurse")
    step = timedelta(minutes=10)
    for _ in range(ABSOLUTE // step):
        server.clock.advance(step)
        assert shown(server, token).status_code == 200
    server.clock.advance(step)
    assert shown(server, token).json()["code"] == "session.ended"


def test_a_third_session_of_an_account_ends_the_oldest(server):
    first = server.api.sign_in("nurse")
    server.clock.advance(timedelta(seconds=1))
    second = server.api.sign_in("nurse")
    server.clock.advance(timedelta(seconds=1))
    third = server.api.sign_in("nurse")
    assert [shown(server, t).status_code for t in (first, second, third)] == [401, 200, 200]


def test_switching_an_account_off_ends_its_sessions_at_once(server):
    token = server.api.sign_in("receptionist")
    staff_id = shown(server, token).json()["staff_id"]
    server.as_system(SetStaffActive(staff_id=uuid.UUID(staff_id), active=False))
    assert shown(server, token).json()["code"] == "session.ended"


def test_a_session_survives_a_restart_but_the_file_holds_no_token(server):
    token = server.api.sign_in("nurse")
    path = server.settings.data_dir / "sessions.db"
    again = Sessions(path, server.clock)
    assert again.find(token).opened_at == server.clock()
    again.shut()
    held = b"".join(p.read_bytes() for p in path.parent.glob("sessions.db*"))
    assert token.encode() not in held


def test_the_first_password_has_to_be_changed_and_the_change_ends_the_session(server):
    token = server.api.sign_in("admin", server.first.password)
    refused = server.api.get("/api/worklists", token=token)
    assert (refused.status_code, refused.json()["code"]) == (403, "password.must_change")
    blocked = server.api.post(
        "/api/commands/organization.create", token=token, json={"code": "B09", "name": "北城"}
    )
    assert blocked.json()["code"] == "password.must_change"
    server.clock.advance(timedelta(seconds=1))
    change = {"old": server.first.password, "password": "Qing-Yun-Xiang-17"}
    assert server.api.post("/api/commands/staff.change_password", token=token, json=change).status_code == 200
    assert shown(server, token).json()["code"] == "session.ended"
    again = server.api.sign_in("admin", "Qing-Yun-Xiang-17")
    assert server.api.get("/api/worklists", token=again).status_code == 200


def test_five_wrong_passwords_lock_the_login_also_for_the_right_one(server):
    def attempt(password, login="it"):
        answer = server.api.post("/api/session", json={"login": login, "password": password})
        return answer.status_code, answer.json()["code"], answer.json()["detail"]

    told = [attempt("Falsch-Falsch-1") for _ in range(5)]
    assert [code for _, code, _ in told] == ["sign_in.refused"] * 4 + ["sign_in.locked"]
    assert [
        f"再错 {left} 次" in detail for left, (_, _, detail) in zip((4, 3, 2, 1), told, strict=False)
    ] == [True] * 4
    status, code, detail = attempt("Zhong-Xin-2026")
    assert (status, code) == (401, "sign_in.locked")
    assert f"锁定到 {clinic(server.clock() + timedelta(minutes=15)):%H:%M}" in detail
    unknown = [attempt("Falsch-Falsch-1", "nobody") for _ in range(5)]
    assert unknown == told, "an unknown login is answered in the same words"


def test_a_reset_gives_a_password_for_one_sign_in_and_ends_the_sessions(any_server):
    server = any_server
    before = server.api.sign_in("nurse")
    staff_id = shown(server, before).json()["staff_id"]
    server.clock.advance(timedelta(seconds=1))
    body = {"staff_id": staff_id, "reason": "忘记口令，已核对工牌"}
    refused = server.api.post("/api/commands/staff.reset_password", token=server.token("it"), json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "permission.denied")
    answer = server.api.post(
        "/api/commands/staff.reset_password", token=server.token("administrator"), json=body
    )
    assert answer.status_code == 200, answer.text
    given = answer.json()["receipt"]
    assert given["login"] == "nurse"
    assert shown(server, before).json()["code"] == "session.ended"
    token = server.api.sign_in("nurse", given["password"])
    blocked = server.api.get("/api/worklists", token=token)
    assert blocked.json()["code"] == "password.must_change"
    server.clock.advance(timedelta(seconds=1))
    change = {"old": given["password"], "password": "Zhong-Xin-2026"}
    again = server.api.post("/api/commands/staff.change_password", token=token, json=change)
    assert (again.status_code, again.json()["code"]) == (422, "password.used_before")
    change["password"] = "Kuan-Zhai-Xiang-9"
    assert server.api.post("/api/commands/staff.change_password", token=token, json=change).status_code == 200
    server.api.sign_in("nurse", "Kuan-Zhai-Xiang-9")


@pytest.mark.parametrize("header", [None, "Basic x", "Bearer", "Bearer nobody-has-this"])
def test_without_a_session_nothing_is_shown(server, header):
    headers = {"Authorization": header} if header else {}
    answer = server.api.get("/api/worklists", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
