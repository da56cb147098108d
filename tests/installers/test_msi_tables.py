"""The MSI, read back by msitools: what is installed where, what is kept, what can be said; signatures."""

import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from installers.layout import BuildError
from installers.windows.msi import build_msi, product_code, wix_source
from installers.windows.signing import PASSWORD, PFX, sign

TOOLS = [name for name in ("wixl", "msibuild", "msiinfo") if shutil.which(name) is None]
needs_tools = pytest.mark.skipif(
    bool(TOOLS), reason=f"not installed: {', '.join(TOOLS)} (apt-get install wixl msitools)"
)


def program(folder, text="first"):
    """A program that is small enough to be packed in a moment, in the layout of the real one."""
    (folder / "app" / "client").mkdir(parents=True)
    (folder / "aftercheck.exe").write_text(text)
    (folder / "app" / "client" / "__init__.py").write_text(text)
    (folder / "app" / "client" / "main.py").write_text(text)
    return folder


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("msi")
    made = build_msi(program(folder / "in"), folder / "Aftercheck.msi", "1.2.3")

    def rows(table):
        answer = subprocess.run(
            ["msiinfo", "export", made, table], capture_output=True, text=True, check=True
        )
        lines = answer.stdout.replace("\r\n", "\n").splitlines()
        names = lines[0].split("\t")
        return [dict(zip(names, line.split("\t"), strict=False)) for line in lines[3:]]

    rows.file = made
    return rows


@needs_tools
def test_it_is_one_installation_for_the_machine(tables):
    told = {r["Property"]: r["Value"] for r in tables("Property")}
    assert told["ALLUSERS"] == "1"
    assert told["ProductVersion"] == "1.2.3"
    assert told["UpgradeCode"] == told["UpgradeCode"].upper()
    assert {"SERVER", "SITE", "TOKEN", "AUTOSTART", "PURGE"} <= set(told["SecureCustomProperties"].split(";"))
    assert told["MsiHiddenProperties"] == "TOKEN"
    assert {r["Directory"] for r in tables("Directory")} >= {"ProgramFiles64Folder", "INSTALLDIR"}
    names = {r["FileName"].split("|")[-1] for r in tables("File")}
    assert names == {"aftercheck.exe", "__init__.py", "main.py"}


@needs_tools
def test_what_the_command_line_says_is_written_and_an_upgrade_remembers_it(tables):
    written = {(r["Key"], r["Name"]): r for r in tables("Registry")}
    for name in ("Server", "Site", "Token", "Fingerprint", "Autostart"):
        row = written[r"Software\Aftercheck\Setup", name]
        assert (row["Root"], row["Value"]) == ("2", f"[{name.upper()}]")
    run = written[r"Software\Microsoft\Windows\CurrentVersion\Run", "Aftercheck"]
    condition = {r["Component"]: r["Condition"] for r in tables("Component")}
    assert condition[run["Component_"]] == 'AUTOSTART = "1"'
    order = {r["Action"]: (r["Condition"], int(r["Sequence"])) for r in tables("InstallExecuteSequence")}
    for name in ("SERVER", "SITE", "FINGERPRINT", "AUTOSTART"):
        condition, at = order[f"Keep{name}"]
        assert condition == f"NOT {name} AND WAS_{name}", "the command line wins over what is remembered"
        assert order["AppSearch"][1] < at < order["LaunchConditions"][1]
    assert "KeepTOKEN" not in order


@needs_tools
def test_windows_logs_and_firewall_know_the_program(tables):
    values = {r["Name"]: r["Value"] for r in tables("Registry") if r["Component_"] == "System"}
    assert values["EventMessageFile"].startswith("%SystemRoot%")  # written as one to be expanded
    assert "Action=Block|Active=TRUE|Dir=In|App=[INSTALLDIR]aftercheck.exe" in values["Aftercheck-In"]
    assert "Action=Allow|Active=TRUE|Dir=Out|Protocol=6" in values["Aftercheck-Out"]


@needs_tools
def test_data_go_only_when_asked_and_never_with_an_upgrade(tables):
    purge = next(r for r in tables("CustomAction") if r["Action"] == "PurgeData")
    assert purge["Target"] == 'cmd.exe /c rmdir /s /q "[CommonAppDataFolder]Aftercheck"'
    assert int(purge["Type"]) & 3072 == 3072, "in the privileged part, as SYSTEM"
    order = {r["Action"]: r for r in tables("InstallExecuteSequence")}
    when = order["PurgeData"]["Condition"]
    assert when == 'REMOVE = "ALL" AND NOT UPGRADINGPRODUCTCODE AND PURGE = "1"'
    assert int(order["InstallInitialize"]["Sequence"]) < int(order["PurgeData"]["Sequence"])
    assert not [r for r in tables("Directory") if "AppData" in r["Directory"]], "no component lies there"


