"""A head office with three experts and two branches, on a real store; the centre's reader of the log beside it."""

import pytest

from domain.checkup.records import Report
from domain.checkup.workflow import report_review
from domain.kernel.authority import system_actor
from domain.kernel.readers import Follower
from domain.kernel.unit_of_work import UnitOfWork
from domain.reviewing.follower import ReviewFollower
from domain.reviewing.records import Reviewer, ReviewTask, ReviewTaskEvent
from tests.client_stations.review_fixtures import World, staffed
from tests.conftest import DEVICE

KINDS = {"task": ReviewTask, "event": ReviewTaskEvent, "expert": Reviewer}


@pytest.fixture(scope="module")
def cast(tmp_path_factory, empty_store, authority):
    return staffed(tmp_path_factory.mktemp("cast"), empty_store, authority)


class Region(World):
    """The world of the review desk, with the reader that gives out tasks."""

    def __init__(self, folder, cast, authority):
        super().__init__(folder, cast, authority)
        self.follower = Follower(
            self.store, ReviewFollower(self.dispatcher, system_actor(cast.head_office, DEVICE))
        )

    def follow(self):
        self.follower.catch_up()

    def arrive(self, name="王建国", **more):
        """A report that passed the first review; returns its id."""
        report = self.report(self.years(name=name, **more), "second_review")
        self.follow()
        return report

    def rows(self, kind, **where):
        table = KINDS[kind].__table__
        query = table.select().where(*(table.c[n] == v for n, v in where.items())).order_by(table.c.id)
        with self.store.read() as connection:
            return connection.execute(query).all()

    def task(self, report, level="second_review"):
        return self.rows("task", report_id=report, level=level)[-1]

    def move(self, report, state):
        """Put a report into a state, as the log would tell it."""
        with self.store.write() as connection:
            actor = self.actors["chief"]
            work = UnitOfWork(connection, actor, now=self.clock(), new_id=self.dispatcher.ids)
            report_review.enter(work.require(Report, report), state, self.clock())
            work.commit_entry("test.move", txn_id=self.dispatcher.ids())
            work.close()

    def login_of(self, staff_id):
        return next(login for login, actor in self.actors.items() if actor.staff_id == staff_id)


@pytest.fixture
def region(tmp_path, cast, authority):
    made = Region(tmp_path, cast, authority)
    yield made
    made.close()
