"""How complete and how credible a study's data is: counted by the centre alone, looked at everywhere."""

import enum
from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, column
from domain.kernel.ids import Id
from domain.kernel.record import Record
from domain.studies.subject_records import OVERSEE


class VisitData(Record, label="访视数据完整性", circle="study_id", members="study_member", oversight=OVERSEE):
    """What one visit must have brought by now (`stable_id("visit_data", visit)`).

    `wanted` are its must-haves that are due, `present` those there, `exempted` those with a reason on record;
    `missing` is the rest, named in `lacking`.
    """

    study_id: Mapped[Id] = column("研究项目", ref="study", index=True)
    subject_id: Mapped[Id] = column("受试者", ref="study_subject")
    subject_visit_id: Mapped[Id] = column("研究访视", ref="subject_visit", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient")
    number: Mapped[str] = column("受试者编号", length=40)
    visit: Mapped[str] = column("访视名称")
    wanted: Mapped[int] = column("应有变量数")
    present: Mapped[int] = column("已有变量数")
    exempted: Mapped[int] = column("已登记原因数")
    missing: Mapped[int] = column("缺失结果数", index=True)
    lacking: Mapped[list[str]] = column("缺失内容")
    counted_at: Mapped[datetime] = column("统计时间", index=True)


class StudyData(Record, label="科研数据完整率"):
    """The must-haves of a whole study that are due, and how many are there."""

    study_id: Mapped[Id] = column("研究项目", ref="study", index=True)
    code: Mapped[str] = column("项目代码", length=12)
    wanted: Mapped[int] = column("应有变量数")
    present: Mapped[int] = column("已有变量数")
    exempted: Mapped[int] = column("已登记原因数")
    rate: Mapped[float | None] = column("变量完整率", unit="%")
    lacking_visits: Mapped[int] = column("有缺失的访视数")
    counted_at: Mapped[datetime] = column("统计时间", index=True)


class PairState(enum.StrEnum):
    """What became of two sets of results that are much alike."""

    OPEN = "open"
    REAL = "real"
    CORRECTED = "corrected"
    UNLIKE = "unlike"


class SimilarPair(Record, label="结果相似", circle="study_id", members="study_member", oversight=OVERSEE):
    """Two visits of a study whose results are alike (`stable_id("similar_pair", study, first, second)`).

    `likeness` is the share of `compared` informative variables, answered at both, that hold the same value
    (`domain.research.likeness` says which, and why).
    """

    study_id: Mapped[Id] = column("研究项目", ref="study", index=True)
    first_visit_id: Mapped[Id] = column("访视一", ref="subject_visit", index=True)
    second_visit_id: Mapped[Id] = column("访视二", ref="subject_visit", index=True)
    patient_id: Mapped[Id] = column("客户", ref="patient")
    first: Mapped[str] = column("记录一")
    second: Mapped[str] = column("记录二")
    same_subject: Mapped[bool] = column("同一受试者")
    compared: Mapped[int] = column("比较变量数")
    equal: Mapped[int] = column("相同变量数")
    likeness: Mapped[float] = column("相似程度", unit="%")
    standing: Mapped[PairState] = column("核实状态", merge=Merge.CENTRE, group="state")
    verdict: Mapped[str | None] = column("核实结论", merge=Merge.CENTRE, group="state", length=4000)
    judged_by: Mapped[Id | None] = column("核实人", ref="staff", merge=Merge.CENTRE, group="state")
    judged_name: Mapped[str | None] = column("核实人姓名", merge=Merge.CENTRE, group="state")
    judged_at: Mapped[datetime | None] = column("核实时间", merge=Merge.CENTRE, group="state")
    found_at: Mapped[datetime] = column("发现时间", index=True)


class ResearchPerformance(Record, label="科研绩效"):
    """One person's work for one study in one month (`stable_id("research_performance", staff, study, month)`).

    `owed` tubes are those they drew or gave up; alerts are those of research they settled, `in_time` by the deadline.
    """

    study_id: Mapped[Id] = column("研究项目", ref="study", index=True)
    code: Mapped[str] = column("项目代码", length=12)
    staff_id: Mapped[Id] = column("人员", ref="staff", index=True)
    staff_name: Mapped[str] = column("人员姓名")
    month: Mapped[str] = column("月份", length=7, index=True)
    owed: Mapped[int] = column("应留管数", default=0)
    collected: Mapped[int] = column("实留管数", default=0)
    rate: Mapped[float | None] = column("留取率", unit="%")
    alerts: Mapped[int] = column("处理科研预警", default=0)
    in_time: Mapped[int] = column("按时处理预警", default=0)
    core_alerts: Mapped[int] = column("处理核心预警", default=0)
    core_in_time: Mapped[int] = column("按时处理核心预警", default=0)
    in_time_rate: Mapped[float | None] = column("预警按时处理率", unit="%")
    late: Mapped[int] = column("逾期未处理预警", default=0)
    counted_at: Mapped[datetime] = column("统计时间")
