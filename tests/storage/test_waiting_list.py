"""What must be moved on is found by what it has, not by what lies in the store."""

from sqlalchemy import event

from client.stations.bench.reading import read_waiting
from domain.biobank.worklists import waiting
from domain.kernel import keyset
from domain.kernel.worklists import Pages, worklists


def test_the_waiting_list_never_walks_the_tubes_in_store(desk, tubes, technician):
    tubes.stored()
    number = tubes.received()
    asked = []

    def note(_connection, _cursor, statement, *_rest):
        asked.append(statement)

    with desk.store.read() as connection:
        engine = connection.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        found = read_waiting(Pages(desk.store), technician, tubes.clock())
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert [tube.number for tube in found] == [number]
    lists = [statement for statement in asked if "FROM specimen" in statement and "due_at" in statement]
    assert len(lists) == 1, "a second one would look at all that have no time limit, which is the whole store"


def test_a_list_that_says_it_has_a_value_is_believed():
    assert not keyset.may_be_null(waiting.query, waiting.column("due_at"))
    stored = worklists()["specimen.stored"]
    assert keyset.may_be_null(stored.query, stored.column("sprec"))
