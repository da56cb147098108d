"""What of the declarations the first view needs: today's list as the station itself asks for it."""

from datetime import date

from client.early.compiled import First
from client.early.compiling import MARK, Recorder, fact_of, keys_of
from client.stations.front_desk.finding import todays_visits
from domain.kernel.worklists import Pages, worklists

DAY = date(1, 2, 3)
"""Stands for today in the question that is recorded."""


def declared(recorder: Recorder) -> First:
    """Return the compiled form."""
    listing = worklists()["checkup.visits"]
    pages, slots = Pages(recorder.store), {DAY.isoformat(): "day"}
    return First(
        keys=keys_of("front_desk"),
        permission=listing.permission,
        scoped=recorder.statement(
            lambda: todays_visits(pages, recorder.actor(scoped=True), DAY), slots | {MARK.bytes: "orgs"}
        ),
        unscoped=recorder.statement(lambda: todays_visits(pages, recorder.actor(scoped=False), DAY), slots),
        facts={column.name: fact_of(column.info) for column in listing.columns},
    )
