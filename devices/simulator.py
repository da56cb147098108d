"""A simulated device as a program, for demos and training.

``python -m devices.simulator bp.and.tm2657 --link /tmp/bp`` makes a pseudo-terminal (``--tcp 0``: a
socket), prints its address and obeys lines on
standard input: an action of the simulator (``measure {"systolic": 128}``, ``card {}``, ``lift``, ``scan T0001``),
``unplug``, ``replug``, ``fault noise=0.5 chunk=7`` (without values: a perfect line again), ``quit``. Each line is
answered by ``ok`` or ``error CODE``. In a program, `simulated_port` gives the same as an object.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, TextIO

from devices.faults import Faults
from devices.player import Player
from devices.pseudo import PtyDevice, TcpDevice
from devices.registry import profile, simulator_of
from domain.kernel.errors import DomainError, KnownError


class SimulatedPort:
    """A simulated device on a line; `path` is the address a host opens. Use as a context manager."""

    def __init__(
        self,
        driver: str,
        *,
        link: Path | None = None,
        tcp: int | None = None,
        seed: int = 0,
        faults: Faults | None = None,
        **device: Any,
    ) -> None:
        """Plug the device in and start it, on a pseudo-terminal or, where `tcp` is given, on that port (0: any).

        `device` are attributes of its simulator, such as `measure_s`.

        Raises:
            DomainError: ``device.unknown_driver``.
            UnavailableError: ``device.no_pseudo_terminal``.
        """
        simulated = simulator_of(driver)(seed=seed)
        for name, value in device.items():
            setattr(simulated, name, value)
        self._line = PtyDevice(link) if tcp is None else TcpDevice(tcp)
        self.player = Player(simulated, self._line, profile(driver).settings, faults=faults)
        self.player.start()

    @property
    def path(self) -> str:
        return self._line.path

    def obey(self, line: str) -> None:
        """Do what one line of the control language says; raises `DomainError` when it cannot be done."""
        word, _, rest = line.strip().partition(" ")
        match word:
            case "unplug":
                self.player.unplug()
            case "replug":
                self.player.replug()
            case "fault":
                self.player.faults = parse_faults(rest)
            case _:
                self.player.act(word, rest)

    def close(self) -> None:
        self.player.stop()

    def __enter__(self) -> "SimulatedPort":
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()


def parse_faults(text: str) -> Faults:
    """Return the faults of ``noise=0.5 chunk=7 pace=1``; raises `DomainError` ``device.bad_argument``."""
    known = {field.name for field in fields(Faults)}
    found: dict[str, Any] = {}
    for pair in text.split():
        name, _, value = pair.partition("=")
        try:
            number = float(value)
        except ValueError as error:
            raise DomainError("device.bad_argument", argument=pair) from error
        if name not in known or not 0 <= number < 1e9 or (name in ("chunk", "copies") and number < 1):
            raise DomainError("device.bad_argument", argument=pair)
        found[name] = number if name in ("noise", "late_s") else int(number)
    return Faults(**found)


def run(arguments: Sequence[str], orders: TextIO, answers: TextIO) -> int:
    """Run the program until ``quit`` or the end of its orders; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m devices.simulator", description=__doc__)
    parser.add_argument("driver")
    parser.add_argument("--link", type=Path, help="a path that leads to the pseudo-terminal")
    parser.add_argument("--tcp", type=int, help="a port to listen on instead of a pseudo-terminal")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--faults", default="", help="such as: noise=0.1 pace=1")
    parser.add_argument("--measure-s", type=float, help="seconds a cuff takes after the host's start")
    told = parser.parse_args(arguments)
    extra = {} if told.measure_s is None else {"measure_s": told.measure_s}
    faults = parse_faults(told.faults)
    with SimulatedPort(
        told.driver, link=told.link, tcp=told.tcp, seed=told.seed, faults=faults, **extra
    ) as port:
        _answer(answers, port.path)
        for line in orders:
            if line.strip() == "quit":
                break
            if line.strip():
                _answer(answers, _outcome(port, line))
    return 0


def _outcome(port: SimulatedPort, line: str) -> str:
    try:
        port.obey(line)
    except KnownError as error:
        return f"error {error.code}"
    return "ok"


def _answer(answers: TextIO, line: str) -> None:
    answers.write(line + "\n")
    answers.flush()


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], sys.stdin, sys.stdout))
