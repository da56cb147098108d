"""The risk report as a page for a phone: the data set of the printed versions, arranged and never computed."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from server.pages.answering import HEADERS, page
from server.pages.links import Links, OpenLink

_FIRST = {"high": 0, "medium": 1, "low": 2}
_MARKS = {"high": "▲", "medium": "■", "low": "●"}
_SEXES = {"male": "男", "female": "女", "other": "其他", "unknown": "未知"}


def report_page(links: Links, link: OpenLink, token: str) -> Response:
    """Return the client's latest report."""
    body = report_html(links.report(link), pdf=f"/p/{token}/report.pdf")
    return Response(body, media_type="text/html; charset=utf-8", headers=HEADERS)


def report_html(content: Mapping[str, Any], *, pdf: str) -> str:
    """Return the page of a data set of `domain.risk.report_content`.

    Args:
        content: The data set.
        pdf: Address of the version to keep.
    """
    counted = [one for one in content["diseases"] if not one["is_score"]]
    ranked = sorted(
        (one for one in counted if one["level"] is not None), key=lambda one: _FIRST[one["level"]]
    )
    return page(
        "report.html", title="健康风险评估报告", data=content, pdf=pdf, marks=_MARKS,
        sex=_SEXES[content["client"]["sex"]],
        urgent=any(one["safety"] for one in content["scales"]),
        scores=[one for one in content["diseases"] if one["is_score"] and one["value"] is not None],
        shown=[one for one in ranked if one["level"] != "low"],
        low=[one for one in ranked if one["level"] == "low"],
        had=[one for one in counted if one["status"] == "already_diagnosed"],
        silent=[one for one in counted if one["status"] == "not_computable"],
    )  # fmt: skip
