"""Asking the centre for a command that it alone carries out: who signs in, what is asked, what came of it.

Rights, accounts, limits and versions of rules are one thing for the whole group: the centre decides them under its
own permissions, with all it knows, and workstations read them. A workstation sends such a command by its name, for a
person who has signed in at the centre from it; the workstation alone is not believed about who sits at it. The answer
is the command's receipt; what changed comes by the next exchange, as everything does.

A line that fails after the command went out leaves open whether it was carried out. `Ask.txn_id` is therefore the
transaction's id at the centre: asked again with it, the command runs once, and the second answer has no receipt.
"""

import typing
from typing import Any

import msgspec

from domain.kernel.commands import Command
from domain.kernel.ids import Id

LONGEST = 1 << 20
"""Bytes of a command's input."""


class SignIn(msgspec.Struct, frozen=True):
    """A person's login, password and, where a second factor is bound, its code."""

    login: typing.Annotated[str, msgspec.Meta(max_length=60)]
    password: typing.Annotated[str, msgspec.Meta(max_length=200)]
    code: typing.Annotated[str, msgspec.Meta(max_length=40)] = ""


class SignedIn(msgspec.Struct, frozen=True):
    """A session of that person at the centre, good from this workstation while it is used."""

    token: str
    must_change: bool = False


class Ask(msgspec.Struct, frozen=True):
    """A command by name with its input as JSON; `txn_id` makes it one however often it is asked."""

    token: str
    command: str
    data: typing.Annotated[bytes, msgspec.Meta(max_length=LONGEST)]
    txn_id: Id


class Answered(msgspec.Struct, frozen=True):
    """What came of it: the receipt as JSON (empty if it had been carried out before) and its position in the log."""

    position: int
    receipt: bytes = b""


def packed(command: Command, order: Any) -> bytes:
    """Return the input of a command as it travels."""
    return msgspec.json.encode({field.name: getattr(order, field.name) for field in command.fields})


def receipt_of(command: Command, answer: Answered) -> Any:
    """Return the receipt in the type the command's handler says; None for an answer without."""
    if not answer.receipt or command.handler is None:
        return None
    kind = typing.get_type_hints(command.handler).get("return", Any)
    return None if kind is type(None) else msgspec.json.decode(answer.receipt, type=kind)
