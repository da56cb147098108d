"""The adapters of an installation: which one sends a message, by its channel and organisation."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from sqlalchemy import select

from domain.kernel.clock import Clock
from domain.kernel.ids import Id
from domain.kernel.store import Store
from domain.messaging.records import Channel
from domain.people.records import Organization
from server.channels.accounts import Account, ChannelSettings, Secrets, read_channels
from server.channels.mail import Mail
from server.channels.mini_program import MiniProgram
from server.channels.official import OfficialAccount
from server.channels.outcome import Adapter
from server.channels.sms_aliyun import AliyunSms
from server.channels.sms_tencent import TencentSms
from server.channels.tokens import Tokens
from server.channels.wecom import WeCom

Maker = Callable[[Account, Secrets, Clock, Tokens], Adapter]
MAKERS: dict[str, Maker] = {
    "sms_aliyun": lambda account, secrets, clock, _tokens: AliyunSms(account, secrets, clock),
    "sms_tencent": lambda account, secrets, clock, _tokens: TencentSms(account, secrets, clock),
    "wecom": WeCom,
    "official_account": OfficialAccount,
    "mini_program": MiniProgram,
    "smtp": lambda account, secrets, clock, _tokens: Mail(account, secrets, clock),
}


class ChannelBook:
    """The accounts of an installation with their adapters.

    Args:
        settings: What ``channels.toml`` says.
        secrets: Where its secrets are.
        store: To know organisations by their codes.
        clock: Time.
        tokens: The access tokens of the centre.
    """

    def __init__(
        self, settings: ChannelSettings, secrets: Secrets, store: Store, clock: Clock, tokens: Tokens
    ) -> None:
        self.settings, self.secrets, self.tokens = settings, secrets, tokens
        self.accounts: Mapping[str, Account] = {account.id: account for account in settings.account}
        self._store = store
        self._adapters = [
            (account, MAKERS[account.kind](account, secrets, clock, tokens)) for account in settings.account
        ]

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels that some account sends by."""
        return tuple(channel for channel in Channel if any(channel in a.channels for _, a in self._adapters))

    def quotas(self) -> Iterator[tuple[Channel, int]]:
        """Yield the daily quota of each channel that has one: those of its accounts together."""
        for channel in self.channels:
            found = [a.quota for _, a in self._adapters if channel in a.channels]
            known = [quota for quota in found if quota is not None]
            if len(known) == len(found):
                yield channel, sum(known)

    def adapter(self, channel: Channel, org_id: Id) -> Adapter | None:
        """Return who sends for an organisation: the account that names it, else one that names none."""
        offered = [(account, adapter) for account, adapter in self._adapters if channel in adapter.channels]
        code = self._code(org_id) if any(account.orgs for account, _ in offered) else ""
        own = next((adapter for account, adapter in offered if code and code in account.orgs), None)
        return own or next((adapter for account, adapter in offered if not account.orgs), None)

    def adapter_of(self, account_id: str) -> Adapter | None:
        """Return the adapter of one account."""
        return next((adapter for account, adapter in self._adapters if account.id == account_id), None)

    def companies(self) -> Iterator[tuple[Account, WeCom]]:
        """Yield the WeCom accounts with their adapters."""
        for account, adapter in self._adapters:
            if isinstance(adapter, WeCom):
                yield account, adapter

    def taggers(self) -> Iterator[tuple[Account, WeCom | OfficialAccount]]:
        """Yield the accounts whose vendor keeps tags of clients and may be told some."""
        for account, adapter in self._adapters:
            able = isinstance(adapter, OfficialAccount) or (
                isinstance(adapter, WeCom) and bool(account.contact_secret)
            )
            if able and account.tags:
                yield account, adapter  # type: ignore[misc]  # one of the two, as was looked at

    def org_of(self, account: Account) -> Id | None:
        """Return the organisation an account belongs to, None for one that serves all."""
        if not account.orgs:
            return None
        with self._store.read() as connection:
            found: Id | None = connection.execute(
                select(Organization.id).where(Organization.code == account.orgs[0])
            ).scalar()
        return found

    def _code(self, org_id: Id) -> str:
        with self._store.read() as connection:
            return (
                connection.execute(select(Organization.code).where(Organization.id == org_id)).scalar() or ""
            )

    def close(self) -> None:
        self.tokens.close()


def channel_book(
    config: Path, secrets_dir: Path | None, data_dir: Path, store: Store, clock: Clock
) -> ChannelBook:
    """Return the accounts of an installation. Raises `ContentError` as `read_channels`."""
    tokens = Tokens(data_dir / "channel-tokens.db", clock)
    return ChannelBook(read_channels(config), Secrets(secrets_dir), store, clock, tokens)
