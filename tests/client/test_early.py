"""Before the features are loaded: what is compiled says what the declarations say, and nothing is lost by it."""

from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import func, select, update

import resources
from client.early import compiling, program
from client.early.compiled import decode, encode
from client.early.glance import Glance
from client.early.reading import Early, EarlySearch
from client.early.settling import settle
from client.navigation import declared_lists, entries
from client.stations.front_desk.finding import day_of, todays_visits
from domain.kernel.authority import Authority
from domain.kernel.change_log import change_log
from domain.kernel.errors import UnavailableError
from domain.kernel.ids import new_id
from domain.kernel.texts import Texts
from domain.people.passwords import _hasher, has_todays_parameters, hash_password, needs_rehash
from domain.people.records import SignInState, Staff
from domain.rights.commands import AdjustRole
from domain.rights.records import RightsEffect
from sync.local_tables import compiled as compiled_table
from sync.local_tables import noted_sign_in
from sync.search import SearchIndex
from tests.client import seeding
from tests.client.conftest import KEY

ROLES = sorted(Authority.load(resources.folder("roles.yaml")).roles)
ELSEWHERE = new_id()


@pytest.fixture
def compiled(open_desk):
    return decode(encode(compiling.compile_declarations(open_desk.store)))


@pytest.fixture
def glance(home, open_desk):
    made = Glance(home.store, KEY)
    yield made
    made.close()


@pytest.fixture
def early(glance, compiled, clock):
    return Early(glance, compiled, seeding.DEVICE, clock, password_days=90)


def actor_of(authority, role, *, org_id=seeding.BRANCH):
    return authority.actor(
        staff_id=new_id(), name="测试员", role=role, org_id=org_id, device_id=seeding.DEVICE,
        subtree={org_id, seeding.BRANCH},
    )  # fmt: skip


def change_staff(open_desk, login, **values):
    with open_desk.store.write() as connection:
        connection.execute(update(Staff).where(Staff.login == login).values(**values))


def count(open_desk, table):
    with open_desk.store.read() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


# What is compiled is what is declared


def test_texts_roles_and_lists_are_those_of_the_declarations(compiled):
    assert Texts(compiled.texts).codes() == Texts.load(resources.folder("texts") / "zh").codes()
    assert compiled.roles == Authority.load(resources.folder("roles.yaml")).roles
    assert compiled.lists == list(declared_lists())


@pytest.mark.parametrize("role", ROLES)
def test_the_navigation_is_the_same_for_every_role(open_desk, compiled, role):
    actor = actor_of(open_desk.authority, role)
    assert entries(actor, open_desk.texts.say, compiled.lists) == entries(actor, open_desk.texts.say)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("org_id", [seeding.BRANCH, seeding.HEAD_OFFICE, ELSEWHERE])
def test_todays_list_has_the_same_rows_masks_and_scope(open_desk, early, clock, role, org_id):
    actor = actor_of(open_desk.authority, role, org_id=org_id)
    day = day_of(clock())
    wanted = todays_visits(open_desk.pages, actor, day)
    found = early.listed("front_desk", actor, day)
    assert [(r["_id"], r["number"], r["name"], str(r["sex"]), r["state"]) for r in found] == [
        (v.visit_id.bytes, v.number, v.name, str(v.sex), v.state) for v in wanted
    ]
    assert early.listed("front_desk", actor, day + timedelta(days=1)) == []


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("org_id", [seeding.BRANCH, ELSEWHERE])
def test_a_search_by_name_finds_what_the_whole_search_finds(open_desk, glance, compiled, role, org_id):
    index, chance = SearchIndex(), Random(7)  # noqa: S311  (which names are looked for)
    index.rebuild(open_desk.store)
    search = EarlySearch(glance, compiled)
    actor = actor_of(open_desk.authority, role, org_id=org_id)
    if actor.own_clients:  # whose clients they are, only the whole desk knows
        search.join(lambda *asked: ["found"])
        assert search(actor, "张", 12) == ["found"]
        return
    names = [name for name, *_ in seeding.PEOPLE]
    for text in [
        "张",
        "ouyang",
        "oynn",
        "wang",
        "没有",
        " ",
        *(chance.choice(names)[: chance.randint(1, 3)] for _ in range(9)),
    ]:
        with open_desk.store.read() as connection:
            whole = index.find(connection, text, actor, limit=12)
        assert [(h.kind, h.record_id, h.title, h.subtitle) for h in search(actor, text, 12)] == [
            (h.entity, h.record_id, h.title, h.subtitle) for h in whole
        ]


def test_what_may_be_a_number_waits_for_the_whole_search(glance, compiled, open_desk):
    search, asked = EarlySearch(glance, compiled), []
    search.wanted = lambda: search.join(lambda *given: asked.append(given) or ["found"])
    assert search(actor_of(open_desk.authority, "nurse"), "101", 12) == ["found"]
    assert asked[0][1:] == ("101", 12)


def test_another_program_has_another_fingerprint(tmp_path):
    for folder in program.SOURCES + program.CONTENT:
        (tmp_path / folder).mkdir()
    declaration = tmp_path / "domain" / "records.py"
    declaration.write_text("a", "utf-8")
    before = program.fingerprint(tmp_path)
    assert program.fingerprint(tmp_path) == before
    declaration.write_text("ab", "utf-8")
    assert program.fingerprint(tmp_path) != before


