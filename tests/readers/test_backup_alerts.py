"""A good backup ends the alert about a missing one, and the next one is owed from then on."""

from datetime import timedelta

from tests.readers.backup_cases import made, notes

NIGHT = timedelta(hours=26)


def test_a_good_backup_closes_the_alert_and_the_next_night_is_owed(world, watch, clock):
    notes(made)(world)
    watch.look()
    clock.advance(NIGHT)
    watch.look()
    assert [a.state for a in watch.alerts("A-971")] == ["open"]
    notes(made, good=True)(world)
    watch.look()
    assert [a.state for a in watch.alerts("A-971")] == ["closed"]
    clock.advance(NIGHT - timedelta(minutes=1))
    watch.look()
    assert [a.state for a in watch.alerts("A-971")] == ["closed"]
    clock.advance(timedelta(minutes=1))
    watch.look()
    assert [a.state for a in watch.alerts("A-971")].count("open") == 1
