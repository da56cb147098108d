"""``server diagnose`` tells what is wrong in plain words with a remedy, and changes nothing."""

from datetime import timedelta

import msgspec
import pytest

import resources
from domain.kernel.clock import ManualClock
from domain.kernel.texts import Texts
from server.diagnosing import diagnose, encrypts
from server.private_ca import make_certificates
from server.settings import Settings
from tests.server.conftest import START

PASSWORD = "dX9-kfw2-Pq7z"
TEXTS = Texts.load(resources.folder("texts") / "zh")


@pytest.fixture
def settings(home):
    return Settings(data_dir=home, least_free_bytes=0, port=1)


def found(settings, after=timedelta(0), **more):
    clock = ManualClock(START)
    clock.advance(after)
    return {one.name: one for one in diagnose(settings, TEXTS, clock(), **more)}


def test_a_machine_is_looked_at_and_what_is_wrong_has_a_remedy(settings):
    told = found(settings)
    good = {name for name, one in told.items() if one.good}
    assert good >= {"程序版本", "磁盘", "附件存储", "数据库", "密钥", "数据库加密", "后台任务"}
    assert not told["备份"].good
    assert "backup_to" in told["备份"].said
    assert "systemctl status" in told["服务端口"].said


def test_a_store_that_is_away_hides_no_other_check(settings):
    away = msgspec.structs.replace(
        settings, store=f"mysql+pymysql://c:{PASSWORD}@127.0.0.1:9/x", redis="redis://127.0.0.1:9/0"
    )
    told = found(away)
    assert not told["数据库"].good
    assert not told["共用状态（Redis）"].good
    assert told["磁盘"].good


def test_a_full_disk_a_lost_key_and_a_certificate_that_ends_are_told(settings, tmp_path):
    made = make_certificates(tmp_path / "tls", ["centre.example"], START)
    worse = msgspec.structs.replace(
        settings, least_free_bytes=1 << 60, tls_cert=made.certificate, tls_key=made.key
    )
    (settings.data_dir / "centre.key").rename(settings.data_dir / "elsewhere")
    told = found(worse, timedelta(days=380))
    assert "扩容" in told["磁盘"].said
    assert "续签" in told["TLS 证书"].said
    assert "恢复该文件" in told["密钥"].said


def test_the_quick_look_is_for_what_every_request_needs(settings):
    assert set(found(settings, quick=True)) == {"附件存储", "共用状态（Redis）", "数据库"}


@pytest.mark.mariadb
def test_a_database_server_that_keeps_clients_in_the_clear_is_told_with_what_to_do(home, mariadb):
    """That of the tests encrypts nothing."""
    from server.initialise import initialise
    from server.storage_key import open_store
    from sync.schema import prepare_store

    settings = Settings(data_dir=home / "other", store=mariadb(), least_free_bytes=0, port=1)
    settings.data_dir.mkdir()
    store = open_store(settings)
    prepare_store(store)
    initialise(store, settings, ManualClock(START), code="HQ", name="总院", login="admin")
    store.close()
    told = found(settings)["数据库加密"]
    assert not told.good
    assert "innodb_encrypt_tables" in told.said


@pytest.mark.parametrize(
    ("variables", "good"),
    [
        ({"innodb_encrypt_tables": "ON", "innodb_encrypt_log": "ON"}, True),
        ({"innodb_encrypt_tables": "FORCE", "innodb_encrypt_log": "on"}, True),
        ({"innodb_encrypt_tables": "ON", "innodb_encrypt_log": "OFF"}, False),
        ({"default_table_encryption": "ON", "innodb_redo_log_encrypt": "ON"}, True),
        ({"default_table_encryption": "ON"}, False),
        ({}, False),
    ],
)
def test_tables_and_the_redo_log_both_count(variables, good):
    assert encrypts(variables) is good
