"""Search on both kinds of the centre's store finds what LIKE finds, in scope and masked, in step with the log."""

import random
import uuid
from datetime import date

import pytest
from sqlalchemy import select

from domain import features
from domain.kernel.authority import system_actor
from domain.kernel.clock import ManualClock
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.ids import new_id
from domain.kernel.readers import Follower
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.names import search_keys
from domain.people.patient_commands import EditPatient, RegisterPatient
from domain.people.records import Patient, Sex
from domain.people.tie_commands import AssignClient
from sync.schema import prepare_store
from sync.search import SearchIndex
from sync.stores import open_embedded_store, open_mysql_store
from tests.conftest import START

pytest_plugins = ["tests.fixtures.mariadb"]
HERE, THERE = uuid.UUID(int=0xB1), uuid.UUID(int=0xB2)
SURNAMES = ["王", "李", "张", "刘", "单", "解", "仇", "欧阳", "尉迟", "阿卜杜拉·"]
GIVEN = "美娜芳敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红娥玲芬燕彩春菊兰凤洁梅琳素云莲真环雪荣爱妹𬭎䶮"
PEOPLE = 600
ENGINES = ["embedded", pytest.param("mariadb", marks=pytest.mark.mariadb)]


def person(number, chance):
    born = date(1940 + number % 60, 1 + number % 12, 1 + number % 28)
    name = chance.choice(SURNAMES) + "".join(chance.choices(GIVEN, k=chance.choice((1, 2, 2, 2, 3))))
    return {
        "id": new_id(), "org_id": THERE if number % 5 == 0 else HERE, "ver": 0, "number": f"P101{number:08d}",
        "name": name, "sex": Sex.FEMALE, "birth_date": born, "id_type": "01",
        "id_number": f"{chance.randrange(110000, 659000)}{born:%Y%m%d}{chance.randrange(1000, 9999)}",
        "phone": f"13{chance.randrange(10**9):09d}", "card_no": f"C{chance.randrange(10**6):06d}",
    }  # fmt: skip


@pytest.fixture(scope="module", params=ENGINES)
def filled(request, tmp_path_factory):
    """A store with people in it, made before there was an index."""
    features.load()
    if request.param == "mariadb":
        from tests.fixtures.mariadb import mariadb_database

        with mariadb_database() as url:
            yield from _filled(open_mysql_store(url))
    else:
        yield from _filled(open_embedded_store(tmp_path_factory.mktemp("search") / "c.db"))


def _filled(store):
    prepare_store(store)
    chance = random.Random(20261123)  # noqa: S311  (the same each time)
    people = [person(number, chance) for number in range(PEOPLE)]
    with store.write() as connection:
        connection.execute(Patient.__table__.insert(), people)
    index = SearchIndex()
    assert index.prepare(store) is True
    assert index.prepare(store) is False
    yield store, index, people
    store.close()


def everyone():
    return system_actor(HERE, uuid.UUID(int=1))


def found(filled, text, actor=None, limit=1000):
    store, index, _ = filled
    with store.read() as connection:
        return [h.record_id for h in index.find(connection, text, actor or everyone(), limit=limit)]


def like(filled, column, pattern):
    with filled[0].read() as connection:
        return set(connection.execute(select(Patient.id).where(column.like(pattern))).scalars())


def substrings(people, chance):
    for one in chance.sample(people, 60):
        for run in one["name"].split("·"):
            for length in (1, 2, 3):
                if len(run) >= length:
                    start = chance.randrange(len(run) - length + 1)
                    yield run[start : start + length]


def test_one_to_three_characters_of_a_name_find_whom_like_finds(filled):
    for part in sorted(set(substrings(filled[2], random.Random(1)))):  # noqa: S311
        assert set(found(filled, part)) == like(filled, Patient.name, f"%{part}%"), part


def test_two_words_find_who_has_both(filled):
    for one in random.Random(2).sample(filled[2], 25):  # noqa: S311
        first, last = one["name"][0], one["name"][-1]
        both = like(filled, Patient.name, f"%{first}%") & like(filled, Patient.name, f"%{last}%")
        assert set(found(filled, f"{first} {last}")) == both


def test_phones_by_start_whole_and_tail(filled):
    for one in random.Random(3).sample(filled[2], 25):  # noqa: S311
        phone = one["phone"]
        assert one["id"] in found(filled, phone)
        assert set(found(filled, phone[:8])) == like(filled, Patient.phone, f"{phone[:8]}%")
        start = like(filled, Patient.phone, f"{phone[:5]}%") | like(
            filled, Patient.id_number, f"{phone[:5]}%"
        )
        assert set(found(filled, phone[:5])) >= start
        tails = like(filled, Patient.phone, f"%{phone[-6:]}") | like(
            filled, Patient.id_number, f"%{phone[-6:]}"
        )
        assert set(found(filled, phone[-6:])) >= tails


def test_identity_and_card_and_file_numbers_by_start_and_whole(filled):
    for one in random.Random(4).sample(filled[2], 25):  # noqa: S311
        for column, number in (
            (Patient.id_number, one["id_number"]),
            (Patient.card_no, one["card_no"]),
            (Patient.number, one["number"]),
        ):
            assert found(filled, number)[0] == one["id"]
            assert set(found(filled, number[:-1])) == like(filled, column, f"{number[:-1]}%")
        assert one["id"] in found(filled, one["id_number"][-6:])


