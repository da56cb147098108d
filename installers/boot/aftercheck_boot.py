"""The one script an installation starts: chooses the version of our code, hands over, and goes back when it must.

Standard library only, and as little of it as possible: it stays as it is when our code is updated.

``program/state.json`` in the folder of the installation says which version runs (`client/updating/state.py` writes
it too): ``current`` (empty: the installed one), ``previous``, and ``trial``, a version that has not started yet. A
trial runs as a process of its own until it says that it has started (`client/updating/trial.py`). If it ends before,
or is silent for three minutes, the store it may have migrated is put back, the version is never tried again, and the
one before it runs.

``--previous-version`` goes back one version by hand. ``--run-module NAME ARGUMENTS`` runs a module of ours instead of
the workstation, e.g. ``client.enrol``.
"""

import json
import os
import sys

PATIENCE_S = float(os.environ.get("AFTERCHECK_TRIAL_S", "180"))
TRIES = 3
APP, TRIAL, AFTER = "AFTERCHECK_APP", "AFTERCHECK_TRIAL", "AFTERCHECK_AFTER"


def base() -> str:
    """Return the folder of the installed program."""
    if getattr(sys, "frozen", False):
        return os.path.dirname(sys.executable)
    here = os.path.dirname(os.path.abspath(__file__))
    return os.path.dirname(
        os.path.dirname(here) if os.path.basename(os.path.dirname(here)) == "runtime" else here
    )


def home(arguments: list[str]) -> str:
    """Return the folder of the installation's data, as `client.home` finds it."""
    for number, word in enumerate(arguments):
        if word == "--home" and number + 1 < len(arguments):
            return arguments[number + 1]
        if word.startswith("--home="):
            return word[7:]
    if os.environ.get("AFTERCHECK_HOME"):
        return os.environ["AFTERCHECK_HOME"]
    if sys.platform == "win32":
        return os.path.join(os.environ.get("PROGRAMDATA", r"C:\ProgramData"), "Aftercheck")
    shared = os.environ.get("XDG_DATA_HOME") or os.path.join(os.path.expanduser("~"), ".local", "share")
    return os.path.join(shared, "aftercheck")


