"""Telling an installation's public key, and letting a workstation open what others locked."""

from domain.consent.vault_records import VaultGrant, VaultKey, VaultRecipient
from domain.kernel.commands import Kind, ask, command, handles
from domain.kernel.ids import Id, stable_id
from domain.kernel.unit_of_work import UnitOfWork

SIGN = "consent.sign"
GRANT = "consent.grant"


@command("consent.tell_key", "登记同意书开锁公钥", permission=SIGN, place="internal")
class TellVaultKey:
    """An installation has a key: its public half travels, its private half stays here (the centre's: in a file)."""

    name: str = ask("名称", kind=Kind.HIDDEN)
    public_key: str = ask("公钥", kind=Kind.HIDDEN, max_length=64)
    private_key: bytes | None = ask("私钥", kind=Kind.HIDDEN, default=None)
    centre: bool = ask("总院", kind=Kind.HIDDEN, default=False)


@handles(TellVaultKey)
def tell_vault_key(order: TellVaultKey, work: UnitOfWork) -> None:
    """Keep both halves; the same key told twice is one."""
    own = stable_id("vault_recipient", order.public_key)
    if work.find(VaultRecipient, public_key=order.public_key) is None:
        work.add(
            VaultRecipient(
                id=own, device_id=work.actor.device_id, name=order.name, public_key=order.public_key,
                centre=order.centre, made_at=work.now,
            )
        )  # fmt: skip
    if order.private_key is not None:
        work.add(VaultKey(public_key=order.public_key, private_key=order.private_key))


@command("consent.grant_key", "授权打开同意书文件", permission=GRANT, place="internal")
class GrantVaultKey:
    """The centre lets a workstation open what was locked for the centre; of the centre's housekeeping alone."""

    recipient_id: Id = ask("开锁公钥", kind=Kind.HIDDEN)
    public_key: str = ask("总院公钥", kind=Kind.HIDDEN, max_length=64)
    wrapped: bytes = ask("加密的私钥", kind=Kind.HIDDEN)


@handles(GrantVaultKey)
def grant_vault_key(order: GrantVaultKey, work: UnitOfWork) -> None:
    """Keep the grant; one that is there already stays."""
    if work.find(VaultGrant, recipient_id=order.recipient_id) is None:
        work.add(
            VaultGrant(
                id=stable_id("vault_grant", str(order.recipient_id)), recipient_id=order.recipient_id,
                public_key=order.public_key, wrapped=order.wrapped, granted_at=work.now,
            )
        )  # fmt: skip
