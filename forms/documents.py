"""Turning data into a page: a document's template, typeset by typst, as PDF/A-2a bytes.

Data reaches the template only as JSON, never as source, so nothing a person typed can become markup. The file
holds its fonts, its text can be searched and read aloud, and the same data gives the same bytes.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import typst

from forms.charts import Chart
from forms.document_catalogue import Document, load_documents
from forms.document_fields import presented
from forms.fonts import font_set, printable_tree

__all__ = ["Document", "load_documents", "render_pdf"]

# Archival, tagged: refuses a glyph that is missing, so a damaged page cannot leave the house unseen.
_STANDARD: Final = "a-2a"


def render_pdf(document: Document, data: dict[str, Any], charts: Sequence[Chart] = ()) -> bytes:
    """Return the finished PDF.

    Args:
        document: From `load_documents`.
        data: What `document.yaml` declares under ``fields``; characters no font holds print as `〔U+XXXX〕`.
        charts: Drawings in the order the template shows them.

    Raises:
        DomainError: ``document.data_invalid`` if the data is not what the document asks for.
    """
    document.check(data)
    inputs = {
        "document": {
            "id": document.id,
            "label": document.label,
            "version": document.version,
            "paper": document.paper,
        },
        "data": printable_tree(presented(document.fields, data)),
        "charts": [{"svg": chart.svg, "alt": chart.alt} for chart in charts],
    }
    compiler = typst.Compiler(
        str(document.template),
        root=str(document.folder.parent),
        font_paths=font_set(),
        sys_inputs={"json": json.dumps(inputs, ensure_ascii=False)},
    )
    pdf = compiler.compile(format="pdf", pdf_standards=_STANDARD, timestamp=_dated(document, data))
    if not isinstance(pdf, bytes):
        raise TypeError(f"one PDF expected, got {type(pdf).__name__}")
    return pdf


def _dated(document: Document, data: dict[str, Any]) -> datetime:
    """Return the moment that dates the file: the declared one, at the offset it was written with."""
    value: Any = data
    for step in document.dated_by.split("."):
        value = value[step]
    return datetime.fromisoformat(str(value)).astimezone(UTC)