class Versions:
    """Which version runs; every change is on the disk before anything follows from it."""

    def __init__(self, folder: str) -> None:
        self.folder = os.path.join(folder, "program")
        self.store_folder = folder
        self.file = os.path.join(self.folder, "state.json")
        try:
            with open(self.file, encoding="utf-8") as file:
                self.state = json.load(file)
        except (OSError, ValueError):
            self.state = {}
        if self.state.get("base", installed()) != installed():  # an installer put another program here since
            self.state = {"bad": {}}

    def get(self, name: str) -> str:
        """Return a version by its part, empty for the installed one."""
        return self.state.get(name) or ""

    def keep(self, **values: object) -> None:
        """Write some values down."""
        self.state.update(values, base=installed())
        os.makedirs(self.folder, exist_ok=True)
        with open(self.file + ".part", "w", encoding="utf-8") as file:
            json.dump(self.state, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(self.file + ".part", self.file)

    def app(self, version: str) -> str:
        """Return the folder of a version's code; that of the installed one if it is not there."""
        found = os.path.join(self.folder, "versions", version) if version else ""
        return (
            found if found and os.path.isdir(os.path.join(found, "client")) else os.path.join(base(), "app")
        )

    def settle(self) -> None:
        """A trial has started: it is the version from now on."""
        version = self.get("trial")
        self.keep(previous=self.get("current"), current=version, trial="", tries=0)

    def give_up(self, reason: str, begun: float) -> None:
        """A trial did not start: put its migration back and never try it again."""
        version = self.get("trial")
        self.put_back(begun)
        self.keep(trial="", tries=0, bad={**self.state.get("bad", {}), version: reason})

    def put_back(self, begun: float) -> None:
        """Put the copy that a migration of this trial made in place of the store; nobody has worked in it since."""
        import glob

        for copy in glob.glob(os.path.join(glob.escape(self.store_folder), "branch.before-*.db")):
            if os.path.getmtime(copy) >= begun:
                store = os.path.join(self.store_folder, "branch.db")
                os.replace(copy, store)
                for beside in ("-wal", "-shm"):
                    if os.path.exists(store + beside):
                        os.remove(store + beside)

    def go_back(self) -> None:
        """Change to the version before by hand; the one that ran is not taken again by itself."""
        now, before = self.get("current"), self.get("previous")
        if now and not self.get("trial"):
            self.keep(current=before, previous="", bad={**self.state.get("bad", {}), now: "by_hand"})
        elif self.get("trial"):
            self.keep(trial="", tries=0, bad={**self.state.get("bad", {}), self.get("trial"): "by_hand"})


def installed() -> str:
    """Return the version that the installer brought."""
    try:
        with open(os.path.join(base(), "app", "domain", "version.py"), encoding="utf-8") as file:
            return next((line.split('"')[1] for line in file if line.startswith("VERSION")), "")
    except OSError:
        return ""


def supervise(versions: Versions, arguments: list[str]) -> int | None:
    """Run the version on trial; returns its exit code, or None if it did not start and the one before is to run."""
    import subprocess
    import time

    version = versions.get("trial")
    tries = int(versions.state.get("tries", 0)) + 1
    begun = float(versions.state.get("begun") or time.time())
    versions.keep(tries=tries, begun=begun if tries > 1 else time.time() - 1)
    if tries > TRIES:
        versions.give_up("did_not_start", begun)
        return None
    begun = versions.state["begun"]
    mark = os.path.join(versions.folder, "started")
    if os.path.exists(mark):
        os.remove(mark)
    command = [sys.executable] if is_program() else [sys.executable, os.path.abspath(__file__)]
    environment = {**os.environ, APP: versions.app(version), TRIAL: mark}
    child = subprocess.Popen([*command, *arguments], env=environment)  # noqa: S603
    end = time.monotonic() + PATIENCE_S
    while child.poll() is None and not os.path.exists(mark) and time.monotonic() < end:
        try:
            child.wait(0.1)
        except subprocess.TimeoutExpired:
            continue
    if os.path.exists(mark):
        versions.settle()
        return child.wait()
    if child.poll() == 0:  # closed by a person before it had started: tried again next time
        return 0
    if child.poll() is None:
        child.kill()
        child.wait()
        versions.give_up("silent", begun)
    else:
        versions.give_up("did_not_start", begun)
    return None


def is_program() -> bool:
    """Whether the running executable starts this script by itself."""
    return bool(getattr(sys, "frozen", False)) or os.path.basename(sys.executable).lower().startswith(
        "aftercheck"
    )


def run(app: str, arguments: list[str]) -> int:
    """Run our code of `app` in this process; returns the exit code."""
    sys.path.insert(0, app)
    os.environ["AFTERCHECK_RUNS"] = app  # processes of reports and ports take the same version
    if arguments[:1] == ["--run-module"] and len(arguments) > 1:
        import runpy

        sys.argv[:] = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
        return 0
    sys.argv[1:] = arguments
    from client.main import main as workstation

    return workstation()


def main() -> int:
    """Choose and run; returns the exit code."""
    arguments = sys.argv[1:]
    os.environ["AFTERCHECK_BASE"] = base()
    os.environ["AFTERCHECK_BOOT"] = "" if is_program() else os.path.abspath(__file__)
    if os.environ.pop(AFTER, ""):
        sys.stdin.buffer.read()  # ends with the program that this one takes over from
    told = os.environ.pop(APP, "")
    if told:
        return run(told, arguments)
    versions = Versions(home(arguments))
    if "--previous-version" in arguments:
        arguments.remove("--previous-version")
        versions.go_back()
    if versions.get("trial") and arguments[:1] != ["--run-module"]:
        code = supervise(versions, arguments)
        if code is not None:
            return code
    return run(versions.app(versions.get("current")), arguments)


if __name__ == "__main__":
    if getattr(sys, "frozen", False):
        # Reports and ports are processes of their own that start this same program: they must go no further.
        sys.path.insert(0, os.environ.get("AFTERCHECK_RUNS") or os.path.join(base(), "app"))
        from multiprocessing import freeze_support

        freeze_support()
        sys.path.pop(0)
    sys.exit(main())
