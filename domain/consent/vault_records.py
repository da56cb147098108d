"""Who can open consent files, and with what: their files are locked wherever they lie, in every store and bundle."""

from datetime import datetime

from sqlalchemy.orm import Mapped

from domain.kernel.columns import Merge, Sensitivity, column
from domain.kernel.ids import Id
from domain.kernel.record import Place, Record, Scope


class VaultRecipient(Record, label="同意书开锁公钥", scope=Scope.CATALOGUE, merge=Merge.APPEND):
    """The public key (X25519, base64) of an installation; files are locked for its own and the centre's."""

    device_id: Mapped[Id] = column("安装", index=True)
    name: Mapped[str] = column("名称")
    public_key: Mapped[str] = column("公钥", length=64, unique=True)
    centre: Mapped[bool] = column("总院", default=False)
    made_at: Mapped[datetime] = column("生成时间", index=True)


class VaultGrant(Record, label="同意书开锁授权", scope=Scope.CATALOGUE, merge=Merge.APPEND):
    """The centre's private key, locked for one workstation: with it that workstation opens what others locked."""

    recipient_id: Mapped[Id] = column("开锁公钥", ref="vault_recipient", unique=True)
    public_key: Mapped[str] = column("总院公钥", length=64)
    wrapped: Mapped[bytes] = column("加密的私钥", sensitivity=Sensitivity.SENSITIVE)
    granted_at: Mapped[datetime] = column("授权时间", index=True)


class VaultKey(Record, label="同意书开锁私钥", place=Place.LOCAL):
    """The private key of a workstation; the store it lies in is encrypted. The centre keeps its own in a file."""

    public_key: Mapped[str] = column("公钥", length=64)
    private_key: Mapped[bytes] = column("私钥", sensitivity=Sensitivity.SENSITIVE)
