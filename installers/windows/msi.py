"""The MSI: described as WiX source made from the folder that is installed, compiled by wixl, finished by msibuild.

One component a folder, its code made from the folder's path, so that every build of every version names them alike.
An upgrade takes the old program away before it puts the new one down; data lie in ``ProgramData`` and belong to no
component, so neither an upgrade nor an uninstallation touches them (`PURGE=1` does).
"""

import re
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from installers.layout import BuildError

UPGRADE_CODE = uuid.UUID("6f1d7c52-9f0e-4a5b-8f0c-6f5b2f6c1e41")
KEPT = ("SERVER", "SITE", "FINGERPRINT", "AUTOSTART")
"""Properties an upgrade goes on with when its command line does not name them; TOKEN is for once."""
PURGE = 'cmd.exe /c rmdir /s /q "[CommonAppDataFolder]Aftercheck"'
PURGE_WHEN = 'REMOVE = "ALL" AND NOT UPGRADINGPRODUCTCODE AND PURGE = "1"'
PROPERTIES = (*KEPT, "TOKEN", "PURGE")
_SETUP, _EVENTS = (
    r"Software\Aftercheck\Setup",
    r"SYSTEM\CurrentControlSet\Services\EventLog\Application\Aftercheck",
)
_FIREWALL = r"SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules"
_RULES = {
    "Aftercheck-In": "v2.10|Action=Block|Active=TRUE|Dir=In|App=[INSTALLDIR]aftercheck.exe|"
    "Name=Aftercheck (nobody connects to a workstation)|",
    "Aftercheck-Out": "v2.10|Action=Allow|Active=TRUE|Dir=Out|Protocol=6|App=[INSTALLDIR]aftercheck.exe|"
    "Name=Aftercheck (centre and devices)|",
}  # fmt: skip
_VERSION = re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,5}")


def product_code(version: str) -> uuid.UUID:
    """Return the code of one version: another build of the same version is the same product."""
    return uuid.uuid5(UPGRADE_CODE, version)


def build_msi(folder: Path, target: Path, version: str) -> Path:
    """Pack `folder` (as `installers.windows.runtime.build_runtime` laid it out) and return the MSI.

    Args:
        folder: What is installed.
        target: The file to make.
        version: Like ``1.2.3``; Windows compares these three numbers alone.

    Raises:
        BuildError: A tool is missing or refuses, or the version cannot be compared.
    """
    if not _VERSION.fullmatch(version):
        raise BuildError(f"the version {version!r} is not of the form 1.2.3, which Windows needs to compare")
    target.parent.mkdir(parents=True, exist_ok=True)
    source = target.with_suffix(".wxs")
    source.write_text(wix_source(folder, version), "utf-8")
    _tool("wixl", "-a", "x64", "-o", str(target.resolve()), str(source.resolve()), folder=folder)
    _finish(target)
    source.unlink()
    return target


def wix_source(folder: Path, version: str, *, whole: bool = False) -> str:
    """Return the WiX source of the package; `whole` says in it what `_finish` adds behind wixl, for WiX itself."""
    tree, ids = _tree(folder)
    kept = "\n".join(_kept(name) for name in KEPT)
    refs = "\n".join(f'<ComponentRef Id="{i}"/>' for i in (*ids, "Setup", "Autostart", "System", "Menu"))
    source = f"""<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
<Product Id="{product_code(version)}" Name="Aftercheck" Language="1033" Version="{version}" Manufacturer="Aftercheck"
 UpgradeCode="{UPGRADE_CODE}">
<Package InstallerVersion="500" Compressed="yes" InstallScope="perMachine" Description="Aftercheck workstation"/>
<MajorUpgrade DowngradeErrorMessage="A newer Aftercheck is installed. Uninstall it first; the data stay."/>
<Media Id="1" Cabinet="aftercheck.cab" EmbedCab="yes"/>
<Property Id="ARPNOMODIFY" Value="1"/>
{kept}
<Directory Id="TARGETDIR" Name="SourceDir">
<Directory Id="ProgramFiles64Folder"><Directory Id="INSTALLDIR" Name="Aftercheck">
{tree}
{_registry_components()}
</Directory></Directory>
<Directory Id="ProgramMenuFolder"/>
</Directory>
<Feature Id="Workstation" Title="Aftercheck workstation" Level="1">
{refs}
</Feature>
</Product>
</Wix>
"""
    return _whole(source) if whole else source


