"""The first start: head office, its administrator with a one-time password, and the centre's identity."""

import uuid
from dataclasses import dataclass

from sqlalchemy import select

import resources
from domain.kernel.authority import Authority, system_actor
from domain.kernel.clock import Clock
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id, new_id
from domain.kernel.store import Store
from domain.people.passwords import one_time_password
from domain.people.records import OrganizationKind
from domain.people.staff_commands import CreateOrganization, CreateStaff
from server.identity import write_identity
from server.settings import Settings
from sync.local_tables import installation

ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class FirstStart:
    """What the operator is shown once."""

    org_id: Id
    login: str
    password: str
    public_key: str


def initialise(
    store: Store, settings: Settings, clock: Clock, *, code: str, name: str, login: str
) -> FirstStart:
    """Make head office and the first administrator, whose password has to be changed at the first sign-in.

    Args:
        store: A prepared store.
        settings: Where the key is kept.
        clock: Time of the entries.
        code: Code of head office, as interfaces name it.
        name: Its name.
        login: The administrator's login name.

    Raises:
        DomainError: ``server.already_initialised``, and those of the commands.
    """
    with store.read() as connection:
        if connection.execute(select(installation.c.id)).scalar() is not None:
            raise DomainError("server.already_initialised")
    device_id = new_id()
    authority = Authority.load(resources.folder("roles.yaml"))
    dispatcher = Dispatcher(store, clock=clock, content={"authority": authority})
    nobody = system_actor(uuid.UUID(int=0), device_id)
    org_id: Id = dispatcher.run(
        CreateOrganization(code=code, name=name, kind=OrganizationKind.HEAD_OFFICE), nobody
    ).receipt
    password = one_time_password()
    dispatcher.run(
        CreateStaff(login=login, name="系统管理员", role=ADMINISTRATOR, password=password, org_id=org_id),
        system_actor(org_id, device_id),
    )
    identity = write_identity(store, settings.data_dir, device_id=device_id, org_id=org_id, name=name)
    return FirstStart(org_id, login, password, identity.public_key)
