"""What was proposed for factors at high risk: factors, advice with its source, and where it went."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Record

SENSITIVE = Sensitivity.SENSITIVE


class FactorAdvice(Record, label="高风险因素干预建议", merge=Merge.APPEND):
    """One proposal: `factors` are code and words, `advice` entries with source, grade and mark.

    What a client was sent is the message; without one, `not_sent` says why. The task is the health manager's.
    """

    __table_args__ = (Index("ix_factor_advice_patient", "patient_id", "at"),)

    patient_id: Mapped[Id] = column("客户", ref="patient")
    factors: Mapped[dict[str, Any]] = column("高风险因素", sensitivity=SENSITIVE)
    summary: Mapped[str] = column("因素", sensitivity=SENSITIVE, length=1000)
    advice: Mapped[list[dict[str, Any]]] = column("建议与来源", sensitivity=SENSITIVE)
    unverified: Mapped[bool] = column("含待医师核定", default=False)
    message_id: Mapped[Id | None] = column("消息", ref="outbox_message")
    not_sent: Mapped[str | None] = column("未推送原因", means="words:advice_not_sent", length=40)
    task_id: Mapped[Id | None] = column("随访任务", ref="follow_task")
    by_staff: Mapped[Id | None] = column("推送人", ref="staff")
    at: Mapped[datetime] = column("时间", index=True)
