"""At the centre no disk tells who signed what; others attest digests alone; anybody checks a file by a command."""

import json

import pytest

from domain.consent.attest_records import AttestKind, ConsentAttestation
from domain.consent.records import Consent, ConsentFile, SealAuthority, SealKey
from domain.consent.vault_commands import TellVaultKey
from domain.consent.vault_records import VaultGrant, VaultRecipient
from domain.kernel.errors import DomainError
from forms.consenting.attesting import check_token
from forms.consenting.envelope import Pair, is_locked, new_pair, unlock, unwrap
from forms.consenting.signing import attestations_of, verify_consent
from forms.consenting.verifying import verify
from server.attesting.following import attest_all
from server.attesting.providers import SealService, TimeStamps
from server.attesting.simulator import AttestSimulator
from tests.server.studying import a_study, rows, signed
from tests.server.test_server_process import run

SIGNER = "诸葛签署"
"""Whoever signs is named nowhere but in the file; the client has another name."""


@pytest.fixture(scope="module")
def made(server):
    found = a_study(server)
    found.consent, found.shown = signed(server, found, SIGNER)
    return found


def test_no_file_of_the_centre_tells_a_signature_and_the_key_lies_beside(server, made):
    [file], [consent] = rows(server, ConsentFile), rows(server, Consent)
    assert is_locked(file.content)
    assert is_locked(rows(server, SealKey)[0].private_key)
    marks = (b"%PDF", SIGNER.encode("utf-16-be"), b"BEGIN PRIVATE KEY", b"urn:aftercheck:signature-strokes")
    everything = [path for path in server.settings.data_dir.rglob("*") if path.is_file()]
    assert any(path.name == "centre.db" for path in everything)
    for path in everything:
        raw = path.read_bytes()
        assert not [mark for mark in marks if mark in raw], path.name
    key = server.settings.data_dir / "consent.key"
    assert key.stat().st_mode & 0o077 == 0
    assert all(key.read_bytes() not in path.read_bytes() for path in everything if path != key)
    found, content = verify_consent(server.centre.dispatcher, made.actor, consent.id)
    assert found.sound
    assert content.startswith(made.shown)
    assert found.evidence["signer"] == SIGNER


def test_a_changed_byte_of_a_locked_file_is_seen(server, made):
    [file] = rows(server, ConsentFile)
    key = new_pair((server.settings.data_dir / "consent.key").read_bytes())
    changed = bytearray(file.content)
    changed[-1] ^= 1
    with pytest.raises(DomainError, match=r"consent\.lock_broken"):
        unlock(bytes(changed), [key])
    with pytest.raises(DomainError, match=r"consent\.no_key"):
        unlock(file.content, [new_pair()])


def test_a_workstation_that_told_its_key_may_open_what_others_locked(server, made):
    own = new_pair()
    server.as_system(TellVaultKey(name="东城前台", public_key=own.public, private_key=None))
    server.centre.housekeeping.run_due()
    for job in server.centre.housekeeping.jobs:
        if job.name == "consent_keys":
            job.work()
    recipient = next(one for one in rows(server, VaultRecipient) if one.public_key == own.public)
    grant = next(one for one in rows(server, VaultGrant) if one.recipient_id == recipient.id)
    centre = Pair(grant.public_key, unwrap(grant.wrapped, own))
    assert unlock(rows(server, ConsentFile)[0].content, [own, centre]).startswith(made.shown)


