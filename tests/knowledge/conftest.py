"""A centre with everything the library is made of."""

import pytest

import resources
from domain.care.content import CARE, load_care
from domain.conduct.rules import MESSAGE_RULES, load_message_rules
from domain.followup.content import FOLLOWUP, followup_of
from domain.kernel.authority import system_actor
from domain.knowledge.content import KNOWLEDGE, load_knowledge
from domain.knowledge.index_commands import index_library
from tests.conftest import BRANCH, DEVICE

SYSTEM = system_actor(BRANCH, DEVICE)


@pytest.fixture
def house(desk, authority):
    desk.content.update(
        {
            CARE: load_care(resources.folder("care")),
            FOLLOWUP: followup_of(resources.folder("followup"), authority.roles, resources.folder("forms")),
            KNOWLEDGE: load_knowledge(resources.folder("knowledge")),
            MESSAGE_RULES: load_message_rules(resources.folder("conduct")),
            "authority": authority,
        }
    )
    index_library(desk, SYSTEM)
    return desk
