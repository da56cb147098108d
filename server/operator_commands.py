"""What an operator does at the server's console besides running it: certificates, lost passwords, enrolment codes."""

import argparse
from typing import Any

from sqlalchemy import select

from domain.factor.commands import ResetFactor
from domain.kernel.authority import system_actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.store import Store
from domain.people.enrolment_commands import VALID_FOR, IssueEnrolmentCode
from domain.people.records import Organization, Staff
from domain.people.staff_commands import ResetPassword
from domain.versions.commands import AllowVersion
from domain.versions.records import VersionRing
from server.clock import clock_of
from server.content import centre_content
from server.identity import read_identity
from server.private_ca import make_certificates
from server.settings import Settings
from server.updates import take_over, updates_folder

CONSOLE = "在服务器控制台操作"


def tls(settings: Settings, options: argparse.Namespace) -> dict[str, Any]:
    """Make the centre's own authority, if there is none, and a certificate for the server."""
    made = make_certificates(settings.data_dir / "tls", options.hosts, clock_of(settings)())
    return {
        "tls_cert": str(made.certificate), "tls_key": str(made.key), "tls_ca": str(made.authority),
        "fingerprint": made.fingerprint, "valid_until": made.valid_until.date().isoformat(),
    }  # fmt: skip


def reset_password(settings: Settings, options: argparse.Namespace, store: Store) -> dict[str, Any]:
    """Give an account a password for one sign-in, for an administrator who has lost theirs."""
    with store.read() as connection:
        found = connection.execute(select(Staff.id).where(Staff.login == options.login)).scalar()
    if found is None:
        raise DomainError("staff.unknown", field="login")
    given = _run(settings, store, ResetPassword(staff_id=found, reason=options.reason or CONSOLE))
    return {"login": given.login, "password": given.password, "hours": given.hours}


def reset_factor(settings: Settings, options: argparse.Namespace, store: Store) -> dict[str, Any]:
    """Take the second factor off an account, where nobody is left who may do it by the program."""
    with store.read() as connection:
        found = connection.execute(select(Staff.id).where(Staff.login == options.login)).scalar()
    if found is None:
        raise DomainError("staff.unknown", field="login")
    _run(settings, store, ResetFactor(staff_id=found, reason=options.reason or CONSOLE))
    return {"login": options.login, "second_factor": "none"}


def issue_code(settings: Settings, options: argparse.Namespace, store: Store) -> dict[str, Any]:
    """Make a one-time code that lets one workstation join an organisation, named by its code."""
    with store.read() as connection:
        found = connection.execute(select(Organization.id).where(Organization.code == options.org)).scalar()
    if found is None:
        raise DomainError("organization.unknown", field="org")
    given = _run(settings, store, IssueEnrolmentCode(org_id=found))
    return {"org": options.org, "code": given.code, "hours": int(VALID_FOR.total_seconds() // 3600)}


def take_updates(settings: Settings, options: argparse.Namespace) -> dict[str, Any]:
    """Take over the vendor's signed folder; says which versions are here now."""
    return {"versions": take_over(updates_folder(settings.data_dir), options.folder)}


def allow_version(settings: Settings, options: argparse.Namespace, store: Store) -> dict[str, Any]:
    """Let a ring run a version: one workstation, one organisation (by its code), or all; says all rings.

    Raises:
        DomainError: ``update.not_here``, ``organization.unknown``, ``workstation.unknown``.
    """
    order = AllowVersion(version=options.version, org_code=options.org, workstation=options.device)
    _run(settings, store, order)
    with store.read() as connection:
        rings = connection.execute(select(VersionRing.kind, VersionRing.target, VersionRing.version)).all()
    return {"rings": [[str(kind), target, version] for kind, target, version in rings]}


def _run(settings: Settings, store: Store, order: Any) -> Any:
    identity = read_identity(store, settings.data_dir)
    dispatcher = Dispatcher(store, clock=clock_of(settings), content=centre_content(identity, settings))
    return dispatcher.run(order, system_actor(identity.org_id, identity.device_id)).receipt
