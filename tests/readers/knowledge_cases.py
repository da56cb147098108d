"""Cases of the library's age: what nobody changed or reviewed for half a year."""

from datetime import timedelta

from domain.knowledge.commands import RetireEntry, WriteEntry
from domain.knowledge.keeping import entry_id
from domain.knowledge.records import Shelf
from tests.readers.alert_cases import HOUR, Case

AGE = timedelta(days=183)


def written(library):
    def run(world):
        order = WriteEntry(
            kind=library, code="of_the_house", title="本院条目", points="一句话", source="本院规定", reason="新写",
        )  # fmt: skip
        world.desk.run(order, world.head)

    return run


def taken_out(world):
    """Ends it for good; that a review ends it too and begins anew is in tests/knowledge."""
    world.desk.run(RetireEntry(knowledge_entry_id=entry_id("of_the_house"), reason="不再使用"), world.head)


def retired(library):
    def run(world):
        written(library)(world)
        taken_out(world)

    return run


def behind(versions, failures=0):
    """What the watch over the nodes saw of the knowledge a workstation has."""

    def run(world):
        since = world.desk.clock() if versions else None
        world.node(knowledge_behind=versions, knowledge_since=since, failures=failures)

    return run


CASES = [
    Case("A-057", written(Shelf.INDICATOR), taken_out, AGE, retired(Shelf.INDICATOR), of_a_client=False),
    Case("A-058", written(Shelf.TCM), taken_out, AGE, retired(Shelf.TCM), of_a_client=False),
    Case("A-128", behind(1), behind(0), 24 * HOUR, behind(0), of_a_client=False),
    Case("A-127", behind(1, failures=3), behind(0), harmless=behind(1, failures=2), of_a_client=False),
]
