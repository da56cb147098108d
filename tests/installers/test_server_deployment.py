"""The server's deployment files: written from a plan, and found good by nginx and systemd themselves."""

import re
import shutil
import tarfile
import tomllib

import msgspec
import pytest

from installers.layout import BuildError
from installers.server.bundle import build_bundle
from installers.server.checking import check_proxy, check_units
from installers.server.plan import Plan, main, read_plan, write
from server.settings import Settings

ONE = Plan()
GROWN = Plan(
    hosts=("10.77.0.11", "10.77.0.12"), proxies=("10.77.0.10",), redis="10.77.0.21:6379",
    objects="https://10.77.0.22:9000/aftercheck/centre", backup_to=("/mnt/a", "/mnt/b"),
)  # fmt: skip


@pytest.fixture(params=[ONE, GROWN], ids=["one machine", "grown"])
def written(request, tmp_path):
    write(request.param, tmp_path)
    return request.param, tmp_path


def test_systemd_finds_nothing_wrong_with_the_units(written, tmp_path_factory):
    plan, folder = written
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here")
    assert "finds nothing" in check_units(plan.program, folder, tmp_path_factory.mktemp("s"))
    unit = folder / "aftercheck-server.service"
    unit.write_text(unit.read_text("utf-8").replace("ProtectHome=yes", "ProtectHome=perhaps"), "utf-8")
    with pytest.raises(BuildError, match="protect home"):
        check_units(plan.program, folder, tmp_path_factory.mktemp("s"))


def test_nginx_finds_nothing_wrong_with_its_file(written, tmp_path_factory):
    _, folder = written
    if shutil.which("nginx") is None:
        pytest.skip("no nginx here")
    assert "finds nothing" in check_proxy(folder, tmp_path_factory.mktemp("s"))
    config = folder / "nginx.conf"
    config.write_text(
        config.read_text("utf-8").replace("ssl_protocols TLSv1.2", "ssl_protocol TLSv1.2"), "utf-8"
    )
    with pytest.raises(BuildError, match="ssl_protocol"):
        check_proxy(folder, tmp_path_factory.mktemp("s"))


def test_the_server_accepts_the_settings_that_are_written(written):
    _, folder = written
    told = tomllib.loads((folder / "server.toml").read_text("utf-8"))
    told = {name: value for name, value in told.items() if not name.startswith("tls_c") and name != "tls_key"}
    settings = msgspec.convert(told, Settings, strict=False, dec_hook=lambda kind, value: kind(value))
    assert settings.readers == "worker"
    assert settings.tls_in_front


def test_units_lend_keys_and_keep_passwords_from_everybody_else(written):
    plan, folder = written
    for name in ("aftercheck-server.service", "aftercheck-worker@.service", "aftercheck-listener.service"):
        text = (folder / name).read_text("utf-8")
        assert "LoadCredential=storage.key:" in text
        assert "ProtectSystem=strict" in text
        assert "User=aftercheck" in text
        assert all(f"ReadWritePaths=-{place}" in text for place in plan.backup_to)
    assert (folder / "server.env").stat().st_mode & 0o077 == 0
    assert ":secret@" not in (folder / "server.toml").read_text("utf-8")


def test_secrets_in_paths_are_never_logged_and_metrics_stay_inside(written):
    _, folder = written
    text = (folder / "nginx.conf").read_text("utf-8")
    assert re.search(r"location ~ \^/\(p\|w\)/ \{ access_log off;", text)
    assert "$request " not in text
    assert "$request_uri" not in text
    assert "$args" not in text
    assert "location ~ ^/(metrics|ready)$ { return 404; }" in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "a; }"', "name"),
        ('hosts = ["10.0.0.1", "10.0.0.2"]', "redis"),
        ("processes = 1", "processes"),
        ("colour = 1", "colour"),
        ("= broken", "plan.toml"),
    ],
)
def test_a_plan_that_would_not_run_is_refused_with_its_field(tmp_path, text, said, capsys):
    path = tmp_path / "plan.toml"
    path.write_text(text, "utf-8")
    assert main(["--plan", str(path), "--to", str(tmp_path / "out")]) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_archive_has_the_program_and_no_workstation(tmp_path):
    made = build_bundle(tmp_path / "server.tar.gz", read_plan(None))
    with tarfile.open(made) as archive:
        names = archive.getnames()
    assert "aftercheck-server/server/__main__.py" in names
    assert "aftercheck-server/deploy/aftercheck-server.service" in names
    assert "aftercheck-server/uv.lock" in names
    assert not [name for name in names if "/client/" in name or "__pycache__" in name]
