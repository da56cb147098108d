"""The dead man's switch: an engine that stands still is told by who watches it, rises, and ends when it is back."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from domain.alerts.heart import LOOKS, HeartWatch
from domain.alerts.heart_records import AlertHeart
from domain.alerts.receivers import receiver_table
from domain.alerts.situations import beat_table
from domain.kernel.change_log import head_position
from domain.messaging.records import Channel, ChannelState

MINUTE = timedelta(minutes=1)


@pytest.fixture
def heart(watch):
    return HeartWatch(watch.desk, watch.engine, watch.engine.actor, "前台一号", {"sms": "短信渠道"})


def minutes(watch, heart, clock, count, *, engine=True):
    """Let time pass; the engine's thread works on, or stands still."""
    for _ in range(count):
        clock.advance(MINUTE)
        if engine:
            watch.look()
        heart.look()


def rows(watch):
    with watch.desk.store.read() as connection:
        return connection.execute(select(AlertHeart.__table__)).all()


def beats(watch):
    with watch.desk.store.read() as connection:
        return connection.execute(select(beat_table())).all()


def test_an_engine_that_works_beats_once_a_minute_and_nothing_is_written_to_the_log(watch, heart, clock):
    watch.look()
    [first] = beats(watch)
    watch.look()
    assert beats(watch) == [first], "within the minute"
    with watch.desk.store.read() as connection:
        head = head_position(connection)
    minutes(watch, heart, clock, 20)
    [last] = beats(watch)
    assert last.at - first.at == 20 * 60_000_000
    assert rows(watch) == []
    with watch.desk.store.read() as connection:
        assert head_position(connection) == head


def test_an_engine_that_stands_still_is_told_without_it_rises_and_ends_when_it_has_caught_up(
    watch, heart, clock, world
):
    minutes(watch, heart, clock, 3)
    world.potassium()  # nobody evaluates it
    minutes(watch, heart, clock, LOOKS - 1, engine=False)
    assert watch.alerts() == [], "four minutes"
    minutes(watch, heart, clock, 1, engine=False)
    [alert] = watch.alerts()
    assert (alert.rule, alert.state, str(alert.severity)) == ("A-143", "open", "urgent")
    assert "前台一号" in alert.summary
    with watch.desk.store.read() as connection:
        told = set(connection.execute(select(receiver_table().c.role)).scalars())
    assert told == {"it", "administrator"}, "in their lists, though the engine keeps that index"
    minutes(watch, heart, clock, 14, engine=False)
    assert watch.alerts()[0].step == 0
    minutes(watch, heart, clock, 1, engine=False)
    [alert] = watch.alerts()
    assert (alert.step, "chief_physician" in alert.receivers) == (1, True)

    minutes(watch, heart, clock, 1)  # the engine is back
    watch.look()
    by_rule = {a.rule: a for a in watch.alerts()}
    assert by_rule["A-143"].state == "closed"
    assert by_rule["A-085"].opened_at < alert.opened_at, "what it missed is evaluated, as of its own time"
    [row] = rows(watch)
    assert row.state == "beating"
    assert row.last_beat < row.evaluated_at == clock()
    minutes(watch, heart, clock, 30)
    assert len([a for a in watch.alerts() if a.rule == "A-143"]) == 1


def test_an_engine_that_ticks_and_reads_nothing_does_not_beat(watch, heart, clock, world):
    """Each round fails at the same entry: the timers run, new values are judged by nobody."""
    minutes(watch, heart, clock, 2)
    world.potassium()
    watch.engine.tick()
    for _ in range(LOOKS):
        clock.advance(MINUTE)
        watch.engine.tick()
        heart.look()
    assert [a.rule for a in watch.alerts()] == ["A-143"]


def test_a_clock_that_jumps_and_a_computer_that_slept_are_no_silence(watch, heart, clock):
    minutes(watch, heart, clock, 2)
    clock.advance(timedelta(hours=9))
    heart.look()  # woken before the engine
    minutes(watch, heart, clock, 2)
    clock.advance(timedelta(hours=-3))
    minutes(watch, heart, clock, 8)
    assert rows(watch) == []


def test_a_watch_that_begins_while_the_engine_is_silent_does_not_call_it_well(watch, heart, clock):
    minutes(watch, heart, clock, 2)
    minutes(watch, heart, clock, LOOKS, engine=False)
    again = HeartWatch(watch.desk, watch.engine, watch.engine.actor, "前台一号")
    minutes(watch, again, clock, 3, engine=False)
    assert [row.state for row in rows(watch)] == ["silent"]
    minutes(watch, again, clock, 1)
    assert [row.state for row in rows(watch)] == ["beating"]


def test_a_channel_by_which_alerts_go_out_counts_as_a_part_of_alerting(watch, heart, clock, world):
    now = clock()
    with watch.desk.store.write() as connection:
        from domain.kernel.unit_of_work import UnitOfWork

        work = UnitOfWork(connection, world.head, now=now, new_id=watch.desk.ids)
        work.add(ChannelState(channel=Channel.SMS, account="a", day="2026-03-02", checked_at=now, trouble=1))
        work.commit_entry("test.channel", txn_id=watch.desk.ids())
        work.close()
    minutes(watch, heart, clock, 1)
    assert watch.alerts("A-143") == []
    table = ChannelState.__table__
    with watch.desk.store.write() as connection:
        connection.execute(update(table).values(trouble=2, reason="rejected"))
    minutes(watch, heart, clock, 1)
    watch.look()
    [alert] = watch.alerts("A-143")
    assert "短信渠道" in alert.summary
    with watch.desk.store.write() as connection:
        connection.execute(update(table).values(trouble=0))
    minutes(watch, heart, clock, 1)
    watch.look()
    assert [a.state for a in watch.alerts("A-143")] == ["closed"]


def test_two_installations_are_two_hearts(watch, heart, clock, centre, book):
    minutes(watch, heart, clock, 1)
    minutes(watch, heart, clock, LOOKS, engine=False)
    [row] = rows(watch)
    assert row.device_id == watch.engine.actor.device_id
    with centre.store.read() as connection:
        assert connection.execute(select(AlertHeart.__table__)).all() == []
