"""Documents of consent in their versions, consents as they were given, their sealed files, and who sealed them."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Mask, Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Place, Record, Scope
from domain.studies.subject_records import OVERSEE

PERSONAL, SENSITIVE = Sensitivity.PERSONAL, Sensitivity.SENSITIVE


class ConsentUse(enum.StrEnum):
    """What a person may agree to, each by itself."""

    COLLECT = "collect"
    STORE = "store"
    DATA = "data"
    GENETIC = "genetic"
    SHARE = "share"
    RECONTACT = "recontact"


class ConsentDocument(Record, label="知情同意书版本", scope=Scope.CATALOGUE, merge=Merge.APPEND):
    """One version of a study's consent document, as the ethics committee approved it; never changed.

    `body` is text in blocks: ``# `` begins a heading, ``- `` an item, anything else a paragraph. `uses` are asked one
    by one. With `renews`, who signed an earlier version has to sign this one.
    """

    __table_args__ = (Index("ix_consent_document_study", "study_id", "published_at"),)

    study_id: Mapped[Id] = column("研究项目", ref="study")
    version: Mapped[str] = column("版本", length=40)
    title: Mapped[str] = column("标题")
    body: Mapped[str] = column("正文", length=60_000)
    uses: Mapped[list[Any]] = column("征求同意的用途", means="words:consent_use")
    valid_days: Mapped[int | None] = column("有效期", unit="d")
    renews: Mapped[bool] = column("须重新签署", default=True)
    approval: Mapped[str] = column("伦理批件号", length=120)
    published_at: Mapped[datetime] = column("发布时间", index=True)
    published_name: Mapped[str] = column("发布人姓名")


class ConsentWay(enum.StrEnum):
    """How it was signed."""

    DESK = "desk"
    PHONE = "phone"
    PAPER = "paper"


class SignerRelation(enum.StrEnum):
    """Who signed."""

    SELF = "self"
    GUARDIAN = "guardian"
    REPRESENTATIVE = "representative"


class IdentityProof(enum.StrEnum):
    """How it was known who signed."""

    ID_CARD = "id_card"
    OTHER_CARD = "other_card"
    KNOWN = "known"
    BIRTH_DATE = "birth_date"


class Consent(Record, label="知情同意", circle="study_id", members="study_member", oversight=OVERSEE):
    """One consent of one subject (FHIR R4 Consent).

    `due_at` of a valid one is when it has to be signed anew: its expiry, or at once when a newer version renews it.
    `shown_sha256` is of the exact bytes that were on the screen; the sealed file (`sha256`) begins with those bytes.
    The evidence (strokes, times, the identity check) lies in the file itself; `evidence_sha256` is its digest, which
    the seal names, and `evidence` what of it names nobody. Consents of earlier versions have all of it in the row.
    """

    __table_args__ = (Index("ix_consent_document_state", "document_id", "state"),)

    subject_id: Mapped[Id] = column("受试者", ref="study_subject", index=True)
    study_id: Mapped[Id] = column("研究项目", ref="study")
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    document_id: Mapped[Id] = column("知情同意书版本", ref="consent_document")
    version: Mapped[str] = column("版本", length=40)
    uses: Mapped[list[Any]] = column("同意的用途", means="words:consent_use")
    way: Mapped[ConsentWay] = column("签署方式")
    signer_name: Mapped[str] = column("签署人", sensitivity=PERSONAL, mask=Mask.NAME)
    relation: Mapped[SignerRelation] = column("与受试者关系")
    proof: Mapped[IdentityProof] = column("身份核对方式")
    witness_id: Mapped[Id | None] = column("见证人", ref="staff")
    witness_name: Mapped[str] = column("见证人姓名")
    signed_at: Mapped[datetime] = column("签署时间", index=True)
    expires_at: Mapped[datetime | None] = column("有效期至")
    shown_sha256: Mapped[str] = column("所示文件摘要", length=64)
    shown_bytes: Mapped[int] = column("所示文件字节数", unit="By")
    sha256: Mapped[str] = column("签署文件摘要", length=64)
    evidence: Mapped[dict[str, Any]] = column("签署证据", sensitivity=SENSITIVE)
    evidence_sha256: Mapped[str] = column("证据摘要", length=64)
    outdated: Mapped[bool] = column("须重签", merge=Merge.CENTRE, group="state", default=False)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应重签时间", merge=Merge.CENTRE, group="state", index=True)
    reason: Mapped[str | None] = column("撤回原因", merge=Merge.CENTRE, group="state", length=4000)


class ConsentFile(
    Record,
    label="知情同意签署文件",
    merge=Merge.APPEND,
    circle="study_id",
    members="study_member",
    oversight=OVERSEE,
):
    """The sealed file of a consent, locked wherever it lies (`forms.consenting.vault`); `sha256` is of it opened."""

    consent_id: Mapped[Id] = column("知情同意", ref="consent", index=True)
    study_id: Mapped[Id] = column("研究项目", ref="study")
    sha256: Mapped[str] = column("SHA-256", length=64)
    content: Mapped[bytes] = column("文件", sensitivity=SENSITIVE)


class SealAuthority(Record, label="签章证书颁发者", scope=Scope.CATALOGUE, merge=Merge.APPEND):
    """The certificate of an installation's own authority; what verifies its seals anywhere."""

    name: Mapped[str] = column("名称")
    fingerprint: Mapped[str] = column("证书指纹", unique=True, length=64)
    certificate: Mapped[str] = column("证书", length=8000)
    made_at: Mapped[datetime] = column("生成时间", index=True)


class SealKey(Record, label="签章私钥", place=Place.LOCAL):
    """The key this installation seals with and its certificate (PEM); the store it lies in is encrypted."""

    fingerprint: Mapped[str] = column("颁发者指纹", length=64)
    certificate: Mapped[str] = column("证书", length=8000)
    private_key: Mapped[bytes] = column("私钥", sensitivity=SENSITIVE)
