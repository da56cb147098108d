"""Commands that the centre alone carries out, asked of it from the workstation.

`start` sends an order where it belongs: what a desk may do goes to its own store, in the writer's queue; what is
the centre's goes over the line, in a reader's thread, so that neither the screen nor other people's work waits for
it. Who asks has signed in at the centre from here; the session is kept in memory alone, for the person who did.
"""

import hashlib
import logging
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from domain.kernel.authority import Actor
from domain.kernel.commands import Command, command_of, commands
from domain.kernel.dispatcher import CENTRE
from domain.kernel.errors import DomainError, UnavailableError
from domain.kernel.ids import Id, new_id
from domain.kernel.unit_of_work import Done
from sync.asking import Ask, SignIn, packed, receipt_of
from sync.http_client import HttpCentre

if TYPE_CHECKING:
    from client.background import Job
    from client.station import Context
    from domain.kernel.store import Store

log = logging.getLogger(__name__)


class CentreDoor:
    """The centre as it is asked from here; may be used by any thread.

    Args:
        line: Makes a line to the centre; one is made at the first question.
        told: Called when something was carried out there: the exchange brings it.
    """

    def __init__(self, line: Callable[[], HttpCentre], told: Callable[[], None]) -> None:
        self._make = line
        self._told = told
        self._lock = threading.Lock()
        self._made: HttpCentre | None = None
        self._tokens: dict[Id | None, str] = {}
        self._open: dict[bytes, Id] = {}
        """Ids of what was asked and not answered, so that asked again it is carried out once."""

    def knows(self, actor: Actor) -> bool:
        """Tell whether this person has signed in at the centre from here."""
        return actor.staff_id in self._tokens

    def forget_all(self) -> None:
        """Drop what people had signed in for: somebody has left the desk."""
        self._tokens.clear()

    def sign_in(self, actor: Actor, login: str, password: str, code: str = "") -> None:
        """Sign a person in at the centre.

        Raises:
            DomainError: ``sign_in.refused``, ``sign_in.code_needed`` and the like; ``password.must_change``.
            UnavailableError: ``centre.no_line``; ``sign_in.too_many``.
        """
        with self._lock:
            found = self._reached(lambda line: line.sign_in(SignIn(login, password, code)))
            if found.must_change:
                raise DomainError("password.must_change")
            self._tokens[actor.staff_id] = found.token

    def run(self, order: Any, actor: Actor) -> Done:
        """Have the centre carry an order out.

        Raises:
            DomainError: ``centre.sign_in_first`` where nobody has signed in or the session is over; what the command
                refuses.
            UnavailableError: ``centre.no_line``: nothing is known to have happened; asked again it happens once.
        """
        command = command_of(order)
        command.check(order)
        data = packed(command, order)
        asked = hashlib.sha256(command.name.encode() + b"\0" + data).digest()
        with self._lock:
            token = self._tokens.get(actor.staff_id)
            if token is None:
                raise DomainError("centre.sign_in_first")
            txn_id = self._open.setdefault(asked, new_id())
            try:
                answer = self._reached(lambda line: line.ask(Ask(token, command.name, data, txn_id)))
            except DomainError as error:
                del self._open[asked]
                if error.code.startswith("session."):
                    self._tokens.pop(actor.staff_id, None)
                    raise DomainError("centre.sign_in_first") from error
                raise
            del self._open[asked]
        self._told()
        return Done(receipt_of(command, answer), answer.position, txn_id)

    def close(self) -> None:
        """Let go of the line."""
        if self._made is not None:
            self._made.close()

    def _reached(self, ask: Callable[[HttpCentre], Any]) -> Any:
        if self._made is None:
            self._made = self._make()
        try:
            return ask(self._made)
        except UnavailableError as error:
            if not error.code.startswith("transfer."):
                raise
            log.info("the centre was not reached: %s", error.code)
            raise UnavailableError("centre.no_line", reason=error.code) from error


def login_of(store: "Store", actor: Actor) -> str:
    """Return the login name of the person signed in here."""
    from domain.people.records import Staff

    with store.read() as connection:
        query = select(Staff.login).where(Staff.id == actor.staff_id)
        return connection.execute(query).scalar() or ""


def is_centres(command: Command) -> bool:
    """Tell whether a command is the centre's to carry out."""
    return command.place == CENTRE


def start(context: "Context", order: Any) -> "Job":
    """Run an order where it belongs, as the person signed in; the job answers with its `Done`."""
    desk, actor = context.desk, context.actor
    command = command_of(order)
    if is_centres(command) and not desk.dispatcher.at_centre:
        return context.jobs.read(lambda _job: ask(desk.centre, order, actor), command.name)
    return context.jobs.write(lambda _job: desk.dispatcher.run(order, actor), command.name)


def start_named(context: "Context", name: str, data: Mapping[str, Any]) -> "Job":
    """Run a command by name on plain data; otherwise as `start`."""
    desk, actor = context.desk, context.actor
    command = commands().get(name)
    if command is not None and is_centres(command) and not desk.dispatcher.at_centre:
        return context.jobs.read(lambda _job: ask(desk.centre, command.read(data), actor), name)
    return context.jobs.write(lambda _job: desk.dispatcher.run_named(name, data, actor), name)


def ask(door: "CentreDoor | None", order: Any, actor: Actor) -> Done:
    """Ask the centre; ``centre.none`` at a workstation without one."""
    if door is None:
        raise UnavailableError("centre.none")
    return door.run(order, actor)
