"""A consent that is being signed elsewhere, on the client's own phone, until a member of staff has witnessed it."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped

from domain.consent.records import SignerRelation
from domain.kernel.columns import Mask, Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record
from domain.studies.subject_records import OVERSEE

PERSONAL, SENSITIVE = Sensitivity.PERSONAL, Sensitivity.SENSITIVE


class RemoteConsent(
    Record, label="远程知情同意", circle="study_id", members="study_member", oversight=OVERSEE
):
    """One document sent to one signer; what it names (version) cannot change under the reader's eyes.

    `progress` is what was read when and what was chosen. `shown` are the bytes that were made of the choices and are
    on the phone's screen, `content` the same sealed with the hand under them; both are locked. Once it was witnessed
    the file is the consent's (`consent_id`) and both are empty here.
    """

    subject_id: Mapped[Id] = column("受试者", ref="study_subject", index=True)
    study_id: Mapped[Id] = column("研究项目", ref="study")
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    document_id: Mapped[Id] = column("知情同意书版本", ref="consent_document")
    version: Mapped[str] = column("版本", length=40)
    signer_name: Mapped[str] = column("签署人", sensitivity=PERSONAL, mask=Mask.NAME)
    relation: Mapped[SignerRelation] = column("与受试者关系")
    sent_at: Mapped[datetime] = column("发出时间", index=True)
    sent_name: Mapped[str] = column("发出人姓名")
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)
    reason: Mapped[str | None] = column("原因", merge=Merge.CENTRE, group="state", length=4000)
    progress: Mapped[dict[str, Any] | None] = column("阅读进度", sensitivity=SENSITIVE)
    question: Mapped[str | None] = column("疑问", group="asked", length=2000)
    answer: Mapped[str | None] = column("答复", group="asked", length=4000)
    answered_name: Mapped[str | None] = column("答复人姓名", group="asked")
    uses: Mapped[list[Any] | None] = column("同意的用途", means="words:consent_use", group="file")
    shown_sha256: Mapped[str | None] = column("所示文件摘要", group="file", length=64)
    shown_bytes: Mapped[int | None] = column("所示文件字节数", unit="By", group="file")
    shown: Mapped[bytes | None] = column("所示文件", sensitivity=SENSITIVE, group="file")
    content: Mapped[bytes | None] = column("签署文件", sensitivity=SENSITIVE, group="file")
    sha256: Mapped[str | None] = column("签署文件摘要", group="file", length=64)
    signed_at: Mapped[datetime | None] = column("签署时间", group="file")
    consent_id: Mapped[Id | None] = column("知情同意", ref="consent")
