"""What nginx and systemd themselves say of the files that were written; a scratch copy, nothing here is touched."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from installers.layout import BuildError
from server.private_ca import MadeCertificates, make_certificates

_PEM = re.compile(
    r"^(\s*)(ssl_certificate|ssl_certificate_key|proxy_ssl_trusted_certificate) .*;$", re.MULTILINE
)


def check(program: str, folder: Path) -> list[str]:
    """Return what was checked by whom; BuildError with a checker's own words."""
    with tempfile.TemporaryDirectory() as scratch:
        return [check_units(program, folder, Path(scratch)), check_proxy(folder, Path(scratch))]


def check_units(program: str, folder: Path, scratch: Path) -> str:
    """Have systemd-analyze read the units; the program they start may not be here, so a stand-in is."""
    tool = shutil.which("systemd-analyze")
    if tool is None:
        return "units: not checked, there is no systemd-analyze here"
    stand_in = scratch / "program" / ".venv" / "bin" / "python"
    stand_in.parent.mkdir(parents=True)
    stand_in.write_text("#!/bin/sh\n", "ascii")
    stand_in.chmod(0o755)
    units = scratch / "units"
    units.mkdir()
    for path in [*folder.glob("*.service"), *folder.glob("*.target")]:
        name = path.name.replace("@.", "@1.")
        text = path.read_text("utf-8").replace(program, str(scratch / "program"))
        (units / name).write_text(text, "utf-8")
    done = subprocess.run(  # noqa: S603
        [tool, "verify", "--recursive-errors=no", *map(str, sorted(units.iterdir()))],
        capture_output=True, text=True, check=False, env={"SYSTEMD_UNIT_PATH": f"{units}:"},
    )  # fmt: skip
    said = [line for line in done.stderr.splitlines() if "aftercheck" in line or str(scratch) in line]
    if done.returncode or said:
        raise BuildError("systemd-analyze verify: " + "\n".join(said or done.stderr.splitlines()))
    return f"units: systemd-analyze verify finds nothing in {len(list(units.iterdir()))} units"


def check_proxy(folder: Path, scratch: Path) -> str:
    """Have nginx read its file, with certificates made for it."""
    tool = shutil.which("nginx")
    if tool is None:
        return "proxy: not checked, there is no nginx here"
    config, _ = usable_proxy(folder / "nginx.conf", scratch / "nginx", ["centre.example"])
    done = subprocess.run(  # noqa: S603
        [tool, "-t", "-c", str(config), "-p", str(scratch / "nginx"), "-e", "stderr"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode or "[warn]" in done.stderr:
        raise BuildError(f"nginx -t: {done.stderr}")
    return "proxy: nginx -t finds nothing"


def usable_proxy(
    config: Path, scratch: Path, names: Sequence[str], user: str = ""
) -> tuple[Path, MadeCertificates]:
    """Return a whole configuration of nginx around ours, with everything it opens in a scratch folder.

    Its certificates are for `names`; the machines behind it may use the same.
    """
    made = make_certificates(scratch / "tls", names, datetime.now(UTC) - timedelta(minutes=5))
    files = {
        "ssl_certificate": made.certificate, "ssl_certificate_key": made.key,
        "proxy_ssl_trusted_certificate": made.authority,
    }  # fmt: skip
    text = _PEM.sub(lambda found: f"{found[1]}{found[2]} {files[found[2]]};", config.read_text("utf-8"))
    text = re.sub(r"access_log /\S+", f"access_log {scratch}/access.log", text)
    for name in ("body", "proxy"):
        (scratch / name).mkdir(parents=True, exist_ok=True)
    whole = scratch / "nginx.conf"
    whole.write_text(
        f"{user}\npid {scratch}/nginx.pid;\nerror_log {scratch}/error.log;\nevents {{ }}\nhttp {{\n"
        f"client_body_temp_path {scratch}/body;\nproxy_temp_path {scratch}/proxy;\n"
        f"fastcgi_temp_path {scratch}/body;\nuwsgi_temp_path {scratch}/body;\nscgi_temp_path {scratch}/body;\n"
        f"{text}\n}}\n",
        "utf-8",
    )
    return whole, made
