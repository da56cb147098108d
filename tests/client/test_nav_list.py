"""The navigation: areas open and shut by keys and stay so, pages are found by typing, the open one is in sight."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from client.navigation import ORDER, area_of, entries
from client.views.nav_list import AREA_ROLE, NavList
from domain import features
from domain.kernel.worklists import worklists


@pytest.fixture
def nav(qtbot, context_for):
    def make(role="nurse"):
        context, _ = context_for(role)
        made = NavList(entries(context.actor, context.say), context, None)
        qtbot.addWidget(made)
        made.show()
        return made

    return make


def pages(nav):
    return [nav.item(r).data(Qt.ItemDataRole.UserRole) for r in range(nav.count())]


def head(nav, area):
    return next(r for r in range(nav.count()) if nav.item(r).data(AREA_ROLE) == area and not pages(nav)[r])


def test_each_area_has_a_heading_in_chinese(context_for):
    features.load()
    context, _ = context_for("department_head")
    for area in {area_of(name) for name in worklists()} | set(ORDER):
        assert context.say(area) != area
        assert area in ORDER
    assert "nav.other" not in {area_of(name) for name in worklists()}, (
        "say in `AREAS` where a new list stands"
    )


def test_a_long_navigation_begins_short_and_fits_a_small_screen(nav):
    shown = nav("nurse")
    assert "front_desk" in pages(shown)
    assert "worklist:alert.open" in pages(shown)
    assert "worklist:risk.levels" not in pages(shown)
    assert shown.sizeHintForRow(1) * shown.count() < 700


def test_areas_open_and_shut_by_keys_and_stay_so(nav):
    shown = nav("nurse")
    shown.setCurrentRow(head(shown, "nav.risk"))
    QTest.keyClick(shown, Qt.Key.Key_Right)
    assert "worklist:risk.levels" in pages(shown)
    QTest.keyClick(shown, Qt.Key.Key_Down)
    assert shown.current_page.startswith("worklist:risk.")
    QTest.keyClick(shown, Qt.Key.Key_Left)
    assert "worklist:risk.levels" not in pages(shown)
    assert shown.currentRow() == head(shown, "nav.risk")
    QTest.keyClick(shown, Qt.Key.Key_Return)
    assert "worklist:risk.levels" in pages(nav("nurse"))
    assert "worklist:risk.levels" not in pages(nav("physician")), "each role has its own"


def test_the_open_page_is_in_sight_wherever_it_stands(nav):
    shown = nav("nurse")
    shown.mark("worklist:form.tasks")
    assert shown.current_page == "worklist:form.tasks"


def test_letters_find_a_page_in_an_area_that_is_shut(nav):
    shown = nav("nurse")
    QTest.keyClicks(shown, "dclbb")
    assert shown.current_page == "worklist:specimen.waiting"
    chosen = []
    shown.chosen.connect(chosen.append)
    QTest.keyClick(shown, Qt.Key.Key_Return)
    assert chosen == ["worklist:specimen.waiting"]


def test_letters_that_mean_nothing_leave_the_cursor(nav):
    shown = nav("nurse")
    shown.mark("front_desk")
    QTest.keyClicks(shown, "qqq")
    assert shown.current_page == "front_desk"
