"""R4.7, the day of a region over real lines: three branches, two chiefs, sixty reports, one urgent, returns.

Five workstations with stores and workers of their own, and a running centre; one chief's line is cut while she works
on. How many keys a report costs a reviewer is counted in `tests/reviewing/test_review_day.py`, at the desk itself.
"""

import shutil
import time
from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from domain.checkup.records import Report, ReportSignature, ReviewAction, ReviewStep
from domain.checkup.report_commands import (
    PassFirstReview,
    PassSecondReview,
    ReturnReport,
    SignReport,
    SubmitReport,
    WriteReport,
)
from domain.checkup.report_content import read_facts, report_content
from domain.checkup.result_commands import Measured, RecordMeasurement
from domain.checkup.visit_commands import OpenVisit
from domain.delivery.records import ReportDelivery
from domain.kernel.canonical import content_digest
from domain.kernel.clock import utc_now
from domain.kernel.errors import DomainError
from domain.people.organizations import subtree
from domain.people.patient_commands import RegisterPatient
from domain.people.records import Sex, Staff
from domain.people.staff_commands import CreateOrganization, CreateStaff, SetStaffActive
from domain.reviewing.records import ReviewTask
from sync.stores import open_branch_store
from sync.tools.fault_proxy import FaultProxy
from tests.conftest import KEY
from tests.fixtures.patience import until
from tests.server.conftest import PASSWORD
from tests.server.test_a_branch_uploads_at_once import Branch

BRANCHES, EACH, RETURNED = ("B01", "B02", "B03"), 20, 3
FIRST, SECOND = "chief_one", "chief_two"
pytestmark = pytest.mark.deep


class Seat(Branch):
    """A workstation whose people are asked for as they are needed: accounts come over the line."""

    def by(self, login):
        [known] = [row for row in self.rows(Staff) if row.login == login]
        with self.store.read() as connection:
            below = subtree(connection, known.org_id)
        return self.authority.actor(
            staff_id=known.id, name=known.name, role=known.role, org_id=known.org_id, device_id=self.device_id,
            subtree=below,
        )  # fmt: skip

    def reports(self, *states):
        return [row for row in self.rows(Report) if row.state in states]

    def sign(self, report, login):
        """Sign what this workstation shows; the file is the report's id, as the sealing is tested elsewhere."""
        pdf, at = b"%PDF-1.7 " + report.bytes, utc_now()
        with self.store.read() as connection:
            facts = read_facts(connection, report)
        digest = content_digest(report_content(facts, self.desk.content["catalog"], at=at))
        order = SignReport(
            report_id=report, digest=digest, signature="x", public_key="x", document="report", seal="x",
            signed_at=at.isoformat(), document_sha256=self.blobs.put([pdf]), document_size=len(pdf),
        )  # fmt: skip
        self.run(order, login)


@pytest.fixture
def region(run_copy, tmp_path, empty_store):
    """The centre, three branches with two people each, and two chiefs of head office, each at a line of their own."""
    with run_copy(tmp_path / "centre", clock=utc_now) as server:
        head = server.orgs["HQ"]
        made = server.as_system(CreateOrganization(code="B03", name="城南分院", parent_id=head), "HQ")
        server.orgs = {**server.orgs, "B03": made}
        people = [
            (f"{role}_{org}", role, org) for org in BRANCHES for role in ("physician", "department_head")
        ]
        people += [(FIRST, "chief_physician", "HQ"), (SECOND, "chief_physician", "HQ")]
        for login, role, org in people:
            order = CreateStaff(
                login=login, name=login, role=role, password=PASSWORD, must_change=False, title="主任医师",
                org_id=server.orgs[org],
            )  # fmt: skip
            server.as_system(order, "HQ")
        with server.centre.store.read() as connection:
            own = select(Staff.__table__.c.id).where(Staff.__table__.c.login == "chief_physician")
            [chief_of_a_branch] = connection.execute(own).scalars()
        server.as_system(SetStaffActive(staff_id=chief_of_a_branch, active=False), "HQ")
        seats, proxies = {}, {}
        for name, org in [*((org, org) for org in BRANCHES), (FIRST, "HQ"), (SECOND, "HQ")]:
            folder = tmp_path / name
            folder.mkdir()
            shutil.copyfile(empty_store, folder / "store.db")
            proxies[name] = FaultProxy("127.0.0.1", int(server.api.url.rpartition(":")[2])).start()
            store = open_branch_store(folder / "store.db", KEY)
            seats[name] = Seat(server, store, proxies[name], folder, org)
        yield server, seats, proxies
        for seat in seats.values():
            seat.close()
            seat.store.close()
        for proxy in proxies.values():
            proxy.stop()


