"""What only the centre carries out is asked of it from a workstation, by a person who signs in there, and once."""

from types import SimpleNamespace

import pytest
from sqlalchemy import select

from client.asking import CentreDoor
from domain.conversations.hours_commands import SetAnswerHours
from domain.conversations.records import AnswerHours
from domain.kernel.change_log import change_log, decode_body
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError, UnavailableError
from domain.people.records import Staff
from domain.people.staff_commands import CreateStaff, OneTimePassword, ResetPassword
from domain.rights.commands import AdjustPerson
from domain.rights.records import RightsEffect
from sync.asking import Ask
from sync.http_client import HttpCentre
from sync.tus.client_state import SqliteTransferState
from tests.server.conftest import PASSWORD

HOURS = {"monday": "08:00-12:00", "reason": "冬季"}


@pytest.fixture(scope="module")
def station(server, tmp_path_factory):
    """A workstation of the first branch with its line to the centre."""
    found = server.enrol()
    transfers = SqliteTransferState(tmp_path_factory.mktemp("station") / "transfers.db")
    found.line = HttpCentre(
        server.api.url, found.device_id, found.key, transfers, now_us=server.centre.sync.now_us
    )
    yield found
    found.line.close()
    transfers.close()


@pytest.fixture
def desk(server, station):
    """Who sits there, and the door to the centre; `told` counts what was carried out."""
    told = []

    def person(login):
        [row] = rows(server, Staff, login=login)
        return server.centre.authority.actor(
            staff_id=row.id,
            name=row.name,
            role=row.role,
            org_id=row.org_id,
            device_id=station.device_id,
            subtree=(),
        )

    return SimpleNamespace(
        door=CentreDoor(lambda: station.line, lambda: told.append(1)), person=person, told=told
    )


def rows(server, kind, **values):
    table = kind.__table__
    with server.centre.store.read() as connection:
        query = select(table).where(*(table.c[name] == value for name, value in values.items()))
        return connection.execute(query).all()


def entry_of(server, txn_id):
    with server.centre.store.read() as connection:
        [row] = connection.execute(select(change_log).where(change_log.c.txn_id == txn_id)).all()
    return row, decode_body(row.body)


def test_the_centre_carries_it_out_for_the_person_and_says_from_where(server, station, desk):
    admin = desk.person("administrator")
    order = SetAnswerHours(**HOURS)
    with pytest.raises(DomainError, match=r"centre\.sign_in_first"):
        desk.door.run(order, admin)
    with pytest.raises(DomainError, match=r"sign_in\.refused"):
        desk.door.sign_in(admin, "administrator", "falsch-2026-X")
    assert not desk.door.knows(admin)
    desk.door.sign_in(admin, "administrator", PASSWORD)
    done = desk.door.run(order, admin)
    assert (done.receipt, desk.told) == (1, [1]), "the receipt has the handler's type; the exchange is woken"
    row, body = entry_of(server, done.txn_id)
    assert row.position == done.position
    assert (body.actor_id, body.note["desk"]) == (admin.staff_id.bytes, str(station.device_id))
    assert len(rows(server, AnswerHours, number=1)) == 1


def test_the_centre_decides_by_the_persons_own_rights_and_fields(server, desk):
    nurse = desk.person("nurse")
    desk.door.sign_in(nurse, "nurse", PASSWORD)
    with pytest.raises(DomainError, match=r"permission\.denied"):
        desk.door.run(SetAnswerHours(**HOURS), nurse)
    with pytest.raises(DomainError, match=r"centre\.sign_in_first"):
        desk.door.run(
            SetAnswerHours(**HOURS), desk.person("administrator")
        )  # nobody acts in another's session
    admin = desk.person("administrator")
    desk.door.sign_in(admin, "administrator", PASSWORD)
    with pytest.raises(DomainError) as refused:
        desk.door.run(SetAnswerHours(monday="8 bis 12", reason="x"), admin)
    assert (refused.value.code, refused.value.field) == ("conversation.bad_hours", "monday")
    told = server.centre.texts.explain(refused.value)
    assert told
    assert "?" not in told, "the field's own sentence reaches the workstation with its facts"


def test_a_one_time_password_comes_back_and_a_session_that_ended_is_told(server, desk):
    admin, nurse = desk.person("administrator"), desk.person("nurse")
    desk.door.sign_in(admin, "administrator", PASSWORD)
    order = CreateStaff(login="lihua", name="新人", role="nurse", password=PASSWORD)
    made = desk.door.run(order, admin).receipt
    reset = desk.door.run(ResetPassword(staff_id=made, reason="遗忘"), admin).receipt
    assert isinstance(reset, OneTimePassword)
    assert reset.login == "lihua"
    grant = AdjustPerson(
        staff_id=nurse.staff_id, right="alert.rules", effect=RightsEffect.GRANT, reason="代理", days=1
    )
    assert desk.door.run(grant, admin).receipt
    server.centre.sessions.close(desk.door._tokens[admin.staff_id])
    with pytest.raises(DomainError, match=r"centre\.sign_in_first"):
        desk.door.run(SetAnswerHours(**HOURS), admin)
    assert not desk.door.knows(admin)


def test_an_answer_that_is_lost_leaves_one_command_however_often_it_is_asked(server, station, desk):
    admin = desk.person("administrator")
    desk.door.sign_in(admin, "administrator", PASSWORD)
    before = len(rows(server, AnswerHours))
    asked = station.line.ask

    def loses(question):
        asked(question)
        raise UnavailableError("transfer.no_connection")

    order = SetAnswerHours(tuesday="13:00-17:00", reason="试")
    station.line.ask = loses
    try:
        with pytest.raises(UnavailableError, match=r"centre\.no_line"):
            desk.door.run(order, admin)
        assert desk.told == []
    finally:
        station.line.ask = asked
    again = desk.door.run(order, admin)
    assert again.receipt is None
    assert len(rows(server, AnswerHours)) == before + 1
    assert desk.door.run(order, admin).receipt == before + 2, "said anew it is another one"


def test_without_a_line_it_is_refused_and_nothing_is_kept_here(store, clock, station, desk, server):
    here = Dispatcher(store, clock=clock, at_centre=False)
    with pytest.raises(DomainError, match=r"command\.at_centre"):
        here.run(SetAnswerHours(**HOURS), desk.person("administrator"))
    with store.read() as connection:
        assert connection.execute(select(AnswerHours.id)).all() == []
    transfers = station.line._transfers
    dead = CentreDoor(
        lambda: HttpCentre("http://127.0.0.1:9", station.device_id, station.key, transfers), lambda: None
    )
    with pytest.raises(UnavailableError, match=r"centre\.no_line"):
        dead.sign_in(desk.person("administrator"), "administrator", PASSWORD)
    dead.close()


def test_what_a_desk_does_itself_is_not_carried_out_for_it(desk, station):
    admin = desk.person("administrator")
    desk.door.sign_in(admin, "administrator", PASSWORD)
    token = desk.door._tokens[admin.staff_id]
    for name, code in (
        ("people.find_by_id", "command.at_desk"),
        ("alert.run", "command.at_desk"),
        ("no.such", "command.unknown"),
    ):
        with pytest.raises(DomainError) as refused:
            station.line.ask(Ask(token, name, b"{}", desk.person("nurse").staff_id))
        assert refused.value.code == code
    with pytest.raises(DomainError, match=r"input\.not_json"):
        station.line.ask(Ask(token, "conversation.set_hours", b"[1]", admin.staff_id))