@needs_tools
def test_an_older_one_is_replaced_and_a_newer_one_refuses(tables):
    upgrade = {r["ActionProperty"]: r for r in tables("Upgrade")}
    assert upgrade["WIX_UPGRADE_DETECTED"]["VersionMax"] == "1.2.3"
    assert upgrade["WIX_DOWNGRADE_DETECTED"]["VersionMin"] == "1.2.3"
    assert any("NOT WIX_DOWNGRADE_DETECTED" in r["Condition"] for r in tables("LaunchCondition"))
    at = {r["Action"]: int(r["Sequence"]) for r in tables("InstallExecuteSequence")}
    assert at["RemoveExistingProducts"] < at["InstallFiles"]


def test_every_build_names_its_parts_alike_and_every_version_is_a_product_of_its_own(tmp_path):
    one, two = (wix_source(program(tmp_path / name), "1.0.0") for name in "ab")
    assert one == two
    ElementTree.fromstring(one.encode())  # noqa: S314  (our own)
    assert product_code("1.0.0") != product_code("1.0.1")
    with pytest.raises(BuildError, match=r"1\.2\.3"):
        build_msi(tmp_path / "a", tmp_path / "x.msi", "2026-11")


def test_the_source_for_wix_itself_says_what_is_added_behind_wixl(tmp_path):
    whole = ElementTree.fromstring(  # noqa: S314  (our own)
        wix_source(program(tmp_path / "a"), "1.0.0", whole=True).encode()
    )
    space = "{http://schemas.microsoft.com/wix/2006/wi}"
    order = {c.get("Action"): c for c in whole.iter(f"{space}Custom")}
    assert list(order) == ["KeepSERVER", "KeepSITE", "KeepFINGERPRINT", "KeepAUTOSTART", "PurgeData"]
    assert order["PurgeData"].text == 'REMOVE = "ALL" AND NOT UPGRADINGPRODUCTCODE AND PURGE = "1"'
    assert order["KeepSERVER"].text == "NOT SERVER AND WAS_SERVER"
    purge = next(a for a in whole.iter(f"{space}CustomAction") if a.get("Id") == "PurgeData")
    assert (purge.get("Execute"), purge.get("Impersonate")) == ("deferred", "no")
    secure = {p.get("Id") for p in whole.iter(f"{space}Property") if p.get("Secure") == "yes"}
    assert secure == {"SERVER", "SITE", "TOKEN", "FINGERPRINT", "AUTOSTART", "PURGE"}
    assert next(p for p in whole.iter(f"{space}Property") if p.get("Id") == "TOKEN").get("Hidden") == "yes"
    assert [c.text for c in whole.iter(f"{space}Condition")] == ['AUTOSTART = "1"']


def test_the_release_on_windows_shows_its_steps_and_runs_none(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "installers.windows.release", "--dry-run", "--dist", tmp_path],
        env={"PATH": "", "PYTHONPATH": ".", PFX: "sign.pfx"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    told = done.stdout.splitlines()
    assert [line.split()[0] for line in told] == [
        "pyinstaller",
        "signtool",
        "candle",
        "light",
        "signtool",
        "signtool",
    ]
    assert "/f sign.pfx aftercheck.exe" in told[1]
    assert list(tmp_path.iterdir()) == []


@needs_tools
@pytest.mark.skipif(shutil.which("osslsigncode") is None, reason="osslsigncode is not installed")
def test_it_is_signed_by_the_certificate_of_the_environment_or_not_at_all(tables, tmp_path):
    made = tmp_path / "Aftercheck.msi"
    shutil.copy(tables.file, made)
    before = made.read_bytes()
    assert sign(made, {}) is False
    with pytest.raises(BuildError, match="not signed"):
        sign(made, {PFX: str(tmp_path / "absent.pfx")})
    assert made.read_bytes() == before, "as it was"
    pfx, secret = certificate(tmp_path)
    assert sign(made, {PFX: str(pfx), PASSWORD: str(secret)}) is True
    told = subprocess.run(
        ["osslsigncode", "verify", "-in", made], capture_output=True, text=True, check=False
    )
    assert "Aftercheck test" in told.stdout
    assert "sha256" in told.stdout.lower()


def certificate(folder):
    """A certificate for signing code that nobody trusts."""
    from datetime import timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import pkcs12

    from domain.kernel.clock import utc_now

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Aftercheck test")])
    now = utc_now()
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=9))
        .add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pfx, secret = folder / "sign.pfx", folder / "sign.txt"
    lock = serialization.BestAvailableEncryption(b"shibboleth")
    pfx.write_bytes(pkcs12.serialize_key_and_certificates(b"x", key, made, None, lock))
    secret.write_text("shibboleth")
    return pfx, secret


def test_the_command_says_what_is_missing(tmp_path):
    """The command ends with 1 and one sentence when a tool is not there."""
    done = subprocess.run(
        [sys.executable, "-m", "installers.package", "msi", "--dist", tmp_path / "dist"],
        env={"PATH": str(tmp_path), "PYTHONPATH": "."}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "apt-get install" in done.stderr
    assert "Traceback" not in done.stderr
