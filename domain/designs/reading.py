"""What an organisation was given of designed questionnaires: the versions in force, an exact one, and its scale."""

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from domain.designs.records import PublishedForm
from domain.designs.scoring import Scoring, scale_of
from domain.designs.workflow import published_life
from domain.kernel.ids import Id
from domain.kernel.store import Store
from domain.kernel.texts import Texts
from domain.scales.definitions import Scale

_P = PublishedForm.__table__.c
_COUNT = select(func.count()).select_from(PublishedForm.__table__)
_HEAD = (_P.id, _P.org_id, _P.form, _P.url, _P.version, _P.title, _P.state, _P.edition)


@dataclass(frozen=True, slots=True)
class Published:
    """One version at one organisation without its content; `retired` ones are still read, moved and handed in."""

    id: Id
    org_id: Id
    form: str
    url: str
    version: str
    title: str
    retired: bool
    edition: int


def in_force(connection: Connection, orgs: Collection[Id]) -> dict[str, Published]:
    """Return the version to fill in of each designed form of some organisations, by form: its highest edition."""
    query = select(*_HEAD).where(_P.org_id.in_(list(orgs)), _P.state == published_life.first)
    found: dict[str, Published] = {}
    for row in connection.execute(query.order_by(_P.edition, _P.id)):
        found[row.form] = _head(row)
    return found


def version_of(
    connection: Connection, form: str, version: str, orgs: Collection[Id] | None = None
) -> Published | None:
    """Return an exact version, one in force before a retired one; None if these organisations were not given it."""
    query = select(*_HEAD).where(_P.form == form, _P.version == version)
    if orgs is not None:
        query = query.where(_P.org_id.in_(list(orgs)))
    found = [_head(row) for row in connection.execute(query)]
    return min(found, key=lambda one: (one.retired, one.id), default=None)


def content_of(connection: Connection, published_id: Id) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the Questionnaire of a version, and its parts by form (empty for what is no composite)."""
    row = connection.execute(select(_P.questionnaire, _P.parts).where(_P.id == published_id)).one()
    return row.questionnaire, {one["form"]: one for one in (row.parts or {}).get("forms", ())}


def designed_scale(connection: Connection, form: str, version: str) -> Scale | None:
    """Return the scale of a designed form in a version, None if there is none or it does not count."""
    row = connection.execute(
        select(_P.id, _P.questionnaire, _P.scoring)
        .where(_P.form == form, _P.version == version, _P.scoring.is_not(None))
        .limit(1)
    ).first()
    if row is None:
        return None
    return _scale(form, msgspec.json.encode(row.questionnaire), msgspec.json.encode(row.scoring))


@functools.lru_cache(maxsize=64)
def _scale(form: str, questionnaire: bytes, scoring: bytes) -> Scale:
    return scale_of(form, msgspec.json.decode(questionnaire), msgspec.json.decode(scoring, type=Scoring))


def learn_titles(connection: Connection, texts: Texts) -> None:
    """Teach the catalogue what designed forms and their scales are called, so that lists name them."""
    rows = connection.execute(select(_P.form, _P.title).order_by(_P.edition, _P.id)).all()
    texts.learn({f"word.{kind}.{row.form}": row.title for row in rows for kind in ("form", "scale")})


class TitleWatch:
    """Learns the titles of designed forms, those at hand first and then of each that arrives."""

    def __init__(self, store: Store, texts: Texts) -> None:
        self._store, self._texts = store, texts
        self._known = 0

    def tick(self) -> None:
        """Look whether there are more forms than before; cheap enough to be done at every turn."""
        with self._store.read() as connection:
            count = connection.execute(_COUNT).scalar_one()
            if count != self._known:
                learn_titles(connection, self._texts)
                self._known = count


def learn_title(texts: Texts | None, form: str, title: str) -> None:
    """Teach the catalogue one title."""
    if texts is not None:
        texts.learn({f"word.{kind}.{form}": title for kind in ("form", "scale")})


def _head(row: Any) -> Published:
    told: Mapping[str, Any] = row._mapping
    return Published(
        told["id"], told["org_id"], told["form"], told["url"], told["version"], told["title"],
        told["state"] != published_life.first, told["edition"],
    )  # fmt: skip
