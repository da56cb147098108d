"""Whether a report still says what was signed: its content is compared with the digest of the signature."""

import dataclasses
import enum

from sqlalchemy import Connection, select

from domain.catalog.content import Catalog
from domain.checkup.records import ReportSignature, ReviewAction
from domain.checkup.report_content import ReportFacts, lasting, read_facts, report_content
from domain.kernel.canonical import content_digest
from domain.kernel.ids import Id


class Standing(enum.StrEnum):
    """How a signature stands to the report: none was given, it holds, or the content changed after it."""

    UNSIGNED = "unsigned"
    HOLDS = "holds"
    CHANGED = "changed"


def signature_state(connection: Connection, report_id: Id, catalog: Catalog) -> Standing:
    """Return whether the content of a report is what its last signature was given for.

    The signature's own act, and what followed it, are no part of what was signed; texts, results, findings, the
    person and the earlier acts are.
    """
    signature = ReportSignature.__table__
    wanted = select(signature).where(signature.c.report_id == report_id).order_by(signature.c.id.desc())
    signed = connection.execute(wanted.limit(1)).first()
    facts = read_facts(connection, report_id)
    if signed is None or facts is None or facts.report.document_sha256 is None:
        return Standing.UNSIGNED
    content = report_content(_before_signing(facts), catalog, at=signed.signed_at)
    return Standing.HOLDS if content_digest(content) == signed.digest else Standing.CHANGED


def _before_signing(facts: ReportFacts) -> ReportFacts:
    steps = lasting(facts.steps)
    at = next((n for n in reversed(range(len(steps))) if steps[n].action == ReviewAction.SIGN), len(steps))
    return dataclasses.replace(facts, steps=steps[:at])
