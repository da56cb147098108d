"""Which port a device is on: found by what is plugged in, not by a number that changes.

An address is text, as kept in the settings:

* ``usb:1A86:7523`` or ``usb:0403:6001:A50285BI``: VID, PID and, where the bridge has one, its serial number;
* ``tcp:192.168.1.20:4001``: a serial-to-network converter;
* anything else is a port name: ``COM3``, ``/dev/ttyS0``, the link of a simulator.
"""

import re
from dataclasses import dataclass

from serial.tools import list_ports

from devices.transport import SerialSettings, SerialTransport, TcpTransport, Transport
from domain.kernel.errors import DomainError, UnavailableError

_USB = re.compile(r"usb:([0-9A-Fa-f]{4}):([0-9A-Fa-f]{4})(?::(.+))?")
_TCP = re.compile(r"tcp:(.+):([0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class PluggedPort:
    """A serial port that is there now; `address` finds it again after it was moved or numbered anew."""

    address: str
    path: str
    description: str


def plugged_ports() -> list[PluggedPort]:
    """Return the serial ports of this machine, USB ones under an address that survives replugging."""
    return [
        PluggedPort(_address(p.device, p.vid, p.pid, p.serial_number), p.device, p.description or "")
        for p in sorted(list_ports.comports(), key=lambda p: p.device)
    ]


def check_address(text: str) -> str:
    """Return the address when its form is right.

    Raises:
        DomainError: ``device.bad_address``; empty, or a usb/tcp address with a part missing.
    """
    broken = text.startswith("usb:") and not _USB.fullmatch(text)
    broken = broken or (text.startswith("tcp:") and not _TCP.fullmatch(text))
    if not text.strip() or broken:
        raise DomainError("device.bad_address", field="address", address=text)
    return text


def open_port(address: str, settings: SerialSettings) -> Transport:
    """Open the port an address stands for, now.

    Raises:
        UnavailableError: ``device.port_absent``, ``device.port_busy``, or ``device.port_ambiguous`` when several
            bridges of the same make are plugged in and the address has no serial number.
    """
    check_address(address)
    if tcp := _TCP.fullmatch(address):
        return TcpTransport(tcp[1], int(tcp[2]))
    if usb := _USB.fullmatch(address):
        return SerialTransport(_usb_path(address, usb), settings)
    return SerialTransport(address, settings)


def _address(path: str, vid: int | None, pid: int | None, number: str | None) -> str:
    if vid is None or pid is None:
        return path
    return f"usb:{vid:04X}:{pid:04X}" + (f":{number}" if number else "")


def _usb_path(address: str, usb: re.Match[str]) -> str:
    vid, pid, number = int(usb[1], 16), int(usb[2], 16), usb[3]
    found = [
        p.device
        for p in list_ports.comports()
        if (p.vid, p.pid) == (vid, pid) and (number is None or p.serial_number == number)
    ]
    if not found:
        raise UnavailableError("device.port_absent", port=address)
    if len(found) > 1:
        raise UnavailableError("device.port_ambiguous", port=address, count=len(found))
    path: str = found[0]
    return path
