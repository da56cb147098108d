"""Which service is set, and asking it about every line of a list that waits for its word."""

import logging

from sqlalchemy import select

from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import KnownError
from domain.people.roster_commands import NoteOutsideAnswer
from domain.people.roster_records import IdentityEntry, OutsideAnswer
from server.identity_services.providers import HttpIdentityService, IdentityService
from server.settings import Settings

log = logging.getLogger(__name__)
AT_ONCE = 100
"""Lines a run; the next run goes on."""
MOST_SILENT = 3
"""Lines in a row without an answer, after which the service is left until the next run."""
SECRET_FILE = "identity-service"  # noqa: S105  (the name of a file)


def identity_service_of(settings: Settings) -> IdentityService | None:
    """Return the service that is set, None without one."""
    if not settings.identity_url or settings.secrets_dir is None:
        return None
    secret = (settings.secrets_dir / SECRET_FILE).read_bytes().strip()
    return HttpIdentityService(settings.identity_url, settings.identity_app, secret)


def ask_all(dispatcher: Dispatcher, actor: Actor, service: IdentityService | None) -> int:
    """Ask about what waits; returns how many answers came. A try without an answer is counted with its line."""
    if service is None:
        return 0
    table = IdentityEntry.__table__.c
    query = select(table.id, table.said_name, table.said_id_number).where(
        table.outside == OutsideAnswer.WAITING
    )
    with dispatcher.store.read() as connection:
        waiting = connection.execute(query.order_by(table.tries, table.checked_at).limit(AT_ONCE)).all()
    came = silent = 0
    for entry_id, name, number in waiting:
        try:
            answer = service.check(name, number or "")
            silent, came = 0, came + 1
        except KnownError as error:
            log.warning("identity service waits", extra={"code": error.code})
            answer, silent = OutsideAnswer.SILENT, silent + 1
        dispatcher.run(NoteOutsideAnswer(entry_id=entry_id, answer=answer), actor)
        if silent >= MOST_SILENT:
            break
    return came
