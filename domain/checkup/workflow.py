"""The lives of a visit, a critical value and a report.

Limits are the defaults of the requirements: each may be set otherwise by site, in data.
"""

from domain.checkup.case_file_records import CaseFiles
from domain.checkup.difference_records import SystemDifference
from domain.checkup.entitlement_records import ReviewDoubt
from domain.checkup.records import CriticalValue, Report, Visit
from domain.kernel.workflow import State, Workflow, hours, minutes

visit_life = Workflow(
    Visit,
    "体检流程",
    State("registered", "已登记"),
    State("arrived", "检查中", limit=hours(8)),
    State("finished", "检查完成", final=True),
    moves={"arrive": ("registered", "arrived"), "finish": (("registered", "arrived"), "finished")},
)

critical_handling = Workflow(
    CriticalValue,
    "危急值处理",
    State("reported", "待接收", limit=minutes(30)),
    State("received", "已接收", limit=minutes(30)),
    State("handled", "已处置", final=True),
    moves={"receive": ("reported", "received"), "handle": ("received", "handled")},
)

difference_life = Workflow(
    SystemDifference,
    "跨系统差异",
    State("open", "待核实", limit=hours(24)),
    State("settled", "已统一", final=True),
    moves={"settle": ("open", "settled")},
)

case_files_life = Workflow(
    CaseFiles,
    "病例附件到齐",
    State("waiting", "等待附件", limit=hours(2)),
    State("complete", "已到齐"),
    moves={"complete": ("waiting", "complete"), "miss": ("complete", "waiting")},
)

doubt_life = Workflow(
    ReviewDoubt,
    "无权审核",
    State("open", "待核定", limit=hours(4)),
    State("confirmed", "核定有效", final=True),
    State("redone", "退回重审", final=True),
    moves={"confirm": ("open", "confirmed"), "redo": ("open", "redone")},
)

PASSING = {
    "first_review": "pass_first",
    "second_review": "pass_second",
    "third_review": "pass_third",
    "fourth_review": "pass_fourth",
    "final_review": "sign",
}
"""The levels there can be, in their order, and the move that ends each; which of them a site has is its scheme's."""
LEVELS = tuple(PASSING)
HEAD_OFFICE = LEVELS[1:]

report_review = Workflow(
    Report,
    "三级审核",
    State("drafting", "撰写中", limit=hours(24)),
    State("first_review", "分院初审", limit=hours(24)),
    State("second_review", "总院复审", limit=hours(24)),
    State("third_review", "总院三审", limit=hours(24)),
    State("fourth_review", "总院四审", limit=hours(24)),
    State("returned", "退回修改", limit=hours(8)),
    State("final_review", "终审", limit=hours(24)),
    State("signed", "待签发", limit=hours(24)),
    State("issued", "已签发"),
    moves={
        "submit": ("drafting", LEVELS),
        "pass_first": ("first_review", HEAD_OFFICE),
        "return": (LEVELS, "returned"),
        "resubmit": (
            "returned",
            ("second_review", "first_review", "third_review", "fourth_review", "final_review"),
        ),
        "pass_second": ("second_review", ("final_review", "third_review", "fourth_review")),
        "pass_third": ("third_review", ("final_review", "fourth_review")),
        "pass_fourth": ("fourth_review", "final_review"),
        "sign": ("final_review", "signed"),
        "withdraw": ("signed", "final_review"),
        "issue": ("signed", "issued"),
        "reopen": ("issued", "returned"),
    },
    apart={
        "pass_first": ("submit",),
        "pass_second": ("submit", "pass_first"),
        "pass_third": ("submit", "pass_first", "pass_second"),
        "pass_fourth": ("submit", "pass_first", "pass_second", "pass_third"),
        "sign": ("submit", "pass_first", "pass_second", "pass_third", "pass_fourth"),
    },
)
"""Each level is another person's: nobody reviews what they wrote, nor at two levels what they passed at one.

A move to a level has several ends: the site's scheme says which level comes next (`domain/checkup/scheme.py`).

A signed report waits a minute in which its signer may take the signature back; then it is issued by itself.
"""
