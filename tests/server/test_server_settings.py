"""Settings: where they come from, and what the server refuses to run with."""

from datetime import timedelta
from pathlib import Path

import pytest

from domain.kernel.content import ContentError
from domain.kernel.errors import DomainError
from server.clock import FileOffsetClock, clock_of
from server.settings import Settings, read_settings

ANYWHERE = "0.0.0.0"  # noqa: S104  (what is refused)
GOOD = "mysql+pymysql://aftercheck:dX9-kfw2-Pq7z@db.example/aftercheck"


def test_variables_go_before_the_file_and_the_command_line_before_both(tmp_path):
    config = tmp_path / "server.toml"
    config.write_text('data_dir = "/srv/a"\nport = 1\nlog_level = "ERROR"\nmllp_senders = ["10.0.0.5"]\n')
    environment = {
        "AFTERCHECK_CONFIG": str(config), "AFTERCHECK_PORT": "2", "AFTERCHECK_DEMO_CLOCK": "true",
        "AFTERCHECK_TRUSTED_PROXIES": "127.0.0.1, ::1", "HOME": "/nonexistent",
    }  # fmt: skip
    found = read_settings(environment=environment, data_dir=Path("/srv/b"), host=None)
    assert (found.data_dir, found.port, found.log_level) == (Path("/srv/b"), 2, "ERROR")
    assert (found.demo_clock, found.trusted_proxies) == (True, ("127.0.0.1", "::1"))
    assert found.mllp_senders == ("10.0.0.5",)
    assert found.store_address == "/srv/b/centre.db"


@pytest.mark.parametrize("text", ['port = "many"', "unknown = 1", 'readers = "both"', "= broken"])
def test_a_setting_that_does_not_fit_is_named(tmp_path, text):
    config = tmp_path / "server.toml"
    config.write_text(f'data_dir = "/srv"\n{text}\n')
    with pytest.raises(ContentError, match=r"server\.toml"):
        read_settings(config, {})


@pytest.mark.parametrize("secret", ["", "root", "Aftercheck", "changeme", "123456", "clinic"])
def test_secrets_that_everybody_knows_are_refused(secret):
    with pytest.raises(DomainError, match=r"settings\.default_secret"):
        Settings(data_dir=Path("/srv"), store=f"mysql+pymysql://clinic:{secret}@db.example/aftercheck")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"host": ANYWHERE}, "settings.no_tls"),
        ({"tls_cert": Path("a.pem")}, "settings.tls_pair"),
        ({"host": ANYWHERE, "development": True}, "settings.development_open"),
        ({"mllp_host": ANYWHERE, "development": True}, "settings.development_open"),
    ],
)
def test_an_open_door_is_refused(values, code):
    with pytest.raises(DomainError, match=code.replace(".", r"\.")):
        Settings(data_dir=Path("/srv"), **values)


def test_good_settings_are_accepted(tmp_path):
    tls = {"tls_cert": tmp_path / "a.pem", "tls_key": tmp_path / "b.pem"}
    for path in tls.values():
        path.touch()
    assert Settings(data_dir=Path("/srv"), host=ANYWHERE, store=GOOD, **tls).store_address == GOOD
    assert Settings(data_dir=Path("/srv"), host=ANYWHERE, tls_in_front=True).port == 8443
    assert Settings(data_dir=Path("/srv"), store="mysql+pymysql://root@127.0.0.1/x", development=True)


def test_the_demonstration_clock_is_shared_by_its_file(tmp_path):
    one, other = FileOffsetClock(tmp_path / "offset"), FileOffsetClock(tmp_path / "offset")
    before = other()
    one.advance(timedelta(hours=5))
    assert timedelta(hours=5) <= other() - before < timedelta(hours=5, minutes=1)
    assert not isinstance(clock_of(Settings(data_dir=tmp_path)), FileOffsetClock)
