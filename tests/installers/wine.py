"""A Windows prefix of wine for tests: what wine 8 lacks and Windows 10 has is stubbed, in its own system32.

The stubs stand for two system libraries (random numbers, names of character sets) and are never part of a package.
"""

import os
import shutil
import subprocess
from pathlib import Path

NEEDED = ("wine", "x86_64-w64-mingw32-gcc", "wixl", "msiinfo")
_ICU = (
    "ucnv_open", "ucnv_close", "ucnv_reset", "ucnv_getMaxCharSize", "ucnv_getName", "ucnv_getToUCallBack",
    "ucnv_getFromUCallBack", "ucnv_setToUCallBack", "ucnv_setFromUCallBack", "ucnv_toUnicode", "ucnv_fromUnicode",
    "ucnv_countAvailable", "ucnv_getAvailableName", "ucnv_getStandardName", "ucnv_fromUCountPending",
    "ucnv_toUCountPending", "ucnv_cbFromUWriteUChars", "ucnv_cbToUWriteUChars", "UCNV_FROM_U_CALLBACK_SUBSTITUTE",
    "UCNV_TO_U_CALLBACK_SUBSTITUTE",
)  # fmt: skip
_RANDOM = """#include <windows.h>
#include <ntsecapi.h>
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE to, SIZE_T n) { return RtlGenRandom(to, (ULONG)n); }
"""


def missing():
    """Return what of the tools is absent, to say why a test is skipped."""
    return [name for name in NEEDED if shutil.which(name) is None]


class Prefix:
    """One empty Windows; `run` starts a program in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.drive = folder / "drive_c"
        kept = {k: v for k, v in os.environ.items() if k not in {"DISPLAY", "QT_QPA_PLATFORM", "PYTHONPATH"}}
        self.environment = {**kept, "WINEPREFIX": str(folder), "WINEDEBUG": "-all", "LC_ALL": "C.UTF-8"}
        self.run("wineboot", "-i")
        self.run("reg", "add", r"HKCU\Software\Wine", "/v", "Version", "/d", "win10", "/f")
        self._stub("bcryptprimitives", _RANDOM, "-ladvapi32")
        self._stub("icuuc", "".join(f"__declspec(dllexport) void *{n}(void) {{ return 0; }}\n" for n in _ICU))

    def run(self, *command, timeout=300, check=True, **variables):
        """Run a command of this Windows and return what it answered."""
        return subprocess.run(
            ["wine", *map(str, command)], env={**self.environment, **variables}, capture_output=True, text=True,
            timeout=timeout, check=check, errors="replace",
        )  # fmt: skip

    def start(self, *command, **variables):
        """Start a command of this Windows and return its process."""
        return subprocess.Popen(
            ["wine", *map(str, command)], env={**self.environment, **variables}, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace",
        )  # fmt: skip

    def close(self):
        """End what still runs in it."""
        subprocess.run(["wineserver", "-k"], env=self.environment, check=False, capture_output=True)

    def _stub(self, name, source, *libraries):
        code = self.folder / f"{name}.c"
        code.write_text(source)
        target = self.drive / "windows" / "system32" / f"{name}.dll"
        subprocess.run(
            ["x86_64-w64-mingw32-gcc", "-shared", "-o", target, code, *libraries],
            check=True,
            capture_output=True,
        )
