"""Passwords: what is allowed, what is remembered, how long they hold, and what a wrong one tells (C-02, C-03)."""

import time
import uuid
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select

import resources
from domain.kernel.authority import system_actor
from domain.kernel.change_log import entries_after
from domain.kernel.errors import DomainError
from domain.people import passwords
from domain.people.password_policy import (
    COMMON_WORDS,
    POLICY,
    PasswordPolicy,
    beside_common,
    check_password,
    policy_for,
    read_words,
)
from domain.people.records import Staff
from domain.people.signing_in import sign_in
from domain.people.staff_commands import ChangePassword, CreateOrganization, CreateStaff, ResetPassword
from tests.conftest import BRANCH, DEVICE, START
from tests.fixtures.refusals import TEXTS

FIRST = "Xk7#mQ2p-Lw9"
WORDS = read_words(resources.folder("security") / "common-passwords.txt")


def code_of(password, *, login="zhoujg", name="周建国", policy=None):
    try:
        check_password(password, login=login, name=name, policy=policy, words=WORDS)
    except DomainError as error:
        found = error
    else:
        return "allowed"
    assert found.field == "password"
    assert "?" not in TEXTS.explain(found)
    return found.code


@pytest.mark.parametrize(
    ("password", "code"),
    [
        (FIRST, "allowed"),
        ("海阔凭鱼跃-Tian-7788", "allowed"),
        ("Kuan-Zhai-Xiang-9", "allowed"),
        ("tr0ub4dor&3xQz", "allowed"),
        ("Xk7#mQ2p-Lw", "password.too_short"),
        ("Xk7#" * 33, "password.too_long"),
        ("kuanzhaixiangzi", "password.classes"),
        ("Kuanzhaixiangzi", "password.classes"),
        ("Password-2026!", "password.common"),
        ("P@ssw0rd-P@ssw0rd", "password.common"),
        ("Admin@123456789", "password.common"),
        ("Tijian-Zhongxin-2026", "password.common"),
        ("Woaini-1314-Beijing", "password.common"),
        ("Qwertyuiop-123", "password.common"),
        ("Poiuytrewq#321", "password.common"),
        ("1qaz2wsx#EDC4rfv", "password.common"),
        ("Aaaaaaaaaa-11111", "password.common"),
        ("Abcdefg-1234567", "password.common"),
        ("Hospital-20260915", "password.common"),
        ("Lan-zhoujg-77Qm", "password.own_name"),
        ("Zhou-Jian-Guo#77", "password.own_name"),
        ("周建国-Lan77Qmxw", "password.own_name"),
    ],
)
def test_what_a_password_may_be(password, code):
    assert code_of(password) == code


def test_every_word_of_the_list_is_refused_however_it_is_dressed_up():
    assert len(WORDS) > 250
    assert all(word.isalpha() and word == word.lower() for word in WORDS)
    for word in sorted(WORDS):
        for dressed in (f"{word.title()}-2026-{word}!", f"{word.upper()}#19991231", f"aaa{word}BBB123"):
            assert len(beside_common(dressed, WORDS)) < 8, dressed


def test_a_site_may_ask_for_more_and_for_no_rotation():
    strict = PasswordPolicy(min_length=15, classes=4)
    assert code_of(FIRST, policy=strict) == "password.too_short"
    assert policy_for(0).expired(START, START + timedelta(days=4000)) is False
    assert policy_for(30).expired(START, START + timedelta(days=31)) is True


@pytest.fixture
def day(desk, authority):
    desk.content |= {"authority": authority, COMMON_WORDS: WORDS}
    return desk


@pytest.fixture
def system():
    return system_actor(BRANCH, DEVICE)


@pytest.fixture
def account(day, system):
    org = day.run(CreateOrganization(code="B01", name="滨江分院"), system).receipt
    order = CreateStaff(
        login="zhou", name="周建国", role="nurse", org_id=org, password=FIRST, must_change=False
    )
    return org, day.run(order, system).receipt


def attempt(day, authority, account, password, login="zhou"):
    return sign_in(day, authority, login, password, device_id=DEVICE, org_id=account[0])


def change(day, authority, account, old, new):
    actor = attempt(day, authority, account, old).actor
    day.run(ChangePassword(old=old, password=new), actor)


def row_of(day):
    with day.store.read() as connection:
        return connection.execute(select(Staff.__table__)).one()


def test_the_last_five_passwords_are_not_used_again(day, authority, account):
    used = [FIRST]
    for number in range(6):
        new = f"Kuan-Zhai-Xiang-{number}x"
        change(day, authority, account, used[-1], new)
        used.append(new)
    for past in used[-5:-1]:
        with pytest.raises(DomainError) as refused:
            change(day, authority, account, used[-1], past)
        assert (refused.value.code, refused.value.field) == ("password.used_before", "password")
        assert "最近 5 次" in TEXTS.explain(refused.value)
    with pytest.raises(DomainError, match=r"password\.same"):
        change(day, authority, account, used[-1], used[-1])
    change(day, authority, account, used[-1], used[0])
    assert len(row_of(day).password_past) == 4


