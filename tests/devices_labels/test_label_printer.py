"""A printer at work against the simulator over TCP: what is printed, what is not, and what nobody knows."""

import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest

from devices.labels.jobs import JobState
from devices.labels.model import Code128
from devices.labels.printer import Printer, Timing
from devices.labels.simulated_printer import SimulatedPrinter
from devices.labels.simulator import Simulator
from devices.labels.status import Condition
from devices.labels.transports import TcpTransport
from domain.biobank.numbers import SpecimenNumberBlock
from domain.kernel.errors import DomainError
from tests.devices_labels.label_cases import LANGUAGES, PATIENT, codes_in, label_of, tube
from tests.fixtures.patience import PATIENCE_S, until

BOTH = pytest.mark.parametrize("language", LANGUAGES)
SILENCE = replace(PATIENT, answer_s=0.3)
"""Where a printer's silence is the subject."""


@contextmanager
def at_work(language: str, *controls: str, timing: Timing = PATIENT, **options):
    simulated = SimulatedPrinter(language)
    for line in controls:
        assert simulated.control(line) == "ok"
    with Simulator(simulated) as simulator:
        transport = TcpTransport("127.0.0.1", simulator.port, stall_timeout_s=PATIENCE_S)
        yield Printer("前台打印机", transport, language, timing=timing, **options), simulated


def run(count: int):
    block, labels = SpecimenNumberBlock("2611", 0, digits=True), []
    for _ in range(count):
        number, block = block.allocate()
        labels.append(tube(number))
    return labels


def numbers(labels) -> list[str]:
    return [element.data for label in labels for element in label.elements if isinstance(element, Code128)]


@BOTH
def test_a_label_is_printed_and_confirmed(language):
    with at_work(language) as (printer, simulated):
        result = printer.print(tube())
    assert (result.state, result.code, result.extra_labels) == (JobState.PRINTED, "", 0)
    assert (result.template, result.version, result.printer) == ("tube_50x25", 1, "前台打印机")
    assert result.content_hash == tube().content_hash
    assert [codes_in(picture) for picture in simulated.labels] == [["261100000058"]]


@BOTH
@pytest.mark.parametrize(
    ("control", "condition"),
    [
        ("paper out", Condition.MEDIA_OUT),
        ("ribbon out", Condition.RIBBON_OUT),
        ("head open", Condition.HEAD_OPEN),
        ("pause on", Condition.PAUSED),
        ("hot on", Condition.TEMPERATURE),
    ],
)
def test_a_printer_in_error_gets_nothing_and_says_why(language, control, condition):
    with at_work(language, control) as (printer, simulated):
        result = printer.print(tube())
        assert printer.status().condition is condition
    assert (result.state, result.code) == (JobState.FAILED, f"printer.{condition}")
    assert simulated.state.waiting == 0
    assert not simulated.labels


@pytest.mark.parametrize(
    ("language", "condition"), [("zpl", Condition.BUFFER_FULL), ("tspl", Condition.BUSY)]
)
def test_a_full_buffer_is_waited_for_and_then_told(language, condition):
    with at_work(language, "buffer full", timing=replace(PATIENT, ready_s=0.3)) as (printer, simulated):
        assert printer.print(tube()).code == f"printer.{condition}"
        simulated.control("buffer ok")
        assert printer.print(tube()).state is JobState.PRINTED


@BOTH
def test_a_printer_that_is_mute_in_error_is_named_so(language):
    with at_work(language, "silent on", "paper out", timing=SILENCE) as (printer, simulated):
        assert printer.print(tube()).code == "printer.no_answer"
        simulated.control("paper ok")
        printer._timing = PATIENT
        assert printer.print(tube()).state is JobState.PRINTED


@BOTH
def test_nobody_at_the_address(language):
    with at_work(language) as (printer, _):
        pass
    result = printer.print(tube())
    assert (result.state, result.code) == (JobState.FAILED, "printer.unreachable")
    assert printer.status().condition is Condition.UNREACHABLE


@BOTH
def test_a_line_cut_in_mid_label_leaves_the_state_unknown(language):
    with at_work(language, "drop-after 900") as (printer, simulated):
        result = printer.print(tube())
        assert (result.state, result.code) == (JobState.UNKNOWN, "printer.connection_lost")
        assert not simulated.labels
        assert printer.print(tube(reprint=1)).state is JobState.PRINTED
        assert codes_in(simulated.labels[0]) == ["261100000058"]


@BOTH
def test_a_clone_that_never_answers_prints_but_never_confirms(language):
    with at_work(language, "mute on", answers_status=False) as (printer, simulated):
        batch = printer.print_batch(run(3))
        until(lambda: len(simulated.labels) == 3, "the third label")
    assert [result.state for result in batch.results] == [JobState.SENT] * 3
    assert numbers(batch.unconfirmed) == numbers(run(3))


