"""What one process of a centre does at a time is done by one, and by another when that one is gone."""

import pytest
from sqlalchemy import text

from domain.kernel.errors import UnavailableError
from server.duties import Duties, Duty, FilePost, ServerPost
from sync.stores import open_mysql_store
from tests.fixtures.patience import until

pytest_plugins = ["tests.fixtures.mariadb"]


@pytest.fixture(params=["file", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def post(request, tmp_path):
    """Return a function that gives the post of a name as one more process would have it."""
    if request.param == "file":
        yield lambda name: FilePost(tmp_path / f"{name}.duty")
        return
    stores = []

    def make(name):
        stores.append(open_mysql_store(request.getfixturevalue("mariadb_url")))
        return ServerPost(stores[-1], name)

    yield make
    for store in stores:
        store.close()


def test_a_post_has_one_holder_and_is_free_when_that_one_leaves(post):
    first, second, other = post("readers"), post("readers"), post("search")
    assert first.take()
    assert first.held()
    assert not second.take()
    assert not second.held()
    assert other.take(), "another duty is another post"
    first.leave()
    assert second.take()
    for one in (second, other):
        one.leave()


@pytest.mark.mariadb
def test_a_holder_that_the_database_lost_notices_and_ends_its_work(mariadb_url):
    store = open_mysql_store(mariadb_url)
    told = []
    duty = Duty(
        "readers", ServerPost(store, "readers"), lambda: told.append("on"), lambda: told.append("off")
    )
    duties = Duties([duty], share=False)
    duties.look()
    with store.read() as connection:
        name = f"aftercheck.{store.engine.url.database[-36:]}.readers"
        holder = connection.execute(text("SELECT IS_USED_LOCK(:name)"), {"name": name}).scalar()
        connection.execute(text(f"KILL {holder}"))
    duties.look()
    assert told == ["on", "off"]
    assert duties.held() == []
    duties.look()
    assert told == ["on", "off", "on"], "it takes it up again when it can"
    duties.stop()
    assert told[-1] == "off"
    store.close()


@pytest.mark.mariadb
def test_a_holder_that_is_cut_off_loses_its_post_after_a_while(mariadb_url):
    store = open_mysql_store(mariadb_url)
    post = ServerPost(store, "readers")
    assert post.take()
    asked = text("SELECT @@session.wait_timeout")
    assert post._connection.execute(asked).scalar() <= 30, "the server takes it back from who is silent"
    post.leave()
    store.close()


def test_who_cannot_begin_lets_go_for_others(tmp_path):
    def fails():
        raise UnavailableError("store.unreachable")

    told = []
    broken = Duties(
        [Duty("a", FilePost(tmp_path / "a.duty"), fails, lambda: told.append("off"))], share=False
    )
    with pytest.raises(UnavailableError):
        broken.look()
    assert (broken.held(), told) == ([], ["off"])
    assert FilePost(tmp_path / "a.duty").take()


def workers(tmp_path, count):
    def worker():
        duties = [
            Duty(name, FilePost(tmp_path / f"{name}.duty"), lambda: None, lambda: None) for name in "abcd"
        ]
        return Duties(duties, share=True)

    return [worker() for _ in range(count)]


def test_several_workers_divide_the_duties_and_the_last_one_has_all(tmp_path):
    first, second = workers(tmp_path, 2)
    for _ in range(12):
        first.look()
        second.look()
    assert sorted(first.held() + second.held()) == list("abcd")
    assert len(first.held()) == len(second.held()) == 2
    first.stop()
    for _ in range(12):
        second.look()
    assert sorted(second.held()) == list("abcd")
    second.stop()


def test_two_processes_of_a_centre_never_both_follow_the_log(centre_twice):
    first, second = centre_twice
    first.start()
    second.start()
    assert first.readers.is_running()
    assert not second.readers.is_running()
    first.close()
    until(second.readers.is_running, "the other to take over")
    every = {"readers", "search", "messages", "keeping", "receiving", "tidying"}
    until(lambda: set(second.duties()) == every, "it to do all of it")


@pytest.fixture
def centre_twice(prepared, tmp_path):
    import shutil

    from domain.kernel.clock import ManualClock
    from server.app import build_centre
    from server.settings import Settings
    from tests.server.conftest import START

    home = tmp_path / "home"
    shutil.copytree(prepared.home, home)
    made = [build_centre(Settings(data_dir=home, least_free_bytes=0), ManualClock(START)) for _ in range(2)]
    yield made
    made[1].close()
