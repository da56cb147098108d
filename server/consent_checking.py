"""``verify-consent``: what a check of one sealed file finds, as JSON; with ``--root`` no database is needed."""

import argparse
from typing import Any

import resources
from domain.consent.attest_records import AttestKind
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from domain.kernel.store import Store
from domain.kernel.texts import Texts
from forms.consenting.attesting import check_token
from forms.consenting.envelope import is_locked, new_pair, unlock
from forms.consenting.signing import trusted_roots
from forms.consenting.verifying import verify
from forms.final_versions import FIELD
from server.clock import clock_of
from server.identity import vault_key
from server.settings import Settings


def check_file(settings: Settings, options: argparse.Namespace, store: Store | None) -> dict[str, Any]:
    """Return what was found; ``sound`` is False with ``faults`` in words where anything is wrong.

    Raises:
        DomainError: ``consent.no_file``; ``consent.no_key`` for a locked file that this centre cannot open.
    """
    texts = Texts.load(resources.folder("texts") / "zh")
    try:
        content = options.file.read_bytes()
        stamps = [path.read_bytes() for path in options.stamp]
        roots = [path.read_text("ascii") for path in options.root or ()]
    except (OSError, UnicodeDecodeError) as error:
        raise DomainError("consent.no_file", field="file", path=str(options.file)) from error
    if is_locked(content):
        content = unlock(content, [new_pair(vault_key(settings.data_dir))])
    if options.open_to is not None:
        options.open_to.write_bytes(content)
    if store is not None:
        roots = trusted_roots(Dispatcher(store, clock=clock_of(settings)))
    found = verify(content, roots)
    evidence = found.evidence or {}
    tokens = (
        [check_token(AttestKind.TIME_STAMP, one, found.sha256, roots) for one in stamps]
        if found.sha256
        else []
    )
    faults = [texts.say(code) for code in (*found.faults, *(one.fault for one in tokens if one.fault))]
    return {
        "sound": not faults, "faults": faults, "sha256": found.sha256,
        "seals": [
            {"field": one.field, "by": one.by, "at": one.at.isoformat() if one.at else None, "who": one.who}
            for one in found.seals
        ],
        **{
            name: evidence.get(name)
            for name in ("version", "subject", "signer", "signed_at", "way", "uses", "shown_sha256", "shown_bytes")
        },
        "stamps": [{"by": one.by, "at": one.at.isoformat() if one.at else None} for one in tokens],
    }  # fmt: skip


def check_report(settings: Settings, options: argparse.Namespace, store: Store | None) -> dict[str, Any]:
    """Return what was found of a sealed checkup report, without comparing it with what is kept by now.

    Raises:
        DomainError: ``consent.no_file``.
    """
    texts = Texts.load(resources.folder("texts") / "zh")
    try:
        content = options.file.read_bytes()
        roots = [path.read_text("ascii") for path in options.root or ()]
    except (OSError, UnicodeDecodeError) as error:
        raise DomainError("consent.no_file", field="file", path=str(options.file)) from error
    if store is not None:
        roots = trusted_roots(Dispatcher(store, clock=clock_of(settings)))
    found = verify(content, roots, field=FIELD)
    inside = (found.evidence or {}).get("content", {})
    return {
        "sound": not found.faults, "faults": [texts.say(code) for code in found.faults], "sha256": found.sha256,
        "seals": [
            {"field": one.field, "by": one.by, "at": one.at.isoformat() if one.at else None, "who": one.who}
            for one in found.seals
        ],
        "report": inside.get("report"), "visit": inside.get("visit"),
    }  # fmt: skip
