"""What others attest of a sealed consent file: that it existed at a time, that the institution stands behind it."""

import enum
from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record
from domain.studies.subject_records import OVERSEE


class AttestKind(enum.StrEnum):
    """By what."""

    TIME_STAMP = "time_stamp"
    E_SEAL = "e_seal"


class ConsentAttestation(
    Record,
    label="知情同意佐证",
    merge=Merge.APPEND,
    circle="study_id",
    members="study_member",
    oversight=OVERSEE,
):
    """A token about the digest of a sealed file: RFC 3161 time stamp, or detached CMS signature of a seal's owner."""

    consent_id: Mapped[Id] = column("知情同意", ref="consent", index=True)
    study_id: Mapped[Id] = column("研究项目", ref="study")
    kind: Mapped[AttestKind] = column("佐证类别")
    sha256: Mapped[str] = column("签署文件摘要", length=64)
    token: Mapped[bytes] = column("佐证")
    attested_by: Mapped[str] = column("出具者")
    attested_at: Mapped[datetime] = column("出具时间", index=True)
