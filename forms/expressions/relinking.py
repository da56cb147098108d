"""An expression moved into a form where its items have other link ids, or stand somewhere else."""

from collections.abc import Mapping, Set
from dataclasses import replace

from forms.expressions.reads import link_ids, linked_source, reads_of
from forms.expressions.syntax import Binary, Call, Index, Literal, Member, Node, Unary, Variable, parse
from forms.expressions.writing import text_of


def relinked(text: str, links: Mapping[str, str], elsewhere: Set[str]) -> str | None:
    """Return the expression with its link ids replaced.

    Args:
        text: FHIRPath.
        links: New link id by old one.
        elsewhere: Old link ids whose items are not where they were: they are looked up in the whole response, as is
            everything that started from ``%resource``.

    Returns:
        None if the expression walks over items it does not name: it would see other forms' items too.
    """
    reads = reads_of(text)
    if reads.sweeping:
        return None
    return text_of(_moved(parse(text), links, elsewhere))


def _moved(node: Node, links: Mapping[str, str], elsewhere: Set[str]) -> Node:
    match node:
        case Call(source=source, name=name, args=args):
            found = link_ids(args[0]) if len(args) == 1 and name in ("where", "exists", "all") else None
            start = linked_source(node)
            if found is not None and start is not None and all(link_id in links for link_id in found):
                return _lookup(node, start[0], found, links, elsewhere)
            moved = tuple(_moved(arg, links, elsewhere) for arg in args)
            return Call(None if source is None else _moved(source, links, elsewhere), name, moved)
        case Member(source=source) if source is not None:
            return replace(node, source=_moved(source, links, elsewhere))
        case Index(source=source, at=at):
            return Index(_moved(source, links, elsewhere), _moved(at, links, elsewhere))
        case Unary(operand=operand):
            return replace(node, operand=_moved(operand, links, elsewhere))
        case Binary(left=left, right=right):
            return replace(node, left=_moved(left, links, elsewhere), right=_moved(right, links, elsewhere))
    return node


def _lookup(
    node: Call, start: Node | None, found: tuple[str, ...], links: Mapping[str, str], elsewhere: Set[str]
) -> Node:
    criteria = _criteria([links[link_id] for link_id in found])
    if _from_resource(start) or elsewhere & set(found):
        return Call(Call(Variable("resource"), "descendants", ()), node.name, (criteria,))
    before = node.source
    moved = None if before is None else _moved(before, links, elsewhere)
    return Call(moved, node.name, (criteria,))


def _criteria(link_ids: list[str]) -> Node:
    found: Node | None = None
    for link_id in link_ids:
        one = Binary("=", Member(None, "linkId"), Literal(link_id))
        found = one if found is None else Binary("or", found, one)
    return found if found is not None else Literal(False)


def _from_resource(node: Node | None) -> bool:
    while isinstance(node, Member | Call | Index):
        node = node.source
    return isinstance(node, Variable) and node.name in ("resource", "rootResource")
