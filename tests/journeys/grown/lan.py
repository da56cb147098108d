"""Machines as network namespaces on one bridge."""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

from tests.fixtures.patience import PATIENCE_S

NETWORK = "10.77.0"


def missing():
    """Return why there can be no such network here, empty if there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    for program in ("ip", "mariadbd", "redis-server", "nginx"):
        if shutil.which(program) is None:
            return f"there is no {program} here"
    name = f"ac{secrets.token_hex(3)}"
    tried = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False)
    if tried.returncode:
        return f"no network namespace can be made: {tried.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", name], check=True)
    return ""


def ip(*words, inside=""):
    subprocess.run(["ip", *(["-n", inside] if inside else []), *words], check=True, capture_output=True)


class Lan:
    """A network of machines that nothing else is part of."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self._name = f"ac{secrets.token_hex(3)}"
        self._switch = f"{self._name}-s"
        self.machines = []

    def __enter__(self):
        ip("netns", "add", self._switch)
        ip("link", "add", "lan", "type", "bridge", inside=self._switch)
        ip("link", "set", "lan", "up", inside=self._switch)
        return self

    def __exit__(self, *_):
        for machine in reversed(self.machines):
            machine.die()
            with contextlib.suppress(subprocess.CalledProcessError):
                ip("netns", "del", machine.space)
        ip("netns", "del", self._switch)

    def machine(self, name, number):
        made = Machine(self, f"{self._name}-{name}", name, number)
        self.machines.append(made)
        ip("netns", "add", made.space)
        ip(
            "link",
            "add",
            f"v{number}",
            "netns",
            self._switch,
            "type",
            "veth",
            "peer",
            "name",
            "eth",
            "netns",
            made.space,
        )
        ip("link", "set", f"v{number}", "master", "lan", "up", inside=self._switch)
        ip("link", "set", "lo", "up", inside=made.space)
        ip("addr", "add", f"{made.address}/24", "dev", "eth", inside=made.space)
        ip("link", "set", "eth", "up", inside=made.space)
        return made

    def plug(self, machine, state):
        """Pull a machine's cable (``down``) or put it in again (``up``)."""
        ip("link", "set", f"v{machine.number}", state, inside=self._switch)


class Machine:
    """One network namespace and what runs in it."""

    def __init__(self, lan, space, name, number):
        self.lan, self.space, self.name, self.number = lan, space, name, number
        self.address = f"{NETWORK}.{number}"
        self.folder = lan.folder / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.running = []

    def start(self, *command, ready=None, **options):
        """Start a program; with `ready` its first line is waited for and returned beside it."""
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                ["ip", "netns", "exec", self.space, *map(str, command)], stderr=log, start_new_session=True,
                stdout=subprocess.PIPE if ready else log, stdin=subprocess.PIPE, **options,
            )  # fmt: skip
        self.running.append(process)
        if ready:
            line = process.stdout.readline()
            assert line, f"{self.name} did not start: {(self.folder / 'log').read_text('utf-8')[-3000:]}"
            return process, line
        return process

    def run(self, *command, **options):
        """Run a program to its end and return what it says."""
        done = subprocess.run(
            ["ip", "netns", "exec", self.space, *map(str, command)], capture_output=True, text=True, check=False,
            timeout=PATIENCE_S * 3, **options,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}: {done.stderr[-3000:]}"
        return done.stdout

    def log_size(self):
        path = self.folder / "log"
        return path.stat().st_size if path.exists() else 0

    def log(self, since=0):
        return (self.folder / "log").read_bytes()[since:].decode("utf-8", "replace")

    def die(self, number=signal.SIGKILL):
        """Let everything on this machine end at once, as when its power fails."""
        for process in self.running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
        for process in self.running:
            process.wait(PATIENCE_S)
            for stream in (process.stdout, process.stdin):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()
        self.running.clear()
