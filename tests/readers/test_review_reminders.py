"""Reminders of remote review: in the program and by WeCom, and as an administrator sets them."""

from datetime import timedelta

import resources
from domain.alerts.rule_commands import ChangeRule
from domain.kernel.readers import Follower
from domain.messaging.alerting import AlertMessenger
from domain.messaging.commands import BindAddress
from domain.messaging.records import Channel, OutboxMessage
from domain.messaging.templates import TEMPLATES, load_templates
from tests.readers.review_cases import arrived

HOUR = timedelta(hours=1)


def test_the_expert_is_told_by_the_list_and_by_wecom_and_reminded_as_it_was_set(
    world, watch, clock, system, as_role, authority
):
    watch.desk.content[TEMPLATES] = load_templates(resources.folder("messages"))
    arrived()(world)
    order = BindAddress(staff_id=world.signer.staff_id, channel=Channel.WECOM, address="XuJing")
    watch.desk.run(order, system)
    messenger = AlertMessenger(watch.desk, system, lambda rule: watch.engine.book.channels_of(rule))
    watch.look()
    Follower(watch.desk.store, messenger).catch_up()
    [arrival] = watch.alerts("A-133")
    assert arrival.owner_id == world.signer.staff_id
    with watch.desk.store.read() as connection:
        [sent] = connection.execute(OutboxMessage.__table__.select()).all()
    assert (sent.staff_id, sent.channel, sent.about_id) == (world.signer.staff_id, Channel.WECOM, arrival.id)

    watch.desk.content["authority"] = authority
    text = "limit: 1h\nreceivers: [department_head]\nchannels: [in_app]"
    watch.desk.run(ChangeRule(rule="A-134", text=text, reason="本院一小时"), as_role("administrator"))
    watch.look()
    clock.advance(HOUR - timedelta(minutes=1))
    watch.look()
    assert watch.alerts("A-134") == []
    clock.advance(timedelta(minutes=1))
    watch.look()
    [late] = watch.alerts("A-134")
    assert late.receivers == ["department_head"]
    assert watch.engine.book.channels_of("A-134") == ("in_app",)
