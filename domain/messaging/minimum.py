"""Minimum data: what may not stand in an SMS, a subject line or a subscription message.

A guard behind the templates, which are written without such things: names put in by hand may bring them back.
"""

import re

_ID_NUMBER = re.compile(r"(?<!\d)(\d{17}[\dXx]|\d{15})(?!\d)")
_PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
_VALUE = re.compile(
    r"\d\s*(?:(?:[mμµnp]?mol|[mμµnpk]?g|m?IU|U|kcal)(?:/[A-Za-z0-9.]+)?|mmHg|kPa|%|×\s*10|10\^)(?![A-Za-z])",
    re.IGNORECASE,
)
_DIAGNOSES = (
    "糖尿病", "高血压", "冠心病", "脑卒中", "中风", "肿瘤", "癌", "结节", "息肉", "肝炎", "结核", "艾滋", "HIV",
    "梅毒", "抑郁", "焦虑", "阳性", "异常", "超标", "偏高", "偏低", "危急值", "血糖", "血压", "血脂", "怀孕", "妊娠",
)  # fmt: skip


def too_much(text: str) -> str:
    """Return the kind of thing in `text` that may not be there, '' if there is none."""
    if _ID_NUMBER.search(text):
        return "id_number"
    if _PHONE.search(text):
        return "phone"
    if _VALUE.search(text):
        return "value"
    upper = text.upper()
    return "diagnosis" if any(word in upper for word in _DIAGNOSES) else ""
