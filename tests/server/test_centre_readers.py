"""Behind the log at the centre: an alert opens by itself, the audit follows, and the clock moves the ladder."""

from datetime import date, timedelta

from sqlalchemy import select

from domain.alerts.records import AlertEvent
from domain.audit.verification import verify
from domain.checkup.intake import ResultLine
from domain.checkup.result_commands import Identity, ReceiveResults
from domain.people.records import Sex
from tests.fixtures.patience import until


def open_alerts(server):
    page = server.api.get("/api/worklists/alert.open", token=server.token("physician"))
    names = [c["name"] for c in page.json()["columns"]]
    return [dict(zip(names, row["values"], strict=True)) for row in page.json()["rows"]]


def told(server):
    with server.centre.store.read() as connection:
        return set(connection.execute(select(AlertEvent.__table__.c.kind)).scalars())


def test_a_critical_result_opens_an_alert_within_moments_and_is_audited(any_server):
    any_server.as_system(
        ReceiveResults(
            message_id="k1", org_id=any_server.orgs["B01"], visit_number="K0001",
            patient=Identity(name="赵某", sex=Sex.MALE, birth_date=date(1960, 1, 1)),
            lines=[ResultLine(item="k", code="k", label="钾", text="7.1", number=7.1, ucum="mmol/L")],
        )
    )  # fmt: skip
    alerts = until(lambda: open_alerts(any_server))
    assert {a["state"] for a in alerts} == {"open"}
    any_server.clock.advance(timedelta(minutes=31))
    assert until(lambda: "escalated" in told(any_server))
    until(lambda: all(f.behind() == 0 for f in any_server.centre.followers))
    with any_server.centre.store.read() as connection:
        assert verify(connection) is None
    text = any_server.api.get("/metrics").text
    assert 'aftercheck_alerts_open{severity="urgent"}' in text
    assert any_server.api.get("/ready").json()["ready"] is True
