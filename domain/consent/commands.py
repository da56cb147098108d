"""Publishing a version, keeping a consent that was sealed, taking it back, and having an installation's authority."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from domain.consent.records import (
    Consent,
    ConsentDocument,
    ConsentFile,
    ConsentUse,
    ConsentWay,
    IdentityProof,
    SealAuthority,
    SealKey,
    SignerRelation,
)
from domain.consent.remote_records import RemoteConsent
from domain.consent.remote_workflow import remote_life
from domain.consent.workflow import consent_life
from domain.kernel.canonical import content_digest
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.studies.records import Study
from domain.studies.subject_commands import standing_subject, withdraw_subject
from domain.studies.subject_records import ConsentStanding, StudySubject

PUBLISH, SIGN = "consent.publish", "consent.sign"
LARGEST_FILE = 8 << 20


@command("consent.publish", "发布知情同意书", permission=PUBLISH)
class PublishConsent:
    """A version the ethics committee approved; who signed an earlier one is asked anew where it says so."""

    study_id: Id = ask("研究项目", kind=Kind.HIDDEN)
    version: str = ask("版本", max_length=40)
    title: str = ask("标题")
    body: str = ask("正文（# 开头为标题，- 开头为条目）", kind=Kind.NOTE, max_length=60_000)
    genetic: bool = ask("征求：基因检测", default=False)
    share: bool = ask("征求：向合作单位提供", default=False)
    recontact: bool = ask("征求：再次联系", default=True)
    valid_days: int | None = ask("有效期", kind=Kind.NUMBER, default=None, low=30, high=36_500, unit="d")
    renews: bool = ask("已签旧版者须重新签署", default=True)
    approval: str = ask("伦理批件号", max_length=120)


@handles(PublishConsent)
def publish(order: PublishConsent, work: UnitOfWork) -> Id:
    """Return the version's id; collecting, storing and using the data are always asked.

    Raises:
        DomainError: ``consent.version_taken`` (``version``).
    """
    study = work.require(Study, order.study_id, "study_id")
    if work.find(ConsentDocument, study_id=study.id, version=order.version) is not None:
        raise DomainError("consent.version_taken", field="version", version=order.version)
    more = {
        ConsentUse.GENETIC: order.genetic,
        ConsentUse.SHARE: order.share,
        ConsentUse.RECONTACT: order.recontact,
    }
    uses = [
        ConsentUse.COLLECT,
        ConsentUse.STORE,
        ConsentUse.DATA,
        *(use for use, wanted in more.items() if wanted),
    ]
    document = ConsentDocument(
        org_id=study.org_id, study_id=study.id, version=order.version, title=order.title, body=order.body,
        uses=[use.value for use in uses], valid_days=order.valid_days, renews=order.renews, approval=order.approval,
        published_at=work.now, published_name=work.actor.name,
    )  # fmt: skip
    work.add(document)
    if order.renews:
        standing = select(Consent).where(Consent.study_id == study.id, Consent.state == "valid")
        for consent in work.list(standing):
            outdate(work, consent)
    return document.id


@command("consent.keep", "签署知情同意书", permission=SIGN)
class KeepConsent:
    """A consent that was shown, signed and sealed; one command keeps all of it or nothing."""

    subject_id: Id = ask("受试者", kind=Kind.HIDDEN)
    document_id: Id = ask("知情同意书版本", kind=Kind.HIDDEN)
    uses: list[str] = ask("同意的用途", kind=Kind.HIDDEN)
    way: ConsentWay = ask("签署方式", kind=Kind.HIDDEN)
    signer_name: str = ask("签署人", kind=Kind.HIDDEN)
    relation: SignerRelation = ask("与受试者关系", kind=Kind.HIDDEN)
    proof: IdentityProof = ask("身份核对方式", kind=Kind.HIDDEN)
    witness_name: str = ask("见证人姓名", kind=Kind.HIDDEN)
    shown_sha256: str = ask("所示文件摘要", kind=Kind.HIDDEN, max_length=64)
    shown_bytes: int = ask("所示文件字节数", kind=Kind.HIDDEN)
    sha256: str = ask("签署文件摘要", kind=Kind.HIDDEN, max_length=64)
    content: bytes = ask("文件", kind=Kind.HIDDEN)
    evidence: dict[str, Any] = ask("签署证据", kind=Kind.HIDDEN)
    evidence_sha256: str | None = ask("证据摘要", kind=Kind.HIDDEN, default=None, max_length=64)
    remote_id: Id | None = ask("远程签署", kind=Kind.HIDDEN, default=None)


@handles(KeepConsent)
def keep(order: KeepConsent, work: UnitOfWork) -> Id:
    """Return the consent's id; an earlier one of the same subject is replaced by it.

    Raises:
        DomainError: ``study.subject_gone``; ``consent.other_study`` for a document of another study;
            ``consent.not_newest`` for a version that a newer one has replaced; ``consent.too_large``;
            ``consent.uses_unknown`` for a use the document does not ask; as `_witnessed`.
    """
    subject = standing_subject(work, order.subject_id)
    document = work.require(ConsentDocument, order.document_id, "document_id")
    if document.study_id != subject.study_id:
        raise DomainError("consent.other_study", field="document_id")
    newest = newest_document(work, subject.study_id)
    if newest is not None and newest.id != document.id:
        raise DomainError("consent.not_newest", field="document_id", version=newest.version)
    if len(order.content) > LARGEST_FILE:
        raise DomainError("consent.too_large", field="content", most_mib=LARGEST_FILE >> 20)
    if not set(order.uses) <= set(document.uses):
        raise DomainError("consent.uses_unknown", field="uses")
    for earlier in work.list(
        select(Consent).where(Consent.subject_id == subject.id, Consent.state == "valid")
    ):
        work.move(consent_life, earlier, "replace")
    valid = document.valid_days
    consent = Consent(
        org_id=subject.org_id, subject_id=subject.id, study_id=subject.study_id, patient_id=subject.patient_id,
        document_id=document.id, version=document.version, uses=sorted(order.uses), way=order.way,
        signer_name=order.signer_name, relation=order.relation, proof=order.proof, witness_id=work.actor.staff_id,
        witness_name=order.witness_name, signed_at=work.now,
        expires_at=None if valid is None else work.now + timedelta(days=valid), shown_sha256=order.shown_sha256,
        shown_bytes=order.shown_bytes, sha256=order.sha256, evidence=order.evidence,
        evidence_sha256=order.evidence_sha256 or content_digest(order.evidence), outdated=False,
    )  # fmt: skip
    work.start(consent_life, consent)
    consent.due_at = consent.expires_at
    work.add(consent)
    work.add(
        ConsentFile(
            org_id=subject.org_id, consent_id=consent.id, study_id=subject.study_id, sha256=order.sha256,
            content=order.content,
        )
    )  # fmt: skip
    subject.consent = ConsentStanding.SIGNED
    if order.remote_id is not None:
        _witnessed(work, order, consent)
    return consent.id


def _witnessed(work: UnitOfWork, order: KeepConsent, consent: Consent) -> None:
    """What was signed on a phone counts from now on; it was signed when it was signed there.

    Raises:
        DomainError: ``remote_consent.wrong_state``; ``consent.other_remote`` for one of another subject or version.
    """
    remote = work.require(RemoteConsent, order.remote_id, "remote_id")
    if (remote.subject_id, remote.document_id) != (consent.subject_id, consent.document_id):
        raise DomainError("consent.other_remote", field="remote_id")
    work.move(remote_life, remote, "keep")
    consent.signed_at = remote.signed_at or work.now
    remote.consent_id, remote.content = consent.id, None


@command("consent.take_back", "撤回知情同意", permission=SIGN)
class TakeBackConsent:
    """The subject takes the consent back: they leave the study, and every tube of theirs is frozen at once."""

    consent_id: Id = ask("知情同意", kind=Kind.HIDDEN)
    reason: str = ask("撤回原因", kind=Kind.NOTE)


@handles(TakeBackConsent)
def take_back(order: TakeBackConsent, work: UnitOfWork) -> int:
    """Return how many tubes were frozen. Raises ``consent.wrong_state``."""
    consent = work.require(Consent, order.consent_id, "consent_id")
    work.move(consent_life, consent, "take_back")
    consent.reason = order.reason
    subject = work.require(StudySubject, consent.subject_id, "consent_id")
    subject.consent = ConsentStanding.WITHDRAWN
    return withdraw_subject(work, subject, order.reason) if subject.state == "enrolled" else 0


@command("consent.keep_authority", "登记签章证书", permission=SIGN)
class KeepAuthority:
    """What this installation seals with, made at its first seal."""

    name: str = ask("名称", kind=Kind.HIDDEN)
    fingerprint: str = ask("证书指纹", kind=Kind.HIDDEN, max_length=64)
    authority: str = ask("颁发者证书", kind=Kind.HIDDEN, max_length=8000)
    certificate: str = ask("证书", kind=Kind.HIDDEN, max_length=8000)
    private_key: bytes = ask("私钥", kind=Kind.HIDDEN)


@handles(KeepAuthority)
def keep_authority(order: KeepAuthority, work: UnitOfWork) -> None:
    """Keep both; the private key stays in this store and never travels."""
    work.add(
        SealAuthority(
            id=stable_id("seal_authority", order.fingerprint), name=order.name, fingerprint=order.fingerprint,
            certificate=order.authority, made_at=work.now,
        )
    )  # fmt: skip
    work.add(
        SealKey(fingerprint=order.fingerprint, certificate=order.certificate, private_key=order.private_key)
    )


def newest_document(work: UnitOfWork, study_id: Id) -> ConsentDocument | None:
    """Return the version of a study that is signed now."""
    query = select(ConsentDocument).where(ConsentDocument.study_id == study_id)
    newest = query.order_by(ConsentDocument.published_at.desc(), ConsentDocument.id.desc()).limit(1)
    return next(iter(work.list(newest)), None)


def outdate(work: UnitOfWork, consent: Consent) -> None:
    """Say that a consent has to be signed anew, now."""
    consent.outdated, consent.due_at, consent.state_since = True, work.now, work.now
    for subject in work.list(select(StudySubject).where(StudySubject.id == consent.subject_id)):
        subject.consent = ConsentStanding.OUTDATED
