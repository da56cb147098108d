"""The release on a builder with Windows: PyInstaller, WiX 3, signtool; ``python -m installers.windows.release``.

``--dry-run`` shows the steps in order and runs none; it is all that was ever tried of this route (no such builder was
there). Certificate: ``AFTERCHECK_SIGN_PFX``, as in `installers.windows.signing`; here signtool reads it, and asks the
store of the machine where none is named.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from domain.version import VERSION
from installers.layout import ROOT, BuildError
from installers.package import DIST, freeze
from installers.windows.msi import wix_source
from installers.windows.signing import PFX, STAMP

SIGNED = ("aftercheck.exe",)


def steps(dist: Path, version: str, environment: Mapping[str, str]) -> list[list[str]]:
    """Return the commands after freezing, in order; each is run with `dist`/aftercheck as its folder."""
    source, built, made = (
        dist / "aftercheck.wxs",
        dist / "aftercheck.wixobj",
        dist / f"Aftercheck-{version}.msi",
    )
    sign = ["signtool", "sign", "/fd", "sha256"]
    sign += ["/f", environment[PFX]] if environment.get(PFX) else ["/a"]
    sign += ["/tr", environment[STAMP], "/td", "sha256"] if environment.get(STAMP) else []
    return [
        *([*sign, name] for name in SIGNED),
        ["candle", "-nologo", "-arch", "x64", "-out", str(built), str(source)],
        ["light", "-nologo", "-sice:ICE61", "-b", str(dist / "aftercheck"), "-out", str(made), str(built)],
        [*sign, str(made)],
        ["signtool", "verify", "/pa", str(made)],
    ]


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="installers.windows.release")
    parser.add_argument("--version", default=VERSION)
    parser.add_argument("--dist", type=Path, default=DIST)
    parser.add_argument("--dry-run", action="store_true")
    chosen = parser.parse_args(arguments)
    commands = steps(chosen.dist, chosen.version, os.environ)
    if chosen.dry_run:
        freezing = f"pyinstaller {ROOT.joinpath('installers', 'client.spec')} -> {chosen.dist / 'aftercheck'}"
        sys.stdout.write("\n".join([freezing, *(" ".join(c) for c in commands)]) + "\n")
        return 0
    try:
        folder = freeze(chosen.dist)
        (chosen.dist / "aftercheck.wxs").write_text(wix_source(folder, chosen.version, whole=True), "utf-8")
        for command in commands:
            if subprocess.run(command, cwd=folder, check=False).returncode != 0:  # noqa: S603
                raise BuildError(f"{command[0]} failed; what it said stands above")
    except (BuildError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
