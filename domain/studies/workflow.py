"""The lives of a study, of a subject in it, and of one visit."""

from domain.kernel.workflow import State, Workflow
from domain.studies.records import Study
from domain.studies.subject_records import StudySubject, SubjectVisit

study_life = Workflow(
    Study,
    "研究项目",
    State("draft", "设计中"),
    State("recruiting", "入组中"),
    State("following", "随访中"),
    State("closed", "已结题", final=True),
    moves={
        "open": ("draft", "recruiting"),
        "stop_recruiting": ("recruiting", "following"),
        "reopen": ("following", "recruiting"),
        "close": (("recruiting", "following"), "closed"),
    },
)

subject_life = Workflow(
    StudySubject,
    "受试者",
    State("enrolled", "在研"),
    State("completed", "已完成", final=True),
    State("withdrawn", "已退出", final=True),
    moves={"complete": ("enrolled", "completed"), "withdraw": ("enrolled", "withdrawn")},
)

subject_visit_life = Workflow(
    SubjectVisit,
    "研究访视",
    State("planned", "待访视"),
    State("going_on", "进行中"),
    State("done", "已完成", final=True),
    State("missed", "未访视", final=True),
    State("cancelled", "已取消", final=True),
    moves={
        "begin": ("planned", "going_on"),
        "finish": ("going_on", "done"),
        "miss": ("planned", "missed"),
        "cancel": (("planned", "going_on"), "cancelled"),
    },
)
"""A visit going on is due when its next node is."""
