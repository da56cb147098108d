import os

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.sync.test_sync_machine import TEMPLATES, SyncMachine, _settings


@pytest.fixture(autouse=True)
def _templates(empty_store, empty_centre):
    TEMPLATES.update(branch=empty_store, centre=empty_centre)


def test_more():
    run_state_machine_as_test(SyncMachine, settings=_settings(int(os.environ["EX"]), 60))
