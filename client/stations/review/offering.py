"""What the desk offers on a case: by its state and by what is under way. Permission comes on top."""

from dataclasses import dataclass

from client.actions import Action
from client.stations.review.case import UNWRITTEN, Case
from domain.checkup.workflow import report_review

MOVES = {
    "submit": ("submit", "resubmit"), "pass_first": ("pass_first",), "pass_second": ("pass_second",),
    "pass_further": ("pass_third", "pass_fourth"),
    "sign": ("sign",), "issue": ("issue",), "withdraw": ("withdraw",), "return": ("return",),
}  # fmt: skip
ACTIONS = (
    Action("submit", "review.action.submit", "F9", command="report.submit", primary=True),
    Action("pass_first", "review.action.pass_first", "F9", command="report.pass_first", primary=True),
    Action("pass_second", "review.action.pass_second", "F9", command="report.pass_second", primary=True),
    Action("pass_further", "review.action.pass_further", "F9", command="report.pass_further", primary=True),
    Action("sign", "review.action.sign", "F9", command="report.sign", primary=True),
    Action("issue", "review.action.issue", "F9", command="report.issue", primary=True),
    Action("withdraw", "review.action.withdraw", "Ctrl+U", command="report.withdraw_signature"),
    Action("return", "review.action.return", "F7", command="report.return"),
    Action("save", "review.action.save", "Ctrl+S", command="report.write"),
    Action("propose", "review.action.propose", "F4", command="report.write"),
    Action("preview", "review.action.preview", "F8"),
    Action("print", "review.action.print", "Ctrl+P", permission="document.print"),
    Action("check", "review.action.check", "Ctrl+E"),
    Action("critical", "review.action.critical", "Ctrl+R", command="critical.receive"),
    Action("trend", "review.action.trend", "Ctrl+T"),
    Action("images", "review.action.images", "Ctrl+I"),
    Action("attach", "review.action.attach", "Ctrl+O", command="checkup.attach"),
    Action("filter", "review.action.filter", "F3"),
    Action("part", "review.action.part", "F2"),
    Action("next", "review.action.next", "Alt+Down"),
)
"""One key, F9, leads on at every step: never two of them are enabled at once."""
FORWARD = ("submit", "pass_first", "pass_second", "pass_further", "sign", "issue")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What is under way on the desk; `settled` once a case has been on the screen for long enough to be seen."""

    acting: bool
    settled: bool
    returning: bool
    disputed: bool
    editing: bool
    edited: bool
    proposals: bool
    critical: bool
    following: bool
    remarks: bool
    held: bool = False


def moves(case: Case | None, name: str) -> bool:
    """Tell whether the state of a case's report allows an act."""
    if case is None:
        return False
    if case.state == UNWRITTEN:
        return name == "submit"
    return any(m in report_review.possible(case.state) for m in MOVES[name])


def offers(case: Case | None, now: Moment) -> dict[str, bool]:
    """Return which actions make sense now; one that needs a case makes none without."""
    if case is None or not case.clear:
        found = dict.fromkeys((*MOVES, "save", "propose", "preview", "print", "critical"), False)
    else:
        free = not now.acting
        ahead = free and now.settled and not now.returning and not now.disputed
        found = {name: ahead and moves(case, name) for name in FORWARD}
        found |= {
            "return": free and now.settled and moves(case, "return"),
            "save": free and now.editing and now.edited and not now.disputed,
            "propose": free and now.editing and now.proposals,
            "preview": free and case.report_id is not None,
            "print": free and bool(case.document_sha256),
            "critical": free and now.critical,
        }
    return found | {
        "withdraw": not now.acting and (now.held or moves(case, "withdraw")),
        "attach": case is not None and case.clear,
        "images": case is not None and case.clear and bool(case.attachments),
        "check": now.remarks,
        "trend": case is not None and bool(case.results),
        "next": now.following,
    }
