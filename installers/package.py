"""One command a package: ``python -m installers.package KIND`` (msi, deb, policies, server); it lies in ``dist``.

Ends with 0 and the file's name, or with 1 and what is missing.
"""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from domain.version import VERSION
from installers.layout import ROOT, BuildError, compile_all, lay_down_trust, lay_out_app, size_mib

DIST, CACHE = ROOT / "dist", ROOT / ".state" / "package"


def msi(version: str, dist: Path, cache: Path) -> Path:
    """Build the MSI on Linux."""
    from installers.windows.msi import build_msi
    from installers.windows.runtime import build_runtime
    from installers.windows.signing import sign

    folder = build_runtime(dist / "windows", cache)
    for name in ("aftercheck.exe", "aftercheckc.exe", "python3.dll"):
        sign(folder / name)
    made = build_msi(folder, dist / f"Aftercheck-{version}.msi", version)
    signed = sign(made)
    sys.stdout.write(f"{size_mib(folder):.0f} MiB installed, {'signed' if signed else 'not signed'}\n")
    return made


def freeze(dist: Path) -> Path:
    """Freeze the runtime of the system this runs on by PyInstaller, with our code beside it; returns the folder."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN", "--distpath", str(dist),
         "--workpath", str(ROOT / "build"), str(ROOT / "installers" / "client.spec")],
        cwd=ROOT, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise BuildError("PyInstaller failed; what it said stands above")
    folder = dist / "aftercheck"
    lay_out_app(folder / "app")
    compile_all(folder / "app")
    lay_down_trust(folder)
    return folder


def deb(version: str, dist: Path, _cache: Path) -> Path:
    """Build the Debian package, on the oldest Debian it is to run on."""
    from installers.debian.deb import build_deb

    return build_deb(freeze(dist), dist / f"aftercheck_{version}_amd64.deb", version)


def policies(_version: str, dist: Path, _cache: Path) -> Path:
    """Write the group policies."""
    from installers.policies import write_policies

    write_policies(dist / "policies")
    return dist / "policies"


def server(version: str, dist: Path, _cache: Path) -> Path:
    """Pack the server with its deployment files, of the plan that ``AFTERCHECK_PLAN`` names."""
    from installers.server.bundle import build_bundle
    from installers.server.plan import read_plan

    named = os.environ.get("AFTERCHECK_PLAN")
    plan = read_plan(Path(named) if named else None)
    return build_bundle(dist / f"aftercheck-server-{version}.tar.gz", plan)


KINDS: dict[str, Callable[[str, Path, Path], Path]] = {
    "deb": deb, "msi": msi, "policies": policies, "server": server,
}  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="installers.package", description="Build an installer.")
    parser.add_argument("kind", choices=sorted(KINDS))
    parser.add_argument("--version", default=VERSION)
    parser.add_argument("--dist", type=Path, default=DIST)
    chosen = parser.parse_args(arguments)
    try:
        made = KINDS[chosen.kind](chosen.version, chosen.dist, CACHE)
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{made}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
