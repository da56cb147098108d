"""The document a person is shown before signing: the approved text, who signs, and what was chosen."""

import dataclasses
import functools
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

import resources
from domain.consent.records import ConsentDocument, ConsentUse, IdentityProof, SignerRelation
from domain.kernel.authority import Actor
from domain.kernel.clock import clinic
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.rows import records
from domain.kernel.texts import Texts
from domain.people.records import Organization, Patient
from domain.studies.records import Study
from domain.studies.subject_records import StudySubject
from domain.version import VERSION
from forms.documents import render_pdf
from forms.printables import documents


@dataclasses.dataclass(frozen=True)
class Choice:
    """Who signs, known how, and what they agree to."""

    signer_name: str
    relation: SignerRelation
    proof: IdentityProof
    uses: frozenset[ConsentUse]


@dataclasses.dataclass(frozen=True)
class Asked:
    """What a subject can be asked to sign now: the version and the uses it asks for."""

    subject_id: Id
    document_id: Id
    number: str
    client: str
    study: str
    version: str
    title: str
    uses: tuple[ConsentUse, ...]
    facts: dict[str, Any]
    valid_days: int | None
    patient_id: Id


def asked_of(dispatcher: Dispatcher, actor: Actor, subject_id: Id) -> Asked:
    """Return what a subject of one's own study is to sign.

    Raises:
        DomainError: ``study_subject.unknown``; ``consent.no_document`` before a version is published.
    """
    with dispatcher.store.read() as connection:
        found = records(connection, actor, StudySubject, StudySubject.__table__.c.id == subject_id, limit=1)
        if not found:
            raise DomainError("study_subject.unknown", field="subject_id", value=str(subject_id))
        subject = found[0]
        document = ConsentDocument.__table__
        newest = connection.execute(
            select(document)
            .where(document.c.study_id == subject.study_id)
            .order_by(document.c.published_at.desc(), document.c.id.desc())
            .limit(1)
        ).first()
        study = connection.execute(
            select(Study.__table__).where(Study.__table__.c.id == subject.study_id)
        ).one()
        if newest is None:
            raise DomainError("consent.no_document", field="subject_id", name=study.name)
        people = records(connection, actor, Patient, Patient.__table__.c.id == subject.patient_id, limit=1)
        organisations = Organization.__table__.c
        branch = connection.execute(
            select(organisations.name).where(organisations.id == subject.org_id)
        ).scalar()
    client = str(people[0].name) if people else ""
    facts = {
        "organisation": {"name": branch or study.name, "branch": branch or "—"},
        "study": {"code": study.code, "name": study.name, "protocol": study.protocol},
        "consent": {"title": newest.title, "version": newest.version, "approval": newest.approval},
        "subject": {"number": subject.number, "name": client},
        "blocks": blocks_of(newest.body),
    }
    return Asked(
        subject_id, newest.id, subject.number, client, study.name, newest.version, newest.title,
        tuple(ConsentUse(use) for use in newest.uses), facts, newest.valid_days,
        subject.patient_id,
    )  # fmt: skip


def consent_pdf(
    dispatcher: Dispatcher, actor: Actor, asked: Asked, choice: Choice, *, witness: str = ""
) -> bytes:
    """Return the exact bytes to show and, once they were read, to seal; `witness` in place of the actor's name.

    Raises:
        DomainError: ``consent.signer_missing`` without a name.
    """
    if not choice.signer_name.strip():
        raise DomainError("consent.signer_missing", field="signer_name")
    say, now = _texts().say, clinic(dispatcher.clock())
    until = None if asked.valid_days is None else (now + timedelta(days=asked.valid_days)).date().isoformat()
    data = asked.facts | {
        "signer": {
            "name": choice.signer_name.strip(),
            "relation": say(f"choice.signer_relation.{choice.relation.value}"),
            "proof": say(f"choice.identity_proof.{choice.proof.value}"),
        },
        "witness": {"name": witness or actor.name},
        "shown": {"at": now.isoformat(timespec="seconds")} | ({} if until is None else {"until": until}),
        "uses": [
            {"label": say(f"choice.consent_use.{use.value}"), "agreed": use in choice.uses}
            for use in asked.uses
        ],
        "software": {"name": say("app.name"), "version": VERSION},
    }
    return render_pdf(documents()["consent"], data)


def blocks_of(body: str) -> list[dict[str, str]]:
    """Return the blocks of an approved text: ``# `` headings, ``- `` items, paragraphs; empty lines are left out."""
    return [_block(line.strip()) for line in body.splitlines() if line.strip()]


def _block(line: str) -> dict[str, str]:
    for mark, kind in (("# ", "heading"), ("- ", "item")):
        if line.startswith(mark):
            return {"kind": kind, "text": line.removeprefix(mark).strip()}
    return {"kind": "paragraph", "text": line}


@functools.cache
def _texts() -> Texts:
    return Texts.load(resources.folder("texts/zh"))


def uses_of(chosen: Sequence[ConsentUse]) -> list[str]:
    """Return uses as they are kept."""
    return sorted(use.value for use in chosen)
