"""Organisations, staff, patients and workstations."""

import enum
from datetime import date, datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from domain.kernel.columns import Mask, Means, Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Place, Record, Scope

PERSONAL, SENSITIVE = Sensitivity.PERSONAL, Sensitivity.SENSITIVE


class OrganizationKind(enum.StrEnum):
    """Level of an organisation in the tree."""

    HEAD_OFFICE = "head_office"
    BRANCH = "branch"
    DEPARTMENT = "department"


class Organization(Record, label="机构", scope=Scope.CATALOGUE, at_centre=True):
    """A node of the organisation tree (FHIR R4 Organization); its `org_id` is its own id."""

    code: Mapped[str] = column("机构代码", unique=True, length=40)
    name: Mapped[str] = column("机构名称")
    kind: Mapped[OrganizationKind] = column("类型", default=OrganizationKind.BRANCH)
    parent_id: Mapped[Id | None] = column("上级机构", ref="organization")


class Staff(Record, label="员工"):
    """A person who signs in (FHIR R4 Practitioner with one PractitionerRole)."""

    login: Mapped[str] = column("登录名", unique=True, length=60, at_centre=True)
    name: Mapped[str] = column("姓名")
    role: Mapped[str] = column("角色", means=Means.ROLE, length=40, at_centre=True)
    title: Mapped[str | None] = column("职称", length=60)
    licence_no: Mapped[str | None] = column("执业证书编号", length=60)
    card_no: Mapped[str | None] = column("工牌号", length=60, index=True)
    password_hash: Mapped[str] = column("口令摘要", sensitivity=SENSITIVE, group="password", length=200)
    password_set_at: Mapped[datetime] = column("口令设置时间", group="password")
    must_change: Mapped[bool] = column("须修改口令", group="password", default=False)
    password_past: Mapped[list[str] | None] = column("历次口令摘要", sensitivity=SENSITIVE, group="password")
    active: Mapped[bool] = column("启用", default=True, at_centre=True)
    signing_key: Mapped[str | None] = column("签名公钥", length=100)


class SignInState(Record, label="登录状态", place=Place.LOCAL):
    """Failed sign-ins of one login on this store; survives restarts, and a clock set back opens nothing."""

    login: Mapped[str] = column("登录名", unique=True, length=60)
    failures: Mapped[int] = column("连续失败次数", default=0)
    locks: Mapped[int] = column("锁定次数", default=0)
    last_failure_at: Mapped[datetime | None] = column("最近失败时间")
    locked_until: Mapped[datetime | None] = column("锁定至")


class Sex(enum.StrEnum):
    """GB/T 2261.1."""

    UNKNOWN = "0"
    MALE = "1"
    FEMALE = "2"
    UNSTATED = "9"


class Patient(Record, label="客户"):
    """A person examined (FHIR R4 Patient); `number` is ours, `id_number` is the citizen's (GB 11643)."""

    __table_args__ = (Index("ix_patient_birth_date_name", "birth_date", "name"),)

    number: Mapped[str] = column("档案号", unique=True, length=40)
    name: Mapped[str] = column("姓名", sensitivity=PERSONAL, mask=Mask.NAME, merge=Merge.REVIEW)
    sex: Mapped[Sex] = column("性别", code="GB/T 2261.1", merge=Merge.REVIEW, default=Sex.UNKNOWN)
    birth_date: Mapped[date | None] = column("出生日期", sensitivity=PERSONAL, merge=Merge.REVIEW)
    id_type: Mapped[str] = column(
        "证件类型", code="WS/T 364.3 CV02.01.101", means="words:id_type", default="01", length=10
    )
    id_number: Mapped[str | None] = column(
        "证件号码", sensitivity=SENSITIVE, mask=Mask.ID_NUMBER, merge=Merge.REVIEW, index=True, length=40
    )
    phone: Mapped[str | None] = column("手机号", sensitivity=PERSONAL, mask=Mask.PHONE, length=40)
    address: Mapped[str | None] = column("住址", sensitivity=PERSONAL, mask=Mask.ADDRESS)
    card_no: Mapped[str | None] = column("会员卡号", length=40, index=True)
    allergy: Mapped[str | None] = column(
        "过敏史", sensitivity=SENSITIVE, merge=Merge.REVIEW, safety=True, length=4000
    )
    blood_group: Mapped[str | None] = column(
        "血型",
        means="words:blood_group",
        code="CV04.50.005",
        sensitivity=SENSITIVE,
        merge=Merge.REVIEW,
        safety=True,
        length=10,
    )


class Workstation(Record, label="工作站", place=Place.CENTRE):
    """An enrolled installation; `epoch` rises when its identity was cloned or restored."""

    name: Mapped[str] = column("名称")
    public_key: Mapped[str] = column("设备公钥", length=100)
    epoch: Mapped[int] = column("身份版本", default=1)
    enrolled_at: Mapped[datetime] = column("登记时间")
    revoked_at: Mapped[datetime | None] = column("注销时间")
    last_seen_at: Mapped[datetime | None] = column("最近联系")
    program_version: Mapped[str | None] = column("程序版本", length=40)
    number_prefix: Mapped[str] = column("编号前缀", unique=True, length=10)


class EnrolmentCode(Record, label="登记码", place=Place.CENTRE):
    """A one-time code that lets one workstation join one organisation; only its digest is kept."""

    digest: Mapped[str] = column("登记码摘要", unique=True, length=64)
    expires_at: Mapped[datetime] = column("失效时间")
    used_at: Mapped[datetime | None] = column("使用时间")
    workstation_id: Mapped[Id | None] = column("工作站", ref="workstation")


class RunningNumber(Record, label="流水号", place=Place.LOCAL):
    """Next running number of this installation for one purpose; its prefix makes it unique in the group."""

    purpose: Mapped[str] = column("用途", unique=True, length=40)
    next_value: Mapped[int] = column("下一个号", default=1)


class StaffKey(Record, label="签名私钥", place=Place.LOCAL):
    """A physician's signing key on this installation; the store it lies in is encrypted."""

    staff_id: Mapped[Id] = column("员工", unique=True)
    private_key: Mapped[bytes] = column("私钥", sensitivity=SENSITIVE)
