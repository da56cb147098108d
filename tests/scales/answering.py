"""Answers for scales: all items of a form, and sums that reach a wanted number."""

from domain.scales.definitions import exact


def items(form):
    for item in form.get("item", ()):
        yield item
        yield from items(item)


def questions(form):
    return {i["linkId"]: i for i in items(form) if i["type"] not in ("group", "display")}


def reaching(scale, wanted, *, of=None, start=None):
    """Return answers whose points add up to `wanted`, filling one item after another."""
    answers = dict(start or {})
    left = wanted
    by_id = {item.id: item for item in scale.items}
    members = of or next(s.of for s in scale.scores if s.id == scale.total)
    lows = {name: min(scale.points[by_id[name].points].values()) for name in members}
    left -= sum(lows.values())
    for name in members:
        table = scale.points[by_id[name].points]
        step = max(v for v in table.values() if v - lows[name] <= max(left, 0))
        answers[name] = next(code for code, value in table.items() if value == step)
        left -= step - lows[name]
    assert left == 0, f"{scale.id}: {wanted} cannot be reached"
    return answers


def least(scale, reverse=()):
    """Return the lowest answers of every item with points."""
    return {
        item.id: min(scale.points[item.points].items(), key=lambda entry: exact(entry[1]))[0]
        for item in scale.items
        if item.points
    }
