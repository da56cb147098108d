"""The risk report in its versions: one data set, one document each, the same drawings.

`resources/documents/risk_report` declares the data; `risk_report_plain` and `risk_report_phone` show the same in
other ways. Nothing is computed here or in a template.
"""

from collections.abc import Mapping
from typing import Any

from forms.charts import Chart
from forms.documents import Document, render_pdf
from forms.final_report import trend_charts
from forms.risk_charts import heat_map, radar_chart

VERSIONS = {"professional": "risk_report", "plain": "risk_report_plain", "phone": "risk_report_phone"}
"""What a person picks -> the document that shows it."""


def render_risk_report(documents: Mapping[str, Document], content: dict[str, Any], version: str) -> bytes:
    """Return one version of a risk report as PDF.

    Args:
        documents: Of `load_documents`.
        content: The data set of `domain.risk.report_content`.
        version: A key of `VERSIONS`.

    Raises:
        DomainError: ``document.data_invalid`` if the data is not what the document asks for.
    """
    document = documents[VERSIONS[version]]
    document.check(content)
    return render_pdf(document, content, charts_of(content, version))


def charts_of(content: Mapping[str, Any], version: str = "professional") -> list[Chart]:
    """Return the drawings of a version in the order its template shows them; what has nothing to show is left out."""
    if version == "phone":
        return []
    points = [(one["label"], int(one["value"])) for one in content["axes"]["points"]]
    radar = radar_chart(content["axes"]["title"], points)
    if version == "plain":
        return [radar] if radar else []
    matrix = content["matrix"]
    cells = [[int(cell) if cell else None for cell in line] for line in matrix["cells"]]
    drawn = [radar, heat_map(matrix["rows"], matrix["columns"], cells)]
    return [one for one in drawn if one is not None] + trend_charts(content.get("trends") or ())
