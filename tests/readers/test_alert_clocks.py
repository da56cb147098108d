"""A machine whose clock is set wrongly and set right again."""

from datetime import timedelta

HOUR = timedelta(hours=1)


def test_a_clock_that_jumps_back_doubles_nothing_and_one_that_jumps_ahead_tells_once(world, watch, clock):
    """A machine set wrongly and set right again: each happening stays one alert, the ladder goes on by its times."""
    world.collect()
    watch.look()
    clock.advance(HOUR)
    watch.look()
    assert watch.alerts("A-073") == [], "two hours are given"
    clock.advance(-5 * HOUR)  # set back: what was due is due later by the clock, never twice
    watch.look()
    assert watch.alerts("A-073") == []
    clock.advance(7 * HOUR)  # ahead of its time
    watch.look()
    [alert] = watch.alerts("A-073")
    events = [event.id for event in watch.events(alert.id)]
    clock.advance(-2 * HOUR)  # and right again: an hour after it was told, by its own time before it
    for _ in range(3):
        watch.look()
    assert [a.id for a in watch.alerts("A-073")] == [alert.id]
    assert [event.id for event in watch.events(alert.id)] == events
    world.receive()
    watch.look()
    assert [a.state for a in watch.alerts("A-073")] == ["closed"], (
        "what settles it counts whatever the clock says"
    )
    clock.advance(5 * HOUR)
    watch.look()
    assert [a.id for a in watch.alerts("A-073")] == [alert.id]
