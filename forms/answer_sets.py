"""Below a repeating question each answer has questions of its own; they follow their answer wherever it goes."""

from collections.abc import Callable

from forms.nodes import Node, Tree
from forms.values import Answer, same


def match_sets(
    tree: Tree, node: Node, answers: tuple[Answer, ...], attach: Callable[[list[Node]], None]
) -> bool:
    """Give each of the new answers its set of children; what belonged to an answer that is gone is put by.

    An answer that comes back finds what was typed below it. Returns whether any set moved, came or went.
    """
    before = list(node.sets)
    given: tuple[Answer | None, ...] = node.given.now
    pool = [(given[index] if index < len(given) else None, each) for index, each in enumerate(node.sets)]
    pool += node.parked
    node.sets = []
    for answer in answers or (None,):
        at = _place_of(answer, pool)
        if at is None:
            attach(tree.build(node, node.item.items, len(node.sets)))
        else:
            node.sets.append(pool.pop(at)[1])
    node.parked = [(answer, each) for answer, each in pool if answer is not None]
    for index, each in enumerate(node.sets):
        for children in each.values():
            for child in children:
                child.set_index = index
    changed = len(before) != len(node.sets) or any(a is not b for a, b in zip(before, node.sets, strict=True))
    if changed:
        node.structure.set(node.structure.now + 1)
    return changed


def _place_of(answer: Answer | None, pool: list[tuple[Answer | None, dict[str, list[Node]]]]) -> int | None:
    """Return the set of the same answer, else one that belongs to none yet."""
    free: int | None = None
    for index, (other, _) in enumerate(pool):
        if other is None:
            free = index if free is None else free
        elif answer is not None and same(answer, other):
            return index
    return free
