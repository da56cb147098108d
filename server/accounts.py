"""From a session to the actor: asked anew for each request, so that a switched-off account is out at once."""

from datetime import datetime

from sqlalchemy import select

from domain.factor.records import SecondFactor
from domain.kernel.authority import Actor, Authority
from domain.kernel.errors import DomainError
from domain.kernel.ids import Id
from domain.kernel.store import Store
from domain.people.organizations import subtree
from domain.people.password_policy import PasswordPolicy
from domain.people.records import Staff
from domain.rights.reading import adjusted
from server.sessions import Session

MUST_CHANGE, MUST_BIND = "password.must_change", "factor.must_bind"


class Accounts:
    """The accounts of the centre's store; `second_factor` names the roles that work here only with one."""

    def __init__(
        self, store: Store, authority: Authority, device_id: Id, policy: PasswordPolicy,
        second_factor: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self._store = store
        self._policy = policy
        self._authority = authority
        self._device_id = device_id
        self._second_factor = frozenset(second_factor)

    def actor(self, session: Session, now: datetime) -> tuple[Actor, str]:
        """Return who acts in a session, and what has to be done first: `MUST_CHANGE`, `MUST_BIND` or nothing ("").

        Raises:
            DomainError: ``session.ended``: the account is off or gone, or password or second factor changed since.
        """
        table = Staff.__table__
        with self._store.read() as connection:
            staff = connection.execute(select(table).where(table.c.id == session.staff_id)).one_or_none()
            if staff is None or not staff.active or session.opened_at < staff.password_set_at:
                raise DomainError("session.ended")
            factor = connection.execute(
                select(SecondFactor.bound, SecondFactor.since).where(SecondFactor.staff_id == staff.id)
            ).one_or_none()
            if factor is not None and factor.since is not None and session.opened_at < factor.since:
                raise DomainError("session.ended")
            below = subtree(connection, staff.org_id)
            rights = adjusted(connection, self._authority.role(staff.role), staff, now)
        actor = self._authority.actor(
            staff_id=staff.id, name=staff.name, role=staff.role, org_id=staff.org_id, device_id=self._device_id,
            subtree=below, rights=rights, clock=lambda: now,
        )  # fmt: skip
        if staff.must_change or self._policy.expired(staff.password_set_at, now):
            return actor, MUST_CHANGE
        bound = factor is not None and factor.bound
        return actor, MUST_BIND if staff.role in self._second_factor and not bound else ""
