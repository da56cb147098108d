"""The pages of versions: which rings there are, and what every workstation runs."""

from sqlalchemy import select

from domain.exchange.node_records import SyncNode
from domain.kernel.worklists import Query, worklist
from domain.versions.commands import AllowVersion
from domain.versions.records import VersionRing


@worklist("update.rings", "升级范围", permission="update.view", record=VersionRing, order="-since")
def rings() -> Query:
    """Which version whom."""
    r = VersionRing
    return select(r.kind, r.target, r.version, r.since)


@worklist("update.in_force", "在用版本", permission="update.view", record=SyncNode, order="version")
def in_force() -> Query:
    """What every workstation runs, the oldest versions first."""
    n = SyncNode
    return select(n.version, n.name, n.contact, n.last_contact)


rings.offers(AllowVersion)
