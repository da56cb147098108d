"""Who may do what: roles from data, and the actor that carries the answer through every call."""

import dataclasses
import enum
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from domain.kernel.clock import Clock, utc_now
from domain.kernel.content import ContentError, read_yaml
from domain.kernel.errors import DomainError
from domain.kernel.facts import Sensitivity
from domain.kernel.ids import Id


class Reach(enum.StrEnum):
    """How far a role sees."""

    ORGANIZATION = "organization"  # one's own organisation
    SUBTREE = "subtree"  # and those below it
    ALL = "all"


class Clients(enum.StrEnum):
    """Which clients of the organisations in reach a role sees."""

    ALL = "all"
    OWN = "own"  # those who are somebody's by a declared tie (`domain.kernel.clients`)


@dataclasses.dataclass(frozen=True)
class Role:
    """One role of ``resources/roles.yaml``: least privilege, said once."""

    label: str
    reach: Reach
    clearance: str
    permissions: list[str]
    home: str = ""
    withdrawn: list[str] = dataclasses.field(default_factory=list)
    """Permissions taken away here, also out of a whole family."""
    clients: Clients = Clients.ALL
    offline_days: int = 30
    """Days a workstation may be without the centre before nobody of the role signs in (`domain.people.offline`)."""

    def may(self, permission: str) -> bool:
        """Tell whether a permission is granted, by name or by the family ``area.*``.

        What concerns only oneself (``own.password``) everybody may do.
        """
        if permission.startswith("own."):
            return True
        if permission in self.withdrawn:
            return False
        return permission in self.permissions or f"{permission.partition('.')[0]}.*" in self.permissions


@dataclasses.dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person in one role at one device, or the system itself.

    `orgs` are the organisations whose records the actor may see; None means all of them. `own_clients` limits that to
    clients who are theirs, `only_client` to one; `clock` tells whether a tie still holds. `desk_id` is the
    workstation a person sits at while the centre carries the command out for them.
    """

    staff_id: Id | None
    name: str
    role: str
    org_id: Id
    device_id: Id
    orgs: frozenset[Id] | None
    clearance: Sensitivity
    rights: Role
    desk_id: Id | None = None
    own_clients: bool = False
    only_client: Id | None = None
    clock: Clock = dataclasses.field(default=utc_now, compare=False, repr=False)

    @property
    def limited(self) -> bool:
        """Whether only some of the clients in reach may be seen."""
        return self.own_clients or self.only_client is not None

    def may(self, permission: str) -> bool:
        return self.rights.may(permission)

    def check(self, permission: str) -> None:
        """Refuse with `permission.denied` unless the permission is granted."""
        if not self.may(permission):
            raise DomainError("permission.denied", permission=permission, role=self.rights.label)

    def sees(self, org_id: Id) -> bool:
        return self.orgs is None or org_id in self.orgs


class Authority:
    """The roles in force."""

    def __init__(self, roles: dict[str, Role]) -> None:
        self.roles = roles

    @classmethod
    def load(cls, path: Path) -> "Authority":
        """Read ``roles.yaml`` and the files of ``permissions`` beside it, one an area.

        Every mistake is told at once in a `ContentError`.
        """
        import msgspec

        data: Any = read_yaml(path.read_text("utf-8"))
        raw: dict[str, dict[str, Any]] = {
            name: {**role, "permissions": list(role.get("permissions", ()))}
            for name, role in data["roles"].items()
        }
        roles: dict[str, Role] = {}
        problems: list[str] = []
        for file in sorted((path.parent / "permissions").glob("*.yaml")):
            problems += _grant(read_yaml(file.read_text("utf-8")), file.stem, raw)
        for name, given in raw.items():
            try:
                unknown = given.keys() - {field.name for field in dataclasses.fields(Role)}
                if unknown:
                    problems.append(f"{path.name}: {name}: unknown: {', '.join(sorted(unknown))}")
                roles[name] = msgspec.convert(given, Role)
                Sensitivity[roles[name].clearance.upper()]
            except (msgspec.ValidationError, KeyError, AttributeError) as error:
                problems.append(f"{path.name}: {name}: {error}")
        if problems:
            raise ContentError(problems)
        return cls(roles)

    def role(self, name: str) -> Role:
        if name not in self.roles:
            raise DomainError("permission.unknown_role", role=name)
        return self.roles[name]

    def actor(
        self, *, staff_id: Id | None, name: str, role: str, org_id: Id, device_id: Id, subtree: Iterable[Id],
        rights: Role | None = None, clock: Clock = utc_now,
    ) -> Actor:  # fmt: skip
        """Return the actor for a person in a role; `subtree` are the organisation and all below it.

        `rights` are those the person has now, where they were adjusted over the role.
        """
        rights = rights or self.role(role)
        reach: dict[Reach, frozenset[Id] | None] = {
            Reach.ORGANIZATION: frozenset({org_id}),
            Reach.SUBTREE: frozenset(subtree) | {org_id},
            Reach.ALL: None,
        }
        clearance = Sensitivity[rights.clearance.upper()]
        return Actor(
            staff_id, name, role, org_id, device_id, reach[rights.reach], clearance, rights,
            own_clients=rights.clients is Clients.OWN, clock=clock,
        )  # fmt: skip


def _grant(area: Any, file: str, roles: dict[str, dict[str, Any]]) -> list[str]:
    """Give the roles what a file of one area grants; returns what is wrong with it."""
    problems = []
    if area.get("area") != file:
        problems.append(f"permissions/{file}.yaml: area: {area.get('area')} is not the name of the file")
    for name, granted in area.get("roles", {}).items():
        if name not in roles:
            problems.append(f"permissions/{file}.yaml: no such role: {name}")
        elif not isinstance(granted, list) or not all(isinstance(right, str) for right in granted):
            problems.append(f"permissions/{file}.yaml: {name}: a list of rights is wanted")
        else:
            roles[name]["permissions"] += [f"{file}.{right}" for right in granted]
    return problems


class _Everything(Role):
    def may(self, permission: str) -> bool:
        return True


def system_actor(org_id: Id, device_id: Id, name: str = "系统") -> Actor:
    """Return the actor for what the product does by itself: alerts, interfaces, sync."""
    rights = _Everything(label="系统", reach=Reach.ALL, clearance="sensitive", permissions=[])
    return Actor(None, name, "system", org_id, device_id, None, Sensitivity.SENSITIVE, rights)
