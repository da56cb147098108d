"""A questionnaire under the pencil: what it is now, which item is chosen, and every step back and forth."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from forms.designing.links import copied, followed
from forms.designing.properties import OptionLine, put_options
from forms.designing.tree import (
    Path,
    at,
    children,
    duplicated,
    fresh_link,
    inserted,
    moved,
    removed,
    replaced,
    walk,
)

MOST_STEPS = 500
Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class State:
    """The questionnaire, its scoring, and the path of the chosen item (None: the questionnaire itself)."""

    resource: Mapping[str, Any]
    scoring: Mapping[str, Any] | None = None
    path: Path | None = None


class Sketch:
    """Changes are steps; nothing is checked here, a draft may be as wrong as it likes."""

    def __init__(self, resource: Mapping[str, Any], scoring: Mapping[str, Any] | None = None) -> None:
        first = (0,) if children(resource) else None
        self.state = State(resource, scoring, first)
        self._past: list[State] = []
        self._future: list[State] = []

    @property
    def item(self) -> Item | None:
        """The chosen item."""
        return None if self.state.path is None else at(self.state.resource, self.state.path)

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether a step was taken back."""
        return bool(self._future)

    def choose(self, path: Path | None) -> None:
        """Choose an item; no step."""
        self.state = State(self.state.resource, self.state.scoring, path)

    def undo(self) -> bool:
        """Take the last step back."""
        return self._step(self._past, self._future)

    def redo(self) -> bool:
        """Take a step again that was taken back."""
        return self._step(self._future, self._past)

    def add(self, kind: str) -> None:
        """Add a question (or ``group``, ``display``): into the chosen group, else behind the chosen item."""
        resource, path = self.state.resource, self.state.path
        taken = {str(item.get("linkId")) for _, item in walk(resource)}
        made: dict[str, Any] = {"linkId": fresh_link(taken), "type": kind, "text": ""}
        if kind == "choice":
            made = put_options(made, [OptionLine("a1", ""), OptionLine("a2", "")])
        chosen = self.item
        if path is None or chosen is None:
            target: Path = (len(children(resource)),)
        elif chosen.get("type") == "group" and kind != "group":
            target = (*path, len(children(chosen)))
        else:
            target = (*path[:-1], path[-1] + 1)
        self._do(State(inserted(resource, target, made), self.state.scoring, target))

    def remove(self) -> None:
        """Take the chosen item away with all below it; the next one is chosen."""
        resource, path = self.state.resource, self.state.path
        if path is None:
            return
        left = removed(resource, path)
        siblings = len(children(at(left, path[:-1])))
        following: Path | None = (*path[:-1], min(path[-1], siblings - 1)) if siblings else path[:-1] or None
        self._do(State(left, self.state.scoring, following))

    def move(self, way: str) -> bool:
        """Move the chosen item ``up``, ``down``, ``in`` or ``out``; tells whether there was a way."""
        if self.state.path is None:
            return False
        resource, path = moved(self.state.resource, self.state.path, way)
        if path == self.state.path:
            return False
        self._do(State(resource, self.state.scoring, path))
        return True

    def duplicate(self) -> None:
        """Put a copy behind the chosen item."""
        if self.state.path is not None:
            resource, path = duplicated(self.state.resource, self.state.path)
            self._do(State(resource, self.state.scoring, path))

    def change(self, change: Callable[[Item], Item]) -> bool:
        """Change the chosen item; tells whether it is another one now."""
        path = self.state.path
        before = self.item
        if path is None or before is None or (after := change(before)) == before:
            return False
        self._do(State(replaced(self.state.resource, path, lambda _old: after), self.state.scoring, path))
        return True

    def change_form(self, change: Callable[[Item], Item]) -> bool:
        """Change the head of the questionnaire (title, rules of the whole)."""
        after = change(self.state.resource)
        if after == self.state.resource:
            return False
        self._do(State(after, self.state.scoring, self.state.path))
        return True

    def rename(self, link_id: str) -> bool:
        """Give the chosen item another link id; conditions, expressions and scores that look at it follow."""
        item, path = self.item, self.state.path
        old = str((item or {}).get("linkId"))
        if item is None or path is None or link_id == old:
            return False
        others = [
            one for where, one in walk(self.state.resource) if where != path and one.get("linkId") == old
        ]
        links = {} if others else {old: link_id}
        resource = _renamed(self.state.resource, links)
        resource = replaced(resource, path, lambda one: {**one, "linkId": link_id})
        self._do(State(resource, _rescored(self.state.scoring, links), path))
        return True

    def score(self, scoring: Mapping[str, Any] | None) -> bool:
        """Change the scoring; None for none."""
        if scoring == self.state.scoring:
            return False
        self._do(State(self.state.resource, scoring, self.state.path))
        return True

    def _do(self, after: State) -> None:
        self._past.append(self.state)
        del self._past[:-MOST_STEPS]
        self._future.clear()
        self.state = after

    def _step(self, source: list[State], target: list[State]) -> bool:
        if not source:
            return False
        target.append(self.state)
        self.state = source.pop()
        return True


def _renamed(resource: Mapping[str, Any], links: Mapping[str, str]) -> Mapping[str, Any]:
    if not links:
        return resource
    below = [copied(item, links) for item in children(resource)]
    return {**followed(resource, links), "item": below}


def _rescored(scoring: Mapping[str, Any] | None, links: Mapping[str, str]) -> Mapping[str, Any] | None:
    if not scoring or not links:
        return scoring
    scores = [
        {**rule, **{key: [links.get(one, one) for one in rule.get(key) or []] for key in ("of", "reversed")}}
        for rule in scoring.get("scores") or []
    ]
    return {**scoring, "scores": scores}
