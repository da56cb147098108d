"""Signing in at the API, and how a session ends."""

import uuid
from datetime import timedelta

import pytest

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
    change = {"old": server.first.password, "password": "Jian-Hou-Guan-Li-9"}
    assert server.api.post("/api/commands/staff.change_password", token=token, json=change).status_code == 200
    assert shown(server, token).json()["code"] == "session.ended"
    again = server.api.sign_in("admin", "Jian-Hou-Guan-Li-9")
    assert server.api.get("/api/worklists", token=again).status_code == 200


def test_five_wrong_passwords_lock_the_login_also_for_the_right_one(server):
    for _ in range(5):
        wrong = server.api.post("/api/session", json={"login": "it", "password": "Falsch-Falsch-1"})
        assert (wrong.status_code, wrong.json()["code"]) == (401, "sign_in.refused")
    right = server.api.post("/api/session", json={"login": "it", "password": "Zhong-Xin-2026"})
    assert (right.status_code, right.json()["code"]) == (401, "sign_in.locked")
    assert "已锁定" in right.json()["detail"]


@pytest.mark.parametrize("header", [None, "Basic x", "Bearer", "Bearer nobody-has-this"])
def test_without_a_session_nothing_is_shown(server, header):
    headers = {"Authorization": header} if header else {}
    answer = server.api.get("/api/worklists", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
