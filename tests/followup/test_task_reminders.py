"""R5.1.5, R1.5.6: who has a task is reminded of it in WeCom, and nobody else until the ladder moves."""

from datetime import timedelta

import pytest

import resources
from domain.alerts.content import load_rules
from domain.alerts.engine import AlertEngine
from domain.alerts.records import Alert
from domain.followup.hand_over_commands import HandOverTask, TakeTask
from domain.followup.task_commands import AddTask, AssignTask, BeginTask
from domain.kernel.readers import Follower
from domain.messaging.alerting import AlertMessenger
from domain.messaging.commands import BindAddress
from domain.messaging.records import Channel, OutboxMessage
from domain.people.staff_commands import SetStaffActive
from tests.followup.conftest import SYSTEM


@pytest.fixture
def reminded(care):
    """Readers that open alerts and tell of them; returns who was told what so far."""
    engine = AlertEngine(care.desk, load_rules(resources.folder("alerts"), care.authority.roles), SYSTEM)
    book = engine.book
    messenger = AlertMessenger(care.desk, SYSTEM, book.channels_of, book.client_message_of, book.owner_first)
    care.followers += [Follower(care.desk.store, engine), Follower(care.desk.store, messenger)]
    care.li = care.person("li", "李管理", "health_manager")
    people = {"wang": care.manager, "li": care.li, "head": care.head}
    for login, actor in people.items():
        care.run(BindAddress(staff_id=actor.staff_id, channel=Channel.WECOM, address=login), care.head)
    names = {actor.staff_id: login for login, actor in people.items()}

    def told():
        care.settle()
        engine.tick()
        care.settle()
        rows = care.rows(OutboxMessage, OutboxMessage.__table__.c.template == "staff_alert")
        return [(names[row.staff_id], row.params["alert"]) for row in rows]

    return told


def test_the_owner_is_told_then_the_new_owner_then_whoever_the_ladder_names(care, reminded, clock):
    task_id = care.run(
        AddTask(patient_id=care.client(), title="电话随访", planned_at=clock() + timedelta(days=5))
    )
    care.run(AssignTask(task_id=task_id, login="wang"), care.lead)
    assert reminded() == []
    clock.advance(timedelta(days=3))
    assert reminded() == [("wang", "随访到期预警")], "the other manager has it in the list"
    care.run(HandOverTask(task_id=task_id, login="li", note="我休假"))
    care.run(TakeTask(task_id=task_id), care.li)
    assert sorted(reminded()) == [("li", "随访到期预警"), ("wang", "随访到期预警")]
    clock.advance(timedelta(days=2, minutes=1))
    assert late(reminded()) == ["li"]
    care.run(BeginTask(task_id=task_id), care.li)
    care.run(HandOverTask(task_id=task_id, login="wang", note="请接手"), care.li)
    care.run(TakeTask(task_id=task_id))
    assert sorted(late(reminded())) == ["li", "wang"], "begun and handed back: the alert stays and goes along"
    [alert] = [row for row in care.rows(Alert) if row.rule == "A-037"]
    assert (alert.state, alert.owner_name, alert.revision) == ("open", "王管理", 1)
    clock.advance(timedelta(days=3))
    assert sorted(late(reminded())) == ["head", "li", "li", "wang", "wang"]


def late(told):
    return [login for login, name in told if name == "随访逾期预警"]


def test_whose_owner_has_left_is_told_to_the_role(care, reminded, clock):
    task_id = care.run(
        AddTask(patient_id=care.client(), title="电话随访", planned_at=clock() + timedelta(days=2))
    )
    care.run(AssignTask(task_id=task_id, login="wang"), care.lead)
    boss = care.person("boss", "管理员", "administrator")
    care.run(SetStaffActive(staff_id=care.manager.staff_id, active=False), boss)
    assert reminded() == [("li", "随访到期预警")]
