"""Transports and addresses: lost ports, busy ports, ports found again by what is plugged in."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
from serial.tools import list_ports

from devices import addresses
from devices.addresses import check_address, open_port, plugged_ports
from devices.pseudo import PtyDevice, TcpDevice
from devices.transport import PortLostError, SerialSettings, SerialTransport, TcpTransport, memory_pair
from domain.kernel.errors import DomainError, UnavailableError

posix = pytest.mark.skipif(os.name != "posix", reason="needs pseudo-terminals")


def test_a_line_in_memory_carries_bytes_both_ways_and_is_lost_when_closed():
    host, device = memory_pair()
    device.write(b"abc")
    host.write(b"?")
    assert (host.read(1), device.read(1), host.read(0)) == (b"abc", b"?", b"")
    device.write(b"last")
    device.close()
    assert host.read(1) == b"last"
    for lost in (lambda: host.read(0), lambda: host.write(b"x"), lambda: device.read(0)):
        with pytest.raises(PortLostError):
            lost()


@posix
def test_a_pseudo_terminal_is_a_serial_port(tmp_path):
    device = PtyDevice(tmp_path / "port")
    host = SerialTransport(device.path, SerialSettings(9600))
    device.write(bytes(range(256)))
    received = b""
    while len(received) < 256:
        received += host.read(1)
    assert received == bytes(range(256))
    host.write(b"\x00\r\n\x1a")
    assert device.read(1) == b"\x00\r\n\x1a"
    assert host.read(0) == b""
    device.unplug()
    with pytest.raises(PortLostError) as caught:
        host.read(1)
    assert caught.value.code == "device.unplugged"
    host.close()
    host.close()


@posix
def test_parity_is_left_out_on_a_pseudo_terminal_only(tmp_path):
    even = SerialSettings(2400, 7, "E", 1)
    assert even.bits_per_byte == 10
    device = PtyDevice(tmp_path / "port")
    assert even.on(device.path) == SerialSettings(2400)
    assert even.on("/dev/ttyUSB0") == even
    SerialTransport(device.path, even).close()
    device.close()


@posix
def test_a_port_can_be_opened_once_only(tmp_path):
    device = PtyDevice(tmp_path / "port")
    host = open_port(device.path, SerialSettings())
    with pytest.raises(UnavailableError) as caught:
        open_port(device.path, SerialSettings())
    assert caught.value.code == "device.port_busy"
    host.close()
    open_port(device.path, SerialSettings()).close()
    device.close()


@posix
def test_the_link_leads_to_the_new_terminal_after_replugging(tmp_path):
    device = PtyDevice(tmp_path / "port")
    device.unplug()
    assert not Path(device.path).exists()
    with pytest.raises(UnavailableError) as caught:
        open_port(device.path, SerialSettings())
    assert caught.value.code == "device.port_absent"
    with pytest.raises(PortLostError):
        device.write(b"x")
    device.plug()
    host = open_port(device.path, SerialSettings())
    device.write(b"x")
    assert host.read(1) == b"x"
    host.close()
    device.close()


def test_a_socket_is_a_port_too():
    device = TcpDevice()
    host = open_port(device.path, SerialSettings())
    assert isinstance(host, TcpTransport)
    device.write(b"abc")
    assert host.read(1) == b"abc"
    host.write(b"?")
    assert device.read(1) == b"?"
    assert host.read(0) == b""
    device.unplug()
    with pytest.raises(PortLostError):
        host.read(1)
    host.close()
    with pytest.raises(UnavailableError) as caught:
        open_port(device.path, SerialSettings())
    assert caught.value.code == "device.port_absent"


@pytest.mark.parametrize("text", ["", "  ", "usb:", "usb:1A86", "usb:XXXX:7523", "tcp:host", "tcp:host:port"])
def test_a_broken_address_is_refused(text):
    with pytest.raises(DomainError) as caught:
        check_address(text)
    assert (caught.value.code, caught.value.field) == ("device.bad_address", "address")


def plugged(device, vid=None, pid=None, number=None):
    return SimpleNamespace(device=device, vid=vid, pid=pid, serial_number=number, description="USB Serial")


@pytest.fixture
def bridges(monkeypatch):
    """Three bridges are plugged in, two of the same make; opening is noted, not done."""
    found = [plugged("COM7", 0x0403, 0x6001, "B"), plugged("COM3", 0x0403, 0x6001, "A"), plugged("COM1"),
             plugged("COM9", 0x1A86, 0x7523)]  # fmt: skip
    monkeypatch.setattr(list_ports, "comports", lambda: found)
    monkeypatch.setattr(addresses, "SerialTransport", lambda path, settings: path)
    return found


def test_a_bridge_is_found_by_its_identity_not_by_its_number(bridges):
    assert open_port("usb:0403:6001:A", SerialSettings()) == "COM3"
    bridges[1].device = "COM12"
    assert open_port("usb:0403:6001:A", SerialSettings()) == "COM12"
    assert open_port("usb:1a86:7523", SerialSettings()) == "COM9"
    assert open_port("COM1", SerialSettings()) == "COM1"


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("usb:0403:6001", "device.port_ambiguous"),
        ("usb:0403:6001:C", "device.port_absent"),
        ("usb:10C4:EA60", "device.port_absent"),
    ],
)
def test_a_bridge_that_cannot_be_told_is_not_opened(bridges, address, code):
    with pytest.raises(UnavailableError) as caught:
        open_port(address, SerialSettings())
    assert caught.value.code == code


def test_the_list_of_ports_offers_lasting_addresses(bridges):
    assert [port.address for port in plugged_ports()] == [
        "COM1",
        "usb:0403:6001:A",
        "usb:0403:6001:B",
        "usb:1A86:7523",
    ]
