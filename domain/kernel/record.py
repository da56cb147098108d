"""What is kept: records, each a mapped class with its place, its scope and its merge policy."""

import dataclasses
import enum
import functools
import re
import typing
import uuid
from typing import Any, ClassVar

from sqlalchemy import MetaData, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, configure_mappers, mapped_column
from sqlalchemy.orm.attributes import InstrumentedAttribute, manager_of_class

from domain.kernel.columns import ColumnInfo, Id16, JsonText, Merge, column, storage_type
from domain.kernel.ids import Id


class Place(enum.StrEnum):
    """Where a table lives."""

    SHARED = "shared"  # at branches and at the centre, kept equal by sync
    LOCAL = "local"  # each store keeps its own
    CENTRE = "centre"  # only at the centre


class Scope(enum.StrEnum):
    """Whose records they are, which decides who sees them and where they travel."""

    ORGANIZATION = "organization"  # the organisation named in `org_id` and those above it
    CATALOGUE = "catalogue"  # everybody: dictionaries, organisation tree


@dataclasses.dataclass(frozen=True, slots=True)
class RecordInfo:
    """The facts of a record class; `entity` is its name in the change log, in bundles and as a table.

    `owner` is the column that names the member of staff it belongs to: others see it only with the
    permission `oversight`, unless it belongs to nobody. Empty where everybody within the data scope sees all.
    `circle` is the column that names a group with members of its own (a study): only they see it, and who has
    `oversight`. `members` is the record of those members, with that column, `staff_id` and `left_at`.
    `at_centre` rows change at the centre alone: branches read them, what a workstation sends is refused.
    `unclaimed` rows about a client who is nobody's are seen by roles that see only their own clients, too.
    """

    entity: str
    label: str
    place: Place
    scope: Scope
    merge: Merge | None
    owner: str = ""
    oversight: str = ""
    circle: str = ""
    members: str = ""
    at_centre: bool = False
    unclaimed: bool = False


NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Record(DeclarativeBase):
    """Base of everything that is kept.

    A subclass names its Chinese label and, where they differ from the usual, its scope, place and merge
    policy: ``class Specimen(Record, label="标本"): ...``. Each column is an annotation and one `column(...)`.
    """

    __abstract__ = True
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {uuid.UUID: Id16(), dict[str, Any]: JsonText()}
    record_info: ClassVar[RecordInfo]

    id: Mapped[Id] = mapped_column(primary_key=True, sort_order=-3)
    org_id: Mapped[Id] = mapped_column(index=True, sort_order=-2)
    ver: Mapped[int] = mapped_column(insert_default=0, sort_order=900)
    """Version at the centre: rises by one with each accepted change; 0 is not yet known there."""
    extra: Mapped[dict[str, Any] | None] = mapped_column(sort_order=901)
    """Fields a newer program sent that this one does not know; kept and sent back untouched."""

    def __init__(self, **values: Any) -> None:
        """Set columns by name; a name that is not a column is a `TypeError`.

        Values go past SQLAlchemy's attribute events, and the record past its events of construction: a new record has
        no history to keep, and a message of ten results makes a dozen of them.
        """
        kind = type(self)
        if not values.keys() <= _names(kind):
            raise TypeError(f"{kind.__name__} has no column {sorted(values.keys() - _names(kind))}")
        manager_of_class(kind).setup_instance(self)
        self.__dict__.update(values)

    def __init_subclass__(
        cls,
        *,
        label: str = "",
        scope: Scope = Scope.ORGANIZATION,
        place: Place = Place.SHARED,
        merge: Merge | None = None,
        owner: str = "",
        oversight: str = "",
        circle: str = "",
        members: str = "",
        at_centre: bool = False,
        unclaimed: bool = False,
        **kwargs: Any,
    ) -> None:
        if not label:
            raise TypeError(f"record {cls.__name__} needs a label")
        cls.record_info = RecordInfo(
            _snake(cls.__name__),
            label,
            place,
            scope,
            merge,
            owner,
            oversight,
            circle,
            members,
            at_centre,
            unclaimed,
        )
        cls.__tablename__ = cls.record_info.entity
        _set_types(cls)
        super().__init_subclass__(**kwargs)
        typing.cast("Table", cls.__table__).info["record"] = cls.record_info
        _CLASSES[cls.record_info.entity] = cls
        cls.__init__ = Record.__init__  # type: ignore[method-assign]  # SQLAlchemy has put its own around it


_CLASSES: dict[str, type[Record]] = {}


@functools.cache
def _names(kind: type[Record]) -> frozenset[str]:
    configure_mappers()  # what SQLAlchemy would do when the first record is made
    return frozenset(kind.__mapper__.columns.keys())


def _set_types(cls: type) -> None:
    """Give each declared column the storage type of its annotation."""
    hints = typing.get_type_hints(cls, include_extras=False)
    for name, value in list(vars(cls).items()):
        spec = getattr(value, "column", None)
        if spec is not None and "column" in getattr(spec, "info", {}):
            native, optional = native_type(hints[name])
            spec.type = storage_type(native, spec.info["length"])
            spec.nullable = optional


def native_type(hint: Any) -> tuple[Any, bool]:
    """Return the type inside ``Mapped[T]`` or ``Mapped[T | None]`` and whether None is allowed."""
    inner = typing.get_args(hint)[0] if typing.get_origin(hint) is Mapped else hint
    members = typing.get_args(inner)
    if type(None) in members:
        rest = [m for m in members if m is not type(None)]
        return (rest[0] if len(rest) == 1 else Any), True
    return inner, False


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def column_info(attribute: InstrumentedAttribute[Any] | Any) -> ColumnInfo | None:
    """Return the declared facts of a mapped attribute or table column, if it has any."""
    info = getattr(attribute, "info", None) or {}
    found = info.get("column")
    return found if isinstance(found, ColumnInfo) else None


def record_classes() -> dict[str, type[Record]]:
    """Return every declared record class by its entity name."""
    return _CLASSES


def shared_tables() -> list[Table]:
    """Return the tables that sync keeps equal, in name order."""
    return list(_shared_of(len(Record.metadata.tables)))


@functools.lru_cache(maxsize=1)
def _shared_of(_count: int) -> tuple[Table, ...]:
    """Return the shared ones of so many tables: they only ever become more, and sorting them takes milliseconds."""
    return tuple(t for t in Record.metadata.sorted_tables if is_shared(t))


def is_shared(table: Table) -> bool:
    """Tell whether sync carries this table."""
    info = table.info.get("record")
    return isinstance(info, RecordInfo) and info.place is Place.SHARED


__all__ = [
    "Place",
    "Record",
    "RecordInfo",
    "Scope",
    "column",
    "column_info",
    "is_shared",
    "native_type",
    "record_classes",
    "shared_tables",
]
