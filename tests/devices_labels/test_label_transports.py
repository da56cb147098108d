"""Lines to printers other than TCP: serial (a loop), device files (a pseudo-terminal, a plain file), and stalls."""

import os
import socket
import threading
from dataclasses import replace

import pytest

from devices.labels.jobs import JobState
from devices.labels.printer import Printer
from devices.labels.simulated_printer import SimulatedPrinter
from devices.labels.transports import DeviceFileTransport, SerialTransport, TcpTransport
from domain.kernel.errors import UnavailableError
from tests.devices_labels.label_cases import PATIENT, encoded, tube
from tests.fixtures.patience import PATIENCE_S


def serve(handle: int, printer: SimulatedPrinter) -> threading.Thread:
    def loop() -> None:
        reader = printer.open()
        while True:
            try:
                data = os.read(handle, 4096)
            except OSError:
                return
            if not data:
                return
            os.write(handle, printer.take(reader, data))

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    return thread


@pytest.fixture
def terminal():
    """A pseudo-terminal that passes bytes as they are: plug in a printer, get the path of our end."""
    import tty

    printer_end, our_end = os.openpty()
    tty.setraw(our_end)
    threads = []

    def plug_in(printer: SimulatedPrinter) -> str:
        threads.append(serve(printer_end, printer))
        return os.ttyname(our_end)

    yield plug_in
    os.close(our_end)
    for thread in threads:
        thread.join(PATIENCE_S)
    os.close(printer_end)


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are POSIX")
@pytest.mark.parametrize("kind", ["device", "serial"])
@pytest.mark.parametrize("language", ["zpl", "tspl"])
def test_a_label_over_a_device_file_and_a_serial_line_with_status(terminal, kind, language):
    simulated = SimulatedPrinter(language)
    path = terminal(simulated)
    # xonxoff: a pseudo-terminal has no RTS line.
    transport = DeviceFileTransport(path) if kind == "device" else SerialTransport(path, 115200, "xonxoff")
    result = Printer("x", transport, language, timing=PATIENT).print(tube())
    assert result.state is JobState.PRINTED
    assert len(simulated.labels) == 1


def test_a_plain_file_takes_the_bytes_and_never_answers(tmp_path):
    path = tmp_path / "lp0"
    path.touch()
    silent = Printer("x", DeviceFileTransport(path), "zpl", answers_status=False)
    assert silent.print(tube()).state is JobState.SENT
    assert path.read_bytes() == encoded(tube(), "zpl")
    asked = Printer("x", DeviceFileTransport(path), "zpl", timing=replace(PATIENT, answer_s=0.3))
    assert asked.print(tube()).code == "printer.no_answer"


def test_the_serial_loop_returns_what_is_sent():
    connection = SerialTransport("loop://", 115200).connect()
    connection.send(b"~HS" * 400)
    received = b""
    while chunk := connection.receive(0.05):
        received += chunk
    connection.close()
    assert received == b"~HS" * 400


@pytest.mark.parametrize(
    "transport",
    [
        TcpTransport("127.0.0.1", 1, connect_timeout_s=0.5),
        SerialTransport("/dev/no-such-printer"),
        DeviceFileTransport("/dev/no-such-printer"),
    ],
)
def test_a_printer_that_is_not_there_is_unreachable_and_named(transport):
    with pytest.raises(UnavailableError) as missing:
        transport.connect()
    assert missing.value.code == "printer.unreachable"
    assert missing.value.facts["address"]


def test_a_printer_that_takes_no_more_bytes_is_told_as_full_with_what_it_took():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        connection = TcpTransport("127.0.0.1", port, stall_timeout_s=0.2).connect()
        accepted, _ = listener.accept()
        with accepted, pytest.raises(UnavailableError) as stalled:
            connection.send(bytes(64_000_000))
        connection.close()
    assert stalled.value.code == "printer.buffer_full"
    assert 0 < stalled.value.facts["sent"] < 64_000_000


def test_a_closed_line_is_a_lost_connection_not_silence():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connection = TcpTransport("127.0.0.1", listener.getsockname()[1]).connect()
        listener.accept()[0].close()
        with pytest.raises(UnavailableError, match=r"printer\.connection_lost"):
            connection.receive(0.5)
        connection.close()


def test_silence_is_empty():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connection = TcpTransport("127.0.0.1", listener.getsockname()[1]).connect()
        accepted, _ = listener.accept()
        with accepted:
            assert connection.receive(0.05) == b""
        connection.close()