def test_an_installed_program_notices_other_content_and_another_executable(tmp_path, monkeypatch):
    (tmp_path / "resources").mkdir()
    roles, executable = tmp_path / "resources" / "roles.yaml", tmp_path / "aftercheck"
    roles.write_text("a", "utf-8")
    executable.write_text("a", "utf-8")
    monkeypatch.setattr("sys.frozen", True, raising=False)
    monkeypatch.setattr("sys.executable", str(executable))
    seen = {program.fingerprint(tmp_path)}
    roles.write_text("ab", "utf-8")
    seen.add(program.fingerprint(tmp_path))
    executable.write_text("ab", "utf-8")
    assert len(seen | {program.fingerprint(tmp_path)}) == 3


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"shape": 1}', b"\xff"])
def test_a_form_that_cannot_be_read_is_none(body):
    assert decode(body) is None


def test_it_is_compiled_once_a_program(open_desk):
    assert compiling.keep_compiled(open_desk)
    assert not compiling.keep_compiled(open_desk)
    assert count(open_desk, compiled_table) == 1


# Signing in


def sign_in(early, login="nurse1", password=seeding.PASSWORD):
    told = []
    return early.sign_in(login, password, told.append), told


def test_a_plain_success_is_decided_and_on_disk(open_desk, early, home, clock):
    found, told = sign_in(early)
    whole = open_desk.sign_in("nurse1", seeding.PASSWORD)
    assert found.actor == whole.actor
    assert told == [found.actor]
    with Glance(home.store, KEY)._connection as fresh:  # another connection sees it: it is committed
        assert fresh.execute("SELECT login FROM noted_sign_in").fetchall() == [("nurse1",)]


def test_who_has_other_rights_than_the_role_is_left_to_the_whole_desk(open_desk, early):
    admin = open_desk.sign_in("admin1", seeding.PASSWORD).actor
    order = AdjustRole(role="nurse", right="document.export", effect=RightsEffect.GRANT, reason="试行")
    seeding.at_the_centre(open_desk, order, admin)
    assert sign_in(early) == (None, [])
    assert open_desk.sign_in("nurse1", seeding.PASSWORD).actor.may("document.export")
    assert sign_in(early, "tech1")[0] is not None


def test_everything_else_is_left_to_the_whole_desk(open_desk, early, clock):
    assert sign_in(early, password="wrong") == (None, [sign_in(early)[0].actor])
    assert sign_in(early, login="nobody") == (None, [])
    change_staff(open_desk, "doctor1", active=False)
    change_staff(open_desk, "tech1", must_change=True)
    change_staff(open_desk, "it1", password_set_at=clock() - timedelta(days=91))
    weaker = hash_password(seeding.PASSWORD).replace("t=3", "t=2")
    change_staff(open_desk, "head1", password_hash=weaker)
    for login in ("doctor1", "tech1", "it1", "head1"):
        assert sign_in(early, login)[0] is None, login
    for _ in range(5):
        open_desk.sign_in("admin1", "wrong")
    assert sign_in(early, "admin1") == (None, [])
    assert count(open_desk, noted_sign_in) == 1


def test_todays_parameters_are_those_of_the_hasher():
    fresh = hash_password("x")
    assert has_todays_parameters(fresh)
    assert not needs_rehash(fresh)
    assert not has_todays_parameters(fresh.replace("m=65536", "m=32768"))


def test_a_password_longer_than_any_string_and_of_any_letters_is_the_same_to_both_libraries(monkeypatch):
    from domain.people import passwords

    for text in ("", "a", "密码 with spaces", "x" * 128, "nul\0inside"):
        stored = _hasher().hash(text)
        assert passwords.password_matches(stored, text)
        assert not passwords.password_matches(stored, text + "?")
        monkeypatch.setattr(passwords, "_sodium", lambda: None)
        assert passwords.password_matches(stored, text)
        assert not passwords.password_matches(stored, text + "?")
        monkeypatch.undo()
    assert not passwords.password_matches("no hash", "a")
    assert not passwords.password_matches(None, "a")


def test_a_noted_sign_in_is_run_once_with_its_own_time(open_desk, early, clock):
    open_desk.sign_in("nurse1", "wrong")
    then = clock()
    sign_in(early)
    clock.advance(timedelta(minutes=3))
    before = count(open_desk, change_log)
    assert settle(open_desk) == 1
    assert settle(open_desk) == 0
    with open_desk.store.read() as connection:
        entry = connection.execute(select(change_log).order_by(change_log.c.position.desc())).first()
        failures = connection.execute(
            select(SignInState.failures).where(SignInState.login == "nurse1")
        ).scalar_one()
    assert count(open_desk, change_log) == before + 1
    assert entry.at == int(then.timestamp() * 1_000_000)
    assert failures == 0
    assert count(open_desk, noted_sign_in) == 0


def test_a_crash_between_the_command_and_its_note_doubles_nothing(open_desk, early):
    sign_in(early)
    with open_desk.store.read() as connection:
        note = connection.execute(select(noted_sign_in)).one()
    settle(open_desk)
    before = count(open_desk, change_log)
    with open_desk.store.write() as connection:
        connection.execute(noted_sign_in.insert(), dict(note._mapping))
    settle(open_desk)
    assert count(open_desk, change_log) == before
    assert count(open_desk, noted_sign_in) == 0


def test_nothing_shared_can_be_written_from_here(glance):
    with pytest.raises(UnavailableError):
        glance.exec_driver_sql("UPDATE patient SET name = 'x'")
    with pytest.raises(UnavailableError):
        glance.exec_driver_sql("DELETE FROM change_log")


def test_a_closed_glance_answers_with_a_known_error(glance):
    glance.close()
    with pytest.raises(UnavailableError):
        glance.exec_driver_sql("SELECT 1")
