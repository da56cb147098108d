"""Group policies: one a setting, made from its declaration; what they lay down holds and no desk changes it."""

import dataclasses
import json
import xml.etree.ElementTree as ElementTree

import pytest

from client.machine_settings import ENVIRONMENT, Setup, machine_setup
from client.settings import Settings, SettingsError, change_settings, fixed_settings, read_settings
from installers.policies import adml, admx, write_policies


def read(text):
    return ElementTree.fromstring(text)  # noqa: S314  (our own)


SPACE = "{http://schemas.microsoft.com/GroupPolicy/2006/07/PolicyDefinitions}"


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Lay something down for this machine."""
    folder = tmp_path / "etc"
    folder.mkdir()
    monkeypatch.setenv(ENVIRONMENT, str(folder))

    def lay_down(name="policy.json", text=None, **values):
        (folder / name).write_text(text if text is not None else json.dumps(values), "utf-8")

    return lay_down


def test_every_setting_has_its_policy_with_its_limits():
    policies = {p.get("name"): p for p in read(admx()).iter(f"{SPACE}policy")}
    assert list(policies) == [f.name for f in dataclasses.fields(Settings)]
    for field in dataclasses.fields(Settings):
        number = policies[field.name].find(f".//{SPACE}elements/{SPACE}decimal")
        if field.metadata["low"] is not None:
            assert number.get("minValue") == str(int(field.metadata["low"]))
            assert number.get("maxValue") == str(int(field.metadata["high"]))
            assert number.get("valueName") == field.name
        elif isinstance(field.default, bool):
            assert policies[field.name].get("valueName") == field.name
        else:
            assert policies[field.name].find(f".//{SPACE}text").get("valueName") == field.name


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_every_word_and_box_a_policy_names_is_there(language):
    words = read(adml(language))
    strings = {s.get("id"): s.text for s in words.iter(f"{SPACE}string")}
    boxes = {p.get("id"): {b.get("refId") for b in p} for p in words.iter(f"{SPACE}presentation")}
    for policy in read(admx()).iter(f"{SPACE}policy"):
        for name in ("displayName", "explainText"):
            assert strings[policy.get(name).removeprefix("$(string.").removesuffix(")")]
        if policy.get("presentation"):
            ids = {e.get("id") for e in policy.find(f"{SPACE}elements")}
            assert boxes[policy.get("name")] == ids


def test_the_files_lie_as_windows_wants_them(tmp_path):
    written = write_policies(tmp_path)
    assert {p.relative_to(tmp_path).as_posix() for p in written} == {
        "aftercheck.admx", "zh-CN/aftercheck.adml", "en-US/aftercheck.adml",
    }  # fmt: skip


def test_what_is_laid_down_goes_before_the_file_and_is_not_changed_at_the_desk(tmp_path, machine):
    machine(lock_after_minutes=5, watch_loop=1)
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"lock_after_minutes": 60, "page_rows": 50}))
    found = read_settings(path)
    assert (found.lock_after_minutes, found.page_rows, found.watch_loop) == (5, 50, True)
    with pytest.raises(SettingsError, match=r"无操作多少分钟后锁定.*单位策略"):
        change_settings(path, found, lock_after_minutes=30)
    changed = change_settings(path, found, upload_limit_kib=100)
    assert (changed.lock_after_minutes, changed.upload_limit_kib) == (5, 100)
    assert "lock_after_minutes" not in json.loads(path.read_text("utf-8"))


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"lock_after_minutes": 0}, "应在 1 到 240 之间"),
        ({"colour": "red"}, "没有这项设置"),
        ({"page_rows": "many"}, "类型不对"),
    ],
)
def test_what_cannot_be_laid_down_is_named_with_where_it_comes_from(tmp_path, machine, values, named):
    machine(**values)
    with pytest.raises(SettingsError, match=f"单位策略.*{named}"):
        read_settings(tmp_path / "settings.json")


def test_a_policy_that_cannot_be_read_is_told_and_a_setup_that_cannot_leaves_it_to_a_person(machine):
    machine(text="[")
    with pytest.raises(SettingsError, match="单位策略"):
        fixed_settings()
    machine("setup.json", text="[")
    assert machine_setup() == Setup()


def test_a_setup_needs_server_and_token_to_join_by_itself(machine):
    machine("setup.json", Server="https://centre.example", Site="一分院", Token=" AAAAA ", Autostart="1")
    assert machine_setup() == Setup(server="https://centre.example", site="一分院", token="AAAAA")
    assert machine_setup().joins
    machine("setup.json", Server="https://centre.example")
    assert not machine_setup().joins
