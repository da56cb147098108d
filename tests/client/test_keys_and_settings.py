"""The key comes from the keyring or a file chosen on purpose; settings are checked whole; nothing falls back."""

import json
import sys

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from client.home import Home, default_home
from client.keys import create_key, key_file_of, read_key
from client.preferences import Preferences
from client.settings import Settings, SettingsError, read_settings
from domain.kernel.errors import UnavailableError


class MemoryKeyring(KeyringBackend):
    priority = 1

    def __init__(self):
        super().__init__()
        self.kept = {}

    def get_password(self, service, username):
        return self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[(service, username)] = password

    def delete_password(self, service, username):
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError


@pytest.fixture
def memory_keyring():
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryKeyring())
    yield keyring.get_keyring()
    keyring.set_keyring(before)


@pytest.fixture
def no_keyring():
    from keyring.backends.fail import Keyring

    before = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    yield
    keyring.set_keyring(before)


def test_a_key_made_is_the_key_read(tmp_path, memory_keyring):
    store = tmp_path / "branch.db"
    key = create_key(store, None)
    assert len(key) == 32
    assert read_key(store, None) == key


def test_each_installation_has_its_own_key(tmp_path, memory_keyring):
    create_key(tmp_path / "a" / "branch.db", None)
    with pytest.raises(UnavailableError) as caught:
        read_key(tmp_path / "b" / "branch.db", None)
    assert caught.value.code == "key.missing"


def test_a_key_is_never_made_over_another(tmp_path, memory_keyring):
    create_key(tmp_path / "branch.db", None)
    with pytest.raises(UnavailableError) as caught:
        create_key(tmp_path / "branch.db", None)
    assert caught.value.code == "key.exists"


def test_a_machine_without_keyring_says_so_and_does_not_fall_back(tmp_path, no_keyring):
    with pytest.raises(UnavailableError) as caught:
        read_key(tmp_path / "branch.db", None)
    assert caught.value.code == "key.no_keyring"


def test_the_file_is_for_its_owner_only(tmp_path):
    path = tmp_path / "key"
    key = create_key(tmp_path / "branch.db", path)
    assert read_key(tmp_path / "branch.db", path) == key
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o777 == 0o600
        path.chmod(0o640)
        with pytest.raises(UnavailableError) as caught:
            read_key(tmp_path / "branch.db", path)
        assert caught.value.code == "key.file_open_to_others"


@pytest.mark.parametrize("content", ["", "zz", "00" * 31, "00" * 33])
def test_a_damaged_key_is_told(tmp_path, content):
    path = tmp_path / "key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(UnavailableError) as caught:
        read_key(tmp_path / "branch.db", path)
    assert caught.value.code == "key.damaged"


def test_the_environment_beats_the_setting(tmp_path, monkeypatch):
    monkeypatch.setenv("AFTERCHECK_KEY_FILE", str(tmp_path / "a"))
    assert key_file_of(str(tmp_path / "b")) == tmp_path / "a"
    monkeypatch.delenv("AFTERCHECK_KEY_FILE")
    assert key_file_of(str(tmp_path / "b")) == tmp_path / "b"
    assert key_file_of("") is None


def test_settings_have_defaults_and_take_what_is_given(tmp_path):
    path = tmp_path / "settings.json"
    assert read_settings(path) == Settings()
    path.write_text(json.dumps({"lock_after_minutes": 3, "scanner_gap_ms": 20}))
    assert read_settings(path) == Settings(lock_after_minutes=3, scanner_gap_ms=20)


def test_every_mistake_of_the_settings_is_told_at_once(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text(
        json.dumps({"lock_after_minutes": 0, "colour": "red", "theme": 4, "watch_loop": 1, "page_rows": True})
    )
    with pytest.raises(SettingsError) as caught:
        read_settings(path)
    named = {p.partition("（")[0].partition("：")[0] for p in caught.value.problems}
    assert named == {"lock_after_minutes", "colour", "theme", "watch_loop", "page_rows"}


def test_a_settings_file_that_is_no_json_is_told(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text("{")
    with pytest.raises(SettingsError):
        read_settings(path)


def test_preferences_survive_and_a_damaged_file_starts_anew(tmp_path, caplog):
    path = tmp_path / "deep" / "preferences.json"
    Preferences(path).set("theme", "dark")
    assert Preferences(path).get("theme") == "dark"
    path.write_text("[broken")
    assert Preferences(path).get("theme", "light") == "light"


def test_the_home_may_be_told_by_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("AFTERCHECK_HOME", str(tmp_path))
    assert default_home() == tmp_path
    assert Home(tmp_path).store == tmp_path / "branch.db"
