"""The signed report in its versions, all made of the data that lies, under the seal, in the signed file itself.

The professional version is the sealed file. What was signed is what the others show, whatever the store says by
now; so a report that was taken back can still be read, marked, and a version never shows a number that was not
signed.
"""

import dataclasses
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from domain.checkup.report_content import read_facts, report_content
from domain.delivery.records import ReportDelivery
from domain.kernel.authority import Actor, system_actor
from domain.kernel.canonical import canonical, content_digest
from domain.kernel.columns import Mask, Sensitivity
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError, UnavailableError
from domain.kernel.ids import Id
from domain.kernel.masking import mask_text
from forms.documents import Document, render_pdf
from forms.final_report import trend_charts

FILES = "files"
"""Name in the content of a dispatcher: sha256 -> proven bytes; UnavailableError where the file is not here."""
FIELD = "Report"
VERSIONS = {"professional": "final_report", "plain": "final_report_plain", "phone": "final_report_phone"}
"""What a person picks -> the document that shows it."""


def sealed_report(
    dispatcher: Dispatcher, actor: Actor, pdf: bytes, content: Mapping[str, Any], block: Mapping[str, Any]
) -> bytes:
    """Return a signed report as PAdES by this installation's own authority, its data inside.

    Args:
        dispatcher: Keeps the key of the seal.
        actor: The signer.
        pdf: The printed report.
        content: What was signed; the identity number is masked in the file as it is on the page.
        block: The signature as it is printed.

    Raises:
        DomainError: ``consent.not_sealed``; ``consent.lock_broken`` where the key of the seal cannot be opened.
    """
    from forms.consenting.sealing import seal_document
    from forms.consenting.signing import sealing_key

    inside = {"kind": "final_report", "content": _masked(content), "signature": dict(block)}
    keeper = system_actor(actor.org_id, actor.device_id)
    return seal_document(
        pdf, sealing_key(dispatcher, keeper), field=FIELD, who=str(block["name"]),
        reason=f"evidence sha256 {content_digest(inside)}", now=dispatcher.clock(), evidence=canonical(inside),
    )  # fmt: skip


def _masked(content: Mapping[str, Any]) -> dict[str, Any]:
    client = dict(content["client"])
    if isinstance(client.get("id_number"), str):
        client["id_number"] = mask_text(Mask.ID_NUMBER, client["id_number"])
    return {**content, "client": client}


def signed_data(file: bytes) -> dict[str, Any]:
    """Return the data set of a sealed report, its signature block in it.

    Raises:
        DomainError: ``report_file.no_data`` for a file of an earlier version, or none of a report.
    """
    from forms.consenting.verifying import evidence_in

    inside = evidence_in(file)
    if inside is None or inside.get("kind") != "final_report":
        raise DomainError("report_file.no_data", field="report_id")
    return {**inside["content"], "signature": inside["signature"]}


def render_version(
    documents: Mapping[str, Document], file: bytes, version: str, withdrawn: Mapping[str, Any] | None = None
) -> bytes:
    """Return one version of a sealed report as PDF.

    Args:
        documents: Of `load_documents`.
        file: The sealed file.
        version: A key of `VERSIONS`; ``professional`` is the file itself, unless it was taken back.
        withdrawn: ``at``, ``by`` and ``reason`` where it was: every version then says so on its pages.

    Raises:
        DomainError: As `signed_data`.
    """
    if version == "professional" and withdrawn is None:
        return file
    data = signed_data(file)
    if withdrawn is not None:
        data["report"] = {**data["report"], "status": "withdrawn", "withdrawn": dict(withdrawn)}
    document = documents[VERSIONS[version]]
    document.check(data)
    return render_pdf(document, data, [] if version == "phone" else trend_charts(data.get("trends") or ()))


@dataclasses.dataclass(frozen=True, slots=True)
class Edition:
    """One signed edition of a report; `withdrawn` is None while it counts."""

    delivery_id: Id
    report_id: Id
    number: str
    edition: int
    sha256: str
    issued_at: datetime
    withdrawn: dict[str, Any] | None


def editions_of(dispatcher: Dispatcher, actor: Actor, **wanted: Id) -> list[Edition]:
    """Return the editions somebody may read, the newest first; `wanted` are columns of the record and their values.

    Raises:
        DomainError: ``permission.denied``; ``assessment.clearance`` for who may not read results.
    """
    actor.check("report.view")
    if actor.clearance < Sensitivity.SENSITIVE:
        raise DomainError("assessment.clearance")
    table = ReportDelivery.__table__
    query = select(table).where(*(table.c[name] == value for name, value in wanted.items()))
    with dispatcher.store.read() as connection:
        rows = connection.execute(query.order_by(table.c.edition.desc())).all()
    return [_edition(row) for row in rows if actor.sees(row.org_id)]


def _edition(row: Any) -> Edition:
    withdrawn = None
    if row.withdrawn_at is not None:
        withdrawn = {
            "at": row.withdrawn_at.isoformat(), "by": row.withdrawn_by or "", "reason": row.withdrawn_why or "",
        }  # fmt: skip
    return Edition(row.id, row.report_id, row.number, row.edition, row.sha256, row.issued_at, withdrawn)


def file_of(dispatcher: Dispatcher, edition: Edition) -> bytes:
    """Return the sealed file of an edition.

    Raises:
        DomainError: ``report_file.not_here`` with the number while it has not come.
    """
    read: Callable[[str], bytes] = dispatcher.content[FILES]
    try:
        return read(edition.sha256)
    except UnavailableError as error:
        raise DomainError("report_file.not_here", field="report_id", number=edition.number) from error


def current_facts(dispatcher: Dispatcher, report_id: Id) -> dict[str, Any] | None:
    """Return what the store says of a report now, as the data set would be made of it."""
    with dispatcher.store.read() as connection:
        facts = read_facts(connection, report_id)
    if facts is None:
        return None
    return report_content(facts, dispatcher.content["catalog"], at=dispatcher.clock())
