"""What a reviewer does in the browser: the commands of the desk, bound to exactly what the page showed.

A signature given here waits like one given at the desk; no page counts its minute, so the centre issues it
(`domain.checkup.issue_commands.issue_left_behind`), and until then its signer takes it back with one key.
"""

import functools

import resources
from domain.checkup.issue_commands import IssueReport, WithdrawSignature
from domain.checkup.records import ReviewAction
from domain.checkup.report_commands import (
    PassFirstReview,
    PassFurtherReview,
    PassSecondReview,
    ReturnReport,
)
from domain.checkup.scheme import reviews_at
from domain.checkup.workflow import report_review
from domain.kernel.authority import Actor
from domain.kernel.commands import commands
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from forms.documents import Document, load_documents
from forms.issuing import issue_report
from server.centre import Centre
from server.review.reading import Case, read_case

FORWARD = {
    "pass_first": "report.pass_first", "pass_second": "report.pass_second", "pass_third": "report.pass_further",
    "pass_fourth": "report.pass_further", "sign": "report.sign", "issue": "report.issue",
}  # fmt: skip
RETURN = "report.return"
WITHDRAW = "report.withdraw_signature"
_PASSES = {
    "pass_first": PassFirstReview, "pass_second": PassSecondReview, "pass_third": PassFurtherReview,
    "pass_fourth": PassFurtherReview,
}  # fmt: skip


def offered(case: Case, actor: Actor) -> list[tuple[str, str]]:
    """Return the moves (name, label) that state and permissions allow; to return comes last."""
    if not case.clear:
        return []
    possible = report_review.possible(case.report.state)
    found = []
    for move, name in (*FORWARD.items(), ("withdraw", WITHDRAW), ("return", RETURN)):
        permission = commands()[name].permission
        allowed = permission is None or actor.may(permission)
        own = (move != "return" or reviews_at(actor, case.report.state)) and (
            move not in {"issue", "withdraw"} or signed_by(case, actor)
        )
        if move in possible and allowed and own:
            found.append((move, commands()[name].label))
    return found


def signed_by(case: Case, actor: Actor) -> bool:
    """Tell whether a report waits with a signature of this person."""
    signs = [step for step in case.steps if step.action == ReviewAction.SIGN]
    return case.report.state == "signed" and bool(signs) and signs[-1].staff_id == actor.staff_id


def act(centre: Centre, actor: Actor, report_id: Id, move: str, sent: dict[str, str]) -> str:
    """Do one of the moves and return the label of what was done.

    Args:
        centre: Whose store it is.
        actor: Who acts.
        report_id: The report.
        move: One of `FORWARD`, ``withdraw`` or ``return``.
        sent: ``digest`` and ``state`` of the page, ``remark`` and ``anchor``.

    Raises:
        DomainError: ``review.changed_meanwhile``, ``report.changed_meanwhile``: the report is no longer what the
            page showed; ``input.missing`` without a remark; what the command refuses.
    """
    name = {"return": RETURN, "withdraw": WITHDRAW}.get(move) or FORWARD.get(move)
    if name is None:
        raise DomainError("command.unknown", name=move[:40])
    case = read_case(centre, actor, report_id)
    label = commands()[name].label
    if (case.digest, case.report.state) != (sent.get("digest"), sent.get("state")):
        code = "report.changed_meanwhile" if move == "sign" else "review.changed_meanwhile"
        raise DomainError(code, field="digest", number=case.report.number, label=label)
    remark = sent.get("remark", "").strip()
    if move == "sign":
        issue_report(
            centre.dispatcher,
            actor,
            _final_report(),
            report_id,
            lambda pdf: centre.blobs.put([pdf]),
            hold=True,
        )
    elif move == "issue":
        centre.dispatcher.run(IssueReport(report_id=report_id), actor)
    elif move == "withdraw":
        centre.dispatcher.run(WithdrawSignature(report_id=report_id, reason=remark or None), actor)
    elif move == "return":
        if not remark:
            raise DomainError("input.missing", field="remark", label=centre.texts.say("review.remark"))
        order = ReturnReport(report_id=report_id, remark=remark, anchor=sent.get("anchor") or None)
        centre.dispatcher.run(order, actor)
    else:
        centre.dispatcher.run(_PASSES[move](report_id=report_id, remark=remark or None), actor)
    return label


@functools.cache
def _final_report() -> Document:
    return load_documents(resources.folder("documents"))["final_report"]
