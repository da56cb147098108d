"""What a client may open without an account, until when, and how often somebody failed to."""

import enum
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Place, Record


class LinkPurpose(enum.StrEnum):
    """What a link opens."""

    FORM = "form"
    REPORT = "report"
    MESSAGE = "message"
    CONSENT = "consent"


class PersonLink(Record, label="客户链接"):
    """One link to one thing of a client; only the SHA-256 of its secret is kept.

    Of a questionnaire (`FORM`) it names task, form and version, and is done when the form is handed in. Of the risk
    report (`REPORT`) it names none of them: it always shows the latest, and is done after `most_openings` sessions;
    `opened_at` is the beginning of the latest one. Of a message (`MESSAGE`) it shows the whole of what was
    sent in short, as often as the client likes until it expires; `message_id` says which.
    Of a consent (`CONSENT`) `about_id` says which remote consent.

    `draft` is what was answered so far (FHIR R4 QuestionnaireResponse, in-progress), by whoever went last: the nurse
    who began or the client. It is emptied when the form is handed in here; handed in at the desk, the response that
    counts is `settled_by` and the draft stays. `wrong` counts birth dates that did not fit.
    """

    token_sha256: Mapped[str] = column("链接摘要", index=True, length=64)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    visit_id: Mapped[Id | None] = column("体检", ref="visit")
    purpose: Mapped[LinkPurpose] = column("用途", default=LinkPurpose.FORM)
    task_id: Mapped[Id | None] = column("待填问卷", ref="form_task", index=True)
    about_id: Mapped[Id | None] = column("所关事项", index=True)
    message_id: Mapped[Id | None] = column("消息", ref="outbox_message", index=True)
    form: Mapped[str | None] = column("问卷", means="words:form", length=120)
    form_version: Mapped[str | None] = column("问卷版本", length=40)
    draft: Mapped[dict[str, Any] | None] = column("草稿", sensitivity=Sensitivity.SENSITIVE)
    saved_at: Mapped[datetime | None] = column("最近保存")
    issued_by: Mapped[Id | None] = column("发出人", ref="staff")
    issued_at: Mapped[datetime] = column("发出时间", index=True)
    expires_at: Mapped[datetime] = column("有效期至")
    wrong: Mapped[int] = column("核对失败次数", default=0)
    most_openings: Mapped[int] = column("可查看次数", default=1)
    openings: Mapped[int] = column("已查看次数", default=0)
    opened_at: Mapped[datetime | None] = column("最近查看")
    uploads: Mapped[int] = column("上传文件次数", default=0)
    used_at: Mapped[datetime | None] = column("提交时间")
    revoked_at: Mapped[datetime | None] = column("作废时间")
    reason: Mapped[str | None] = column("作废原因", length=4000)
    settled_by: Mapped[Id | None] = column("前台答卷", ref="questionnaire_response", index=True)


class PageUpload(Record, label="手机上传文件", place=Place.CENTRE):
    """A file that came by a link, so that one that was never handed in can be found and removed."""

    link_id: Mapped[Id] = column("客户链接", ref="person_link", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient", index=True)
    sha256: Mapped[str] = column("内容摘要", index=True, length=64)
    uploaded_at: Mapped[datetime] = column("上传时间")
    looked_at: Mapped[datetime | None] = column("清理时间", index=True)
