"""What an ordinary run leaves out of a matrix, and what it never does."""

from tests.fixtures.breadth import partners

THINGS, OTHERS = range(40), ["a", "b", "c", "d"]


def kind(thing, other):
    return thing % 3 == 0 and other in "ab"


def test_every_thing_meets_one_of_every_kind_and_everybody_meets_some():
    met = partners(THINGS, OTHERS, kind, whole=False)
    pairs = [(thing, other) for other, things in met.items() for thing in things]
    for thing in THINGS:
        wanted = {kind(thing, other) for other in OTHERS}
        assert sorted(kind(thing, o) for t, o in pairs if t == thing) == sorted(wanted)
    assert all(len(things) >= 5 for things in met.values())


def test_a_deep_run_leaves_nothing_out():
    met = partners(THINGS, OTHERS, kind, whole=True)
    assert all(things == list(THINGS) for things in met.values())
