"""Whom it concerns that a message was accepted or came to nothing: features that had it sent say so here."""

from collections.abc import Callable

from domain.kernel.unit_of_work import UnitOfWork
from domain.messaging.records import OutboxMessage

Listener = Callable[[UnitOfWork, OutboxMessage], None]
_LISTENERS: dict[str, Listener] = {}


def tell_of(entity: str) -> Callable[[Listener], Listener]:
    """Register a function that is called, in the transaction of the outcome, for messages about an entity."""

    def register(listener: Listener) -> Listener:
        _LISTENERS[entity] = listener
        return listener

    return register


def ended(work: UnitOfWork, message: OutboxMessage) -> None:
    """Tell the feature that a message is about of its new state."""
    listener = _LISTENERS.get(message.about or "")
    if listener is not None:
        listener(work, message)
