"""Locking and opening what is kept of consents with the keys of this installation.

A workstation's private key lies in its encrypted store; the centre's, whose database may not be encrypted, in a file
beside it (`VAULT`, put into the content by the server). What is kept is locked for the own key and the centre's, and
the centre lets each workstation have its key (`VaultGrant`): whoever gets the rows of a consent can open its file.
"""

from sqlalchemy import select

from domain.consent.vault_commands import GrantVaultKey, TellVaultKey
from domain.consent.vault_records import VaultGrant, VaultKey, VaultRecipient
from domain.kernel.authority import Actor
from domain.kernel.dispatcher import Dispatcher
from domain.kernel.errors import DomainError
from forms.consenting.envelope import Pair, is_locked, lock, new_pair, unlock, unwrap, wrap

VAULT = "consent_vault"
"""Name of the centre's private key (32 bytes) in the content of its dispatcher."""


def own_pair(dispatcher: Dispatcher, actor: Actor) -> Pair:
    """Return this installation's key, made and told at its first use."""
    private: bytes | None = dispatcher.content.get(VAULT)
    with dispatcher.store.read() as connection:
        if private is None:
            row = connection.execute(select(VaultKey.private_key).limit(1)).first()
            if row is not None:
                return new_pair(row[0])
        else:
            pair = new_pair(private)
            told = select(VaultRecipient.id).where(VaultRecipient.public_key == pair.public)
            if connection.execute(told).first() is not None:
                return pair
    pair = new_pair(private)
    name = actor.device_id.hex[-8:]
    dispatcher.run(
        TellVaultKey(
            name=name, public_key=pair.public, private_key=None if private else pair.private,
            centre=private is not None,
        ),
        actor,
    )  # fmt: skip
    return pair


def locked(dispatcher: Dispatcher, actor: Actor, content: bytes) -> bytes:
    """Return `content` locked for this installation and the centre."""
    readers = [own_pair(dispatcher, actor).public]
    with dispatcher.store.read() as connection:
        centre = select(VaultRecipient.public_key).where(VaultRecipient.centre)
        readers += connection.execute(centre).scalars()
    return lock(content, readers)


def opened(dispatcher: Dispatcher, actor: Actor, content: bytes) -> bytes:
    """Return what was locked; what an earlier version kept in the clear is returned as it is.

    Raises:
        DomainError: ``consent.no_key`` while this workstation has not been given the centre's key (it is asked for
            by its being told here); ``consent.lock_broken``.
    """
    if not is_locked(content):
        return content
    own = own_pair(dispatcher, actor)
    pairs = [own]
    with dispatcher.store.read() as connection:
        grants = (
            select(VaultGrant.public_key, VaultGrant.wrapped)
            .join(VaultRecipient, VaultRecipient.id == VaultGrant.recipient_id)
            .where(VaultRecipient.public_key == own.public)
        )
        for public, wrapped in connection.execute(grants):
            pairs.append(Pair(public, unwrap(wrapped, own)))
    return unlock(content, pairs)


def grant_all(dispatcher: Dispatcher, actor: Actor) -> int:
    """Give the centre's key to every workstation that has told its own; returns to how many.

    Raises:
        DomainError: ``consent.no_key`` where this is not the centre.
    """
    if VAULT not in dispatcher.content:
        raise DomainError("consent.no_key")
    own = own_pair(dispatcher, actor)
    with dispatcher.store.read() as connection:
        waiting = connection.execute(
            select(VaultRecipient.id, VaultRecipient.public_key)
            .outerjoin(VaultGrant, VaultGrant.recipient_id == VaultRecipient.id)
            .where(VaultGrant.id.is_(None), ~VaultRecipient.centre)
        ).all()
    for recipient_id, public in waiting:
        order = GrantVaultKey(
            recipient_id=recipient_id, public_key=own.public, wrapped=wrap(own.private, public)
        )
        dispatcher.run(order, actor)
    return len(waiting)
