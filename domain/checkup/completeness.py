"""What a visit still needs before the client may go: what is not done, not refused and not postponed."""

import dataclasses
from collections.abc import Callable, Iterable

from sqlalchemy import Connection, select

from domain.biobank.numbers import grouped
from domain.biobank.records import Specimen
from domain.checkup.omission_records import Omission
from domain.checkup.records import Observation, QuestionnaireResponse
from domain.kernel.ids import Id

FORM, TUBES = "form", "tubes"
VISIT_FORM = "pre_visit"
"""The form every visit has; others that are filled in on the same day do not stand for it."""
MEASURED = {"sbp": "收缩压", "dbp": "舒张压", "height": "身高", "weight": "体重"}
"""What is measured at every visit, by the catalogue's keys."""
LABELS = {FORM: "到检问卷", TUBES: "采集管"} | MEASURED


def tube_item(number: str) -> str:
    """Return the item of a tube that is to be drawn."""
    return f"tube:{number}"


@dataclasses.dataclass(frozen=True, slots=True)
class Lacking:
    """One thing that is not done: ``form``, ``tubes``, an item's key or ``tube:<number>``; and its Chinese name."""

    item: str
    label: str


Provider = Callable[[Connection, Id], Iterable[Lacking]]
_PROVIDERS: list[Provider] = []


def shows_lacking(provider: Provider) -> Provider:
    """Register a function that knows what else a visit asks for and nobody has done yet (a package's items)."""
    _PROVIDERS.append(provider)
    return provider


def lacking(connection: Connection, visit_id: Id) -> list[Lacking]:
    """Return what a visit lacks, in the order of the steps; what was refused or postponed on record is settled."""
    settled = set(connection.execute(select(Omission.item).where(Omission.visit_id == visit_id)).scalars())
    return [one for one in undone(connection, visit_id) if one.item not in settled]


def undone(connection: Connection, visit_id: Id) -> list[Lacking]:
    """Return everything of a visit that is not done, whatever the reason."""
    found = []
    answered = select(QuestionnaireResponse.id).where(
        QuestionnaireResponse.visit_id == visit_id, QuestionnaireResponse.form == VISIT_FORM
    )
    if connection.execute(answered.limit(1)).first() is None:
        found.append(Lacking(FORM, LABELS[FORM]))
    items = select(Observation.item).where(Observation.visit_id == visit_id, Observation.item.in_(MEASURED))
    measured = set(connection.execute(items).scalars())
    found += [Lacking(item, label) for item, label in MEASURED.items() if item not in measured]
    tubes = select(Specimen.number, Specimen.state).where(
        Specimen.visit_id == visit_id, Specimen.parent_id.is_(None)
    )
    rows = connection.execute(tubes.order_by(Specimen.number)).all()
    if not rows:
        found.append(Lacking(TUBES, LABELS[TUBES]))
    found += [Lacking(tube_item(n), f"采血管 {grouped(n)}") for n, state in rows if state == "planned"]
    for provider in _PROVIDERS:
        found += provider(connection, visit_id)
    return found
