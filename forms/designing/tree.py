"""Changes of a Questionnaire's outline, none of them in place.

A change copies the way down to it and shares the rest, so that keeping every step for undo costs next to nothing.
An item is named by its path: its place among its siblings, from the top down.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from forms.designing.links import copied

Resource: TypeAlias = Mapping[str, Any]
Path: TypeAlias = tuple[int, ...]
_COUNTED = re.compile(r"q(\d+)")


def children(parent: Resource) -> list[Resource]:
    """Return what lies below an item or the questionnaire."""
    below = parent.get("item")
    return below if isinstance(below, list) else []


def at(resource: Resource, path: Path) -> Resource:
    """Return the item at a path, the questionnaire itself for the empty one.

    Raises:
        IndexError: There is none.
    """
    found = resource
    for place in path:
        found = children(found)[place]
    return found


def walk(resource: Resource, above: Path = ()) -> Iterator[tuple[Path, Resource]]:
    """Yield every item with its path in the order of the page."""
    waiting = [(above, resource)]
    while waiting:
        path, item = waiting.pop()
        if path != above:
            yield path, item
        waiting += reversed([((*path, place), one) for place, one in enumerate(children(item))])


def replaced(resource: Resource, path: Path, change: Callable[[Resource], Resource]) -> Resource:
    """Return the questionnaire with the element at a path changed."""
    if not path:
        return change(resource)
    below = list(children(resource))
    below[path[0]] = replaced(below[path[0]], path[1:], change)
    return {**resource, "item": below}


def with_children(parent: Resource, below: list[Resource]) -> Resource:
    """Return an element with other items below; none leaves the key out, as FHIR wants it."""
    rest = {key: value for key, value in parent.items() if key != "item"}
    return {**rest, "item": below} if below or parent.get("resourceType") else rest


def inserted(resource: Resource, path: Path, item: Resource) -> Resource:
    """Return the questionnaire with an item put in so that it stands at `path`."""

    def put(parent: Resource) -> Resource:
        below = list(children(parent))
        below.insert(path[-1], item)
        return with_children(parent, below)

    return replaced(resource, path[:-1], put)


def removed(resource: Resource, path: Path) -> Resource:
    """Return the questionnaire without the item at `path` and all below it."""

    def take(parent: Resource) -> Resource:
        below = list(children(parent))
        del below[path[-1]]
        return with_children(parent, below)

    return replaced(resource, path[:-1], take)


def moved(resource: Resource, path: Path, way: str) -> tuple[Resource, Path]:
    """Return the questionnaire with an item moved ``up``, ``down``, ``in`` or ``out``, and where it stands then.

    ``in`` goes to the end of the group before it, ``out`` behind the group it lies in. Where there is no way, nothing
    changes.
    """
    target = _target(resource, path, way)
    if target is None:
        return resource, path
    item = at(resource, path)
    return inserted(removed(resource, path), target, item), target


def _target(resource: Resource, path: Path, way: str) -> Path | None:
    above, place = path[:-1], path[-1]
    if way == "up":
        return (*above, place - 1) if place else None
    if way == "down":
        return (*above, place + 1) if place + 1 < len(children(at(resource, above))) else None
    if way == "in":
        before = at(resource, (*above, place - 1)) if place else None
        if before is None or before.get("type") != "group":
            return None
        return (*above, place - 1, len(children(before)))
    return (*above[:-1], above[-1] + 1) if above else None


def duplicated(resource: Resource, path: Path) -> tuple[Resource, Path]:
    """Return the questionnaire with a copy of an item behind it; the copy has new link ids, its rules follow."""
    taken = {str(item.get("linkId")) for _, item in walk(resource)}
    original = at(resource, path)
    inside = [str(original.get("linkId")), *(str(item.get("linkId")) for _, item in walk(original))]
    links = {}
    for link in inside:
        links[link] = fresh_link(taken)
        taken.add(links[link])
    target = (*path[:-1], path[-1] + 1)
    return inserted(resource, target, copied(original, links)), target


def fresh_link(taken: set[str]) -> str:
    """Return a link id that is not there: ``q`` and the number behind the largest."""
    numbers = [int(match[1]) for link in taken if (match := _COUNTED.fullmatch(link)) and len(match[1]) < 9]
    return f"q{max(numbers, default=0) + 1}"


def find(resource: Resource, link_id: str) -> Path | None:
    """Return the path of the first item of a link id."""
    return next((path for path, item in walk(resource) if item.get("linkId") == link_id), None)
