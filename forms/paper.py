"""Any form on paper: what a sheet shows of it, blank or with what is answered, and the code that leads back to it.

Options bear the number keys of the desk, so that a filled sheet is typed in by its numbers. What is asked only after
another answer stands there with its condition in words; what is worked out is not printed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import zxingcpp

from domain.checkup.sheets import sheet_code
from domain.version import VERSION
from forms.attachments import told_types
from forms.charts import Chart
from forms.documents import Document, render_pdf
from forms.questionnaire import Answer, Coding, EnableWhen, Item, ItemType, Questionnaire
from forms.session import FormSession
from forms.values import Quantity, same, shown

DOCUMENT = "form_sheet"
KEYS = 10
"""Options that have a number key; the tenth has the 0."""
_LINES = {
    ItemType.TEXT: "lines",
    ItemType.DATE: "date",
    ItemType.DATE_TIME: "date",
    ItemType.ATTACHMENT: "file",
}
_ORDER = {">": "大于", "<": "小于", ">=": "不小于", "<=": "不大于"}


@dataclass(frozen=True, kw_only=True)
class SheetHead:
    """Whose sheet it is, who prints it and when (aware); `form` is the name by which the desk finds it."""

    organisation: str
    branch: str
    name: str
    sex: str
    born: date | None
    number: str
    form: str
    printed_at: datetime


def sheet_pdf(
    documents: Mapping[str, Document], head: SheetHead, session: FormSession, *, blank: bool
) -> bytes:
    """Return a form as PDF to be filled in by hand.

    Args:
        documents: Of `load_documents`.
        head: What stands at its top.
        session: The form with what is answered or known so far.
        blank: Leave that out.
    """
    data = sheet_data(head, session, blank=blank)
    code = data["sheet"]["code"]
    return render_pdf(documents[DOCUMENT], data, [Chart(qr_svg(code), f"二维码 {code}")])


def sheet_data(head: SheetHead, session: FormSession, *, blank: bool) -> dict[str, Any]:
    """Return what `resources/documents/form_sheet` declares."""
    form = session.form
    reader = _Reader(session, blank=blank)
    return {
        "organisation": {"name": head.organisation, "branch": head.branch},
        "client": {
            "name": head.name, "sex": head.sex, "number": head.number,
            "born": head.born.isoformat() if head.born else None,
        },
        "form": {"title": form.title, "name": head.form, "version": form.version},
        "sheet": {
            "printed_at": head.printed_at.isoformat(timespec="seconds"), "prefilled": not blank,
            "code": sheet_code(head.number, head.form, form.version),
        },
        "items": [line for item in form.items for line in reader.lines(item, 0)],
        "signed": form.signature_required,
        "software": {"name": "检后通", "version": VERSION},
    }  # fmt: skip


def qr_svg(text: str) -> str:
    """Return a QR code (ISO/IEC 18004, level M or better) as SVG, with the white around it that scanners need."""
    barcode = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, options="model2,ecLevel=M")
    return str(barcode.to_svg(add_quiet_zones=True))


class _Reader:
    """The items of a form as lines of a sheet."""

    def __init__(self, session: FormSession, *, blank: bool) -> None:
        self._session, self._blank = session, blank
        self._form: Questionnaire = session.form
        self._items = {item.link_id: item for item in session.form.walk()}

    def lines(self, item: Item, level: int) -> Iterator[dict[str, Any]]:
        """Yield the lines of an item and of what stands below it."""
        if item.hidden or item.read_only or item.calculated is not None or item.type is ItemType.REFERENCE:
            return
        yield self._line(item, level)
        if item.signature_required:
            yield self._plain("sign", level, f"签名：{item.text}")
        below = level + (1 if item.type is not ItemType.GROUP or level else 0)
        for child in item.items:
            yield from self.lines(child, below)

    def _line(self, item: Item, level: int) -> dict[str, Any]:
        text = f"{item.prefix} {item.text}".strip()
        if item.type is ItemType.ATTACHMENT:
            text = f"{text}（{told_types(item)}，请另附）"
        if item.type is ItemType.GROUP and item.repeats:
            text = f"{text}（可有多份，写不下请另附纸）"
        told = self._plain(self._kind(item), level, text)
        told |= {"condition": self._condition(item), "required": item.required and item.type.is_question}
        if not item.type.is_question:
            return told
        given = () if self._blank else self._session.answers(item.link_id)
        options = self._options(item)
        free = [one for one in given if not any(same(value, one) for _, value in options)]
        provenance = None if self._blank else self._session.provenance(item.link_id)
        return told | {
            "unit": item.unit.display or None if item.unit else None,
            "several": bool(options) and item.repeats,
            "open": item.type is ItemType.OPEN_CHOICE,
            "options": [
                {"key": _key(at), "label": label, "chosen": any(same(value, one) for one in given)}
                for at, (label, value) in enumerate(options, 1)
            ],
            "answer": "；".join(map(_words, free)) or None,
            "source": f"{provenance.source} {provenance.at}".strip() if provenance and given else None,
        }

    def _plain(self, kind: str, level: int, text: str) -> dict[str, Any]:
        return {
            "kind": kind, "level": level, "text": text, "condition": None, "required": False, "unit": None,
            "several": False, "open": False, "options": [], "answer": None, "source": None,
        }  # fmt: skip

    def _kind(self, item: Item) -> str:
        if item.type in (ItemType.GROUP, ItemType.DISPLAY):
            return "group" if item.type is ItemType.GROUP else "note"
        if self._options(item):
            return "options"
        return _LINES.get(item.type, "line")

    def _options(self, item: Item) -> list[tuple[str, Any]]:
        if item.type is ItemType.BOOLEAN:
            return [("是", True), ("否", False)]
        return [(option.label, option.value) for option in item.options]

    def _condition(self, item: Item) -> str | None:
        """Return when the item is asked, in words."""
        if item.enable_expression is not None:
            return "按工作人员提示填写"
        asked = [one for one in item.enable_when if one.operator != "exists" or not self._also(item, one)]
        told = [self._said(one) for one in asked]
        return None if not told else "仅当" + ("，且" if item.enable_all else "，或").join(told) + "时填写"

    def _also(self, item: Item, exists: EnableWhen) -> bool:
        """Tell whether another condition on the same question says more than that it is answered."""
        return any(one.question == exists.question and one.operator != "exists" for one in item.enable_when)

    def _said(self, one: EnableWhen) -> str:
        asked = self._items.get(one.question)
        label = f"“{asked.text if asked is not None else one.question}”"
        if one.operator == "exists":
            return f"{label}{'已填' if one.answer else '未填'}"
        value = self._named(asked, one.answer)
        if one.operator in _ORDER:
            return f"{label}{_ORDER[one.operator]} {value}"
        return f"{label}{'选' if one.operator == '=' else '不选'}“{value}”"

    def _named(self, asked: Item | None, answer: Answer) -> str:
        options = self._options(asked) if asked is not None else []
        return next((label for label, value in options if same(value, answer)), _words(answer))


def _key(at: int) -> str:
    return str(at % KEYS) if at <= KEYS else ""


def _words(answer: Answer) -> str:
    if isinstance(answer, bool):
        return "是" if answer else "否"
    if isinstance(answer, Coding):
        return answer.display or answer.code
    return str(answer.value) if isinstance(answer, Quantity) else shown(answer)


__all__ = ["DOCUMENT", "SheetHead", "qr_svg", "sheet_data", "sheet_pdf"]
