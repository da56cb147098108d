"""The causes of the alerts of figures: under their target, out of their control limits, falling."""

from datetime import timedelta

from domain.alerts.indicator_commands import NoteIndicator
from domain.alerts.records import AlertCause, Indicator
from domain.kernel.authority import system_actor
from domain.kernel.clock import clinic
from domain.quality.analysis_commands import AnalyseIndicator
from tests.readers.alert_cases import Case


def note(world, *groups, good=95, days=1, **more):
    """Note a figure of 100 with a target of 90 per cent, on as many days up to yesterday."""
    today = clinic(world.desk.clock()).date()
    for back in range(days, 0, -1):
        order = NoteIndicator(
            code="x.y", name="随访完成率", day=today - timedelta(days=back),
            numerator=good, denominator=100, target=0.9,
            org_id=world.nurse.org_id, groups=list(groups), days=30, least=5, **more,
        )  # fmt: skip
        world.desk.run(order, system_actor(world.nurse.org_id, world.nurse.device_id))


def figure(*groups, **more):
    return lambda world: note(world, *groups, **more)


def analyse(world):
    order = AnalyseIndicator(
        indicator_id=world.one(Indicator).id, cause=AlertCause.WORKLOAD, finding="人手不足", measures="调班"
    )
    world.desk.run(order, world.head)


QUALITY_CASES = [
    Case(
        "A-047", figure("core", good=89), figure("core", good=90), harmless=figure("core", good=90), of_a_client=False
    ),
    Case("A-048", figure("core", away=3.0), analyse, harmless=figure("core", away=2.99), of_a_client=False),
    Case(
        "A-052", figure("messaging", fall=10.0), figure("messaging", fall=9.9),
        harmless=figure("messaging", fall=9.9), of_a_client=False,
    ),
    Case("A-102", figure("quality", good=89), analyse, harmless=figure("core", good=89), of_a_client=False),
    Case(
        "A-103", figure("quality", good=89, days=3), figure("quality", good=90),
        harmless=figure("quality", good=89, days=2), of_a_client=False,
    ),
]  # fmt: skip
