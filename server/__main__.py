"""The server's command line: ``python -m server serve|init|migrate|worker|verify-audit|snapshot|digest`` and more."""

import argparse
import contextlib
import importlib
import json
import signal
import sys
import threading
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

import resources
from domain import features
from domain.audit.verification import verify
from domain.kernel.content import ContentError
from domain.kernel.errors import KnownError
from domain.kernel.logs import set_up_logging
from domain.kernel.store import Store
from domain.kernel.texts import Texts
from server import audit_commands
from server.backup_commands import add_to
from server.clock import clock_of
from server.garbage import settle
from server.settings import Settings, read_settings
from server.storage_key import open_store, seal_centre_store, seal_queues
from sync.schema import prepare_store
from sync.sealed_files import seal_by
from sync.store_sealing import lies_in_the_clear


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status: 0 done, 1 refused or found wrong, 2 wrong use."""
    options = _parser().parse_args(arguments)
    try:
        settings = read_settings(
            options.config, data_dir=options.home, host=getattr(options, "host", None),
            port=getattr(options, "port", None),
        )  # fmt: skip
        set_up_logging(settings.log_level)
        seal_by(guomi=settings.guomi)
        work: Callable[[Settings, argparse.Namespace], int] = options.work
        return work(settings, options)
    except KnownError as error:
        texts = Texts.load(resources.folder("texts") / "zh")
        sys.stderr.write(f"{error.code}: {texts.explain(error)}\n")
    except ContentError as error:
        sys.stderr.write("\n".join(error.problems) + "\n")
    return 1


def serve(settings: Settings, options: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT, in one process or several; requests under way are finished."""
    if options.processes > 1:
        from server.many import Family

        given = [] if options.config is None else ["--config", str(options.config)]
        given += [] if options.home is None else ["--home", str(options.home)]
        return Family(settings, options.processes, given).run()
    from server.many import end_with, inherited
    from server.serving import run_server

    if options.parent is not None:
        end_with(options.parent)
    if options.only_serve:
        settings = msgspec.structs.replace(settings, readers="worker")
    run_server(settings, None if options.socket is None else inherited(options.socket))
    return 0


def worker(settings: Settings, _options: argparse.Namespace) -> int:
    """Follow the log (alerts, audit) without serving; for ``readers = "worker"``. Several divide the work."""
    from server.app import build_centre
    from server.worker_door import WorkerDoor

    centre = build_centre(settings)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    with contextlib.closing(centre), WorkerDoor(centre) as door:
        centre.assist()
        settle()
        _say({"worker": "started", "port": door.port})
        stopping.wait()
    return 0


def init(settings: Settings, options: argparse.Namespace) -> int:
    """Make head office and the first administrator; the password is shown this once."""
    from server.initialise import initialise

    store = _store(settings)
    first = initialise(
        store, settings, clock_of(settings), code=options.code, name=options.name, login=options.login
    )
    _say({"org_id": str(first.org_id), "login": first.login, "password": first.password})
    store.close()
    return 0


def migrate(settings: Settings, _options: argparse.Namespace) -> int:
    """Bring the store to this program's shape."""
    features.load("records")
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    store = open_store(settings)
    _say({"migrated": prepare_store(store)})
    store.close()
    return 0


def encrypt_store(settings: Settings, _options: argparse.Namespace) -> int:
    """Encrypt what an older program left in the clear: the embedded store, the queues; no process may use them."""
    queues = seal_queues(settings)
    if queues and not lies_in_the_clear(Path(settings.store_address)):
        _say({"encrypted": queues})
        return 0
    _say({"encrypted": settings.store_address, "rows": seal_centre_store(settings), "queues": queues})
    return 0


def verify_audit(settings: Settings, _options: argparse.Namespace) -> int:
    """Check the audit chain; the first bad row is named."""
    store = _store(settings)
    with store.read() as connection:
        found = verify(connection)
    store.close()
    if found is None:
        _say({"audit": "ok"})
        return 0
    texts = Texts.load(resources.folder("texts") / "zh")
    _say({
        "audit": found.kind, "number": found.number, "position": found.position,
        "detail": texts.say(found.code, number=found.number),
    })  # fmt: skip
    return 1


def restored(settings: Settings, _options: argparse.Namespace) -> int:
    """Say that a backup was put back: branches compare what they have read and send again what was lost."""
    from server.app import build_centre

    centre = build_centre(settings)
    _say({"life": centre.sync.renew_life()})
    centre.close()
    return 0


