"""The causes of the alerts of the platform itself, and of reports that change after they went out."""

from datetime import timedelta

from domain.delivery.change_commands import NoteReportChange
from domain.delivery.records import ReportDelivery
from domain.exchange.platform_commands import NotePlatform, Probe
from domain.kernel.authority import system_actor
from tests.readers.alert_cases import Case
from tests.readers.delivery_cases import not_read


def probe(*well):
    """What the watch of the platform saw, one look after the other."""

    def run(world):
        system = system_actor(world.chief.org_id, world.chief.device_id)
        for one in well:
            order = NotePlatform(probes=[Probe("outbox", one, "40 min", "≤ 15 min")])
            world.desk.run(order, system)

    return run


def differs(*places):
    """What the signed file of a report says otherwise than what is kept."""

    def run(world):
        not_read(state="received")(world)
        order = NoteReportChange(
            delivery_id=world.one(ReportDelivery).id,
            places=list(places),
            differs="0" * 64 if places else "1" * 64,
        )
        world.desk.run(order, system_actor(world.chief.org_id, world.chief.device_id))

    return run


REGION_CASES = [
    Case(
        "A-126",
        probe(True, False),
        probe(True),
        timedelta(minutes=5),
        probe(True, False, True),
        of_a_client=False,
    ),
    Case("A-995", differs("空腹血糖"), differs(), harmless=differs()),
]