def _whole(source: str) -> str:
    actions = "".join(f'<CustomAction Id="Keep{n}" Property="{n}" Value="[WAS_{n}]"/>\n' for n in KEPT)
    actions += (
        f'<CustomAction Id="PurgeData" Directory="TARGETDIR" ExeCommand={quoteattr(PURGE)} Execute="deferred" '
        'Impersonate="no" Return="ignore"/>\n<InstallExecuteSequence>\n'
    )
    actions += "".join(
        f'<Custom Action="Keep{n}" Sequence="{51 + at}">NOT {n} AND WAS_{n}</Custom>\n'
        for at, n in enumerate(KEPT)
    )
    actions += f'<Custom Action="PurgeData" Sequence="3550">{escape(PURGE_WHEN)}</Custom>\n'
    actions += "</InstallExecuteSequence>\n"
    plain = [n for n in PROPERTIES if n != "TOKEN"]
    actions += "".join(f'<Property Id="{n}" Secure="yes"/>\n' for n in plain)
    actions += '<Property Id="TOKEN" Secure="yes" Hidden="yes"/>\n'
    source = source.replace('<Directory Id="TARGETDIR"', f'{actions}<Directory Id="TARGETDIR"', 1)
    start = f'<Component Id="Autostart" Guid="{_code("autostart")}" Win64="yes">'
    return source.replace(start, f'{start}<Condition>AUTOSTART = "1"</Condition>', 1)


def _kept(name: str) -> str:
    return (
        f'<Property Id="WAS_{name}"><RegistrySearch Id="Search{name}" Root="HKLM" Key={quoteattr(_SETUP)} '
        f'Name="{name.title()}" Type="raw" Win64="yes"/></Property>'
    )


def _code(part: str) -> str:
    return str(uuid.uuid5(UPGRADE_CODE, f"component/{part}"))


def _registry_components() -> str:
    key = ' KeyPath="yes"'
    setup = "\n".join(
        f'<RegistryValue Root="HKLM" Key={quoteattr(_SETUP)} Name="{name.title()}" Type="string" Value="[{name}]"'
        f"{key if name == 'SERVER' else ''}/>"
        for name in (*KEPT, "TOKEN")
    )
    rules = "\n".join(
        f'<RegistryValue Root="HKLM" Key={quoteattr(_FIREWALL)} Name="{name}" Type="string" Value={quoteattr(rule)}/>'
        for name, rule in _RULES.items()
    )
    return f"""<Component Id="Setup" Guid="{_code("setup")}" Win64="yes">
{setup}
</Component>
<Component Id="Autostart" Guid="{_code("autostart")}" Win64="yes">
<RegistryValue Root="HKLM" Key="Software\\Microsoft\\Windows\\CurrentVersion\\Run" Name="Aftercheck" Type="string"
 Value="&quot;[INSTALLDIR]aftercheck.exe&quot;" KeyPath="yes"/>
</Component>
<Component Id="System" Guid="{_code("system")}" Win64="yes">
<RegistryValue Root="HKLM" Key={quoteattr(_EVENTS)} Name="EventMessageFile" Type="expandable"
 Value="%SystemRoot%\\System32\\EventCreate.exe" KeyPath="yes"/>
<RegistryValue Root="HKLM" Key={quoteattr(_EVENTS)} Name="TypesSupported" Type="integer" Value="7"/>
{rules}
</Component>
<Component Id="Menu" Guid="{_code("menu")}" Win64="yes">
<Shortcut Id="StartMenu" Directory="ProgramMenuFolder" Name="Aftercheck" Target="[INSTALLDIR]aftercheck.exe"
 WorkingDirectory="INSTALLDIR"/>
<RegistryValue Root="HKLM" Key="Software\\Aftercheck" Name="Menu" Type="integer" Value="1" KeyPath="yes"/>
</Component>"""


def _tree(folder: Path) -> tuple[str, list[str]]:
    """Return the nested folders with their files, and the ids of their components."""
    ids: list[str] = []
    lines = list(_folder(folder, folder, ids))
    return "\n".join(lines), ids


