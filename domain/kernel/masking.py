"""How personal values look to someone without clearance: one place for screen, print, export, API and log."""

from typing import Any

from domain.kernel.facts import ColumnInfo, Mask, Sensitivity

_COMPOUND_SURNAMES = frozenset(
    [
        "欧阳",
        "太史",
        "端木",
        "上官",
        "司马",
        "东方",
        "独孤",
        "南宫",
        "万俟",
        "闻人",
        "夏侯",
        "诸葛",
        "尉迟",
        "公羊",
        "赫连",
        "澹台",
        "皇甫",
        "宗政",
        "濮阳",
        "公冶",
        "太叔",
        "申屠",
        "公孙",
        "慕容",
        "仲孙",
        "钟离",
        "长孙",
        "宇文",
        "司徒",
        "鲜于",
        "司空",
        "闾丘",
        "子车",
        "亓官",
        "司寇",
        "巫马",
        "公西",
        "壤驷",
        "公良",
        "漆雕",
        "乐正",
        "拓跋",
        "夹谷",
        "令狐",
    ]
)


def masked(info: ColumnInfo | None, value: Any, clearance: Sensitivity) -> Any:
    """Return `value` as someone with `clearance` may see it."""
    if info is None or value is None or info.sensitivity <= clearance:
        return value
    return mask_text(info.mask, str(value))


def mask_text(mask: Mask, text: str) -> str:
    """Return the masked form of a text: 王*娜, 138****5678, 110***********4530."""
    if not text or mask is Mask.HIDDEN:
        return "***"
    if mask is Mask.NAME:
        return _mask_name(text)
    if mask is Mask.PHONE:
        return f"{text[:3]}****{text[-4:]}" if len(text) >= 11 else "****"
    if mask is Mask.ID_NUMBER:
        return text[:3] + "*" * (len(text) - 7) + text[-4:] if len(text) >= 11 else "*" * len(text)
    if mask is Mask.EMAIL:
        return f"{text[:1]}***@{text.rpartition('@')[2]}" if "@" in text else "***"
    cut = max(text.find("区"), text.find("县"), text.find("市"))
    return text[: cut + 1] + "***" if cut >= 0 else "***"


def _mask_name(name: str) -> str:
    if len(name) <= 1:
        return "*"
    if name[:2] in _COMPOUND_SURNAMES and len(name) > 2:
        return name[:2] + "*" * (len(name) - 2)
    return f"{name[0]}*" if len(name) == 2 else name[0] + "*" * (len(name) - 2) + name[-1]