def test_pinyin_and_initials_find_whom_their_readings_start(filled):
    for one in random.Random(5).sample(filled[2], 40):  # noqa: S311
        keys = search_keys(one["name"])
        for typed in (keys.pinyin[0], keys.pinyin[0][:5], keys.initials[0][:6], keys.initials[0][:2]):
            truth = {
                p["id"]
                for p in filled[2]
                for k in [search_keys(p["name"])]
                if any(s.startswith(typed) for s in (*k.pinyin, *k.initials))
            }
            assert truth <= set(found(filled, typed)), typed


def test_the_newest_come_first_and_no_more_than_asked(filled):
    ids = found(filled, "王", limit=7)
    newest = sorted(like(filled, Patient.name, "%王%"), reverse=True)[:7]
    assert ids == newest


def test_people_out_of_scope_are_not_found_even_when_they_are_the_newest(filled, authority):
    nurse = authority.actor(
        staff_id=uuid.UUID(int=2),
        name="n",
        role="nurse",
        org_id=THERE,
        device_id=uuid.UUID(int=1),
        subtree=(),
    )
    truth = {p["id"] for p in filled[2] if p["org_id"] == THERE and "王" in p["name"]}
    assert set(found(filled, "王", nurse)) == truth
    assert len(truth) > 3
    assert found(filled, "王", nurse, limit=3) == sorted(truth, reverse=True)[:3]
    outside = next(p for p in filled[2] if p["org_id"] == HERE)
    assert found(filled, outside["id_number"], nurse) == []


@pytest.mark.parametrize("typed", ["", " ", "%", "_", "' OR 1=1 --", "\\", "王%", "\x00", "* *", "😀"])
def test_no_text_is_a_statement(filled, typed):
    assert isinstance(found(filled, typed), list)


def test_the_index_follows_the_log(filled):
    store, index, _ = filled
    desk = Dispatcher(store, clock=ManualClock(START), content={"number_prefix": "777"})
    follower = Follower(store, index)
    order = RegisterPatient(name="诸葛𬭎", sex=Sex.MALE, birth_date=date(1970, 1, 2), phone="13999990000")
    made = desk.run(order, everyone()).receipt.patient_id
    follower.catch_up()
    assert found(filled, "诸葛") == found(filled, "zhuge") == found(filled, "13999990000") == [made]
    desk.run(EditPatient(patient_id=made, name="司马𬭎", phone="13999991111"), everyone())
    follower.catch_up()
    assert found(filled, "诸葛") == found(filled, "13999990000") == []
    assert found(filled, "司马") == found(filled, "sima") == found(filled, "13999991111") == [made]
    assert follower.behind() == 0
    gone = desk.run(
        RegisterPatient(name="令狐冲", sex=Sex.MALE, birth_date=date(1971, 1, 2)), everyone()
    ).receipt.patient_id
    follower.catch_up()
    assert found(filled, "令狐") == [gone]
    with store.write() as connection:
        work = UnitOfWork(connection, everyone(), now=desk.clock(), new_id=desk.ids)
        work.remove(work.get(Patient, gone))
        work.commit_entry("test.remove", txn_id=desk.ids())
        work.close()
    follower.catch_up()
    assert found(filled, "令狐") == []
    held = "search_index" if store.is_sqlite else "search_client"
    with store.read() as connection:
        count = connection.exec_driver_sql(f"SELECT count(*) FROM {held}").scalar_one()
        assert count == connection.exec_driver_sql("SELECT count(*) FROM patient").scalar_one()
    before = found(filled, "𬭎")
    assert index.rebuild(store)
    assert found(filled, "𬭎") == before


def test_the_api_answers_from_the_body_within_scope_and_masked(any_server):
    server = any_server
    follower = Follower(server.centre.store, server.centre.search)
    server.centre.search.prepare(server.centre.store)
    order = RegisterPatient(name="钟离眜", sex=Sex.MALE, birth_date=date(1971, 3, 4), phone="13712340987")
    server.as_system(order, "B02")
    inside = server.as_system(
        RegisterPatient(name="钟离春", sex=Sex.FEMALE, birth_date=date(1972, 3, 4), phone="13712341111")
    )
    follower.catch_up()

    def ask(role, text, **more):
        return server.api.post("/api/search", token=server.token(role), json={"text": text, **more})

    assert [h["title"] for h in ask("nurse", "钟离").json()["hits"]] == ["钟离春"], "the other is elsewhere"
    [hit] = ask("nurse", "zlc").json()["hits"]
    assert (hit["entity"], hit["id"]) == ("patient", str(inside.patient_id))
    assert ask("messaging_operator", "钟离春").json()["hits"] == [], "not one of their clients"
    own = AssignClient(patient_id=inside.patient_id, login="messaging_operator", reason="由其维护")
    server.as_system(own)
    [masked] = ask("messaging_operator", "钟离春").json()["hits"]
    assert masked["title"] == "钟离*"
    assert "13712341111" not in str(masked)
    assert ask("biobank_technician", "钟离春").json()["hits"] == []
    assert ask("nurse", "x" * 101).status_code == 422
    assert ask("nurse", "钟", limit=0).status_code == 422
    assert server.api.get("/api/search?text=x", token=server.token("nurse")).status_code == 405
    assert server.api.post("/api/search", json={"text": "钟"}).status_code == 401
