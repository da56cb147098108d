"""How statements find their rows: the query plan of everything a piece of work runs."""

from sqlalchemy import event

from domain.kernel.record import Record


def plans_of(store, work):
    """Return the query plan of every statement that `work` runs."""
    statements = []

    def note(_connection, _cursor, statement, parameters, _context, many):
        statements.append((statement, parameters[0] if many else parameters))

    event.listen(store.engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(store.engine, "before_cursor_execute", note)
    plans = []
    with store.engine.connect() as connection:
        for statement, parameters in statements:
            if statement.startswith(("SELECT", "UPDATE", "DELETE")):
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                plans += [row[3] for row in rows]
    return plans


def walked(plans):
    """Return the plans that walk a table of ours from end to end."""
    return [plan for plan in plans if plan.startswith("SCAN") and plan.split()[1] in Record.metadata.tables]
