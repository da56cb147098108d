"""How far somebody reaches, as an institution sets it: organisations, clients, what in clear, how long alone."""

import dataclasses
from collections.abc import Callable
from typing import Any

from domain.kernel.authority import Clients, Reach, Role
from domain.kernel.facts import Sensitivity

MOST_DAYS = 3650


@dataclasses.dataclass(frozen=True, slots=True)
class Scope:
    """One thing a role says of its reach.

    Attributes:
        field: Field of `Role`.
        label: What people read.
        read: Makes the value of its stored text; `ValueError` for one it is not.
        rank: How far a value reaches: the higher, the farther.
        words: What people read of a value.
    """

    field: str
    label: str
    read: Callable[[str], Any]
    rank: Callable[[Any], int]
    words: Callable[[Any], str]

    @property
    def code(self) -> str:
        """What stands in the place of a permission."""
        return f"scope.{self.field}"


_REACH = {Reach.ORGANIZATION: "本机构", Reach.SUBTREE: "本机构及下级", Reach.ALL: "全部机构"}
_CLIENTS = {Clients.OWN: "仅本人负责的客户", Clients.ALL: "范围内全部客户"}
_CLEARANCE = {"public": "身份与健康信息均隐去", "personal": "可见身份信息", "sensitive": "可见身份与健康信息"}


def _clearance(text: str) -> str:
    if text not in _CLEARANCE:
        raise ValueError(text)
    return text


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= MOST_DAYS:
        raise ValueError(text)
    return days


SCOPES = {
    scope.field: scope
    for scope in (
        Scope("reach", "可见机构", Reach, list(Reach).index, lambda value: _REACH[value]),
        Scope(
            "clearance", "可见内容", _clearance, lambda value: Sensitivity[value.upper()],
            lambda value: _CLEARANCE[value],
        ),
        Scope("clients", "可见客户", Clients, [Clients.OWN, Clients.ALL].index, lambda value: _CLIENTS[value]),
        Scope("offline_days", "断网可登录天数", _days, int, lambda value: f"{value} 天"),
    )
}  # fmt: skip


def reaching(role: Role, code: str, value: str | None) -> Role:
    """Return a role with one thing of its reach set; one that is unknown or broken leaves it as it is."""
    scope = SCOPES.get(code.partition(".")[2]) if code.startswith("scope.") else None
    if scope is None or value is None:
        return role
    try:
        return dataclasses.replace(role, **{scope.field: scope.read(value)})
    except ValueError:
        return role
