"""A case whose images never come: its rows are there and can be reviewed, and somebody is told what is missing."""

from sqlalchemy import select

from domain.checkup.attachment_commands import AttachFile, DetachFile
from domain.checkup.case_file_records import CaseFiles
from domain.checkup.records import Attachment
from domain.kernel.readers import Follower
from server.file_watch import FileWatch
from tests.reviewing.conftest import cast, region  # noqa: F401


def kept(region):  # noqa: F811
    with region.store.read() as connection:
        return connection.execute(select(CaseFiles.__table__)).all()


def test_what_has_not_come_is_counted_until_it_is_there_or_was_taken_away(region):  # noqa: F811
    here = set()
    watch = FileWatch(region.dispatcher, region.follower.reader._actor, here.__contains__)
    follower = Follower(region.store, watch)
    visit = region.years()
    report = region.report(visit, "second_review")
    follower.catch_up()
    assert kept(region) == [], "a case without files lacks none"
    for n, more in (("1", {}), ("2", {}), ("3", {"report_id": report})):
        order = AttachFile(
            visit_id=visit, sha256=n * 64, size=9, media_type="application/pdf", name=f"{n}.pdf", **more
        )
        region.run(order, "nurse")
    here.add("1" * 64)
    follower.catch_up()
    [row] = kept(region)
    assert (row.total, row.missing, row.state, row.org_id) == (3, 2, "waiting", region.branch)
    assert (row.due_at - row.state_since).total_seconds() == 2 * 3600
    here.add("2" * 64)
    watch.look()
    [row] = kept(region)
    assert (row.missing, row.state) == (1, "waiting")
    table = Attachment.__table__
    with region.store.read() as connection:
        last = connection.execute(select(table.c.id).where(table.c.sha256 == "3" * 64)).scalar_one()
    region.run(DetachFile(attachment_id=last, reason="传错了"), "nurse")
    follower.catch_up()
    [row] = kept(region)
    assert (row.total, row.missing, row.state, row.due_at) == (2, 0, "complete", None)
    region.run(
        AttachFile(visit_id=visit, sha256="4" * 64, size=9, media_type="application/pdf", name="4.pdf"),
        "nurse",
    )
    follower.catch_up()
    [row] = kept(region)
    assert (row.total, row.missing, row.state) == (3, 1, "waiting"), "what comes later counts anew"