def snapshot(settings: Settings, options: argparse.Namespace) -> int:
    """Make a snapshot for every group of organisations that workstations follow, or for a stick those of one.

    A workstation follows its organisation and all below; with ``--to`` the files are copied to an empty folder.
    """
    import shutil

    from domain.kernel.unit_of_work import CATALOGUE_SCOPE
    from domain.people.organizations import subtree
    from server.app import build_centre

    centre = build_centre(settings)
    if options.org is None:
        _say({"snapshots": centre.sync.make_snapshots()})
    else:
        with centre.store.read() as connection:
            orgs = {*subtree(connection, options.org), CATALOGUE_SCOPE}
        made = centre.sync.snapshots.make(orgs, options.form)
        target = made if options.to is None else Path(shutil.copytree(made, options.to, dirs_exist_ok=True))
        _say({"snapshot": str(target), "bytes": sum(path.stat().st_size for path in target.iterdir())})
    centre.close()
    return 0


def digest(settings: Settings, options: argparse.Namespace) -> int:
    """Show count and digest of the rows of organisations, to be compared with a branch's."""
    from sync.digest import store_digest

    store = _store(settings)
    with store.read() as connection:
        _say({entity: list(found) for entity, found in store_digest(connection, options.org).items()})
    store.close()
    return 0


def tls(settings: Settings, options: argparse.Namespace) -> int:
    """Make certificates of the centre's own authority; the settings to be made are shown."""
    from server import operator_commands

    _say(operator_commands.tls(settings, options))
    return 0


def reset_password(settings: Settings, options: argparse.Namespace) -> int:
    """Give an account a password for one sign-in; it is shown this once."""
    from server import operator_commands

    with contextlib.closing(_store(settings)) as store:
        _say(operator_commands.reset_password(settings, options, store))
    return 0


def reset_factor(settings: Settings, options: argparse.Namespace) -> int:
    """Take the second factor off an account."""
    from server import operator_commands

    with contextlib.closing(_store(settings)) as store:
        _say(operator_commands.reset_factor(settings, options, store))
    return 0


def issue_code(settings: Settings, options: argparse.Namespace) -> int:
    """Make a one-time enrolment code; it is shown this once."""
    from server import operator_commands

    with contextlib.closing(_store(settings)) as store:
        _say(operator_commands.issue_code(settings, options, store))
    return 0


def updates(settings: Settings, options: argparse.Namespace) -> int:
    """Take over the vendor's signed folder of versions."""
    from server import operator_commands

    _say(operator_commands.take_updates(settings, options))
    return 0


def allow_version(settings: Settings, options: argparse.Namespace) -> int:
    """Let one workstation, one organisation or all run a version."""
    from server import operator_commands

    with contextlib.closing(_store(settings)) as store:
        _say(operator_commands.allow_version(settings, options, store))
    return 0


def verify_consent(settings: Settings, options: argparse.Namespace) -> int:
    """Check a sealed consent file; with ``--root`` nothing but the file and those certificates is needed."""
    from server import consent_checking

    with contextlib.ExitStack() as end:
        store = None if options.root else end.enter_context(contextlib.closing(_store(settings)))
        found = consent_checking.check_file(settings, options, store)
    _say(found)
    return 0 if found["sound"] else 1


def verify_report(settings: Settings, options: argparse.Namespace) -> int:
    """Check a sealed report file; with ``--root`` nothing but the file and those certificates is needed."""
    from server import consent_checking

    with contextlib.ExitStack() as end:
        store = None if options.root else end.enter_context(contextlib.closing(_store(settings)))
        found = consent_checking.check_report(settings, options, store)
    _say(found)
    return 0 if found["sound"] else 1


def diagnose(settings: Settings, options: argparse.Namespace) -> int:
    """Say what is well with this machine and what is not; status 1 if anything is not."""
    from server import diagnosing

    features.load()
    importlib.import_module("sync.local_tables")  # declares the tables of the machinery
    texts = Texts.load(resources.folder("texts") / "zh")
    found = diagnosing.diagnose(settings, texts, clock_of(settings)(), quick=options.quick)
    sys.stdout.write("".join(f"{'正常' if one.good else '异常'}  {one.name}：{one.said}\n" for one in found))
    return 0 if all(one.good for one in found) else 1


def _store(settings: Settings) -> Store:
    features.load()
    importlib.import_module("sync.local_tables")  # declares the tables of the machinery
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    store = open_store(settings)
    prepare_store(store)
    return store


