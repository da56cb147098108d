"""The one door out: what is exported, printed or opened elsewhere is on record before it goes, and its end after."""

from collections.abc import Callable
from typing import Any, TypeVar

from client.station import Context
from domain.kernel.errors import KnownError
from domain.outgoing.commands import EndOutgoing
from domain.outgoing.records import OutgoingResult

T = TypeVar("T")
MOST_DETAIL = 255


def handed_out(
    context: Context,
    order: Any,
    send: Callable[[], T],
    *,
    ended: Callable[[T], tuple[OutgoingResult, int]] = lambda _result: (OutgoingResult.DONE, 1),
    on_record: Callable[[Any], None] = lambda _noted: None,
) -> T:
    """Put an order of `domain.outgoing` on record, then send; what came of it is on record whatever it was.

    Runs in a job: two commits and the sending itself.

    Args:
        context: Who does it, and where.
        order: The command that allows it; refused, nothing is sent.
        send: Writes the file, prints, or opens it elsewhere.
        ended: Tells from what `send` gave how it ended and how many rows or copies went.
        on_record: Told the id of the record before `send`, for what bears its number.

    Raises:
        DomainError: What the command refuses.
        KnownError: What `send` raises; the failure is on record by then.
    """
    run = context.desk.dispatcher.run
    noted = run(order, context.actor).receipt
    on_record(noted)

    def end(result: OutgoingResult, count: int, detail: str | None = None) -> None:
        note = EndOutgoing(
            outgoing_id=noted, result=result, count=count, detail=detail and detail[:MOST_DETAIL]
        )
        run(note, context.actor)

    try:
        given = send()
    except KnownError as error:
        end(OutgoingResult.FAILED, 0, context.desk.texts.explain(error))
        raise
    except Exception as error:
        end(OutgoingResult.FAILED, 0, type(error).__name__)
        raise
    end(*ended(given))
    return given
