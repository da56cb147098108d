"""The programmes in force: what ships, with newer versions of diseases in its place; what differs between two."""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from domain.care.library_records import CareLibrary, LibraryKind
from domain.care.programmes import Disease, Programmes
from domain.kernel.own_versions import OwnVersions

programmes_in_force = OwnVersions[Programmes](CareLibrary, {LibraryKind.DISEASES: Disease}, {}).in_force
NAMES = {
    "energy": "能量差", "carb": "碳水供能比", "fat": "脂肪供能比", "saturated": "饱和脂肪", "protein": "蛋白质",
    "sodium": "钠", "potassium": "钾", "fibre": "膳食纤维", "water": "饮水", "ordered_water": "量出为入",
    "alcohol": "酒精", "minutes": "每周有氧分钟", "reserve": "心率储备", "resistance": "每周抗阻",
    "patterns": "膳食模式", "kinds": "运动方式", "forbidden": "禁忌运动", "supplements": "补充剂",
    "loss": "六个月减重", "special": "特别说明", "label": "名称",
}  # fmt: skip
"""What the fields of a disease are called."""


def version_of(connection: Connection, shipped: str, codes: Iterable[str]) -> str:
    """Return the version of the programmes for these diseases: that which ships, and the newer ones over it."""
    c = CareLibrary.__table__.c
    query = select(c.code, func.max(c.version)).where(
        c.kind == LibraryKind.DISEASES, c.code.in_(sorted(codes))
    )
    newer = connection.execute(query.group_by(c.code).order_by(c.code)).all()
    return "+".join([shipped, *(f"{code}.{version}" for code, version in newer)])[:40]


def differences(before: Disease, after: Disease) -> list[str]:
    """Return what differs, a line each: the field, what it was, what it is."""
    old, new = msgspec.to_builtins(before), msgspec.to_builtins(after)
    return [
        f"{NAMES[name]}：{_said(old[name])} → {_said(new[name])}" for name in NAMES if old[name] != new[name]
    ]


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(_said(one) for one in value.values())
    if isinstance(value, list | tuple):
        return "、".join(_said(one) for one in value) or "无"
    return "无" if value in (None, "") else f"{value:g}" if isinstance(value, float) else str(value)
