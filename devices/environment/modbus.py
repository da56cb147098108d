"""Reads a logger by Modbus, RTU on a serial line or TCP; whatever is not whole and right is no reading.

pymodbus makes and checks the frames (CRC-16, address, function, byte count). Each poll opens the line anew and lets
go of it, so that an answer that came too late is never taken for the next one's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pymodbus import ModbusException
from pymodbus.client import ModbusSerialClient, ModbusTcpClient

from devices.environment.models import Channel, Model
from domain.kernel.errors import UnavailableError

TIMEOUT_S = 1.0
TRIES = 2
"""A frame with a wrong CRC is asked for once more; pymodbus counts the tries after the first."""


@dataclass(frozen=True, slots=True)
class ModbusLine:
    """Where a logger is: a serial port, or ``tcp:host:port`` of a gateway; `unit` is its address (1 to 247)."""

    address: str
    unit: int
    baud: int | None = None
    timeout_s: float = TIMEOUT_S

    @property
    def is_tcp(self) -> bool:
        return self.address.startswith("tcp:")


def read_logger(line: ModbusLine, model: Model, wanted: Iterable[str]) -> Mapping[str, float | None]:
    """Return the values of some channels; None for one whose probe is at fault.

    Raises:
        UnavailableError: ``environment.no_line`` (port or host), ``environment.no_answer`` (silence, a damaged
            frame, or another device's), ``environment.exception`` with the code the logger gave.
    """
    client = _client(line, model)
    try:
        if not client.connect():
            raise UnavailableError("environment.no_line", address=line.address)
        return {name: _read(client, line, model.channels[name]) for name in wanted if name in model.channels}
    except (ModbusException, OSError) as error:
        raise UnavailableError("environment.no_answer", address=line.address, unit=line.unit) from error
    finally:
        client.close()  # type: ignore[no-untyped-call]


def _client(line: ModbusLine, model: Model) -> ModbusSerialClient | ModbusTcpClient:
    if line.is_tcp:
        host, _, port = line.address.removeprefix("tcp:").rpartition(":")
        return ModbusTcpClient(host, port=int(port), timeout=line.timeout_s, retries=TRIES - 1)
    return ModbusSerialClient(
        line.address, baudrate=line.baud or model.baud, bytesize=8, parity="N", stopbits=1, timeout=line.timeout_s,
        retries=TRIES - 1,
    )  # fmt: skip


def _read(client: ModbusSerialClient | ModbusTcpClient, line: ModbusLine, channel: Channel) -> float | None:
    ask = client.read_holding_registers if channel.function == 3 else client.read_input_registers
    answer = ask(channel.register, count=1, device_id=line.unit)
    if answer.isError():
        code = getattr(answer, "exception_code", 0)
        raise UnavailableError("environment.exception", address=line.address, unit=line.unit, number=code)
    registers = answer.registers
    if len(registers) != 1 or answer.dev_id != line.unit:
        raise UnavailableError("environment.no_answer", address=line.address, unit=line.unit)
    return channel.value(registers[0])
