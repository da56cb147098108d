"""Settings of a workstation: one typed, frozen object, read before the first paint from ``settings.json``.

To add a setting, add a field here with its default, limits and Chinese text; the settings page, the check of the
file, the error message and the group policy follow from it. What the machine's administrator laid down
(`client.machine_settings`) goes before the file. Standard library only.
"""

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

from client.machine_settings import machine_policy


def setting(default: Any, label: str, *, low: float | None = None, high: float | None = None) -> Any:
    """Declare a setting: its default, its Chinese text, and for numbers the range allowed."""
    return dataclasses.field(default=default, metadata={"label": label, "low": low, "high": high})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an administrator may set for one workstation."""

    lock_after_minutes: int = setting(10, "无操作多少分钟后锁定", low=1, high=240)
    quick_hours: int = setting(12, "口令登录后多少小时内可用 PIN 或工牌切换（0 为不用）", low=0, high=24)
    quick_card_minutes: int = setting(
        0, "本人离开多少分钟内只刷工牌即可回来（0 为须输 PIN）", low=0, high=240
    )
    password_days: int = setting(90, "口令有效天数（0 为不过期）", low=0, high=3650)
    guomi: bool = setting(default=False, label="新文件与审计链用国密算法（SM4、SM3）")
    theme: str = setting("light", "界面主题（light 或 dark）")
    key_file: str = setting("", "本机密钥文件（仅用于没有系统钥匙串的机器）")
    scanner_prefix: str = setting("~", "扫描枪前缀字符")
    scanner_min_length: int = setting(6, "条码最少字符数", low=3, high=64)
    scanner_gap_ms: float = setting(35.0, "扫描枪字符间隔上限（毫秒）", low=5, high=200)
    camera: str = setting("", "摄像头（空为系统默认，off 为不用，files:文件夹 为模拟，其他为名称的一部分）")
    slow_call_ms: float = setting(50.0, "界面线程数据库调用上限（毫秒）", low=5, high=1000)
    watch_loop: bool = setting(default=False, label="监视界面停顿")
    page_rows: int = setting(200, "列表每次读取行数", low=20, high=500)
    least_free_mib: int = setting(2048, "磁盘至少留给记录的空间（MB），不足则不收附件", low=0, high=1_000_000)
    upload_limit_kib: int = setting(0, "附件上传限速（KB/秒，0 为不限）", low=0, high=1_000_000)
    upload_limit_from: int = setting(8, "附件限速开始（时）", low=0, high=24)
    upload_limit_to: int = setting(18, "附件限速结束（时）", low=0, high=24)
    critical_snooze_s: int = setting(120, "危急值“稍后处理”的秒数", low=10, high=600)


class SettingsError(Exception):
    """Settings that cannot be used; each problem names its setting in Chinese."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def read_settings(path: Path) -> Settings:
    """Return the settings of `path`, the defaults where it is absent or silent.

    Raises:
        SettingsError: Every setting of the file, or of the machine's policy, that is unknown, of the wrong type or
            out of its range.
    """
    fixed = fixed_settings()
    if not path.exists():
        return Settings(**fixed)
    try:
        given = json.loads(path.read_text("utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path.name}：不是有效的 JSON（{error}）"]) from error
    if not isinstance(given, dict):
        raise SettingsError([f"{path.name}：应为一组“名称: 值”"])
    known = {f.name: f for f in dataclasses.fields(Settings)}
    problems = [f"{name}：没有这项设置" for name in given if name not in known]
    for name in given.keys() & known.keys():
        problems += _problems(known[name], given[name])
    if problems:
        raise SettingsError(sorted(problems))
    return Settings(**(given | fixed))


def fixed_settings() -> dict[str, Any]:
    """Return the settings that the machine's administrator laid down; nobody changes them at the desk.

    Raises:
        SettingsError: What is laid down cannot be used; each problem says that it comes from there.
    """
    try:
        given = machine_policy()
    except (OSError, ValueError) as error:
        raise SettingsError([f"单位策略：读不出来（{error}）"]) from error
    known = {f.name: f for f in dataclasses.fields(Settings)}
    problems = [f"单位策略 {name}：没有这项设置" for name in given if name not in known]
    fixed = {name: _from_policy(known[name], given[name]) for name in given.keys() & known.keys()}
    problems += [
        f"单位策略 {problem}" for name, value in fixed.items() for problem in _problems(known[name], value)
    ]
    if problems:
        raise SettingsError(sorted(problems))
    return fixed


def _from_policy(field: "dataclasses.Field[Any]", value: Any) -> Any:
    """Return a value as the setting has it: a registry knows no yes or no, only 1 and 0."""
    return bool(value) if isinstance(field.default, bool) and value in {0, 1} else value


def change_settings(path: Path, settings: Settings, **values: Any) -> Settings:
    """Write some settings to `path`, whole and at once, and return the settings that hold then.

    Raises:
        SettingsError: A value is out of its range, or laid down by the machine's administrator; nothing was written.
        OSError: The file cannot be written; the one before it stands.
    """
    known = {f.name: f for f in dataclasses.fields(Settings)}
    problems = [problem for name, value in values.items() for problem in _problems(known[name], value)]
    fixed = fixed_settings()
    problems += [
        f"{name}（{known[name].metadata['label']}）：由单位策略规定，请联系信息员"
        for name, value in values.items()
        if name in fixed and fixed[name] != value
    ]
    if problems:
        raise SettingsError(problems)
    changed = dataclasses.replace(settings, **values)
    told = {
        f: getattr(changed, f) for f in known if f not in fixed and getattr(changed, f) != known[f].default
    }
    fresh = path.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(told, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return changed


def _problems(field: "dataclasses.Field[Any]", value: Any) -> list[str]:
    label, low, high = field.metadata["label"], field.metadata["low"], field.metadata["high"]
    wanted = type(field.default)
    fits = isinstance(value, int | float) if wanted is float else isinstance(value, wanted)
    if not fits or (wanted is not bool and isinstance(value, bool)):
        return [f"{field.name}（{label}）：类型不对，应为 {wanted.__name__}"]
    if low is not None and not low <= value <= high:
        return [f"{field.name}（{label}）：应在 {low} 到 {high} 之间"]
    return []
