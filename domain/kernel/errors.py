"""The two kinds of failure a user meets; anything else is a bug.

A `DomainError` means the input or the state of a record forbids what was asked: nothing has changed, and the
screen shows the reason beside the field. An `UnavailableError` means something outside is missing (disk, port,
network, printer): other work goes on, and a retry is offered. Both carry a code whose Chinese sentence stands
in ``resources/texts/zh``; neither ever carries a finished sentence.
"""

from typing import Any


class KnownError(Exception):
    """A failure with a text for the user: `code` is the text's key, `facts` are the values it names."""

    def __init__(self, code: str, field: str | None = None, **facts: Any) -> None:
        super().__init__(code, field, facts)
        self.code = code
        self.field = field
        self.facts = facts

    def __reduce__(self) -> tuple[Any, ...]:
        """Come whole from another process, values included."""
        return _again, (type(self), self.code, self.field, self.facts)

    def __str__(self) -> str:
        return f"{self.code} (field={self.field}, facts={self.facts})"


class DomainError(KnownError):
    """What was asked is not allowed; `field` names the input at fault."""


class UnavailableError(KnownError):
    """Something outside the program is missing or does not answer; trying again may help."""


def _again(kind: type[KnownError], code: str, field: str | None, facts: dict[str, Any]) -> KnownError:
    return kind(code, field, **facts)
