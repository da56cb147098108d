"""What a centre's machines are to be like, in one small file: from it everything of `templates` is written.

``python -m installers.server.plan --plan plan.toml --to dist/server`` writes, ``--check`` has nginx and systemd look
at what was written. Without a plan it is one machine with everything on it.
"""

import argparse
import re
import sys
import tomllib
from pathlib import Path
from typing import Annotated

import jinja2
import msgspec

from installers.layout import ROOT, BuildError
from installers.server.checking import check

TEMPLATES = Path(__file__).parent / "templates"
MODES = {"install.sh": 0o755, "aftercheck": 0o755, "server.env": 0o600}
NOT_WRITTEN = {"common.part"}
_SAFE = re.compile(r"[A-Za-z0-9_.:/@\[\]-]*")

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A centre's machines.

    Attributes:
        name: Name by which workstations and browsers reach the centre.
        hosts: Addresses of the machines that serve, each with its own TLS towards the proxy; empty for one machine
            with proxy and database on it.
        proxies: Addresses of the machines in front, where `hosts` are given.
        listen: Where the proxy listens.
        port: Where a machine serves.
        processes: That serve, on each machine; two at least, for one serves while the other is replaced.
        workers: On each machine; those of all machines divide the work.
        listener: The HL7 listener runs here.
        worker_port: Beginning of the ports (loopback) on which workers tell metrics; the worker's number follows.
        drain_s: As in `server.settings`.
        notice_s: As in `server.settings`.
        program: Folder of the program.
        tls_cert: Certificate chain of the proxy.
        tls_key: Its key.
        upstream_ca: Authority of the certificates of `hosts`.
        log: Log of the proxy.
        database: Host, port and name are those of the address of MariaDB: ``host:3306``.
        redis: ``host:6379``; needed with more than one machine.
        redis_tls: It speaks TLS.
        objects: As in `server.settings`; needed with more than one machine.
        backup_to: As in `server.settings`; folders that are mounted.
    """

    name: str = "centre.example"
    hosts: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    listen: str = "443"
    port: Port = 8443
    processes: Annotated[int, msgspec.Meta(ge=2, le=32)] = 4
    workers: Annotated[int, msgspec.Meta(ge=1, le=9)] = 2
    listener: bool = True
    worker_port: Annotated[int, msgspec.Meta(ge=102, le=6552)] = 846
    drain_s: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 60
    notice_s: Annotated[int, msgspec.Meta(ge=0, le=600)] = 0
    program: str = "/opt/aftercheck-server"
    tls_cert: str = "/etc/aftercheck/centre.pem"
    tls_key: str = "/etc/aftercheck/keys/centre.key"
    upstream_ca: str = "/etc/aftercheck/ca.pem"
    log: str = "/var/log/nginx/aftercheck.log"
    database: str = "127.0.0.1:3306"
    redis: str = ""
    redis_tls: bool = False
    objects: str = ""
    backup_to: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what would not run; BuildError names the field."""
        for name in self.__struct_fields__:
            value = getattr(self, name)
            for one in value if isinstance(value, tuple) else (value,):
                if isinstance(one, str) and not _SAFE.fullmatch(one):
                    raise BuildError(
                        f"{name}: {one!r} has characters that do not belong into a configuration"
                    )
        if len(self.hosts) > 1:
            for name in ("redis", "objects", "proxies"):
                if not getattr(self, name):
                    raise BuildError(f"{name}: several machines need it (docs/operations.md, Growing)")


def read_plan(path: Path | None) -> Plan:
    """Return a plan; BuildError says what is wrong with it."""
    if path is None:
        return Plan()
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Plan)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise BuildError(f"{path}: {error}") from error


def write(plan: Plan, target: Path) -> list[Path]:
    """Write everything of a plan into a folder; returns the files."""
    environment = jinja2.Environment(  # noqa: S701 (no HTML; `Plan` refuses what has no place in a configuration)
        loader=jinja2.FileSystemLoader(TEMPLATES), undefined=jinja2.StrictUndefined, keep_trailing_newline=True
    )  # fmt: skip
    facts = msgspec.structs.asdict(plan)
    facts |= {"local": not plan.hosts, "scheme": "https" if plan.hosts else "http"}
    facts["common"] = environment.get_template("common.part").render(facts).strip() + "\n"
    target.mkdir(parents=True, exist_ok=True)
    made = []
    for path in sorted(TEMPLATES.iterdir()):
        if path.name not in NOT_WRITTEN:
            file = target / path.name
            file.write_text(environment.get_template(path.name).render(facts), "utf-8")
            file.chmod(MODES.get(path.name, 0o644))
            made.append(file)
    return made


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="installers.server.plan", description="Write a server's deployment."
    )
    parser.add_argument("--plan", type=Path, help="TOML; one machine without it")
    parser.add_argument("--to", type=Path, default=ROOT / "dist" / "server")
    parser.add_argument("--check", action="store_true", help="have nginx and systemd-analyze look at it")
    chosen = parser.parse_args(arguments)
    try:
        plan = read_plan(chosen.plan)
        made = write(plan, chosen.to)
        said = check(plan.program, chosen.to) if chosen.check else []
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("\n".join([*map(str, made), *said]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
