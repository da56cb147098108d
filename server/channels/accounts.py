"""Which accounts this installation has with which vendors: ``channels.toml``, and the secrets it names.

A secret never stands in the file: it is a variable ``AFTERCHECK_SECRET_<NAME>`` or a file of that name in
the folder of secrets.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from domain.kernel.content import ContentError
from domain.kernel.errors import UnavailableError
from domain.tags.records import TagKind

SECRET = "AFTERCHECK_SECRET_"  # noqa: S105  (the beginning of a variable's name)
Kind = Literal["wecom", "official_account", "mini_program", "sms_aliyun", "sms_tencent", "smtp"]
Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{1,40}$")]

DEFAULT_URLS: Mapping[str, str] = {
    "wecom": "https://qyapi.weixin.qq.com",
    "official_account": "https://api.weixin.qq.com",
    "mini_program": "https://api.weixin.qq.com",
    "sms_aliyun": "https://dysmsapi.aliyuncs.com",
    "sms_tencent": "https://sms.tencentcloudapi.com",
    "smtp": "",
}


class VendorTemplate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A template as the vendor knows it: its code there, and which of our values are its variables, in their order.

    `fields` names the vendor's variable for each where they have names of their own (``{client: thing1}``).
    """

    code: str
    params: tuple[str, ...] = ()
    fields: dict[str, str] = {}


class Account(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One account with one vendor.

    Attributes:
        id: Name of ours; part of the address of its callbacks.
        kind: Which vendor.
        orgs: Codes of the organisations it sends for; all that have none of their own if left out.
        base_url: The vendor's address; a simulator's in tests and demonstrations.
        app_id: CorpID, AppID, access key id, or the name to sign in with.
        secret: Name of its secret.
        agent_id: Of the app (WeCom).
        contact_secret: Name of the secret for external contacts (WeCom).
        service_secret: Name of the secret for customer service, by which clients' texts come (WeCom).
        callback_token: Name of the secret that signs callbacks.
        callback_aes_key: Name of the secret that encrypts them.
        sign_name: Of the SMS.
        sdk_app_id: Of the SMS application (Tencent).
        region: Of the service (Aliyun, Tencent).
        signature: Which way calls are signed (Aliyun).
        templates: The vendor's templates by our code.
        quota: Messages a day; None for no limit that is known.
        host: Mail server.
        port: Its port.
        security: ``tls`` (465), ``starttls`` (587); ``none`` is refused but on this machine.
        sender: Address mail comes from.
        welcome: What a client is told who has just added a member of staff (WeCom).
        authorize_url: Where a browser is told who is there (Official Account); a simulator's in tests.
        tags: Kinds of client tags that WeCom is told (WeCom): all if left out, an empty list for none.
    """

    id: Name
    kind: Kind
    orgs: tuple[str, ...] = ()
    base_url: str = ""
    app_id: str = ""
    secret: Name | None = None
    agent_id: int = 0
    contact_secret: Name | None = None
    service_secret: Name | None = None
    callback_token: Name | None = None
    callback_aes_key: Name | None = None
    sign_name: str = ""
    sdk_app_id: str = ""
    region: str = ""
    signature: Literal["v1", "v3"] = "v3"
    templates: dict[str, VendorTemplate] = {}
    quota: int | None = None
    host: str = ""
    port: int = 587
    security: Literal["tls", "starttls", "none"] = "starttls"
    sender: str = ""
    welcome: str = ""
    authorize_url: str = "https://open.weixin.qq.com/connect/oauth2/authorize"
    tags: tuple[TagKind, ...] = tuple(TagKind)

    @property
    def url(self) -> str:
        """Where the vendor is."""
        return self.base_url or DEFAULT_URLS[self.kind]


class Payment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The cashier by which clients pay: its address, our number there, and the name of the shared secret."""

    base_url: str
    app_id: str
    secret: Name


class ChannelSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole file: the address clients' links begin with, the cashier, and the accounts."""

    public_url: str = ""
    payment: Payment | None = None
    account: tuple[Account, ...] = ()


class Secrets:
    """The secrets of this installation.

    Args:
        folder: Folder of files, one a secret; None for none.
        environment: The process's by default.
    """

    def __init__(self, folder: Path | None = None, environment: Mapping[str, str] | None = None) -> None:
        self._folder = folder
        self._environment = os.environ if environment is None else environment

    def get(self, name: str | None) -> str:
        """Return a secret.

        Raises:
            UnavailableError: ``channels.no_secret`` with its name.
        """
        if not name:
            raise UnavailableError("channels.no_secret", name="")
        found = self._environment.get(SECRET + name.upper().replace("-", "_"), "")
        if not found and self._folder is not None and (path := self._folder / name).is_file():
            found = path.read_text("utf-8").strip()
        if not found:
            raise UnavailableError("channels.no_secret", name=name)
        return found


def read_channels(path: Path) -> ChannelSettings:
    """Return the accounts of ``channels.toml``; none where there is no file.

    Raises:
        ContentError: It is not TOML, a field is unknown or of another type, two accounts have one name, or mail would
            go over the network in clear.
    """
    if not path.is_file():
        return ChannelSettings()
    try:
        found = msgspec.convert(tomllib.loads(path.read_text("utf-8")), ChannelSettings)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ContentError([f"{path.name}: {error}"]) from error
    problems = []
    if (
        found.payment
        and found.payment.base_url.startswith("http://")
        and "//127.0.0.1" not in found.payment.base_url
    ):
        problems.append(f"{path.name}: payment: base_url: must be https")
    names = [account.id for account in found.account]
    problems += [
        f"{path.name}: account {name} stands twice" for name in {n for n in names if names.count(n) > 1}
    ]
    for account in found.account:
        if (
            account.security == "none"
            and account.kind == "smtp"
            and account.host not in ("127.0.0.1", "localhost")
        ):
            problems.append(f"{path.name}: {account.id}: security: mail needs TLS but on this machine")
        if account.authorize_url.startswith("http://") and "//127.0.0.1" not in account.authorize_url:
            problems.append(f"{path.name}: {account.id}: authorize_url: must be https")
        if account.url.startswith("http://") and "//127.0.0.1" not in account.url:
            problems.append(f"{path.name}: {account.id}: base_url: must be https")
    if problems:
        raise ContentError(problems)
    return found
