"""Issuing a report: the content as it stands is signed, printed, sealed and kept; one command makes it so."""

import base64
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from domain.catalog.content import Catalog
from domain.checkup.report_commands import SignReport
from domain.checkup.report_content import read_facts, report_content
from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.people.records import Staff, StaffKey
from domain.people.staff_commands import KeepSigningKey
from forms.documents import Document
from forms.final_report import edition, render_final_report, signature_block
from forms.final_versions import sealed_report
from forms.signature import ContentSignature, Signer, seal_pdf, sign_content


@dataclass(frozen=True)
class Issued:
    """The finished document and what was signed."""

    pdf: bytes
    sha256: str
    signature: ContentSignature


def signing_key(dispatcher: Dispatcher, actor: Actor) -> Ed25519PrivateKey:
    """Return the signing key of the person signed in, made at the first use on this installation."""
    table = StaffKey.__table__
    with dispatcher.store.read() as connection:
        kept = connection.execute(
            select(table.c.private_key).where(table.c.staff_id == actor.staff_id)
        ).scalar()
    if kept is not None:
        return Ed25519PrivateKey.from_private_bytes(kept)
    key = Ed25519PrivateKey.generate()
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    dispatcher.run(KeepSigningKey(private_key=key.private_bytes_raw(), public_key=public), actor)
    return key


def preview_report(dispatcher: Dispatcher, document: Document, report_id: Id) -> bytes:
    """Return the report as it stands, marked as a draft on every page."""
    catalog: Catalog = dispatcher.content["catalog"]
    with dispatcher.store.read() as connection:
        facts = read_facts(connection, report_id)
    if facts is None:
        raise DomainError("report.unknown", field="report_id", value=str(report_id))
    return render_final_report(document, report_content(facts, catalog, at=dispatcher.clock()))


def issue_report(
    dispatcher: Dispatcher,
    actor: Actor,
    document: Document,
    report_id: Id,
    keep_file: Callable[[bytes], str],
    *,
    hold: bool = False,
) -> Issued:
    """Sign a report in the name of `actor` and issue it.

    Args:
        dispatcher: Runs ``report.sign``.
        actor: The final reviewer.
        document: The ``final_report`` template.
        report_id: Report in the final review.
        keep_file: Puts the PDF into the content-addressed store before the command refers to it; returns its SHA-256.
        hold: Whether it waits a minute for its signer to take the signature back before it is issued.

    Raises:
        DomainError: The report is not to be signed by this person now, or changed meanwhile; nothing is issued.
    """
    catalog: Catalog = dispatcher.content["catalog"]
    staff_table = Staff.__table__
    moment = dispatcher.clock().replace(microsecond=0)
    with dispatcher.store.read() as connection:
        facts = read_facts(connection, report_id)
        staff = connection.execute(
            select(staff_table).where(staff_table.c.id == actor.staff_id)
        ).one_or_none()
    if facts is None or staff is None:
        raise DomainError("report.unknown", field="report_id", value=str(report_id))
    content = report_content(facts, catalog, at=moment)
    key = signing_key(dispatcher, actor)
    signer = Signer(staff.name, staff.title or "", staff.licence_no or "")
    signature = sign_content(content, edition(document), signer, key, moment)
    pdf = render_final_report(document, content, signature)
    pdf = sealed_report(dispatcher, actor, pdf, content, signature_block(document, content, signature))
    record = seal_pdf(pdf, signature, key)
    sha256 = keep_file(pdf)
    dispatcher.run(
        SignReport(
            report_id=report_id,
            digest=signature.statement.content_sha256,
            signature=signature.value,
            public_key=signature.public_key,
            document=signature.statement.document,
            seal=record.seal,
            signed_at=signature.statement.signed_at,
            document_sha256=sha256,
            document_size=len(pdf),
            hold=hold,
        ),
        actor,
    )
    return Issued(pdf, sha256, signature)
