"""Lists the tubes of excursions that are over, step by step, so that they are there before anybody asks."""

from sqlalchemy import select

from domain.environment.excursion_commands import ListExposedTubes
from domain.environment.records import EnvironmentExcursion
from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher


def list_waiting(dispatcher: Dispatcher, actor: Actor) -> int:
    """Return how many tubes were listed."""
    e = EnvironmentExcursion.__table__.c
    with dispatcher.store.read() as connection:
        waiting = connection.execute(
            select(e.id).where(e.state == "recovered", e.tubes.is_(None)).limit(100)
        ).scalars().all()  # fmt: skip
    listed = 0
    for excursion_id in waiting:
        more = True
        while more:
            receipt = dispatcher.run(ListExposedTubes(excursion_id=excursion_id), actor).receipt
            listed, more = listed + receipt.listed, receipt.more
    return listed
