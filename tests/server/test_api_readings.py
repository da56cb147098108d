"""What is read at the API, and what is asked for without the right, is in the audit."""

from sqlalchemy import select

from domain.kernel.change_log import change_log, decode_body


def readings(server):
    with server.centre.store.read() as connection:
        rows = connection.execute(
            select(change_log.c.outcome, change_log.c.body).order_by(change_log.c.position)
        )
        said = [(row.outcome, decode_body(bytes(row.body))) for row in rows]
    return [(outcome, body.note) for outcome, body in said if body.command == "security.read_list"]


def test_a_list_with_people_in_clear_is_noted_and_one_without_is_not(server):
    before = len(readings(server))
    token = server.token("nurse")
    for _ in range(3):
        assert server.api.get("/api/worklists/people.clients", token=token).status_code == 200
    assert (
        server.api.get("/api/worklists/staff.accounts", token=server.token("administrator")).status_code
        == 200
    )
    assert readings(server)[before:] == [("done", {"list": "people.clients", "rows": 0})]


def test_a_list_asked_for_without_the_right_is_noted(server):
    before = len(readings(server))
    assert server.api.get("/api/worklists/people.clients", token=server.token("it")).status_code == 403
    [(outcome, note)] = readings(server)[before:]
    assert (outcome, note["list"], note["permission"]) == ("refused", "people.clients", "people.view")


def test_an_adjusted_right_holds_from_the_next_request_on(server):
    nurse, admin = server.token("nurse"), server.token("administrator")
    export = {"listing": "people.clients", "columns": ["number"], "rows": 1, "purpose": "复核"}
    assert server.api.post("/api/commands/document.export", token=nurse, json=export).status_code == 403
    order = {"role": "nurse", "right": "document.export", "effect": "grant", "reason": "试行"}
    made = server.api.post("/api/commands/rights.adjust_role", token=admin, json=order)
    assert made.status_code == 200, made.text
    assert server.api.post("/api/commands/document.export", token=nurse, json=export).status_code == 200
    end = {"rights_change_id": made.json()["receipt"], "reason": "试行结束"}
    assert server.api.post("/api/commands/rights.end", token=admin, json=end).status_code == 200
    assert server.api.post("/api/commands/document.export", token=nurse, json=export).status_code == 403
