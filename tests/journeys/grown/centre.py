"""The machines of a grown centre, set up by the product's own deployment files."""

import json
import os
import secrets
import shutil
import sys
from pathlib import Path

from installers.server.checking import usable_proxy
from installers.server.plan import Plan, write
from tests.fixtures.patience import until

ROOT = Path(__file__).resolve().parents[3]
PORT, OBJECTS_PORT = 8443, 9000
PYTHON = (sys.executable, "-m")


class GrownCentre:
    """Two machines that serve and work, and all they need."""

    def __init__(self, lan, branches, processes=2):
        self.lan, self.folder, self.branches = lan, lan.folder, branches
        names = {"proxy": 10, "one": 11, "two": 12, "db": 20, "redis": 21, "objects": 22, "branches": 30}
        self.at = {name: lan.machine(name, number) for name, number in names.items()}
        self.secret = secrets.token_urlsafe(12)
        self.url = f"https://{self.at['proxy'].address}"
        hosts = tuple(self.at[name].address for name in ("one", "two"))
        self.plan = Plan(
            name="centre.example", hosts=hosts, proxies=(self.at["proxy"].address,), processes=processes,
            redis=f"{self.at['redis'].address}:6379", objects=f"http://{self.at['objects'].address}:{OBJECTS_PORT}/aftercheck",
            drain_s=20,
        )  # fmt: skip

    def up(self):
        """Start everything, each on its machine, and enrol the branches."""
        self.database()
        self.redis()
        self.objects()
        self.proxy()
        for name in ("one", "two"):
            self._write_settings(name)
        told = self.at["one"].run(
            *PYTHON, "tests.journeys.grown.prepare", str(self.branches), env=self.environment("one"), cwd=ROOT
        )
        stations = self.folder / "branches" / "stations.json"
        stations.write_text(told.splitlines()[-1], "utf-8")
        for kept in ("centre.key", "consent.key", "storage.check"):
            shutil.copyfile(self.at["one"].folder / kept, self.at["two"].folder / kept)
        for name in ("one", "two"):
            self.serve(name)
            self.work(name)

    def _write_settings(self, name):
        secrets_dir = self.folder / "secrets"
        secrets_dir.mkdir(exist_ok=True)
        (secrets_dir / "objects-access-key").write_text("clinic", "utf-8")
        (secrets_dir / "objects-secret-key").write_text(self.secret, "utf-8")
        files = self.folder / "deploy" / name
        write(self.plan, files)
        config = files / "server.toml"
        text = config.read_text("utf-8")
        text = text.replace("/etc/aftercheck/host.pem", str(self.made.certificate))
        text = text.replace("/etc/aftercheck/keys/host.key", str(self.made.key))
        text = text.replace("/etc/aftercheck/secrets", str(secrets_dir))
        text = text.replace("/var/lib/aftercheck", str(self.at[name].folder))
        config.write_text(text + "least_free_bytes = 0\n", "utf-8")

    def environment(self, name):
        """What `server.env` and the unit give a process of a machine."""
        own = {k: v for k, v in os.environ.items() if not k.startswith("AFTERCHECK_")}
        return own | {
            "PYTHONPATH": str(ROOT),
            "AFTERCHECK_CONFIG": str(self.folder / "deploy" / name / "server.toml"),
            "AFTERCHECK_STORE": f"mysql+pymysql://aftercheck:{self.secret}@{self.at['db'].address}/aftercheck",
            "AFTERCHECK_REDIS": f"redis://:{self.secret}@{self.at['redis'].address}:6379/0",
            "AFTERCHECK_STORAGE_KEY": str(self.folder / "storage.key"),
        }

    def serve(self, name):
        process, line = self.at[name].start(
            *PYTHON, "server", "serve", "--processes", self.plan.processes, ready=True,
            env=self.environment(name), cwd=ROOT,
        )  # fmt: skip
        return process, json.loads(line)

    def work(self, name):
        return self.at[name].start(
            *PYTHON, "server", "worker", ready=True, env=self.environment(name), cwd=ROOT
        )

    def database(self):
        at = self.at["db"]
        data = at.folder / "data"
        if not data.exists():
            at.run(
                "mariadb-install-db", "--no-defaults", f"--datadir={data}", "--user=root", "--skip-test-db",
                "--auth-root-authentication-method=normal",
            )  # fmt: skip
            (at.folder / "init.sql").write_text(
                "CREATE DATABASE IF NOT EXISTS aftercheck CHARACTER SET utf8mb4;\n"
                f"CREATE USER IF NOT EXISTS aftercheck IDENTIFIED BY '{self.secret}';\n"
                "GRANT ALL ON aftercheck.* TO aftercheck;\n",
                "utf-8",
            )
        before = at.log_size()
        at.start(
            "mariadbd", "--no-defaults", f"--datadir={data}", "--user=root", f"--bind-address={at.address}",
            f"--socket={at.folder}/db.sock", f"--pid-file={at.folder}/db.pid", f"--init-file={at.folder}/init.sql",
            "--skip-name-resolve", "--innodb-buffer-pool-size=256M",
            "--innodb-flush-log-at-trx-commit=1", "--max-connections=300",
        )  # fmt: skip
        until(lambda: "ready for connections" in at.log(before), "the database to answer", pause_s=0.2)

    def redis(self):
        at = self.at["redis"]
        at.start(
            "redis-server", "--bind", at.address, "--port", 6379, "--requirepass", self.secret, "--save", "",
            "--dir", at.folder,
        )  # fmt: skip

    def objects(self):
        at = self.at["objects"]
        at.start(*PYTHON, "tests.journeys.grown.objects", at.address, OBJECTS_PORT, ready=True, cwd=ROOT)

    def proxy(self):
        at = self.at["proxy"]
        files = self.folder / "deploy" / "proxy"
        write(self.plan, files)
        names = ["centre.example", *(machine.address for machine in self.at.values())]
        config, self.made = usable_proxy(files / "nginx.conf", at.folder, names, user="user root;")
        at.start("nginx", "-c", config, "-p", at.folder, "-e", at.folder / "start.log", "-g", "daemon off;")
