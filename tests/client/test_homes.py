"""The page each role begins its shift with: it is declared, the role may see it, and it opens."""

import pytest
import yaml

import resources
from client.navigation import entries, home_page
from client.views.pages import build_page

HOMES = {
    name: role["home"]
    for name, role in yaml.safe_load(resources.folder("roles.yaml").read_text("utf-8"))["roles"].items()
}


@pytest.mark.parametrize("role", HOMES)
def test_the_home_of_a_role_is_a_page_it_has(context_for, role):
    """The first list would open in place of a page that does not exist or is not the role's: nobody would notice."""
    context, _ = context_for(role)
    found = entries(context.actor, context.say)
    assert HOMES[role] in [entry.page for entry in found]
    assert home_page(context.actor, found) == HOMES[role]


@pytest.mark.parametrize("role", HOMES)
def test_the_home_of_a_role_opens(qtbot, context_for, jobs, role):
    context, _ = context_for(role)
    page = build_page(HOMES[role], context)
    qtbot.addWidget(page)
    said = []
    page.model.message.connect(lambda sentence, tone: said.append((tone, sentence)))
    page.show()
    page.model.on_open()
    qtbot.waitUntil(lambda: not jobs.busy, timeout=10_000)
    assert page.isVisible()
    assert [sentence for tone, sentence in said if tone == "danger"] == []
    page.model.close()


def test_the_shell_opens_the_home_after_sign_in(sign_in):
    shell = sign_in("administrator")
    assert shell.current == "worklist:staff.accounts"