def test_the_hash_is_argon2id_with_64_mib_and_three_passes_and_a_salt_of_its_own(account, day):
    stored = row_of(day).password_hash
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert passwords.hash_password(FIRST) != passwords.hash_password(FIRST)
    assert not passwords.needs_rehash(passwords.DECOY), "the decoy is as dear as a true hash"


def test_a_hash_by_older_parameters_is_made_anew_at_the_next_sign_in(day, authority, account, monkeypatch):
    old = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1)
    monkeypatch.setattr(passwords, "hash_password", old.hash)
    monkeypatch.setattr("domain.people.staff_commands.hash_password", old.hash)
    actor = attempt(day, authority, account, FIRST).actor
    day.run(ChangePassword(old=FIRST, password="Kuan-Zhai-Xiang-9"), actor)
    monkeypatch.undo()
    before = row_of(day)
    assert passwords.needs_rehash(before.password_hash)
    assert attempt(day, authority, account, "a wrong one").actor is None
    assert row_of(day).password_hash == before.password_hash
    assert attempt(day, authority, account, "Kuan-Zhai-Xiang-9").actor is not None
    after = row_of(day)
    assert not passwords.needs_rehash(after.password_hash)
    assert after.password_set_at == before.password_set_at
    assert attempt(day, authority, account, "Kuan-Zhai-Xiang-9").actor is not None


def test_an_unknown_login_takes_as_long_as_a_wrong_password(day, authority, account, monkeypatch):
    """Each does one check of the same price; that is what the time goes into, counted by the processor."""
    checked = []
    verify = passwords._verified
    monkeypatch.setattr(passwords, "_verified", lambda *a: checked.append(a[0][:30]) or verify(*a))
    taken = {"zhou": [], "nobody": []}
    for _ in range(4):
        for login, times in taken.items():
            begun = time.thread_time()
            assert attempt(day, authority, account, "Wrong-Password-1", login).actor is None
            times.append(time.thread_time() - begun)
    assert len(checked) == 8
    assert len(set(checked)) == 1, "all by the same parameters"
    assert 0.25 < min(taken["zhou"]) / min(taken["nobody"]) < 4


def test_an_expired_password_has_to_be_changed_and_a_site_sets_when(day, authority, account, clock):
    clock.advance(timedelta(days=89))
    assert attempt(day, authority, account, FIRST).must_change is False
    clock.advance(timedelta(days=2))
    assert attempt(day, authority, account, FIRST).must_change is True
    day.content[POLICY] = policy_for(180)
    assert attempt(day, authority, account, FIRST).must_change is False


def reset(day, system, account):
    return day.run(ResetPassword(staff_id=account[1], reason="忘记口令"), system).receipt


def test_a_reset_gives_a_password_that_opens_and_has_to_be_changed(day, authority, account, system):
    given = reset(day, system, account)
    assert (given.login, given.hours) == ("zhou", 72)
    assert attempt(day, authority, account, FIRST).actor is None, "the old one is worth nothing"
    answer = attempt(day, authority, account, given.password)
    assert (answer.actor is not None, answer.must_change) == (True, True)
    change(day, authority, account, given.password, "Kuan-Zhai-Xiang-9")
    assert attempt(day, authority, account, "Kuan-Zhai-Xiang-9").must_change is False
    assert attempt(day, authority, account, given.password).actor is None, "it was for one sign-in"


def test_a_reset_opens_a_locked_login_and_no_password_is_in_the_log(day, authority, account, system):
    for _ in range(5):
        locked = attempt(day, authority, account, "Wrong-Password-1")
    assert locked.code == "sign_in.locked"
    given = reset(day, system, account)
    assert attempt(day, authority, account, given.password).actor is not None
    with day.store.read() as connection:
        logged = str(entries_after(connection, 0, 1000))
    assert given.password not in logged
    assert FIRST not in logged
    assert "忘记口令" in logged


def test_a_one_time_password_waits_three_days(day, authority, account, system, clock):
    given = reset(day, system, account)
    clock.advance(timedelta(hours=72, seconds=1))
    late = attempt(day, authority, account, given.password)
    assert (late.actor, late.code) == (None, "sign_in.one_time_over")
    assert "联系管理员" in TEXTS.say(late.code)
    assert attempt(day, authority, account, reset(day, system, account).password).actor is not None


def test_only_those_who_keep_accounts_reset_passwords(day, account, as_role):
    for role in ("nurse", "it", "chief_physician", "department_head"):
        with pytest.raises(DomainError, match=r"permission\.denied"):
            day.run(ResetPassword(staff_id=account[1], reason="x"), as_role(role))
    with pytest.raises(DomainError, match=r"staff\.unknown"):
        day.run(ResetPassword(staff_id=uuid.UUID(int=9), reason="x"), as_role("administrator"))
