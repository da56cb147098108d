"""The desk opens a store that is there and whole, and never makes an empty one."""

import pytest
from sqlalchemy import text

from client.desk import build_desk
from client.home import Home
from client.settings import Settings
from domain.kernel.errors import UnavailableError
from domain.signoff.marks import MARKED
from domain.signoff.signs import SIGNS
from sync.stores import open_branch_store
from tests.client import seeding

KEY = bytes(range(32))


def code_of(home, key=KEY):
    with pytest.raises(UnavailableError) as caught:
        build_desk(home, Settings(), key=key, parts=())
    return caught.value.code


def test_a_missing_store_is_told_and_not_made(tmp_path):
    home = Home(tmp_path / "nowhere")
    assert code_of(home) == "store.missing"
    assert not home.folder.exists()


def test_a_wrong_key_is_told_and_changes_nothing(home, capfd):
    before = home.store.read_bytes()
    assert code_of(home, bytes(32)) == "store.wrong_key"
    assert home.store.read_bytes() == before
    capfd.readouterr()


def test_a_damaged_store_is_told(home, capfd):
    data = bytearray(home.store.read_bytes())
    data[200:4000] = bytes(3800)
    home.store.write_bytes(bytes(data))
    assert code_of(home) in {"store.wrong_key", "store.damaged"}
    capfd.readouterr()


def test_a_store_of_a_newer_program_is_told(home):
    store = open_branch_store(home.store, KEY)
    with store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    store.close()
    assert code_of(home) == "store.newer"


def test_a_store_without_owner_is_told(tmp_path, empty_store):
    assert code_of(seeding.prepare_home(tmp_path / "h", empty_store)) == "store.not_enrolled"


def test_a_missing_key_is_told(home, monkeypatch, tmp_path):
    monkeypatch.setenv("AFTERCHECK_KEY_FILE", str(tmp_path / "absent"))
    assert code_of(home, None) == "key.missing"


def test_what_can_block_the_desk_has_a_sentence_and_a_remedy():
    import resources
    from domain.kernel.texts import Texts

    texts = Texts.load(resources.folder("texts") / "zh")
    for code in (
        "store.missing", "store.not_enrolled", "store.wrong_key", "store.damaged", "store.newer", "key.missing",
        "key.no_keyring", "key.damaged", "key.file_unreadable", "key.file_open_to_others",
    ):  # fmt: skip
        assert code in texts, code
        assert f"{code}.remedy" in texts, code


def test_the_desk_knows_who_it_is_and_signs_people_in(open_desk):
    assert open_desk.installation.org_id == seeding.BRANCH
    good = open_desk.sign_in("nurse1", seeding.PASSWORD)
    assert good.actor.name == "李护士"
    assert open_desk.organization_name(good.actor) == "城西分院"
    assert open_desk.sign_in("nurse1", "wrong").code == "sign_in.refused"


def test_content_is_read_when_it_is_asked_for(open_desk):
    assert "catalog" not in open_desk.dispatcher.content
    assert open_desk.dispatcher.content["catalog"].observations
    assert "catalog" in open_desk.dispatcher.content


def test_whatever_may_be_signed_is_as_it_is_signed_at_a_workstation(open_desk):
    content = open_desk.dispatcher.content
    for name in MARKED:
        assert content[name] is not None
    assert set(content[SIGNS]._shipped) == set(MARKED), "a signature at the centre counts at the branch too"
