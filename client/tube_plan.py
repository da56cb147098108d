"""Which tubes a visit needs and how a tube may be divided: ``resources/catalog/tubes.yaml``, typed and checked."""

from functools import cache
from pathlib import Path

import msgspec
import yaml

import resources
from domain.biobank.records import PrimaryContainer, SpecimenType
from domain.kernel.content import ContentError, read_yaml


class TubeKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of primary tube; `order` is its place in the order of draw, `colour` that of the cap."""

    order: int
    type: SpecimenType
    container: PrimaryContainer
    label: str
    cap: str
    colour: str
    items: str = ""


class AliquotPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a type of sample is divided; volumes in uL, the first one preset."""

    label: str
    volumes_ul: tuple[int, ...]
    count: int


class TubePlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    version: str
    source: str
    status: str
    default: tuple[str, ...]
    tubes: dict[str, TubeKind]
    packages: dict[str, tuple[str, ...]]
    aliquots: dict[SpecimenType, AliquotPlan]

    def for_package(self, package: str | None) -> tuple[TubeKind, ...]:
        """Return the tubes of a package in order of draw; an unknown package takes the default list."""
        names = self.packages.get(package or "", self.default)
        return tuple(sorted((self.tubes[name] for name in names), key=lambda tube: tube.order))

    def kind_of(self, type_: SpecimenType, container: PrimaryContainer) -> TubeKind | None:
        """Return the kind a tube is of, None for one that no list names."""
        fitting = (t for t in self.tubes.values() if t.type == type_ and t.container == container)
        return next(fitting, None)


def load_tube_plan(path: Path) -> TubePlan:
    """Read the file.

    Raises:
        ContentError: A field that does not fit, or a list that names a tube the file does not have.
    """
    try:
        plan = msgspec.convert(read_yaml(path.read_text("utf-8")), TubePlan, strict=False)
    except (msgspec.ValidationError, yaml.YAMLError) as error:
        raise ContentError([f"{path.name}: {error}"]) from error
    lists = {"default": plan.default, **plan.packages}
    problems = [
        f"{path.name}: {name}: no tube {tube}"
        for name, tubes in lists.items()
        for tube in tubes
        if tube not in plan.tubes
    ]
    problems += [
        f"{path.name}: aliquots.{kind}: no volume"
        for kind, one in plan.aliquots.items()
        if not one.volumes_ul
    ]
    if problems:
        raise ContentError(problems)
    return plan


@cache
def tube_plan() -> TubePlan:
    """Return the plan of this installation, read once."""
    return load_tube_plan(resources.folder("catalog") / "tubes.yaml")