def _say(facts: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(facts, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="server", description="检后通中心服务")
    parser.add_argument("--config", type=Path, help="TOML 配置文件")
    parser.add_argument("--home", type=Path, help="数据目录")
    commands = parser.add_subparsers(required=True)
    serving = _command(commands, "serve", serve, "启动服务")
    serving.add_argument("--host")
    serving.add_argument("--port", type=int)
    serving.add_argument(
        "--processes", type=int, choices=range(1, 33), default=1, metavar="N", help="服务进程数（1–32）"
    )
    serving.add_argument("--socket", type=int, help=argparse.SUPPRESS)
    serving.add_argument("--parent", type=int, help=argparse.SUPPRESS)
    serving.add_argument("--only-serve", action="store_true", help=argparse.SUPPRESS)
    _command(commands, "worker", worker, "只运行后台任务（预警、审计）")
    _command(commands, "migrate", migrate, "升级数据库结构")
    _command(commands, "encrypt-store", encrypt_store, "加密旧版留下的未加密内置数据库（先停止所有服务进程）")
    first = _command(commands, "init", init, "首次初始化：建立总院和管理员")
    first.add_argument("--code", default="HQ", help="总院机构代码")
    first.add_argument("--name", default="总院", help="总院名称")
    first.add_argument("--login", default="admin", help="管理员登录名")
    certificates = _command(commands, "tls", tls, "建立机构内部证书颁发者并签发服务器证书")
    certificates.add_argument(
        "--host", action="append", required=True, dest="hosts", help="工作站访问的主机名或地址，可多个"
    )
    lost = _command(commands, "reset-password", reset_password, "为账号设置一次性口令")
    lost.add_argument("login", help="登录名")
    lost.add_argument("--reason", default="", help="原因，记入审计")
    unbound = _command(commands, "reset-second-factor", reset_factor, "取消账号的双因素认证，之后须重新绑定")
    unbound.add_argument("login", help="登录名")
    unbound.add_argument("--reason", default="", help="原因，记入审计")
    taking = _command(commands, "updates", updates, "接收厂商签名的程序版本")
    taking.add_argument("folder", type=Path)
    allowing = _command(commands, "allow-version", allow_version, "让工作站运行某一版本")
    allowing.add_argument("version", help="如 1.2.3；空字符串收回")
    ring = allowing.add_mutually_exclusive_group(required=True)
    ring.add_argument("--device", default="", help="一台工作站的编号（同步运行列表）")
    ring.add_argument("--org", default="", help="一个机构的代码")
    ring.add_argument("--all", action="store_true", help="全部工作站")
    joining = _command(commands, "issue-code", issue_code, "签发一次性登记码")
    joining.add_argument("org", help="机构代码")
    looking = _command(commands, "diagnose", diagnose, "检查本机：数据库、磁盘、证书、密钥、备份、后台任务")
    looking.add_argument("--quick", action="store_true", help="只检查数据库、附件存储和 Redis（健康检查用）")
    _command(commands, "verify-audit", verify_audit, "核验审计链")
    consents = _command(commands, "verify-consent", verify_consent, "核验知情同意签署文件")
    consents.add_argument("file", type=Path, help="签署文件（PDF，或仍加密的原样）")
    consents.add_argument(
        "--root", type=Path, action="append", help="只信任此证书（PEM，可多个）；不指定则用本中心登记的"
    )
    consents.add_argument(
        "--stamp", type=Path, action="append", default=[], help="时间戳文件（RFC 3161），可多个"
    )
    consents.add_argument("--open-to", type=Path, help="把解密后的签署文件另存于此")
    reports = _command(commands, "verify-report", verify_report, "核验体检总检报告文件")
    reports.add_argument("file", type=Path, help="报告文件（PDF）")
    reports.add_argument(
        "--root", type=Path, action="append", help="只信任此证书（PEM，可多个）；不指定则用本中心登记的"
    )
    shots = _command(commands, "snapshot", snapshot, "制作资料快照（供新工作站或U盘）")
    shots.add_argument("--org", type=uuid.UUID, help="只制作这一机构（及下属）的快照")
    shots.add_argument("--to", type=Path, help="同时拷贝到此文件夹（U盘）")
    shots.add_argument(
        "--form",
        type=int,
        choices=(1, 2, 3),
        default=3,
        help="分片格式：1、2 供旧版程序的工作站（不加密），3 为现行格式（加密，默认）",
    )
    _command(commands, "restored", restored, "恢复备份后执行：令各分院核对并补传")
    add_to(commands, _command)
    audit_commands.add_to(commands, _command)
    digests = _command(commands, "digest", digest, "输出机构数据摘要")
    digests.add_argument("org", nargs="+", type=uuid.UUID, help="机构编号，全零为公共目录")
    return parser


def _command(
    commands: Any, name: str, work: Callable[[Settings, argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(name, help=text)
    made.set_defaults(work=work)
    return made


if __name__ == "__main__":
    sys.exit(main())
