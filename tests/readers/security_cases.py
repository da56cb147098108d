"""The causes of the alerts of suspicious deeds: what people do, seen by the watch, until somebody has concluded."""

import dataclasses
import uuid
from datetime import timedelta

import pytest

import resources
from domain.audit.verification import Break, Tampering
from domain.conversations.commands import CloseConversation
from domain.conversations.records import Conversation, ConversationKind
from domain.kernel.authority import system_actor
from domain.kernel.errors import DomainError
from domain.kernel.readers import Follower
from domain.kernel.texts import Texts
from domain.security.checking import broken, note_all
from domain.security.commands import ConcludeFinding, NoteLook
from domain.security.limits import load_limits
from domain.security.records import SecurityConclusion, SecurityFinding
from domain.security.watch import SecurityWatch
from tests.readers.alert_cases import Case
from tests.readers.alert_cases_more import closes_conversation, hears

TEXTS = Texts.load(resources.folder("texts") / "zh")
LIMITS = load_limits(resources.folder("security") / "watch.yaml")


def watch_of(desk, actor):
    return Follower(
        desk.store,
        SecurityWatch(desk, system_actor(actor.org_id, actor.device_id), LIMITS, TEXTS),
    )


def looks(count, pause=timedelta(seconds=5)):
    """Return a step: the nurse opens so many clients, one every few seconds."""

    def run(world):
        for number in range(count):
            world.desk.run(NoteLook(patient_id=uuid.UUID(int=number + 1), page="record"), world.nurse)
            if number < count - 1:
                world.desk.clock.advance(pause)
        watch_of(world.desk, world.nurse).catch_up()

    return run


def too_late(count):
    """Return a step: a conversation that is over is closed again and again."""

    def run(world):
        hears(ConversationKind.SERVICE)(world)
        closes_conversation(world)
        order = CloseConversation(conversation_id=world.one(Conversation).id, note="再关一次")
        for _ in range(count):
            with pytest.raises(DomainError, match=r"conversation\.wrong_state"):
                world.desk.run(order, world.head)
        watch_of(world.desk, world.head).catch_up()

    return run


def chain(found):
    """Return a step: the daily check of the chain, and what it found."""

    def run(world):
        actor = system_actor(world.nurse.org_id, world.nurse.device_id)
        note_all(world.desk, actor, broken(found, TEXTS, actor, world.desk.clock()) if found else [])

    return run


def concluded(world, who=None):
    order = ConcludeFinding(
        finding_id=world.one(SecurityFinding).id, conclusion=SecurityConclusion.JUSTIFIED,
        explanation="已向本人核实，批量随访属工作安排",
    )  # fmt: skip
    world.desk.run(order, who or world.head)


def concluded_by_another(world):
    """Whose deeds they are does not conclude: somebody else of the same right does."""
    concluded(world, dataclasses.replace(world.head, staff_id=uuid.UUID(int=0x77)))


EDITED = Break(17, Tampering.EDITED, 17)

SECURITY_CASES = [
    Case("A-119", looks(101), concluded, harmless=looks(100), of_a_client=False),
    Case("A-121", chain(EDITED), concluded, harmless=chain(None), of_a_client=False),
    Case("A-122", too_late(5), concluded_by_another, harmless=too_late(4), of_a_client=False),
]