def _folder(path: Path, root: Path, ids: list[str]) -> Iterator[str]:
    entries = sorted(path.iterdir(), key=lambda p: p.name)
    part = path.relative_to(root).as_posix()
    files = [p for p in entries if p.is_file()]
    if files:
        mark = uuid.uuid5(UPGRADE_CODE, f"id/{part}").hex[:20]
        ids.append(f"C{mark}")
        yield f'<Component Id="C{mark}" Guid="{_code(part)}" Win64="yes">'
        for number, file in enumerate(files):
            key = ' KeyPath="yes"' if number == 0 else ""
            source = quoteattr(file.relative_to(root).as_posix())
            yield f'<File Id="F{mark}{number}" Name={quoteattr(file.name)} Source={source}{key}/>'
        yield "</Component>"
    for inner in (p for p in entries if p.is_dir()):
        name = uuid.uuid5(UPGRADE_CODE, f"folder/{inner.relative_to(root).as_posix()}").hex[:20]
        yield f'<Directory Id="D{name}" Name={quoteattr(inner.name)}>'
        yield from _folder(inner, root, ids)
        yield "</Directory>"


def _finish(msi: Path) -> None:
    """Add what wixl cannot say: conditions, which properties a user's own start may pass, the removal of the data.

    A table is exported, its lines are changed, and it is taken in again whole.
    """
    # 34: an executable with its command line, started in a folder; 64: a folder in use does not fail the removal;
    # 1024 + 2048: in the privileged part, as SYSTEM. 51: sets a property.
    actions = [["PurgeData", str(34 + 64 + 1024 + 2048), "TARGETDIR", PURGE, ""]]
    actions += [[f"Keep{name}", "51", name, f"[WAS_{name}]", ""] for name in KEPT]
    order = [["PurgeData", PURGE_WHEN, "3550"]]
    order += [[f"Keep{name}", f"NOT {name} AND WAS_{name}", str(51 + n)] for n, name in enumerate(KEPT)]
    with tempfile.TemporaryDirectory() as given:
        folder = Path(given)
        _change(msi, folder, "CustomAction", lambda rows: rows + actions, _CUSTOM_ACTION)
        _change(msi, folder, "InstallExecuteSequence", lambda rows: rows + order)
        _change(msi, folder, "Property", _secured)
        _change(msi, folder, "Component", _conditioned)


_CUSTOM_ACTION = (
    "Action\tType\tSource\tTarget\tExtendedType\r\ns72\ti2\tS72\tS255\tI4\r\nCustomAction\tAction\r\n"
)


def _secured(rows: list[list[str]]) -> list[list[str]]:
    known = dict(rows)
    names = [*filter(None, known.get("SecureCustomProperties", "").split(";")), *PROPERTIES]
    known["SecureCustomProperties"] = ";".join(dict.fromkeys(names))
    known["MsiHiddenProperties"] = "TOKEN"  # never in the log of an installation
    known["UpgradeCode"] = f"{{{UPGRADE_CODE}}}".upper()
    return [list(pair) for pair in known.items()]


def _conditioned(rows: list[list[str]]) -> list[list[str]]:
    for row in rows:
        if row[0] == "Autostart":
            row[4] = 'AUTOSTART = "1"'
    return rows


def _change(
    msi: Path, folder: Path, table: str, change: Callable[[list[list[str]]], list[list[str]]], head: str = ""
) -> None:
    text = head if head else _tool("msiinfo", "export", str(msi), table)
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    rows = change([line.split("\t") for line in lines[3:]])
    file = folder / f"{table}.idt"
    file.write_bytes("".join(f"{line}\r\n" for line in [*lines[:3], *map("\t".join, rows)]).encode("ascii"))
    _tool("msibuild", str(msi), "-i", str(file))


def _tool(name: str, *arguments: str, folder: Path | None = None) -> str:
    if shutil.which(name) is None:
        raise BuildError(f"{name} is missing: apt-get install wixl msitools")
    done = subprocess.run([name, *arguments], capture_output=True, text=True, cwd=folder, check=False)  # noqa: S603
    if done.returncode != 0:
        raise BuildError(f"{name} failed ({done.returncode}): {done.stderr[-2000:] or done.stdout[-500:]}")
    return done.stdout
