"""Workstations join with a one-time code."""

from datetime import timedelta

import pytest

from sync.device_auth import new_key, public_text


@pytest.fixture
def fresh(run_copy, tmp_path):
    with run_copy(tmp_path / "home") as found:
        yield found


def ask(server, code, key=None):
    body = {"code": code, "name": "前台一", "public_key": key or public_text(new_key())}
    return server.api.post("/api/enrol", json=body)


def refusal(answer):
    return answer.status_code, answer.json()["code"], answer.json()["field"]


def test_a_code_gives_an_identity_once(any_server):
    code = any_server.enrolment_code("B02")
    answer = ask(any_server, code.lower().replace("-", " "))
    told = answer.json()
    assert answer.status_code == 201
    assert told["org_id"] == str(any_server.orgs["B02"])
    assert (told["org_name"], told["epoch"]) == ("西城分院", 1)
    assert told["number_prefix"].isdigit()
    assert told["number_prefix"] != any_server.centre.identity.number_prefix
    assert told["server_key"] == any_server.centre.identity.public_key
    assert refusal(ask(any_server, code)) == (422, "enrolment.used_code", "code")


def test_a_workstation_whose_answer_was_lost_asks_again_and_gets_the_same_identity(any_server):
    code, key = any_server.enrolment_code(), public_text(new_key())
    first, again = ask(any_server, code, key), ask(any_server, code, key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert refusal(ask(any_server, code)) == (422, "enrolment.used_code", "code")


def test_a_code_expires_after_a_day(fresh):
    code = fresh.enrolment_code()
    fresh.clock.advance(timedelta(hours=24))
    answer = ask(fresh, code)
    assert refusal(answer) == (422, "enrolment.expired_code", "code")
    assert "已过期" in answer.json()["detail"]


def test_a_wrong_key_does_not_spend_the_code(fresh):
    code = fresh.enrolment_code()
    for key in ("nonsense", "QUJD", ""):
        assert refusal(ask(fresh, code, key or "=")) == (422, "enrolment.bad_key", "public_key")
    assert ask(fresh, code).status_code == 201


def test_the_sixth_try_after_five_wrong_ones_is_put_off_for_a_quarter_of_an_hour(fresh):
    good = fresh.enrolment_code()
    for number in range(5):
        assert refusal(ask(fresh, f"WRONG-{number}")) == (422, "enrolment.unknown_code", "code")
    for code in ("WRONG-6", good):
        answer = ask(fresh, code)
        assert (answer.status_code, answer.json()["code"]) == (429, "enrolment.too_many")
        assert int(answer.headers["Retry-After"]) == 15 * 60
    fresh.clock.advance(timedelta(minutes=15, seconds=1))
    assert ask(fresh, good).status_code == 201


def test_only_roles_that_may_enrol_can_make_codes(any_server):
    body = {"org_id": str(any_server.orgs["B01"])}
    answer = any_server.api.post(
        "/api/commands/workstation.issue_code", token=any_server.token("nurse"), json=body
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "permission.denied")
