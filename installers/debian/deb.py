"""The Debian package of the workstation: the frozen folder under ``/opt``, a menu entry, access to devices.

Data lie in the home of whoever works there and belong to no package: removing and purging leave them alone. What an
administrator lays down (``/etc/aftercheck``) goes with ``purge``.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from installers.layout import ROOT, BuildError

NEEDS = (
    "libc6 (>= 2.34), libgl1, libegl1, libglib2.0-0 | libglib2.0-0t64, libfontconfig1, libdbus-1-3, libxkbcommon0, "
    "libxkbcommon-x11-0, libxcb-cursor0, libxcb-icccm4, libxcb-keysyms1, libxcb-shape0"
)
_CONTROL = """Package: aftercheck
Version: {version}
Architecture: amd64
Maintainer: Aftercheck <support@aftercheck.example>
Installed-Size: {size}
Depends: {needs}
Section: misc
Priority: optional
Description: Aftercheck workstation
 After-checkup care, specimens and reviews of a checkup branch; works with the line down.
"""
_DESKTOP = """[Desktop Entry]
Type=Application
Name=Aftercheck
Name[zh_CN]=检后通
Exec=/opt/aftercheck/aftercheck
Icon=aftercheck
Categories=Office;MedicalSoftware;
StartupNotify=true
"""
_UDEV = """# Devices of a workstation belong to the person at its seat: serial adapters (monitors, scales, scanners,
# card readers) and label printers on USB. Before 73-seat-late.rules, which acts on the tag.
SUBSYSTEM=="tty", SUBSYSTEMS=="usb", TAG+="uaccess"
SUBSYSTEM=="usbmisc", KERNEL=="lp[0-9]*", TAG+="uaccess"
"""
_AFTER = """#!/bin/sh
set -e
if [ "$1" = configure ] && [ -z "$DPKG_ROOT" ]; then
  if command -v udevadm >/dev/null 2>&1; then
    udevadm control --reload-rules || true
    udevadm trigger --subsystem-match=tty --subsystem-match=usbmisc || true
  fi
fi
"""
_GONE = """#!/bin/sh
set -e
[ "$1" != purge ] || rm -rf "$DPKG_ROOT/etc/aftercheck"
"""


def build_deb(folder: Path, target: Path, version: str) -> Path:
    """Pack `folder` (as `installers.package.freeze` made it) and return the package.

    Raises:
        BuildError: dpkg-deb is missing or refuses.
    """
    if shutil.which("dpkg-deb") is None:
        raise BuildError("dpkg-deb is missing: build on a Debian system")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as given:
        tree = Path(given) / "tree"
        _lay_out(folder, tree, version)
        done = subprocess.run(  # noqa: S603
            ["dpkg-deb", "--root-owner-group", "-Zxz", "-z1", "--build", str(tree), str(target)],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        raise BuildError(f"dpkg-deb failed: {done.stderr[-500:]}")
    return target


def _lay_out(folder: Path, tree: Path, version: str) -> None:
    opt = tree / "opt" / "aftercheck"
    shutil.copytree(folder, opt, symlinks=True)
    size = sum(p.lstat().st_size for p in opt.rglob("*")) // 1024
    icon = (ROOT / "resources" / "icons" / "report.svg").read_text("utf-8")
    files = {
        "DEBIAN/control": _CONTROL.format(version=version, size=size, needs=NEEDS),
        "DEBIAN/postinst": _AFTER,
        "DEBIAN/postrm": _GONE,
        "usr/share/applications/aftercheck.desktop": _DESKTOP,
        "usr/share/icons/hicolor/scalable/apps/aftercheck.svg": icon,
        "usr/lib/udev/rules.d/70-aftercheck.rules": _UDEV,
    }
    for name, text in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        path.chmod(0o755 if name.startswith("DEBIAN/post") else 0o644)
    (tree / "usr" / "bin").mkdir(parents=True)
    (tree / "usr" / "bin" / "aftercheck").symlink_to("/opt/aftercheck/aftercheck")
    (tree / "etc" / "aftercheck").mkdir(parents=True)
    for path in (tree, *tree.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
