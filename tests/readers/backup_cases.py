"""The causes of the alerts about backups: one failed, one that was not made, a rehearsal that was not held."""

from datetime import timedelta

from domain.backups.commands import NoteBackup
from domain.backups.records import BackupKind
from domain.kernel.authority import system_actor
from tests.readers.alert_cases import Case

PLACE = "/backups"


def notes(kind, **said):
    """Return a step: the keeper notes what became of a duty."""

    def run(world):
        actor = system_actor(world.head.org_id, world.head.device_id)
        world.desk.run(NoteBackup(kind=kind, place=PLACE, **said), actor)

    return run


made, rehearsed = BackupKind.MADE, BackupKind.REHEARSED
BACKUP_CASES = [  # the next night is owed at once, so a good one closes the alert and begins anew: tested beside
    Case(
        "A-970", notes(made, good=False, problem="备份盘没有挂上"), notes(made, good=True),
        harmless=notes(made, good=True), of_a_client=False,
    ),
    Case(
        "A-971", notes(made), None, timedelta(hours=26), notes(made, good=True), of_a_client=False
    ),
    Case(
        "A-972", notes(rehearsed), None, timedelta(days=8), notes(rehearsed, good=True), of_a_client=False
    ),
]  # fmt: skip
