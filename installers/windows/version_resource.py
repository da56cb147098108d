"""What Windows shows of a program file: name, version, and that it wants no more rights than who starts it."""

import subprocess
from pathlib import Path

from installers.layout import BuildError

_RESOURCE = """#include <windows.h>
1 VERSIONINFO
FILEVERSION {numbers}
PRODUCTVERSION {numbers}
BEGIN
 BLOCK "StringFileInfo" BEGIN BLOCK "040904B0" BEGIN
  VALUE "CompanyName", "Aftercheck"
  VALUE "FileDescription", "Aftercheck workstation"
  VALUE "FileVersion", "{version}"
  VALUE "ProductName", "Aftercheck"
  VALUE "ProductVersion", "{version}"
 END END
 BLOCK "VarFileInfo" BEGIN VALUE "Translation", 0x409, 1200 END
END
1 24 "{manifest}"
"""
_MANIFEST = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0">
<trustInfo xmlns="urn:schemas-microsoft-com:asm.v3"><security><requestedPrivileges>
<requestedExecutionLevel level="asInvoker" uiAccess="false"/></requestedPrivileges></security></trustInfo>
<compatibility xmlns="urn:schemas-microsoft-com:compatibility.v1"><application>
<supportedOS Id="{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}"/></application></compatibility>
<application xmlns="urn:schemas-microsoft-com:asm.v3"><windowsSettings>
<dpiAwareness xmlns="http://schemas.microsoft.com/SMI/2016/WindowsSettings">PerMonitorV2</dpiAwareness>
<longPathAware xmlns="http://schemas.microsoft.com/SMI/2016/WindowsSettings">true</longPathAware>
</windowsSettings></application></assembly>
"""


def version_resource(folder: Path, version: str) -> Path:
    """Compile the resource of a program file and return it; `version` is like ``1.2.3``.

    Raises:
        BuildError: The resource compiler is missing or refuses.
    """
    manifest, source, made = folder / "_app.manifest", folder / "_app.rc", folder / "_app.o"
    manifest.write_text(_MANIFEST, "ascii")
    numbers = ",".join([*version.split("."), "0", "0", "0"][:4])
    source.write_text(_RESOURCE.format(numbers=numbers, version=version, manifest=manifest.name), "ascii")
    try:
        subprocess.run(  # noqa: S603
            ["x86_64-w64-mingw32-windres", source.name, made.name],  # noqa: S607
            cwd=folder,
            check=True,
            capture_output=True,
        )
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        detail = getattr(error, "stderr", b"").decode(errors="replace")
        raise BuildError(f"windres failed: {detail or error}") from error
    manifest.unlink()
    source.unlink()
    return made