def send(seat, org, number, *, urgent=False):
    """A branch's report that passed its first review; returns its id and visit."""
    born = date(1950, 1, 1) + timedelta(days=number * 97 + BRANCHES.index(org))
    order = RegisterPatient(name=f"客户{org}{number}", sex=Sex.FEMALE, birth_date=born, another_person=True)
    patient = seat.run(order, f"physician_{org}").patient_id
    visit = seat.run(OpenVisit(patient_id=patient), f"physician_{org}").visit_id
    said = "本次检查未见明显异常。"
    if urgent:
        value = Measured(item="k", value=6.8, unit="mmol/L")
        seat.run(RecordMeasurement(visit_id=visit, values=[value]), f"physician_{org}")
        said = "血钾 6.8 mmol/L，危急。"
    report = seat.run(WriteReport(visit_id=visit, conclusion=said), f"physician_{org}").report_id
    seat.run(SubmitReport(report_id=report, reason="已核对"), f"physician_{org}")
    seat.run(PassFirstReview(report_id=report), f"department_head_{org}")
    return report, visit


def test_the_day_of_a_region_with_a_chief_whose_line_is_cut(region, record_property):
    server, seats, proxies = region
    first, second = seats[FIRST], seats[SECOND]
    cases = {}
    for org in BRANCHES:
        for number in range(EACH):
            report, visit = send(seats[org], org, number, urgent=org == "B02" and number == EACH - 1)
            cases[report] = (org, visit)
    total = len(cases)
    for seat in (first, second):
        until(lambda seat=seat: len(seat.reports("second_review")) == total, "all reports before both chiefs")
    until(lambda: len(first.rows(ReviewTask)) >= total, "a task for each")
    urgent = [r.id for r in first.reports("second_review") if r.urgency > 0]
    assert len(urgent) == 1
    owned = Counter(t.owner_name for t in first.rows(ReviewTask))
    assert owned[FIRST] + owned[SECOND] == total
    assert abs(owned[FIRST] - owned[SECOND]) <= 2, "given out evenly"
    mine = {t.report_id: t.owner_name for t in first.rows(ReviewTask)}

    proxies[SECOND].cut()
    hers = [r for r in cases if mine[r] == SECOND]
    his = [r for r in cases if mine[r] == FIRST]
    for report in hers:  # without a line, on what she has
        second.run(PassSecondReview(report_id=report), SECOND)
    returned = his[:RETURNED]
    for report in returned:
        first.run(ReturnReport(report_id=report, remark="请补充随访建议", anchor="conclusion:0-4"), FIRST)
    for report in his[RETURNED:]:
        first.run(PassSecondReview(report_id=report), FIRST)
    for report in returned:
        org, visit = cases[report]
        until(
            lambda org=org, report=report: report in {r.id for r in seats[org].reports("returned")},
            "it is back",
        )
        [step] = [
            s
            for s in seats[org].rows(ReviewStep)
            if s.report_id == report and s.action == ReviewAction.RETURN
        ]
        assert step.anchor == "conclusion:0-4", "the branch lands on the sentence"
        text = WriteReport(visit_id=visit, conclusion="未见明显异常，建议每年随访。")
        seats[org].run(text, f"physician_{org}")
        seats[org].run(SubmitReport(report_id=report, reason="已补充"), f"physician_{org}")
        until(lambda report=report: report in {r.id for r in first.reports("second_review")}, "it came again")
        first.run(PassSecondReview(report_id=report), FIRST)
    assert len(first.reports("final_review")) == len(his), "nothing of hers has arrived"

    proxies[SECOND].restore()
    back = time.monotonic()
    for seat in (first, second):
        until(
            lambda seat=seat: len(seat.reports("final_review")) == total, "both chiefs have the final review"
        )
    record_property("back in step after s", round(time.monotonic() - back, 1))
    with pytest.raises(DomainError) as refused:  # four eyes hold over the line too
        second.sign(hers[0], SECOND)
    assert refused.value.code == "report.same_hands"
    for report in hers:
        first.sign(report, FIRST)
    for report in his:
        second.sign(report, SECOND)

    for org in BRANCHES:
        wanted = {report for report, (place, _) in cases.items() if place == org}
        seat = seats[org]
        until(
            lambda seat=seat, wanted=wanted: (
                wanted == {d.report_id for d in seat.rows(ReportDelivery) if seat.blobs.has(d.sha256)}
            ),
            f"the final reports at {org}",
        )
        assert {s.report_id for s in seat.rows(ReportSignature)} == wanted
    with server.centre.store.read() as connection:
        states = Counter(connection.execute(select(Report.__table__.c.state)).scalars())
        steps = connection.execute(select(ReviewStep.__table__)).all()
    assert states == {"issued": total}
    passed = Counter(s.action for s in steps if s.level == "second_review")
    assert passed[ReviewAction.PASS] == total, (
        "every report was passed once at that level, whoever was offline"
    )
    assert passed[ReviewAction.RETURN] == RETURNED
