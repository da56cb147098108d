"""A-077: an approved extension ends the alert and begins a new term; what expired stays told until somebody acts."""

from datetime import timedelta

from tests.readers.alert_cases_bench import extended, kept_for


def test_an_extension_ends_the_alert_and_the_new_end_is_watched(world, watch, clock):
    kept_for(365)(world)
    watch.look()
    clock.advance(timedelta(days=340))
    watch.look()
    assert watch.alerts("A-077")[0].state == "open"
    extended(world)  # by 900 days
    watch.look()
    [alert] = watch.alerts("A-077")
    assert alert.state == "closed"
    clock.advance(timedelta(days=869))
    watch.look()
    assert [one.state for one in watch.alerts("A-077")] == ["closed"]
    clock.advance(timedelta(days=1))
    watch.look()
    assert sorted(one.state for one in watch.alerts("A-077")) == ["closed", "open"]


def test_what_expired_and_is_still_there_stays_told(world, watch, clock):
    kept_for(365)(world)
    watch.look()
    clock.advance(timedelta(days=400))
    watch.look()
    [alert] = watch.alerts("A-077")
    assert alert.state == "open"
    assert "请延期审批" in alert.summary
