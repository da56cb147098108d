"""The four-eyes rule over the API: the same command, the same refusal, told as a problem document."""

from domain.checkup.intake import ResultLine
from domain.checkup.result_commands import Identity, ReceiveResults
from domain.people.records import Sex


def test_an_author_is_refused_over_the_api(server):
    received = server.as_system(
        ReceiveResults(
            message_id="M4", org_id=server.orgs["B01"], patient=Identity(name="周四目", sex=Sex.MALE),
            visit_number="T4", lines=[ResultLine(item="k", code="k", label="钾", text="4.1", number=4.1)],
        )
    )  # fmt: skip
    doctor, head = server.token("physician"), server.token("department_head")

    def post(name, token, **body):
        return server.api.post(f"/api/commands/report.{name}", token=token, json=body)

    written = post("write", doctor, visit_id=str(received.visit_id), conclusion="未见异常")
    report_id = written.json()["receipt"]["report_id"]
    assert post("submit", doctor, report_id=report_id).status_code == 200
    own = post("pass_first", doctor, report_id=report_id)
    assert (own.status_code, own.json()["code"]) == (409, "report.own_work")
    assert "这份报告由您撰写" in own.json()["detail"]
    assert post("pass_first", head, report_id=report_id).status_code == 200
