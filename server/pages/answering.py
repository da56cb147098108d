"""What the pages behind links share: templates, headers, the question for the birth date, and saying sorry."""

import functools
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

import resources
from domain.kernel.columns import Mask
from domain.kernel.errors import KnownError
from domain.kernel.masking import mask_text
from domain.kernel.texts import Texts
from domain.links.records import LinkPurpose
from server.pages.links import OpenLink

HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; media-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
}
_BUTTONS = {
    LinkPurpose.FORM: "开始填写",
    LinkPurpose.REPORT: "查看报告",
    LinkPurpose.MESSAGE: "查看消息",
    LinkPurpose.CONSENT: "开始阅读",
}


@functools.cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(str(resources.folder("pages"))), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


def page(template: str, **values: Any) -> str:
    """Return a template of `resources/pages` filled in; whatever is put in stays text."""
    return _templates().get_template(template).render(**values)


def answer(template: str, status: int = 200, **values: Any) -> Response:
    """Return a page as an answer that may neither be framed nor be fed from elsewhere."""
    return Response(page(template, **values), status, media_type="text/html; charset=utf-8", headers=HEADERS)


def ask_birth_date(link: OpenLink, title: str, problem: str = "", status: int = 200) -> Response:
    """Return the page that asks who is there."""
    button = _BUTTONS[link.purpose]
    digits = link.purpose is LinkPurpose.CONSENT
    return answer(
        "verify.html", status, name=masked(link), title=title, problem=problem, button=button, digits=digits
    )


def sorry(texts: Texts, error: KnownError) -> Response:
    """Return the page that says why not."""
    status = 429 if error.code == "link.too_many" else 404 if error.code == "link.not_yet" else 410
    status = status if error.code.startswith("link.") else 422
    status = 503 if error.code == "link.report_not_ready" else status
    return answer("sorry.html", status, title="检后通", problem=texts.explain(error))


def masked(link: OpenLink) -> str:
    """Return the name as it may be shown to whoever has the link."""
    return mask_text(Mask.NAME, link.name)
