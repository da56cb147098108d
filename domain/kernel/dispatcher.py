"""Running commands: input, permission, one unit of work, one commit, then the bell."""

from collections.abc import Callable, Mapping
from typing import Any

from domain.kernel.authority import Actor
from domain.kernel.change_log import REFUSED, SCHEMA_VERSION, Body, append_entry
from domain.kernel.clients import beyond
from domain.kernel.clock import Clock, utc_now
from domain.kernel.columns import to_microseconds
from domain.kernel.commands import Command, command_of, commands
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, IdSource, new_id
from domain.kernel.store import Store
from domain.kernel.unit_of_work import Done, UnitOfWork
from domain.kernel.workflow import Limits

CENTRE = "centre"
"""The `place` of commands that need the centre's knowledge or its authority."""
OUT_OF_ORDER = frozenset({"wrong_state", "own_work", "same_hands"})
"""Endings of the codes of steps asked for out of their order, or by who may not make them: the audit has them too."""


class Dispatcher:
    """Runs commands against one store; the same object at a branch and at the centre.

    Args:
        store: Where the rows are.
        clock: Time of what happens.
        ids: Source of new ids.
        content: Content the handlers may ask for by name (catalogue, roles, forms).
        limits: Time limits set for this site, by ``workflow.state``.
        at_centre: Whether this store is the centre's; at a workstation a command of the centre is refused here, and
            asked of the centre instead (`client.asking`).
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock = utc_now,
        ids: IdSource = new_id,
        content: Mapping[str, Any] | None = None,
        limits: Callable[[], Limits] = dict,
        at_centre: bool = True,
    ) -> None:
        self.store = store
        self.clock = clock
        self.ids = ids
        self.content = dict(content or {})
        self._limits = limits
        self.at_centre = at_centre

    def run_named(
        self, name: str, data: Mapping[str, Any], actor: Actor, *, txn_id: Id | None = None
    ) -> Done:
        """Run a command by its name on plain data, as the API and generic forms do."""
        if name not in commands():
            raise DomainError("command.unknown", name=name)
        self._check_permission(commands()[name], actor)
        return self.run(commands()[name].read(data), actor, txn_id=txn_id)

    def run(self, order: Any, actor: Actor, *, txn_id: Id | None = None) -> Done:
        """Run a command; on return it is on disk.

        Raises:
            DomainError: It was refused and nothing changed; that somebody had no permission, or that it was out of
                order, is in the log. ``command.at_centre`` at a workstation for what only the centre carries out.
        """
        command = command_of(order)
        self._check_permission(command, actor)
        if command.place == CENTRE and not self.at_centre:
            raise DomainError("command.at_centre", label=command.label)
        command.check(order)
        if command.handler is None:
            raise DomainError("command.unknown", name=command.name)
        if actor.limited:
            self._check_clients(command, order, actor)
        txn_id = txn_id or self.ids()
        try:
            with self.store.write() as connection:
                work = UnitOfWork(
                    connection,
                    actor,
                    now=self.clock(),
                    new_id=self.ids,
                    limits=self._limits(),
                    content=self.content,
                )
                try:
                    receipt = command.handler(order, work)
                    position = work.commit_entry(command.name, txn_id=txn_id)
                finally:
                    work.close()
        except DomainError as error:
            if actor.staff_id is not None and error.code.rpartition(".")[2] in OUT_OF_ORDER:
                self.record_refusal(command.name, actor, {"code": error.code})
            raise
        if position:
            self.store.ring(position)
        return Done(receipt, position, txn_id)

    def _check_permission(self, command: Command, actor: Actor) -> None:
        if command.permission is None or actor.may(command.permission):
            return
        self.record_refusal(command.name, actor, {"permission": command.permission})
        raise DomainError(
            "permission.denied", permission=command.permission, role=actor.rights.label, label=command.label
        )

    def _check_clients(self, command: Command, order: Any, actor: Actor) -> None:
        """Refuse an order about somebody who is not one of the actor's clients; rules themselves see everybody."""
        if not actor.limited:
            return  # most people: nothing is read before their order
        with self.store.read() as connection:
            found = beyond(connection, actor, order)
        if found is not None:
            self.record_refusal(command.name, actor, {"client": found[1].bytes})
            field = next(
                (f.name for f in command.fields if str(found[1]) in str(getattr(order, f.name))), None
            )
            raise DomainError("client.not_yours", field=field, label=command.label)

    def record_refusal(self, command: str, actor: Actor, note: dict[str, Any]) -> None:
        """Write a refusal into the log, for the audit: nothing else changes."""
        body = Body(
            command, None if actor.staff_id is None else actor.staff_id.bytes, actor.role, actor.org_id.bytes,
            SCHEMA_VERSION, [], note,
        )  # fmt: skip
        with self.store.write() as connection:
            position = append_entry(
                connection, txn_id=self.ids(), device_id=actor.device_id, at=to_microseconds(self.clock()),
                body=body, outcome=REFUSED,
            )  # fmt: skip
        self.store.ring(position)