def test_a_file_is_checked_by_a_command_without_a_store(server, made, tmp_path):
    _, content = verify_consent(server.centre.dispatcher, made.actor, made.consent)
    [issuer] = rows(server, SealAuthority)
    file, root = tmp_path / "consent.pdf", tmp_path / "root.pem"
    file.write_bytes(content)
    root.write_text(issuer.certificate, "ascii")
    status, [told], problem = run(tmp_path / "nowhere", "verify-consent", str(file), "--root", str(root))
    assert (status, told["sound"], told["faults"]) == (0, True, []), problem
    assert (told["signer"], told["version"], told["shown_bytes"]) == (SIGNER, "1.0", len(made.shown))
    assert told["seals"][0]["at"].startswith("2026-11-23")
    bad = bytearray(content)
    bad[len(made.shown) // 2] ^= 1
    file.write_bytes(bytes(bad))
    status, [told], _ = run(tmp_path / "nowhere", "verify-consent", str(file), "--root", str(root))
    assert status == 1
    assert any("改动" in fault for fault in told["faults"])
    status, lines, problem = run(
        tmp_path / "nowhere", "verify-consent", str(tmp_path / "none.pdf"), "--root", str(root)
    )
    assert (status, lines) == (1, [])
    assert "none.pdf" in problem


def test_time_stamps_and_seals_come_later_and_what_does_not_hold_is_not_kept(server, made, tmp_path):
    desk, [consent] = server.centre.dispatcher, rows(server, Consent)
    with AttestSimulator(clock=server.centre.clock) as service:
        both = (
            TimeStamps(f"{service.url}/tsa", service.tsa_root, timeout_s=5),
            SealService(f"{service.url}/seal", "clinic", service.secret, service.seal_root, timeout_s=5),
        )
        for mode in ("refuse", "odd", "other"):
            service.mode = mode
            assert attest_all(desk, made.actor, both) == 0, mode
        service.mode = "slow"
        hasty = (TimeStamps(f"{service.url}/tsa", service.tsa_root, timeout_s=0.2),)
        assert attest_all(desk, made.actor, hasty) == 0
        assert rows(server, ConsentAttestation) == []
        service.mode = "good"
        wrong = SealService(
            f"{service.url}/seal", "clinic", b"not the secret", service.seal_root, timeout_s=5
        )
        assert attest_all(desk, made.actor, (wrong,)) == 0
        assert attest_all(desk, made.actor, both) == 2
        assert attest_all(desk, made.actor, both) == 0, "one of a kind"
        assert (service.stamps, service.seals) == (2, 2), "the wrong ones were answered too"
    told = attestations_of(desk, consent.id, consent.sha256)
    assert [(kind, one.by, one.fault) for kind, one in told] == [
        (AttestKind.TIME_STAMP, "模拟时间戳服务", ""), (AttestKind.E_SEAL, "模拟电子签章 文件签章", ""),
    ]  # fmt: skip
    assert all(one.at == server.centre.clock() for _, one in told)
    [stamp, seal] = rows(server, ConsentAttestation)
    roots = [service.tsa_root, service.seal_root]
    for one in (stamp, seal):
        kind = AttestKind(one.kind)
        assert check_token(kind, one.token, "0" * 64, roots).fault == "consent.attest_other"
        assert check_token(kind, one.token, one.sha256, []).fault == "consent.attest_untrusted"
        bad = bytearray(one.token)
        bad[-5] ^= 1
        assert check_token(kind, bytes(bad), one.sha256, roots).fault == "consent.attest_broken"
    _, content = verify_consent(desk, made.actor, consent.id)
    assert verify(content, [row.certificate for row in rows(server, SealAuthority)]).sound
    file, token = tmp_path / "c.pdf", tmp_path / "c.tsr"
    file.write_bytes(content)
    token.write_bytes(stamp.token)
    arguments = ["verify-consent", str(file), "--stamp", str(token)]
    for number, row in enumerate(rows(server, SealAuthority)):
        (tmp_path / f"{number}.pem").write_text(row.certificate, "ascii")
        arguments += ["--root", str(tmp_path / f"{number}.pem")]
    status, [told], _ = run(tmp_path / "nowhere", *arguments)
    assert (status, told["stamps"][0]["by"]) == (0, "模拟时间戳服务"), json.dumps(told, ensure_ascii=False)
