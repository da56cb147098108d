"""What a reviewer does in the browser: the commands of the desk, bound to exactly what the page showed."""

import functools

import resources
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
    "pass_fourth": "report.pass_further", "sign": "report.sign",
}  # fmt: skip
RETURN = "report.return"
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
    for move, name in (*FORWARD.items(), ("return", RETURN)):
        permission = commands()[name].permission
        allowed = permission is None or actor.may(permission)
        if move in possible and allowed and (move != "return" or reviews_at(actor, case.report.state)):
            found.append((move, commands()[name].label))
    return found


def act(centre: Centre, actor: Actor, report_id: Id, move: str, sent: dict[str, str]) -> str:
    """Do one of the moves and return the label of what was done.

    Args:
        centre: Whose store it is.
        actor: Who acts.
        report_id: The report.
        move: One of `FORWARD`, or ``return``.
        sent: ``digest`` and ``state`` of the page, ``remark`` and ``anchor``.

    Raises:
        DomainError: ``review.changed_meanwhile``, ``report.changed_meanwhile``: the report is no longer what the
            page showed; ``input.missing`` without a remark; what the command refuses.
    """
    name = RETURN if move == "return" else FORWARD.get(move)
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
            centre.dispatcher, actor, _final_report(), report_id, lambda pdf: centre.blobs.put([pdf])
        )
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
