"""Leaving, omissions, files and what goes out, over the API: the same commands, the same refusals."""

from domain.checkup.result_commands import ReceiveResults
from domain.people.identity import Identity
from domain.people.records import Sex


def visit_of(server, number):
    order = ReceiveResults(
        message_id=f"M{number}", org_id=server.orgs["B01"], visit_number=number, lines=[],
        patient=Identity(name="周离检", sex=Sex.MALE),
    )  # fmt: skip
    return str(server.as_system(order).visit_id)


def test_a_visit_ends_only_when_everything_is_settled(server):
    visit, nurse = visit_of(server, "TL1"), server.token("nurse")

    def post(verb, **body):
        return server.api.post(f"/api/commands/checkup.{verb}", token=nurse, json={"visit_id": visit} | body)

    open_ = post("finish")
    assert (open_.status_code, open_.json()["code"], open_.json()["facts"]["count"]) == (
        422,
        "visit.incomplete",
        6,
    )
    assert "到检问卷、收缩压" in open_.json()["detail"]
    items = ["form", "sbp", "dbp", "height", "weight", "tubes"]
    unsigned = post("omit", items=items, kind="refused", reason="赶飞机")
    assert (unsigned.status_code, unsigned.json()["field"]) == (422, "witness")
    mine = post("omit", items=items, kind="refused", reason="赶飞机", witness="nurse")
    assert mine.json()["code"] == "witness.self"
    assert post("omit", items=items, kind="refused", reason="赶飞机", witness="physician").status_code == 200
    assert post("finish").status_code == 200
    listed = server.api.get("/api/worklists/checkup.omissions", token=nurse).json()["rows"]
    assert len([row for row in listed if "TL1" in str(row)]) == len(items)


def test_a_file_twice_and_an_unknown_kind_are_refused(server):
    visit, nurse = visit_of(server, "TL2"), server.token("nurse")

    def attach(**more):
        body = {
            "visit_id": visit,
            "sha256": "f" * 64,
            "size": 10,
            "media_type": "application/pdf",
            "name": "a.pdf",
        }
        return server.api.post("/api/commands/checkup.attach", token=nurse, json=body | more)

    first = attach()
    assert first.status_code == 200
    assert attach().json()["code"] == "attachment.duplicate"
    assert attach(sha256="e" * 64, media_type="text/html").json()["code"] == "attachment.kind"
    gone = server.api.post(
        "/api/commands/checkup.detach",
        token=nurse,
        json={"attachment_id": first.json()["receipt"], "reason": "传错"},
    )
    assert gone.json()["receipt"]["name"] == "a.pdf"


def test_an_export_over_the_api_needs_permission_and_purpose(server):
    body = {"listing": "people.clients", "columns": ["number", "name"], "rows": 3}

    def export(role, **more):
        return server.api.post("/api/commands/document.export", token=server.token(role), json=body | more)

    assert export("nurse").status_code == 403
    assert (export("department_head").status_code, export("department_head").json()["field"]) == (
        422,
        "purpose",
    )
    assert export("department_head", purpose="质控").status_code == 200
    seen = server.api.get("/api/worklists/document.outgoing", token=server.token("auditor")).json()["rows"]
    assert any("质控" in str(row) for row in seen)
