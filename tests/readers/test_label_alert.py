"""The alert of labels (A-072): each cause the requirement names, and that only a scan which reads it ends it."""

from datetime import timedelta

import pytest

from domain.biobank.commands import CollectSpecimen
from domain.biobank.label_prints import RESULTS, TROUBLE
from tests.readers.alert_cases_more import both, plans_tube, prints, reads_back, scans_another


@pytest.mark.parametrize("result", sorted(RESULTS))
def test_what_a_printer_says_is_trouble_or_not(result, world, watch):
    both(plans_tube, prints(result))(world)
    watch.look()
    assert len(watch.alerts("A-072")) == (result in TROUBLE)


def test_a_label_on_the_wrong_tube_is_trouble(world, watch):
    scans_another(world)
    watch.look()
    (alert,) = watch.alerts("A-072")
    assert "扫码不符" in alert.summary or "mismatch" in alert.summary


@pytest.mark.parametrize(
    "proof", [reads_back, lambda w: w.desk.run(CollectSpecimen(number=w.number), w.nurse)]
)
def test_printing_again_does_not_clear_it_reading_the_code_does(proof, world, watch):
    both(plans_tube, prints("failed"), prints("confirmed"))(world)
    watch.look()
    (alert,) = watch.alerts("A-072")
    assert alert.state == "open"
    proof(world)
    watch.look()
    (alert,) = watch.alerts("A-072")
    assert alert.state != "open"


def test_a_second_fault_after_the_proof_is_a_new_alert(world, watch, clock):
    both(plans_tube, prints("failed"), reads_back)(world)
    watch.look()
    assert [alert.state for alert in watch.alerts("A-072")].count("open") == 0
    clock.advance(timedelta(minutes=1))
    prints("failed")(world)
    watch.look()
    assert [alert.state for alert in watch.alerts("A-072")].count("open") == 1
