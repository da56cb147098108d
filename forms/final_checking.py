"""Checking a signed report: that its file is what was signed, and whether what it says has changed since.

Compared is what a reader would act on: person, results, findings, conclusion and advice. What a newer program or
catalogue words otherwise (its version, ranges, trends) is no change of the report.
"""

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from domain.checkup.records import ReportSignature
from domain.delivery.records import ReportDelivery
from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.people.records import Organization, Staff
from forms.documents import Document, render_pdf
from forms.final_versions import FIELD, Edition, current_facts, editions_of, file_of, signed_data
from forms.signature import ContentSignature, ReportRecord, Signer, Statement, seals, verify_report

NOTHING = "—"


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """One thing a report says otherwise than the store does now: `signed` and `now` in words."""

    where: str
    signed: str
    now: str


@dataclasses.dataclass(frozen=True, slots=True)
class CheckedReport:
    """What a check found: `faults` are codes of texts; `compared` is False for an edition that was taken back."""

    edition: Edition
    size: int
    faults: tuple[str, ...]
    seals: tuple[tuple[str, datetime | None, str], ...]
    statement: Statement | None
    fingerprint: str
    compared: bool
    differences: tuple[Difference, ...]

    @property
    def sound(self) -> bool:
        """Whether the file is what was signed and what it says still stands."""
        return not self.faults and not self.differences


def check_edition(dispatcher: Dispatcher, actor: Actor, delivery_id: Id) -> CheckedReport:
    """Check one edition of a report.

    Faults: those of `forms.consenting.verifying.verify`; ``signature.pdf_changed``, ``signature.invalid`` and
    ``signature.untrusted_key`` of the reviewer's own signature; ``report_file.unsigned`` without one.

    Raises:
        DomainError: ``report_delivery.unknown``; as `editions_of` and `file_of`.
    """
    from forms.consenting.signing import trusted_roots
    from forms.consenting.verifying import verify

    found = editions_of(dispatcher, actor, id=delivery_id)
    if not found:
        raise DomainError("report_delivery.unknown", field="delivery_id", value=str(delivery_id))
    edition, file = found[0], file_of(dispatcher, found[0])
    seen = verify(file, trusted_roots(dispatcher), field=FIELD)
    faults = list(seen.faults)
    with dispatcher.store.read() as connection:
        record, trusted = _record(connection, edition)
    statement = None
    if record is None:
        faults.append("report_file.unsigned")
    else:
        try:
            statement = verify_report(file, record, trusted)
        except DomainError as error:
            faults.append(error.code)
    compared = edition.withdrawn is None and "consent.evidence_differs" not in faults
    differences: tuple[Difference, ...] = ()
    if compared and seen.evidence is not None:
        differences = differences_of(signed_data(file), current_facts(dispatcher, edition.report_id))
    return CheckedReport(
        edition, len(file), tuple(dict.fromkeys(faults)), tuple((one.by, one.at, one.who) for one in seen.seals),
        statement, record.signature.fingerprint if record else "", compared, differences,
    )  # fmt: skip


def _record(connection: Connection, edition: Edition) -> tuple[ReportRecord | None, set[str]]:
    """Return the signature that seals the file of an edition, and the fingerprint of its signer's registered key."""
    table, staff = ReportSignature.__table__.c, Staff.__table__.c
    query = (
        select(ReportSignature.__table__, staff.signing_key)
        .outerjoin(Staff.__table__, staff.id == table.staff_id)
        .where(table.report_id == edition.report_id)
        .order_by(table.id.desc())
    )
    for row in connection.execute(query):
        signer = Signer(row.staff_name, row.staff_title, row.licence_no or "")
        statement = Statement(row.document, row.digest, signer, row.signed_at.isoformat())
        record = ReportRecord(
            ContentSignature(statement, row.public_key, row.signature), edition.sha256, row.seal
        )
        if seals(record):
            known = ContentSignature(statement, row.signing_key, "").fingerprint if row.signing_key else ""
            return record, {known}
    return None, set()


def differences_of(signed: Mapping[str, Any], now: Mapping[str, Any] | None) -> tuple[Difference, ...]:
    """Return what differs between what was signed and what is kept now, in the order of the report."""
    if now is None:
        return ()
    before, after = _said(signed), _said(now)
    return tuple(
        Difference(where, before.get(where, NOTHING), after.get(where, NOTHING))
        for where in dict.fromkeys([*before, *after])
        if before.get(where, NOTHING) != after.get(where, NOTHING)
    )


def _said(content: Mapping[str, Any]) -> dict[str, str]:
    """Return every place of a report that somebody acts on with what stands there."""
    client, visit = content["client"], content["visit"]
    said = {"姓名": client["name"], "性别": client["sex"], "体检日期": visit["date"]}
    for one in content.get("findings") or ():
        _put(said, f"{one['class']} 类异常 {one['item']}", one["finding"])
    for place, one in enumerate(content.get("conclusions") or (), 1):
        _put(said, f"结论 {place}", one["text"])
        if one.get("advice"):
            _put(said, f"建议 {place}", one["advice"])
    for group in content.get("groups") or ():
        for item in group["items"]:
            words = (item["value"], item.get("unit"), item.get("flag"))
            _put(said, item["name"], " ".join(str(word) for word in words if word))
    return said


def _put(said: dict[str, str], where: str, what: str) -> None:
    said[where] = f"{said[where]}；{what}" if where in said else what


def check_sheet(dispatcher: Dispatcher, actor: Actor, document: Document, delivery_id: Id) -> bytes:
    """Return what a check found as a page to look at and to print. Raises as `check_edition`."""
    found = check_edition(dispatcher, actor, delivery_id)
    say, edition = dispatcher.content["texts"].say, found.edition
    with dispatcher.store.read() as connection:
        names = select(Organization.name).join(ReportDelivery, ReportDelivery.org_id == Organization.id)
        branch = connection.execute(names.where(ReportDelivery.id == delivery_id)).scalar()
    data = {
        "organisation": {"name": branch or NOTHING},
        "checked_at": dispatcher.clock().replace(microsecond=0).isoformat(), "checked_by": actor.name,
        "report": {
            "number": edition.number, "edition": edition.edition, "sha256": edition.sha256, "size": found.size,
            "issued_at": edition.issued_at.replace(microsecond=0).isoformat(),
        },
        "sound": found.sound, "faults": [say(code) for code in found.faults],
        "seals": [
            {"by": by, "at": at.isoformat() if at else None, "who": who} for by, at, who in found.seals
        ],
        "signer": None if found.statement is None else {
            **dataclasses.asdict(found.statement.signer), "signed_at": found.statement.signed_at,
            "fingerprint": found.fingerprint,
        },
        "withdrawn": edition.withdrawn, "compared": found.compared,
        "differences": [dataclasses.asdict(one) for one in found.differences],
    }  # fmt: skip
    document.check(data)
    return render_pdf(document, data, [])
