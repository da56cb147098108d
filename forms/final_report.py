"""The final checkup report: content, charts of its trends and the reviewer's signature on one document.

The signed content is the report's data without the signature block, with the identity number in full; whether
a copy shows that number is decided when it is printed, and both copies carry the same digest.
"""

from datetime import date
from decimal import Decimal
from typing import Any

from domain.kernel.canonical import content_digest
from domain.kernel.columns import Mask
from domain.kernel.errors import DomainError
from domain.kernel.masking import mask_text
from forms.charts import Chart, Trend, trend_chart
from forms.documents import Document, render_pdf
from forms.signature import ContentSignature


def edition(document: Document) -> str:
    """Return document and version as a signature's statement names them, e.g. ``final_report@1.0.0``."""
    return f"{document.id}@{document.version}"


def render_final_report(
    document: Document,
    content: dict[str, Any],
    signature: ContentSignature | None = None,
    *,
    id_in_clear: bool = False,
) -> bytes:
    """Return the report as PDF.

    Args:
        document: ``final_report`` of `load_documents`.
        content: Data as `document.yaml` declares it, without ``signature``.
        signature: Of exactly this content; without it the page is marked 草稿 on every page.
        id_in_clear: Whoever prints may see the identity number; else it is masked.

    Raises:
        DomainError: ``document.data_invalid``; ``signature.content_changed`` or ``signature.other_document``
            if the signature belongs to something else.
    """
    data = {**content, "client": _client(content.get("client"), id_in_clear=id_in_clear)}
    data.pop("signature", None)
    if signature is not None:
        data["signature"] = signature_block(document, content, signature)
    document.check(data)
    return render_pdf(document, data, trend_charts(data.get("trends") or ()))


def trend_charts(trends: Any) -> list[Chart]:
    """Draw each trend of the report's data."""
    return [trend_chart(_trend(entry)) for entry in trends if entry["points"]]


def _trend(entry: dict[str, Any]) -> Trend:
    points = tuple((date.fromisoformat(point["date"]), Decimal(point["value"])) for point in entry["points"])
    low, high = (Decimal(entry[key]) if entry.get(key) is not None else None for key in ("low", "high"))
    title = f"{entry['title']}（{entry['state']}）" if entry.get("state") else entry["title"]
    return Trend(title, entry["unit"], points, low, high)


def _client(client: Any, *, id_in_clear: bool) -> Any:
    if id_in_clear or not isinstance(client, dict) or not isinstance(client.get("id_number"), str):
        return client
    return {**client, "id_number": mask_text(Mask.ID_NUMBER, client["id_number"])}


def signature_block(
    document: Document, content: dict[str, Any], signature: ContentSignature
) -> dict[str, str]:
    """Return the signature as it is printed. Raises as `render_final_report`."""
    statement = signature.statement
    if statement.document != edition(document):
        raise DomainError(
            "signature.other_document", "signature", signed=statement.document, printed=edition(document)
        )
    if statement.content_sha256 != content_digest(content):
        raise DomainError(
            "signature.content_changed",
            "signature",
            signer=statement.signer.name,
            fingerprint=signature.fingerprint[:16],
        )
    return {
        "name": statement.signer.name,
        "title": statement.signer.title,
        "licence_number": statement.signer.licence_number,
        "signed_at": statement.signed_at,
        "content_sha256": statement.content_sha256,
        "fingerprint": signature.fingerprint,
    }
