"""A report that is out and whose case changes: it is found by itself, held back, and a reviewer decides."""

import pytest

from domain.checkup.records import Observation, Report
from domain.delivery.change_commands import SettleReportChange
from domain.delivery.change_records import ReportChange
from domain.delivery.commands import HandReportOver, NoteReportReceived, ReopenReport, TellReportReady
from domain.delivery.records import ReportDelivery
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower
from domain.kernel.unit_of_work import UnitOfWork
from forms.report_watch import ReportWatch
from tests.delivery.conftest import SYSTEM
from tests.fixtures.followup_day import keep


@pytest.fixture
def out(signed):
    """A report the branch has received, and what watches it."""
    signed.sign()
    [delivery] = signed.rows(ReportDelivery)
    signed.run(NoteReportReceived(delivery_id=delivery.id, sha256=delivery.sha256, by="前台一"), "system")
    signed.delivery = delivery.id
    signed.watch = Follower(signed.desk.store, ReportWatch(signed.desk, SYSTEM))
    signed.watch.catch_up()
    return signed


def change(out):
    out.watch.catch_up()
    found = out.rows(ReportChange)
    return found[0] if found else None


def corrected(out, value):
    """The laboratory corrects the sugar."""
    rows = [row for row in out.rows(Observation) if row.item == "fpg"]
    old = rows[-1]
    new = {
        n: getattr(old, n) for n in ("org_id", "visit_id", "patient_id", "item", "label", "ucum", "source")
    }
    keep(
        out.desk, SYSTEM,
        Observation(**new, value_number=value, value_text=str(value), effective_at=old.effective_at, amends=old.id),
    )  # fmt: skip


def edited(out, text):
    """The text is changed past the workflow, as a merge of an older text would."""
    with out.desk.store.write() as connection:
        work = UnitOfWork(connection, SYSTEM, now=out.clock(), new_id=out.desk.ids)
        work.require(Report, out.report).conclusion = text
        work.commit_entry("test.edit", txn_id=out.desk.ids())
        work.close()


def refused(out, order, who="nurse"):
    with pytest.raises(DomainError) as found:
        out.run(order, who)
    return found.value.code


def hand(out):
    return HandReportOver(delivery_id=out.delivery, proof="核对身份证原件", receipt="签收单 1")


def test_what_is_as_it_was_signed_is_let_through(out):
    assert change(out) is None
    out.run(hand(out), "nurse")


def test_a_result_corrected_after_the_signature_holds_the_report_back_until_a_reviewer_decides(out):
    corrected(out, 5.62)
    found = change(out)
    assert found.state == "open"
    assert "空腹血糖" in found.places
    assert refused(out, hand(out)) == "delivery.changed"
    assert refused(out, TellReportReady(delivery_id=out.delivery)) == "delivery.changed"
    assert refused(out, SettleReportChange(change_id=found.id, reason=" "), "chief") == "delivery.no_why"
    assert (
        refused(out, SettleReportChange(change_id=found.id, reason="复核一致"), "nurse")
        == "permission.denied"
    )
    out.run(SettleReportChange(change_id=found.id, reason="复核：单位换算差，结论不变"), "chief")
    assert change(out).state == "settled", "what was decided is not asked again"
    out.run(hand(out), "nurse")
    corrected(out, 5.1)
    assert (change(out).state, change(out).settled_by) == ("open", None), "another change is another question"


def test_a_text_changed_past_the_workflow_is_found_and_changed_back_is_settled(out):
    before = out.rows(Report)[0].conclusion
    edited(out, "未见异常")
    assert (change(out).state, change(out).places) == ("open", "结论 1")
    edited(out, before)
    assert change(out).state == "back"
    out.run(hand(out), "nurse")


def test_to_correct_the_report_ends_it_and_the_next_edition_is_watched(out):
    corrected(out, 5.62)
    change(out)
    out.run(ReopenReport(report_id=out.report, reason="检验更正"), "chief")
    assert change(out).state == "corrected"
    out.written("血糖正常", "每年复查")
    out.submitted()
    out.sign()
    assert [row.state for row in out.rows(ReportChange)] == ["corrected"]


def test_a_file_that_is_not_here_is_compared_when_it_is_sent(out):
    files, out.files = dict(out.files), {}
    corrected(out, 5.62)
    assert change(out) is None
    out.files = files
    with out.desk.store.write() as connection:
        work = UnitOfWork(connection, SYSTEM, now=out.clock(), new_id=out.desk.ids)
        work.require(ReportDelivery, out.delivery).sent_at = out.clock()
        work.commit_entry("test.sent", txn_id=out.desk.ids())
        work.close()
    assert change(out).state == "open"
