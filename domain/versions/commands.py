"""Letting a ring run a version, or taking the word back."""

from collections.abc import Callable, Collection

from sqlalchemy import Connection, select

from domain.kernel.commands import ask, command, handles
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork
from domain.people.records import Organization, Workstation
from domain.versions.records import RingKind, VersionRing

HERE = "program_versions"
"""In the content of the centre: which versions it has to give."""
EVERYBODY = "全部工作站"

VersionsHere = Callable[[], Collection[str]]


@command("update.allow", "允许运行版本", permission="update.manage", place="centre")
class AllowVersion:
    """Let one workstation, one organisation or all run a version; the narrowest that names a workstation holds."""

    version: str = ask("版本号（留空为收回）", default="", max_length=40)
    org_code: str = ask("只限机构（机构代码）", default="", max_length=40)
    workstation: str = ask("只限工作站（名称或编号）", default="", max_length=80)


@handles(AllowVersion)
def allow(order: AllowVersion, work: UnitOfWork) -> Id:
    """Return the id of the ring.

    Raises:
        DomainError: ``update.not_here``: the centre has no such version; ``organization.unknown``,
            ``workstation.unknown``, ``update.two_rings``.
    """
    version, code, name = order.version.strip(), order.org_code.strip(), order.workstation.strip()
    here: VersionsHere = work.content.get(HERE, tuple)
    if version and version not in here():
        raise DomainError("update.not_here", field="version", version=version)
    if code and name:
        raise DomainError("update.two_rings", field="workstation")
    kind, target_id, target = _target(work.connection, code, name)
    own = stable_id("version_ring", kind.value, target_id or "")
    ring = work.get(VersionRing, own)
    if ring is None:
        work.add(
            VersionRing(
                id=own, org_id=work.actor.org_id, kind=kind, target_id=target_id, target=target, version=version,
                since=work.now,
            )
        )  # fmt: skip
    else:
        ring.version, ring.target, ring.since = version, target, work.now
    return own


def _target(connection: Connection, code: str, name: str) -> tuple[RingKind, Id | None, str]:
    if code:
        orgs = connection.execute(select(Organization.id, Organization.code, Organization.name)).all()
        found = next((row for row in orgs if code in (row.code, str(row.id))), None)
        if found is None:
            raise DomainError("organization.unknown", field="org_code")
        return RingKind.ORGANIZATION, found.id, found.name
    if name:
        rows = connection.execute(select(Workstation.id, Workstation.name)).all()
        named = [row for row in rows if name in (row.name, str(row.id))]
        if len(named) != 1:
            raise DomainError("workstation.unknown", field="workstation")
        return RingKind.WORKSTATION, named[0].id, named[0].name
    return RingKind.ALL, None, EVERYBODY


def version_for(connection: Connection, workstation: Id, org: Id | None) -> str:
    """Return the version a workstation is to run, empty for the one it has."""
    rings = connection.execute(
        select(VersionRing.kind, VersionRing.target_id, VersionRing.version).where(VersionRing.version != "")
    ).all()
    by_target = {(row.kind, row.target_id): row.version for row in rings}
    wanted = ((RingKind.WORKSTATION, workstation), (RingKind.ORGANIZATION, org), (RingKind.ALL, None))
    return next((by_target[one] for one in wanted if one in by_target), "")
