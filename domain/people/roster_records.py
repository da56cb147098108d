"""Lists of people whose identity is checked together, line by line, and whose identity is still to be checked."""

import enum
from datetime import date, datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Mask, Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record
from domain.people.comparing import Light
from domain.people.records import Sex

PERSONAL, SENSITIVE = Sensitivity.PERSONAL, Sensitivity.SENSITIVE


class OutsideAnswer(enum.StrEnum):
    """What an authority's service said of name and number; `SILENT`: asked several times, it never answered."""

    NOT_ASKED = "not_asked"
    WAITING = "waiting"
    FITS = "fits"
    DIFFERS = "differs"
    UNKNOWN = "unknown"
    SILENT = "silent"


class IdentityBatch(Record, label="名单身份核查"):
    """One list that was brought in; the counts are of its lines as they stand."""

    name: Mapped[str] = column("名单")
    file_name: Mapped[str] = column("文件名")
    sha256: Mapped[str] = column("文件摘要", length=64, index=True)
    rows: Mapped[int] = column("行数")
    checked: Mapped[int] = column("已核查", default=0)
    green: Mapped[int] = column("绿灯", default=0)
    yellow: Mapped[int] = column("黄灯", default=0)
    red: Mapped[int] = column("红灯", default=0)
    outside: Mapped[bool] = column("外部核验", default=False)
    imported_at: Mapped[datetime] = column("导入时间", index=True)
    staff_id: Mapped[Id | None] = column("导入人", ref="staff")
    staff_name: Mapped[str] = column("导入人姓名")


class IdentityEntry(Record, label="名单核查明细"):
    """One line of a list: what it said, whom it was compared with, and what came of it.

    `remarks` are the reader's own sentences about the line (with its column); `compared_with` is the client it was
    found to be, None for somebody not known here, who is compared with the line itself alone.
    """

    __table_args__ = (Index("ix_identity_entry_batch", "batch_id", "row"),)

    batch_id: Mapped[Id] = column("名单", ref="identity_batch")
    row: Mapped[int] = column("行号")
    said_name: Mapped[str] = column("姓名", sensitivity=PERSONAL, mask=Mask.NAME)
    said_sex: Mapped[Sex] = column("性别", code="GB/T 2261.1", default=Sex.UNKNOWN)
    said_birth_date: Mapped[date | None] = column("出生日期", sensitivity=PERSONAL)
    said_id_number: Mapped[str | None] = column(
        "证件号码", sensitivity=SENSITIVE, mask=Mask.ID_NUMBER, length=40, index=True
    )
    said_phone: Mapped[str | None] = column("手机号", sensitivity=PERSONAL, mask=Mask.PHONE, length=40)
    compared_with: Mapped[Id | None] = column("客户", ref="patient", index=True)
    light: Mapped[Light] = column("结果")
    reasons: Mapped[list[str]] = column("原因", means="words:identity_reason")
    compared: Mapped[list[str]] = column("比对内容", means="words:identity_compared")
    remarks: Mapped[str | None] = column("说明", length=4000)
    outside: Mapped[OutsideAnswer] = column("外部核验结果", default=OutsideAnswer.NOT_ASKED, index=True)
    tries: Mapped[int] = column("外部核验次数", default=0)
    checked_at: Mapped[datetime] = column("核查时间", index=True)


class DutySource(enum.StrEnum):
    """Why somebody's identity has to be checked."""

    REGISTERED = "registered"
    LISTED = "listed"
    MESSAGE = "message"


class IdentityDuty(Record, label="待核查身份"):
    """Somebody whose identity has to be checked by a time; done by a green light or by a person with the basis."""

    source: Mapped[DutySource] = column("来源")
    patient_id: Mapped[Id | None] = column("客户", ref="patient", index=True)
    entry_id: Mapped[Id | None] = column("名单明细", ref="identity_entry", index=True)
    check_id: Mapped[Id | None] = column("身份核实", ref="identity_check", index=True)
    said_name: Mapped[str] = column("姓名", sensitivity=PERSONAL, mask=Mask.NAME)
    light: Mapped[Light | None] = column("结果", group="state", merge=Merge.CENTRE)
    reasons: Mapped[list[str] | None] = column("原因", means="words:identity_reason")
    basis: Mapped[str | None] = column("核查依据", group="state", merge=Merge.CENTRE, length=4000)
    state: Mapped[str] = column("状态", merge=Merge.CENTRE, group="state", length=40, index=True)
    state_since: Mapped[datetime] = column("状态起始", merge=Merge.CENTRE, group="state")
    due_at: Mapped[datetime | None] = column("应完成时间", merge=Merge.CENTRE, group="state", index=True)
