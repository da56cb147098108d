"""Which commands a row offers, and what of their input the row already knows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.kernel.authority import Actor
from domain.kernel.commands import Command, Kind, commands
from domain.kernel.workflow import workflows
from domain.kernel.worklists import Worklist

HERE = frozenset({"anywhere", "branch", "centre"})
"""What a workstation offers; what the centre carries out is asked of it (`client.asking`)."""
SEEN = frozenset({"revision"})
"""Fields by which a command tells what its person saw: given wherever the row has them."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A command of a list as a row offers it now; `enabled` follows the row's state."""

    command: Command
    enabled: bool


def offered(listing: Worklist, actor: Actor) -> list[Command]:
    """Return the commands of a list this person may run or ask for at a branch."""
    found = [commands()[name] for name in listing.commands if name in commands()]
    return [c for c in found if c.place in HERE and (c.permission is None or actor.may(c.permission))]


def offers(listing: Worklist, actor: Actor, row: Mapping[str, Any]) -> list[Offer]:
    """Return the commands with whether the row's state lets them run."""
    return [Offer(c, possible(listing, c, row)) for c in offered(listing, actor)]


def needs_no_row(command: Command) -> bool:
    """Tell whether a command is about no record that is there already, so that it can be run in an empty list."""
    return not any(f.asked.kind is Kind.HIDDEN and f.required for f in command.fields)


def possible(listing: Worklist, command: Command, row: Mapping[str, Any]) -> bool:
    """Tell whether the workflow allows the command from the row's state; unknown ones are left to the handler."""
    workflow = workflows().get(listing.record.record_info.entity)
    move = command.name.partition(".")[2]
    if workflow is None or move not in workflow.moves or "state" not in row:
        return True
    return workflow.allows(str(row["state"]), move)


def prefilled(listing: Worklist, command: Command, record_id: Any, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the row knows of a command's input: its own id, and what carries the same name.

    A hidden field that ends in ``_id`` and is not in the row is the record's own id if it names the record, or
    if it is the only hidden id that must be given.
    """
    entity = listing.record.record_info.entity
    given: dict[str, Any] = {}
    hidden = [
        f for f in command.fields if f.asked.kind is Kind.HIDDEN and f.required and f.name.endswith("_id")
    ]
    for field in command.fields:
        own = field.name in {f"{entity}_id", "id", "record_id"} or (len(hidden) == 1 and field is hidden[0])
        if (
            field.name in row
            and row[field.name] is not None
            and (field.asked.kind is not Kind.HIDDEN or not own)
        ):
            if field.required or field.name in SEEN:
                given[field.name] = row[field.name]
        elif own:
            given[field.name] = record_id
    return given
