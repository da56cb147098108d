"""The server's settings: one frozen object, read once at start from a TOML file and ``AFTERCHECK_*`` variables.

A variable is the field's name in capitals (``AFTERCHECK_DATA_DIR``); it goes before the file, whose path may stand
in ``AFTERCHECK_CONFIG``. A secret that everybody knows is refused, and so is listening to a network without TLS.
"""

import ipaddress
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

import msgspec

from domain.kernel.content import ContentError
from domain.kernel.errors import DomainError

PREFIX = "AFTERCHECK_"
KNOWN_SECRETS = frozenset({
    "123456", "admin", "aftercheck", "changeme", "default", "demo", "mariadb", "mysql", "pass", "password", "root",
    "secret", "test",
})  # fmt: skip


_FILES = (
    "tls_cert", "tls_key", "tls_ca", "mllp_tls_cert", "mllp_tls_key", "mllp_tls_clients", "tsa_root", "seal_root",
    "objects_ca",
)  # fmt: skip


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one installation of the server is set to.

    Attributes:
        data_dir: Folder of everything the server keeps beside its database: uploads, files, keys, queues.
        store: Path of an embedded store or a ``mysql+pymysql://`` URL; ``centre.db`` in `data_dir` if left out.
        host: Address to listen on.
        port: Port to listen on.
        storage_key: File of 32 bytes under which files and an embedded store are sealed; ``storage.key`` in
            `data_dir` if left out, where it protects only what leaves the machine without it.
        tls_cert: Certificate chain, PEM.
        tls_key: Its private key, PEM.
        tls_ca: Certificate of the centre's own authority, PEM; told to workstations that join (``/api/ca``).
        tls_in_front: A proxy on this machine or its own network ends TLS.
        trusted_proxies: Addresses whose ``X-Forwarded-For`` is believed.
        readers: ``inline``: this server also follows the log (alerts, audit); ``worker``: another process does.
        redis: Redis that the machines of a centre share (``rediss://:password@host:6379/0``): sessions, counts of
            failures, requests seen lately; without it these are of one machine.
        objects: Object store that holds the files for all machines (``https://host:9000/bucket/prefix``); its
            account is in the files ``objects-access-key`` and ``objects-secret-key`` of `secrets_dir`.
        objects_region: Region of the bucket, as its provider names it.
        objects_ca: Authority that vouches for the object store, PEM; the system's if left out.
        objects_cache_mib: What the copies of its files on this machine may come to.
        drain_s: At its end a process lets requests under way go on for so long; what is cut off then resumes.
        notice_s: Before that ``/ready`` says so for so long, for a balancer that asks.
        worker_port: Where a worker tells health and metrics, on the loopback address; 0 for nowhere.
        password_days: How long a password holds; 0 for ever.
        guomi: New files are sealed by SM4 and the audit is chained by SM3 (national algorithms) instead of AES and
            SHA-256; what is there is read either way.
        second_factor: Roles whose people must bind an authenticator app before they do anything else here; who has
            bound one is asked for its code in any case.
        demo_clock: The clock may be moved by ``/api/demo/clock``; never in production.
        development: Weak secrets and no TLS are accepted, on the loopback address only.
        log_level: As Python names it.
        least_free_bytes: Below this the server reports that it is not ready.
        channels: File of the accounts by which people are reached; ``channels.toml`` in `data_dir` if left out.
        secrets_dir: Folder of the secrets that file names, one a file.
        tsa_url: Address of a time stamp authority (RFC 3161) for sealed consents; none if left out.
        tsa_root: Certificate its stamps are checked against, PEM.
        seal_url: Address of a provider of electronic seals for sealed consents; none if left out.
        seal_root: Certificate its seals are checked against, PEM.
        seal_app: Our name there; its secret is the file ``consent-seal`` in `secrets_dir`.
        identity_url: Address of a service that compares name and number (police, hospital); none if left out.
        identity_app: Our name there; its secret is the file ``identity-service`` in `secrets_dir`.
        backup_to: Folders backups go to; the first is written, each further one (another machine's) holds copies.
        backup_key: File of the key backups are sealed with; ``backup.key`` in `data_dir` if left out.
        backup_hour: Hour of the clinic's day in which they are made.
        backup_days: How long each is kept.
        backup_weeks: For how many weeks one of each is kept.
        mllp_host: Address of the HL7 listener.
        mllp_port: Port of the HL7 listener.
        mllp_senders: Addresses that may connect to it; empty for all that reach it.
        mllp_tls_cert: Certificate chain of the HL7 listener, PEM; without it the listener speaks in the clear, and
            may then listen on this machine or for named senders only.
        mllp_tls_key: Its private key, PEM.
        mllp_tls_clients: Authority whose certificates connecting systems must show, PEM; without it any may connect.
        mllp_production: Refuse messages marked as tests (MSH-11 ``T``, ``D``).
        mllp_charset: Character set where MSH-18 says nothing: ``auto``, ``utf-8`` or ``gb18030``.
    """

    data_dir: Path
    store: str = ""
    storage_key: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8443
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_ca: Path | None = None
    tls_in_front: bool = False
    trusted_proxies: tuple[str, ...] = ()
    readers: Literal["inline", "worker"] = "inline"
    redis: str = ""
    objects: str = ""
    objects_region: str = "us-east-1"
    objects_ca: Path | None = None
    objects_cache_mib: Annotated[int, msgspec.Meta(ge=64)] = 10_240
    drain_s: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 5
    notice_s: Annotated[int, msgspec.Meta(ge=0, le=600)] = 0
    worker_port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 0
    password_days: Annotated[int, msgspec.Meta(ge=0, le=3650)] = 90
    guomi: bool = False
    second_factor: tuple[str, ...] = ()
    demo_clock: bool = False
    development: bool = False
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    least_free_bytes: int = 1 << 30
    channels: Path | None = None
    secrets_dir: Path | None = None
    tsa_url: str = ""
    tsa_root: Path | None = None
    seal_url: str = ""
    seal_root: Path | None = None
    seal_app: str = ""
    identity_url: str = ""
    identity_app: str = ""
    backup_to: tuple[Path, ...] = ()
    backup_key: Path | None = None
    backup_hour: Annotated[int, msgspec.Meta(ge=0, le=23)] = 2
    backup_days: Annotated[int, msgspec.Meta(ge=1, le=3650)] = 14
    backup_weeks: Annotated[int, msgspec.Meta(ge=0, le=520)] = 8
    mllp_host: str = "127.0.0.1"
    mllp_port: int = 2575
    mllp_senders: tuple[str, ...] = ()
    mllp_tls_cert: Path | None = None
    mllp_tls_key: Path | None = None
    mllp_tls_clients: Path | None = None
    mllp_production: bool = True
    mllp_charset: Literal["auto", "utf-8", "gb18030"] = "auto"

    def __post_init__(self) -> None:
        """Refuse what must not run; DomainErrors ``settings.*`` name the field."""
        if (self.tls_cert is None) != (self.tls_key is None):
            raise DomainError("settings.tls_pair", field="tls_key")
        if (self.mllp_tls_cert is None) != (self.mllp_tls_key is None):
            raise DomainError("settings.tls_pair", field="mllp_tls_key")
        self._check_services()
        for name in _FILES:
            path: Path | None = getattr(self, name)
            if path is not None and not path.is_file():
                raise DomainError("settings.no_file", field=name, path=str(path))
        self._check_shared()
        if self.development:
            if not (is_loopback(self.host) and is_loopback(self.mllp_host)):
                raise DomainError("settings.development_open", field="host", host=self.host)
            return
        if self.tls_cert is None and not self.tls_in_front and not is_loopback(self.host):
            raise DomainError("settings.no_tls", field="tls_cert", host=self.host)
        if self.mllp_tls_cert is None and not self.mllp_senders and not is_loopback(self.mllp_host):
            raise DomainError("settings.mllp_in_clear", field="mllp_tls_cert", host=self.mllp_host)
        if "://" in self.store:
            _refuse_known_secret(self.store, "store")
        if self.redis:
            _refuse_known_secret(self.redis, "redis")

    def _check_services(self) -> None:
        """Refuse a service outside without what its answers are checked against."""
        if bool(self.tsa_url) != (self.tsa_root is not None):
            raise DomainError("settings.attest_pair", field="tsa_root")
        if bool(self.seal_url) != (self.seal_root is not None and self.secrets_dir is not None):
            raise DomainError("settings.attest_pair", field="seal_root")
        if self.identity_url and self.secrets_dir is None:
            raise DomainError("settings.attest_pair", field="identity_url")

    def _check_shared(self) -> None:
        """Refuse what several machines would share and cannot be used."""
        if self.redis and not self.redis.startswith(("redis://", "rediss://", "unix://")):
            raise DomainError("settings.bad_address", field="redis")
        if not self.objects:
            return
        parts = urlsplit(self.objects)
        if parts.scheme not in {"http", "https"} or not parts.netloc or not parts.path.strip("/"):
            raise DomainError("settings.bad_address", field="objects")
        if self.secrets_dir is None:
            raise DomainError("settings.attest_pair", field="objects")
        if parts.scheme == "http" and not is_near(parts.hostname or ""):
            raise DomainError("settings.objects_in_clear", field="objects")

    @property
    def store_address(self) -> str:
        """Where the store is, as `sync.stores.open_centre_store` takes it."""
        return self.store or str(self.data_dir / "centre.db")

    @property
    def storage_key_path(self) -> Path:
        """The key under which files and an embedded store are sealed."""
        return self.storage_key or self.data_dir / "storage.key"

    @property
    def channels_path(self) -> Path:
        """The accounts by which people are reached."""
        return self.channels or self.data_dir / "channels.toml"

    @property
    def backup_key_path(self) -> Path:
        """The key backups are sealed with."""
        return self.backup_key or self.data_dir / "backup.key"

    @property
    def inbox_path(self) -> Path:
        """The queue of the HL7 listener."""
        return self.data_dir / "hl7-inbox.db"

    @property
    def clock_path(self) -> Path:
        """The offset of the demonstration clock, in seconds."""
        return self.data_dir / "clock-offset"


def read_settings(
    config: Path | None = None, environment: Mapping[str, str] | None = None, **overrides: Any
) -> Settings:
    """Return the settings in force.

    Args:
        config: TOML file; ``AFTERCHECK_CONFIG`` if left out.
        environment: The process's by default.
        overrides: What the command line says; None is ignored.

    Raises:
        ContentError: A setting is unknown or of another type.
        DomainError: ``settings.*``; it must not run like this.
    """
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    path = config or (Path(environment[PREFIX + "CONFIG"]) if PREFIX + "CONFIG" in environment else None)
    if path is not None:
        values |= _file(path)
    for name in Settings.__struct_fields__:
        text = environment.get(PREFIX + name.upper())
        if text is not None:
            values[name] = _from_text(name, text)
    values |= {name: value for name, value in overrides.items() if value is not None}
    try:
        return msgspec.convert(values, Settings, strict=False, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise ContentError([f"{path or 'environment'}: {error}"]) from error


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_near(host: str) -> bool:
    """Tell whether an address is this machine's or a private network's."""
    try:
        return is_loopback(host) or ipaddress.ip_address(host).is_private
    except ValueError:
        return False


def _file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ContentError([f"{path}: {error}"]) from error


def _from_text(name: str, text: str) -> Any:
    if name in {"trusted_proxies", "mllp_senders", "backup_to"}:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return text


def _path(kind: type[Any], value: Any) -> Any:
    if kind is Path and isinstance(value, str | Path):
        return Path(value)
    raise NotImplementedError(kind)


def _refuse_known_secret(url: str, field: str) -> None:
    parts = urlsplit(url)
    password = unquote(parts.password or "")
    alone = field == "redis" and (parts.scheme == "unix" or is_loopback(parts.hostname or ""))
    if alone and not password:
        return
    if not password or password.lower() in KNOWN_SECRETS or password == unquote(parts.username or ""):
        raise DomainError("settings.default_secret", field=field, user=unquote(parts.username or ""))
