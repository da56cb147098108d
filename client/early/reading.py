"""What can be read before the features are loaded, with the permission, scope and masks of the declarations."""

import threading
import uuid
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from client.early.compiled import Compiled, rows_of
from client.early.glance import Glance
from client.early.signing_in import SignedIn, sign_in
from client.ports import Hit
from domain.kernel.authority import Actor, Authority
from domain.kernel.clock import Clock
from domain.kernel.facts import Sensitivity
from domain.kernel.ids import Id
from domain.kernel.masking import masked

COMPLETION_S = 60
"""A search by number waits so long for the whole index."""


class Early:
    """Answers from the compiled declarations until the store is joined.

    Args:
        glance: The store.
        compiled: What was compiled for this very program.
        device_id: This installation.
        clock: Time of what happens.
        password_days: Days a password holds, 0 for ever.
    """

    def __init__(
        self, glance: Glance, compiled: Compiled, device_id: Id, clock: Clock, password_days: int
    ) -> None:
        self._password_days = password_days
        self._glance, self._compiled = glance, compiled
        self._device_id, self._clock = device_id, clock
        self.authority = Authority(compiled.roles)
        self.search = EarlySearch(glance, compiled)

    @property
    def lists(self) -> Sequence[tuple[str, str, str]]:
        """Name, label and permission of every worklist."""
        return self._compiled.lists

    def sign_in(self, login: str, password: str, tell: Callable[[Actor], None]) -> SignedIn | None:
        """See `client.early.signing_in`."""
        return sign_in(
            self._glance, self._compiled, self.authority, login, password,
            device_id=self._device_id, clock=self._clock, password_days=self._password_days, tell=tell,
        )  # fmt: skip

    def organization_name(self, org_id: Id) -> str:
        """Return the name of an organisation, empty if the store does not have it."""
        statement = self._compiled.organizations
        rows = rows_of(statement, list(self._glance.exec_driver_sql(*statement.filled({}))))
        return next((row["name"] for row in rows if row["id"] == org_id.bytes), "")

    def keys(self, station: str) -> Sequence[Any]:
        """Return the key bar of a station."""
        return self._compiled.stations[station].keys

    def listed(self, station: str, actor: Actor, day: date) -> list[dict[str, Any]]:
        """Return the rows of a station's first list, in stored form, masked; none for who may not see it."""
        first = self._compiled.stations[station]
        if not actor.may(first.permission):
            return []
        statement = first.unscoped if actor.orgs is None else first.scoped
        orgs = sorted(one.bytes for one in actor.orgs or ())
        rows = self._glance.exec_driver_sql(*statement.filled({"day": day.isoformat(), "orgs": orgs}))
        facts = {name: fact.info() for name, fact in first.facts.items()}
        return [
            {name: masked(facts.get(name), value, actor.clearance) for name, value in row.items()}
            for row in rows_of(statement, list(rows))
        ]

    def close(self) -> None:
        """Let the store go; safe to call twice."""
        self._glance.close()


class EarlySearch:
    """The search box by name and pinyin; what may be a number waits for `whole`, the search of the joined desk."""

    def __init__(self, glance: Glance, compiled: Compiled) -> None:
        self._glance, self._compiled = glance, compiled
        self._joined = threading.Event()
        self._whole: Callable[[Actor, str, int], Sequence[Hit]] | None = None
        self.wanted: Callable[[], None] = lambda: None

    def join(self, whole: Callable[[Actor, str, int], Sequence[Hit]] | None) -> None:
        """Take the search of the joined desk; those who wait go on with it."""
        self._whole = whole
        self._joined.set()

    def __call__(self, actor: Actor, text: str, limit: int) -> Sequence[Hit]:
        """Return the best hits within the actor's scope; called off the UI thread."""
        whole = actor.limited or any(
            mark.isdigit() for mark in text
        )  # whose clients they are, the desk knows
        if whole and not self._joined.is_set():
            self.wanted()
            self._joined.wait(COMPLETION_S)
        if self._whole is not None:
            return self._whole(actor, text, limit)
        return self._clients(actor, text, limit)

    def _clients(self, actor: Actor, text: str, limit: int) -> list[Hit]:
        from domain.people.search_terms import query_words
        from sync.search_people import fitting, ways

        if not actor.may("people.view"):
            return []
        found: dict[Id, None] = {}
        for terms in ways(query_words(text), actor):
            if len(found) < limit:
                found |= dict.fromkeys(fitting(self._glance, terms, actor, limit))
        wanted = list(found)[:limit]
        if not wanted:
            return []
        statement = self._compiled.clients
        rows = rows_of(
            statement,
            list(self._glance.exec_driver_sql(*statement.filled({"ids": [i.bytes for i in wanted]}))),
        )
        hits = {
            row["id"]: self._hit(row, actor) for row in rows if actor.sees(uuid.UUID(bytes=row["org_id"]))
        }
        return [hits[one.bytes] for one in wanted if one.bytes in hits]

    def _hit(self, row: dict[str, Any], actor: Actor) -> Hit:
        name, birth, phone = (
            self._clear(field, row[field], actor.clearance) for field in ("name", "birth_date", "phone")
        )
        facts = [self._compiled.sexes.get(str(row["sex"]), ""), birth, row["number"], phone]
        line = " · ".join(fact for fact in facts if fact and fact != "***")
        return Hit("patient", uuid.UUID(bytes=row["id"]), name, line)

    def _clear(self, field: str, value: Any, clearance: Sensitivity) -> str:
        text = masked(self._compiled.client_facts[field].info(), value, clearance)
        return "" if text is None else str(text)
