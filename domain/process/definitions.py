"""What ``resources/process`` may say: nodes (rooms), items, packages, and the numbers of the day. Pure values.

An institution's own are records (`domain.process.content_records`), laid over what ships by their code.
"""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from domain.kernel.content import ContentError, load_folder
from domain.people.records import Sex

PROCESS = "process"
"""Name of the `ProcessContent` among the dispatcher's content."""
Code: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Text: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
Minutes: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=600)]
SEX_OF = {Sex.MALE: "male", Sex.FEMALE: "female"}
Clock: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Age: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=130)]


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of a file: what it does not know it refuses."""


class Node(_Strict, frozen=True, kw_only=True):
    """One node of the process: a room, or the exit.

    Attributes:
        code: What records name it by.
        name: What people call it.
        order: Where it stands on the board and, of rooms alike, which comes first.
        places: How many clients are examined at once.
        minutes: How long one client takes, until the room's own past tells better.
        limit: Minutes from arriving to done; over it the node is overdue.
        after: Nodes that must be done before, where the client has items there (fasting first).
        roles: Who may record at it.
        form: The form its record is written with.
        exit: Whether clients are checked out here.
    """

    code: Code
    name: Text
    order: Annotated[int, msgspec.Meta(ge=0, le=999)]
    places: Annotated[int, msgspec.Meta(ge=1, le=50)] = 1
    minutes: Minutes = 5
    limit: Minutes = 45
    after: tuple[Code, ...] = ()
    roles: tuple[str, ...] = ()
    form: str | None = None
    exit: bool = False


class Item(_Strict, frozen=True, kw_only=True):
    """One item that is examined.

    Attributes:
        node: Where.
        key: Whether a missing one rises to the head of department.
        results: Results of the catalogue that prove it was entered; each of them.
        specimen: It is carried out by drawing the visit's tubes.
        sex: Only for clients of this sex.
        age_from: Only from this age on, on the day of the visit.
        age_below: Only below this age.
    """

    code: Code
    name: Text
    node: Code
    key: bool = False
    results: tuple[str, ...] = ()
    specimen: bool = False
    sex: Literal["male", "female"] | None = None
    age_from: Age = 0
    age_below: Annotated[int, msgspec.Meta(ge=1, le=200)] = 200

    def fits(self, sex: Sex, age: int | None) -> bool:
        """Tell whether it is for this client; who says neither sex nor age gets it: a person can leave it out."""
        if self.sex is not None and SEX_OF.get(sex, self.sex) != self.sex:
            return False
        return age is None or self.age_from <= age < self.age_below


class Package(_Strict, frozen=True, kw_only=True):
    """A checkup package; `key` are items that are key in it beside those that always are."""

    code: Code
    name: Text
    items: Annotated[tuple[Code, ...], msgspec.Meta(min_length=1, max_length=200)]
    key: tuple[Code, ...] = ()


class DayRules(_Strict, frozen=True, kw_only=True):
    """Numbers of the day.

    Attributes:
        day_ends: Clinic time at which what is not done counts as missed.
        window: Minutes that load and growth of a room are judged over.
        busy: Load (work that came, of what the places can do) from which a room is a bottleneck.
        wait: Minutes of expected waiting from which a room is a bottleneck.
        again: Seconds in which a second scan of the same code at the same node is a scanner's double reading.
    """

    day_ends: Clock
    window: Minutes
    busy: Annotated[float, msgspec.Meta(gt=0, le=10)]
    wait: Minutes
    again: Annotated[int, msgspec.Meta(ge=0, le=120)]


class ProcessFile(_Strict, frozen=True, kw_only=True):
    """The file that ships; its numbers are suggestions an institution sets for itself."""

    version: Text
    source: Text
    origin: Literal["default"]
    rules: DayRules
    nodes: tuple[Node, ...]
    items: tuple[Item, ...]
    packages: tuple[Package, ...]


class ProcessContent(msgspec.Struct, frozen=True):
    """What is in force: each by its code."""

    rules: DayRules
    nodes: Mapping[str, Node]
    items: Mapping[str, Item]
    packages: Mapping[str, Package]

    def package_of(self, said: str | None) -> Package | None:
        """Return the package of a code or a name, None for no such."""
        wanted = (said or "").strip()
        return self.packages.get(wanted) or next(
            (one for one in self.packages.values() if wanted and one.name == wanted), None
        )

    def in_order(self) -> list[Node]:
        """Return the nodes as they stand on the board."""
        return sorted(self.nodes.values(), key=lambda node: (node.order, node.code))


def load_process(folder: Path, roles: Collection[str], results: Collection[str]) -> ProcessContent:
    """Return what ``resources/process`` says.

    Args:
        folder: ``resources/process``.
        roles: Roles there are.
        results: Keys of the catalogue of results.

    Raises:
        ContentError: Files that do not fit, or name what does not exist.
    """
    files: dict[str, ProcessFile] = load_folder(folder, ProcessFile, "process.yaml")
    if "process" not in files:
        raise ContentError(["process.yaml: missing"])
    found = files["process"]
    content = ProcessContent(
        found.rules,
        {one.code: one for one in found.nodes},
        {one.code: one for one in found.items},
        {one.code: one for one in found.packages},
    )
    problems = [f"process.yaml: {said}" for said in problems_of(content, roles, results)]
    if problems:
        raise ContentError(problems)
    return content


def problems_of(
    content: ProcessContent, roles: Collection[str], results: Collection[str] | None
) -> Iterator[str]:
    """Yield what in the content names something that is not there; `results` None looks at none."""
    for node in content.nodes.values():
        yield from (f"{node.name}：没有角色 {role}" for role in node.roles if role not in roles)
        yield from (f"{node.name}：没有节点 {one}" for one in node.after if one not in content.nodes)
        if node.code in _before(node.code, content.nodes):
            yield f"{node.name}：前置节点互相等待"
    for item in content.items.values():
        if item.node not in content.nodes:
            yield f"{item.name}：没有节点 {item.node}"
        if results is not None:
            yield from (f"{item.name}：没有结果项目 {key}" for key in item.results if key not in results)
        if item.age_below <= item.age_from:
            yield f"{item.name}：年龄下限不低于上限"
    for package in content.packages.values():
        yield from (f"{package.name}：没有项目 {one}" for one in package.items if one not in content.items)
        yield from (
            f"{package.name}：关键项目 {one} 不在套餐内" for one in package.key if one not in package.items
        )


def _before(code: str, nodes: Mapping[str, Node]) -> set[str]:
    found: set[str] = set()
    waiting: list[Any] = list(nodes[code].after)
    while waiting:
        one = waiting.pop()
        if one not in found and one in nodes:
            found.add(one)
            waiting += nodes[one].after
    return found