def test_without_a_counter_busy_and_then_ready_confirms():
    with at_work("zpl", "counter off", timing=SILENCE) as (printer, simulated):
        assert [result.state for result in printer.print_batch(run(3)).results] == [JobState.PRINTED] * 3
    assert len(simulated.labels) == 3


def test_a_printer_that_prints_twice_is_noticed():
    with at_work("zpl", "duplicate on") as (printer, simulated):
        result = printer.print(tube())
    assert (result.state, result.extra_labels, len(simulated.labels)) == (JobState.PRINTED, 1, 2)


def test_paper_that_ends_in_a_batch_stops_at_the_label_boundary_and_resumes_there():
    labels = run(6)
    with at_work("zpl", "paper-for 4") as (printer, simulated):
        batch = printer.print_batch(labels)
        assert [result.state for result in batch.results] == [JobState.PRINTED] * 4 + [JobState.FAILED]
        assert batch.results[-1].code == "printer.media_out"
        assert numbers(batch.unprinted) == numbers(labels[4:])
        assert not batch.uncertain
        simulated.control("paper ok")
        rest = printer.print_batch(batch.unprinted)
    assert not rest.unprinted
    assert [codes_in(picture)[0] for picture in simulated.labels] == numbers(labels)


def test_without_a_counter_the_last_label_before_the_end_of_paper_is_uncertain():
    labels = run(4)
    with at_work("tspl", "paper-for 2") as (printer, _):
        batch = printer.print_batch(labels)
    assert [result.state for result in batch.results] == [JobState.PRINTED, JobState.UNKNOWN]
    assert batch.results[-1].code == "printer.media_out"
    assert numbers(batch.uncertain) == numbers(labels[1:2])
    assert numbers(batch.unprinted) == numbers(labels[2:])


@BOTH
def test_a_cancel_leaves_what_is_printed_printed_and_known(language):
    labels, told = run(20), []
    with at_work(language) as (printer, simulated):
        batch = printer.print_batch(
            labels,
            cancelled=lambda: len(told) == 7,
            progressed=lambda done, total: told.append((done, total)),
        )
    assert told[-1] == (7, 20)
    assert [codes_in(picture)[0] for picture in simulated.labels] == numbers(labels[:7])
    assert numbers(batch.unprinted) == numbers(labels[7:])


def test_a_batch_with_a_label_that_does_not_fit_prints_nothing():
    narrow = label_of(Code128(x=1, y=1, width=20, height=10, data="HZXYWZZZZ3W1"))
    with at_work("zpl") as (printer, simulated), pytest.raises(DomainError, match=r"label\.too_narrow"):
        printer.print_batch([tube(), narrow])
    assert not simulated.labels


def test_an_empty_batch_asks_nobody():
    printer = Printer("x", TcpTransport("127.0.0.1", 1), "zpl")
    assert printer.print_batch([]).results == ()


def test_the_wrong_language_is_noticed_before_anything_is_sent():
    simulated = SimulatedPrinter("tspl")
    with Simulator(simulated) as simulator:
        printer = Printer("x", TcpTransport("127.0.0.1", simulator.port), "zpl", timing=SILENCE)
        result = printer.print(tube())
    assert (result.state, result.code) == (JobState.FAILED, "printer.no_answer")
    assert not simulated.labels


@BOTH
def test_two_windows_at_one_printer_do_not_mix_their_labels(language):
    with at_work(language) as (printer, simulated):
        batches = [run(12)[:6], run(12)[6:]]
        threads = [threading.Thread(target=printer.print_batch, args=(batch,)) for batch in batches]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_S)
    seen = [codes_in(picture)[0] for picture in simulated.labels]
    assert seen in (numbers(batches[0] + batches[1]), numbers(batches[1] + batches[0]))
    assert not simulated.problems


def test_a_slow_printer_is_waited_for():
    with at_work("zpl", "slow 40000", timing=PATIENT) as (printer, _):
        assert printer.print(tube()).state is JobState.PRINTED


def test_a_paused_printer_after_sending_leaves_the_label_unknown():
    simulated = SimulatedPrinter("zpl")
    with Simulator(simulated) as simulator:
        printer = Printer("x", TcpTransport("127.0.0.1", simulator.port), "zpl", timing=PATIENT)
        assert printer.print(tube()).state is JobState.PRINTED
        real_work = simulated._work

        def pause_first():
            simulated.state.paused = True
            real_work()

        simulated._work = pause_first
        result = printer.print(tube())
    assert (result.state, result.code) == (JobState.UNKNOWN, "printer.paused")
    assert simulated.state.waiting == 1


@pytest.mark.deep
@BOTH
def test_five_hundred_labels_in_a_row_at_two_a_second_at_least(language):
    import time

    labels, begun = run(500), time.monotonic()
    with at_work(language) as (printer, simulated):
        batch = printer.print_batch(labels)
    assert not batch.unprinted
    assert simulated.state.printed == 500
    assert time.monotonic() - begun < 250
